"""What an operator does to the data from the command line, beside a running server or without."""

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from poolgate.credentials.foreign_hashes import ForeignHashUnreadable
from poolgate.credentials.totp import TotpSecretMalformed
from poolgate.delivery.keyrings import sender_key
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.foundation.randomness import random_uuid
from poolgate.operations.errors import AwsError, ErrorTable, find_error
from poolgate.operations.idp.errors import IDP_ERRORS
from poolgate.server.data_directory import DataDirectory, DataDirectoryUnusable
from poolgate.server.serving import StartRefused, open_installation
from poolgate.server.settings import Settings
from poolgate.store.call import Call
from poolgate.store.failures import DatabaseBusy, DatabaseUnreachable
from poolgate.userpools import (
    identity_providers,
    import_jobs,
    import_worker,
    linked_identities,
    mfa_transfer,
    pools,
    signing_keys,
    user_records,
    user_transfer,
    usernames,
)
from poolgate.userpools.groups import GroupNotFound
from poolgate.userpools.pools import UserPoolNotFound

_NO_POOL = "there is no pool {}"
# What IDP_ERRORS has no words for, or none that say what to do with a line.
_LINE_FAULTS: ErrorTable = {
    user_records.LineMalformed: AwsError("", "{reason}"),
    user_transfer.SubMalformed: AwsError("", "the sub is not a UUID in lower case"),
    usernames.UsernameMalformed: AwsError("", "the username cannot be one"),
    user_transfer.PasswordTimeWithoutPassword: AwsError("", "password_set_at without a password"),
    GroupNotFound: AwsError("", "the pool does not have all of the user's groups"),
    identity_providers.IdentityProviderNotFound: AwsError(
        "", "the pool does not have all of the user's identity providers"
    ),
    linked_identities.AlreadyLinked: AwsError("", "another user is linked to the same identity"),
    linked_identities.TooManyLinks: AwsError("", "the user has too many linked identities"),
    linked_identities.InvalidUserIdentifier: AwsError("", "a linked identity cannot be one"),
    ForeignHashUnreadable: AwsError("", "{reason}"),
    user_transfer.GroupNameMalformed: AwsError("", "the name of a group cannot be one"),
    mfa_transfer.MfaRecordContradictory: AwsError("", "{reason}"),
    TotpSecretMalformed: AwsError("", "the secret of the authenticator app cannot be one"),
}


class MaintenanceRefused(Exception):
    """It was not done; the text is for the operator."""


@dataclass(frozen=True, slots=True)
class LineDone:
    """What became of one line: imported, passed over, or bad for a reason."""

    number: int
    imported: bool
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class ExportedLine:
    """One user as a line; `total` is how many users the pool had at the beginning."""

    line: bytes
    total: int
    leaves_app_behind: bool


def rotate_signing_keys(settings: Settings, pool_id: str, published_ahead_seconds: int) -> None:
    """Publish new signing keys for a pool; raise MaintenanceRefused."""
    if published_ahead_seconds < 0:
        raise MaintenanceRefused("keys cannot be published after their first use")
    with _opened(settings) as call:
        try:
            signing_keys.rotate(
                call, PoolId(pool_id), published_ahead_seconds=published_ahead_seconds
            )
        except signing_keys.SigningKeysMissing as missing:
            raise MaintenanceRefused(_NO_POOL.format(pool_id)) from missing


def exported_sender_key(settings: Settings, key_arn: str) -> str:
    """Return in base64 what custom senders decrypt codes with; raise MaintenanceRefused."""
    with _opened(settings) as call:
        return base64.b64encode(sender_key(call.vault, key_arn)).decode()


def exported_users(
    settings: Settings, pool_id: str, *, with_passwords: bool, with_mfa_secrets: bool
) -> Iterator[ExportedLine]:
    """Give a line for each user of the pool; raise MaintenanceRefused."""
    with _opened(settings) as call:
        try:
            total = user_transfer.count(call, PoolId(pool_id))
            for exported in user_transfer.records(
                call,
                PoolId(pool_id),
                with_passwords=with_passwords,
                with_mfa_secrets=with_mfa_secrets,
            ):
                line = user_records.render_line(exported.record)
                yield ExportedLine(line, total, leaves_app_behind=exported.leaves_app_behind)
        except UserPoolNotFound as missing:
            raise MaintenanceRefused(_NO_POOL.format(pool_id)) from missing


def import_users(
    settings: Settings, pool_id: str, lines: Iterable[bytes], *, creates_groups: bool
) -> Iterator[LineDone]:
    """Make the users of the lines, telling of each; raise MaintenanceRefused."""
    with _opened(settings) as call:
        try:
            with call.db.reading() as transaction:
                pool = pools.get(transaction, PoolId(pool_id))
        except UserPoolNotFound as missing:
            raise MaintenanceRefused(_NO_POOL.format(pool_id)) from missing
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                record = user_records.parse_line(line)
                imported = user_transfer.put_record(
                    call, pool, record, creates_groups=creates_groups
                )
                yield LineDone(number, imported)
            except (DatabaseBusy, DatabaseUnreachable):
                raise
            except Failure as failure:
                yield LineDone(number, imported=False, fault=_worded(failure))


def import_job_log(settings: Settings, job_id: str) -> Iterator[str]:
    """Give a line for each line that a user import job has read; raise MaintenanceRefused."""
    with _opened(settings) as call:
        with call.db.reading() as transaction:
            if import_jobs.find(transaction, job_id, call.now_millis) is None:
                raise MaintenanceRefused(f"there is no user import job {job_id}")
            results = import_worker.job_log(transaction, job_id)
        yield from map(str, results)


@contextmanager
def _opened(settings: Settings) -> Iterator[Call]:
    """Give the working set for the data that the settings name."""
    if not settings.data.is_dir():
        raise MaintenanceRefused(f"{settings.data} is no data folder")
    try:
        installation = open_installation(settings, DataDirectory(settings.data), public_url="")
    except (StartRefused, DataDirectoryUnusable) as refused:
        raise MaintenanceRefused(str(refused)) from refused
    try:
        yield installation.new_call(request_id=random_uuid(), source_address="")
    except DatabaseBusy as busy:
        raise MaintenanceRefused("the database is busy; try again") from busy
    except DatabaseUnreachable as unreachable:
        raise MaintenanceRefused("the database cannot be reached") from unreachable
    finally:
        installation.db.close()


def _worded(failure: Failure) -> str:
    """Return what is wrong in words that quote no value of the line."""
    words = find_error(_LINE_FAULTS, failure) or find_error(IDP_ERRORS, failure)
    return "the user cannot be stored" if words is None else words.worded(failure)

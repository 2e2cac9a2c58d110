"""The credential report: every user with its access keys and whether it has MFA, as AWS's CSV.

# AWS id_credentials_getting-report
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccountId
from poolgate.iam.access_keys import ACCESS_KEYS_PER_USER
from poolgate.iam.tables import access_keys, iam_credential_reports, iam_mfa_devices, iam_users
from poolgate.iam.users import user_arn
from poolgate.store.call import Call
from poolgate.store.database import Put, Transaction

# AWS API_GenerateCredentialReport: one that is younger is not made anew.
KEPT_MILLIS = 4 * 60 * 60 * 1000
_ROOT = "<root_account>"
_NOT_THERE, _YES, _NO = "N/A", "true", "false"
_COLUMNS = (
    *("user", "arn", "user_creation_time", "password_enabled", "password_last_used"),
    *("password_last_changed", "password_next_rotation", "mfa_active"),
    *(
        f"access_key_{number}_{fact}"
        for number in range(1, ACCESS_KEYS_PER_USER + 1)
        for fact in (
            *("active", "last_rotated", "last_used_date", "last_used_region"),
            "last_used_service",
        )
    ),
    *("cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated"),
)


class NoCredentialReport(Failure):
    """No report was generated yet."""


@dataclass(frozen=True, slots=True)
class CredentialReport:
    """A report as it was when it was made."""

    content: bytes
    created_at: int


_FIND = sa.select(iam_credential_reports.c.content, iam_credential_reports.c.created_at)
_PUT = Put(iam_credential_reports)
_USERS = sa.select(iam_users).order_by(iam_users.c.name_key)
_KEYS = sa.select(access_keys).order_by(access_keys.c.created_at, access_keys.c.access_key_id)
_WITH_MFA = sa.select(iam_mfa_devices.c.user_id).where(iam_mfa_devices.c.user_id.is_not(None))


def generate(call: Call) -> bool:
    """Make the report; return False, having changed nothing, where there is a young one."""
    with call.db.writing() as transaction:
        found = _find(transaction)
        if found is not None and call.now_millis - found.created_at < KEPT_MILLIS:
            return False
        content = _written(_lines(transaction, call.account_id))
        made = {
            "account_id": call.account_id,
            "content": content,
            "created_at": call.now_millis,
        }
        transaction.put(_PUT, made)
    return True


def get(transaction: Transaction) -> CredentialReport:
    """Return the last report; raise NoCredentialReport."""
    found = _find(transaction)
    if found is None:
        raise NoCredentialReport
    return found


def _find(transaction: Transaction) -> CredentialReport | None:
    row = transaction.one(_FIND)
    return None if row is None else CredentialReport(row.content, row.created_at)


def _written(lines: Iterator[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


def _lines(transaction: Transaction, account_id: AccountId) -> Iterator[Mapping[str, str]]:
    keys: dict[str | None, list[Any]] = {}
    for row in transaction.rows(_KEYS):
        keys.setdefault(row.user_id, []).append(row)
    with_mfa = {row.user_id for row in transaction.rows(_WITH_MFA)}
    # The root signs with keys only: it has neither password nor device here.
    yield _line(
        user=_ROOT,
        arn=f"arn:aws:iam::{account_id}:root",
        created=_NOT_THERE,
        password="not_supported",  # noqa: S106 - what the report says of it, no password
        has_mfa=False,
        keys=keys.get(None, ()),
    )
    for user in transaction.rows(_USERS):
        yield _line(
            user=user.name,
            arn=user_arn(account_id, user.path, user.name),
            created=_moment(user.created_at),
            password=_NO,
            has_mfa=user.user_id in with_mfa,
            keys=keys.get(user.user_id, ()),
        )


def _line(
    *, user: str, arn: str, created: str, password: str, has_mfa: bool, keys: Sequence[Any]
) -> Mapping[str, str]:
    line = dict.fromkeys(_COLUMNS, _NOT_THERE)
    line |= {
        "user": user,
        "arn": arn,
        "user_creation_time": created,
        "password_enabled": password,
        "mfa_active": _YES if has_mfa else _NO,
        "cert_1_active": _NO,
        "cert_2_active": _NO,
    }
    for position in range(ACCESS_KEYS_PER_USER):
        prefix = f"access_key_{position + 1}_"
        if position >= len(keys):
            line[f"{prefix}active"] = _NO
            continue
        key = keys[position]
        line[f"{prefix}active"] = _YES if key.active else _NO
        line[f"{prefix}last_rotated"] = _moment(key.created_at)
        if key.used_at is not None:
            line[f"{prefix}last_used_date"] = _moment(key.used_at)
            line[f"{prefix}last_used_region"] = key.used_region
            line[f"{prefix}last_used_service"] = key.used_service
    return line


def _moment(millis: int) -> str:
    return from_epoch_millis(millis).isoformat(timespec="seconds")

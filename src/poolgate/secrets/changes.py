"""What is done to secrets as a whole: created, given values, relabelled, deleted and restored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.secrets import labels as staging
from poolgate.secrets import replication, stored_secrets, versions
from poolgate.secrets.contents import Content
from poolgate.secrets.replication import WantedReplica
from poolgate.secrets.stored_secrets import StoredSecret
from poolgate.secrets.tables import secrets
from poolgate.store.call import Call
from poolgate.store.database import Transaction

# AWS DeleteSecret.
SHORTEST_WINDOW_DAYS, LONGEST_WINDOW_DAYS = 7, 30
_MILLIS_PER_DAY = 24 * 60 * 60 * 1000


class RecoveryWindowInvalid(Failure):
    """The recovery window is shorter or longer than it can be."""


@dataclass(frozen=True, slots=True)
class ChangedSecret:
    """A secret after a change; `version_id` is None where the change made no version."""

    owner: StoredSecret
    version_id: str | None = None
    labels: Sequence[str] = ()


_MARK = (
    sa.update(secrets)
    .where(secrets.c.arn == sa.bindparam("of_arn"))
    .values(purge_at=sa.bindparam("new_purge_at"))
)
_DELETE = sa.delete(secrets).where(secrets.c.arn == sa.bindparam("of_arn"))


def create(
    call: Call,
    *,
    name: str,
    request_token: str,
    content: Content | None,
    description: str | None,
    kms_key_id: str | None,
    tags: Mapping[str, str],
    replicas: Sequence[WantedReplica] = (),
    overwrite_replicas: bool = False,
) -> ChangedSecret:
    """Create a secret, with its first version if there is a value; the same request again is one.

    Raise SecretExists, SecretNameMarkedForDeletion, RequestTokenInUse or ReplicaRegionInvalid.
    """
    stored_secrets.verify_name(name)
    with call.db.writing() as transaction:
        existing = stored_secrets.find(transaction, call, name)
        if existing is not None:
            return _created_before(transaction, call, existing, request_token, content)
        owner = stored_secrets.insert(
            transaction,
            call,
            name=name,
            description=description,
            kms_key_id=kms_key_id,
            tags=tags,
        )
        if replicas:
            replication.add(transaction, owner, replicas, overwrite=overwrite_replicas)
        if content is None:
            return ChangedSecret(owner)
        labels = versions.add(transaction, call, owner, request_token, content)
    return ChangedSecret(owner, request_token, labels)


def put_value(
    call: Call, secret_id: str, *, request_token: str, content: Content, labels: Sequence[str]
) -> ChangedSecret:
    """Add a version with these labels."""
    with call.db.writing() as transaction:
        owner = stored_secrets.get_writable(transaction, call, secret_id)
        attached = versions.add(
            transaction, call, owner, request_token, content, added_labels=labels
        )
    return ChangedSecret(owner, request_token, attached)


def update(
    call: Call,
    secret_id: str,
    *,
    request_token: str,
    content: Content | None,
    description: str | None,
    kms_key_id: str | None,
) -> ChangedSecret:
    """Set description and key as far as they are given, and the value, which is current then."""
    with call.db.writing() as transaction:
        owner = stored_secrets.get_writable(transaction, call, secret_id)
        stored_secrets.describe(
            transaction, call, owner, description=description, kms_key_id=kms_key_id
        )
        if content is None:
            return ChangedSecret(owner)
        labels = versions.add(transaction, call, owner, request_token, content)
    return ChangedSecret(owner, request_token, labels)


def move_label(
    call: Call, secret_id: str, label: str, *, taken_from: str | None, put_to: str | None
) -> StoredSecret:
    """Put a label on a version, take it from one, or both."""
    with call.db.writing() as transaction:
        owner = stored_secrets.get_writable(transaction, call, secret_id)
        for version_id in (taken_from, put_to):
            if version_id is not None:
                versions.verify_exists(transaction, owner, version_id)
        labels = versions.labels_of(transaction, owner)
        new_labels = staging.moved(labels, label, taken_from=taken_from, put_to=put_to)
        versions.replace_labels(transaction, call, owner, new_labels)
    return owner


def mark_for_deletion(call: Call, secret_id: str, *, window_days: int) -> StoredSecret:
    """Let the secret go after the recovery window; `purge_at` of what is returned says when."""
    if not SHORTEST_WINDOW_DAYS <= window_days <= LONGEST_WINDOW_DAYS:
        raise RecoveryWindowInvalid
    purge_at = call.now_millis + window_days * _MILLIS_PER_DAY
    with call.db.writing() as transaction:
        owner = stored_secrets.get_writable(transaction, call, secret_id)
        replication.verify_none(transaction, owner)
        transaction.run(_MARK, {"of_arn": owner.arn, "new_purge_at": purge_at})
        return stored_secrets.get(transaction, call, owner.arn)


def delete_now(call: Call, secret_id: str) -> StoredSecret | None:
    """Remove the secret with its versions and return what it was; None where there was none."""
    with call.db.writing() as transaction:
        owner = stored_secrets.find(transaction, call, secret_id)
        if owner is not None:
            if owner.is_replica:
                raise stored_secrets.ReplicaNotWritable
            replication.verify_none(transaction, owner)
            transaction.run(_DELETE, {"of_arn": owner.arn})
    return owner


def restore(call: Call, secret_id: str) -> StoredSecret:
    """Take the mark of deletion away; a secret without it stays as it is."""
    with call.db.writing() as transaction:
        owner = stored_secrets.get(transaction, call, secret_id)
        transaction.run(_MARK, {"of_arn": owner.arn, "new_purge_at": None})
    return owner


def _created_before(
    transaction: Transaction,
    call: Call,
    existing: StoredSecret,
    request_token: str,
    content: Content | None,
) -> ChangedSecret:
    """Answer a creation again whose version is there; raise for any other of the same name."""
    if existing.purge_at is not None:
        raise stored_secrets.SecretNameMarkedForDeletion
    known = versions.find_content(transaction, call, existing, request_token)
    if known is None or content is None:
        raise stored_secrets.SecretExists(name=existing.name)
    if known != content:
        raise versions.RequestTokenInUse(version_id=request_token, arn=existing.arn)
    return ChangedSecret(existing, request_token)

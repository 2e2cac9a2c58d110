"""Secrets without their values: found by name or ARN, made, described, tagged."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import Arn
from poolgate.foundation.randomness import LETTERS_AND_DIGITS, random_text
from poolgate.secrets.tables import secrets
from poolgate.store.call import Call
from poolgate.store.database import Transaction

# AWS reference_limits.
TAGS_PER_SECRET = 50
_SUFFIX_LENGTH = 6
_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]+")
_ENDS_LIKE_AN_ARN = re.compile(r"-[A-Za-z0-9]{6}\Z")
_RESERVED_TAG_PREFIX = "aws:"


class SecretNameInvalid(Failure):
    """A name, or what should be one, has characters that names do not have."""


class SecretNotFound(Failure):
    """No secret has this name or ARN."""


class SecretExists(Failure):
    """The name is taken. Facts: name."""


class SecretNameMarkedForDeletion(Failure):
    """The name belongs to a secret that can still be restored."""


class SecretMarkedForDeletion(Failure):
    """The secret is to be deleted; until it is restored it is only described."""


class TooManySecretTags(Failure):
    """The secret would have more tags than it may. Facts: limit."""


class SecretTagReserved(Failure):
    """Tag keys that begin with `aws:` are not a caller's. Facts: tag_key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSecret:
    """A secret without its values; `tags` is None until it was tagged for the first time."""

    arn: Arn
    name: str
    description: str | None
    kms_key_id: str | None
    tags: Mapping[str, str] | None
    resource_policy: str | None
    created_at: int
    changed_at: int
    accessed_on: int | None
    purge_at: int | None


_INSERT = sa.insert(secrets)
_IS_THERE = sa.and_(
    secrets.c.region == sa.bindparam("of_region"),
    sa.or_(secrets.c.purge_at.is_(None), secrets.c.purge_at > sa.bindparam("now")),
)
_BY_ARN = sa.select(secrets).where(secrets.c.arn == sa.bindparam("of_arn"), _IS_THERE)
_BY_NAME = sa.select(secrets).where(secrets.c.name == sa.bindparam("of_name"), _IS_THERE)
_ALL = sa.select(secrets).where(_IS_THERE)
_IS_SECRET = secrets.c.arn == sa.bindparam("of_arn")
_SET_TAGS = (
    sa.update(secrets)
    .where(_IS_SECRET)
    .values(tags=sa.bindparam("new_tags"), changed_at=sa.bindparam("now"))
)
_DESCRIBE = (
    sa.update(secrets)
    .where(_IS_SECRET)
    .values(
        description=sa.bindparam("new_description"),
        kms_key_id=sa.bindparam("new_kms_key_id"),
        changed_at=sa.bindparam("now"),
    )
)
_PURGE = sa.delete(secrets).where(secrets.c.purge_at <= sa.bindparam("now"))


def arn_of_name(call: Call, name: str, suffix: str = "") -> Arn:
    """Return the ARN of a secret of the caller's region; without `suffix` the partial one."""
    ending = f"-{suffix}" if suffix else ""
    return Arn(f"arn:aws:secretsmanager:{call.region}:{call.account_id}:secret:{name}{ending}")


def verify_name(name: str) -> None:
    """Raise SecretNameInvalid unless a secret can have this name."""
    if not _NAME.fullmatch(name):
        raise SecretNameInvalid


def find(transaction: Transaction, call: Call, secret_id: str) -> StoredSecret | None:
    """Return the secret of a name, an ARN or an ARN without its suffix, or None."""
    here = {"of_region": call.region, "now": call.now_millis}
    prefix = arn_of_name(call, "")
    if not secret_id.startswith("arn:"):
        verify_name(secret_id)
        row = transaction.one(_BY_NAME, {"of_name": secret_id, **here})
    elif not secret_id.startswith(prefix):
        return None
    else:
        row = transaction.one(_BY_ARN, {"of_arn": secret_id, **here})
        # AWS GetSecretValue "SecretId": a name that ends like an ARN is taken for one.
        if row is None and not _ENDS_LIKE_AN_ARN.search(secret_id):
            name = secret_id.removeprefix(prefix)
            row = transaction.one(_BY_NAME, {"of_name": name, **here})
    return None if row is None else _stored(row)


def get(transaction: Transaction, call: Call, secret_id: str) -> StoredSecret:
    """Return the secret, marked for deletion or not; raise SecretNotFound."""
    found = find(transaction, call, secret_id)
    if found is None:
        raise SecretNotFound
    return found


def get_live(transaction: Transaction, call: Call, secret_id: str) -> StoredSecret:
    """Return the secret; raise SecretNotFound or SecretMarkedForDeletion."""
    found = get(transaction, call, secret_id)
    if found.purge_at is not None:
        raise SecretMarkedForDeletion
    return found


def all_of_region(transaction: Transaction, call: Call) -> tuple[StoredSecret, ...]:
    """Return every secret of the caller's region, those marked for deletion too, in no order."""
    rows = transaction.rows(_ALL, {"of_region": call.region, "now": call.now_millis})
    return tuple(_stored(row) for row in rows)


def insert(
    transaction: Transaction,
    call: Call,
    *,
    name: str,
    description: str | None,
    kms_key_id: str | None,
    tags: Mapping[str, str],
) -> StoredSecret:
    """Store a new secret without a version; the caller has seen that the name is free."""
    # What is past its recovery window may still hold the name.
    purge(transaction, call.now_millis)
    made = StoredSecret(
        arn=arn_of_name(call, name, random_text(LETTERS_AND_DIGITS, _SUFFIX_LENGTH)),
        name=name,
        description=description,
        kms_key_id=kms_key_id,
        tags=merged_tags({}, list(tags.items())) if tags else None,
        resource_policy=None,
        created_at=call.now_millis,
        changed_at=call.now_millis,
        accessed_on=None,
        purge_at=None,
    )
    transaction.run(
        _INSERT,
        {
            "arn": made.arn,
            "region": call.region,
            "name": name,
            "description": description,
            "kms_key_id": kms_key_id,
            "tags": None if made.tags is None else _encoded(made.tags),
            "resource_policy": None,
            "created_at": made.created_at,
            "changed_at": made.changed_at,
            "accessed_on": None,
            "purge_at": None,
        },
    )
    return made


def describe(
    transaction: Transaction,
    call: Call,
    changed: StoredSecret,
    *,
    description: str | None,
    kms_key_id: str | None,
) -> None:
    """Set what is given of description and key; None leaves what there is."""
    new = {
        "new_description": changed.description if description is None else description,
        "new_kms_key_id": changed.kms_key_id if kms_key_id is None else kms_key_id,
    }
    transaction.run(_DESCRIBE, {"of_arn": changed.arn, "now": call.now_millis, **new})


def merged_tags(existing: Mapping[str, str], added: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """Return the tags with those added; raise SecretTagReserved or TooManySecretTags."""
    for tag_key, _ in added:
        if tag_key.lower().startswith(_RESERVED_TAG_PREFIX):
            raise SecretTagReserved(tag_key=tag_key)
    merged = {**existing, **dict(added)}
    if len(merged) > TAGS_PER_SECRET:
        raise TooManySecretTags(limit=str(TAGS_PER_SECRET))
    return merged


def set_tags(call: Call, secret_id: str, tags: Mapping[str, str]) -> None:
    """Replace the tags."""
    with call.db.writing() as transaction:
        tagged = get_live(transaction, call, secret_id)
        new = {"of_arn": tagged.arn, "new_tags": _encoded(tags), "now": call.now_millis}
        transaction.run(_SET_TAGS, new)


def purge(transaction: Transaction, now_millis: int) -> int:
    """Remove the secrets whose recovery window is over, and return how many."""
    return transaction.run(_PURGE, {"now": now_millis})


def _stored(row: Any) -> StoredSecret:  # noqa: ANN401 - a row's columns are those of the table
    return StoredSecret(
        arn=Arn(row.arn),
        name=row.name,
        description=row.description,
        kms_key_id=row.kms_key_id,
        tags=None if row.tags is None else msgspec.json.decode(row.tags, type=dict[str, str]),
        resource_policy=row.resource_policy,
        created_at=row.created_at,
        changed_at=row.changed_at,
        accessed_on=row.accessed_on,
        purge_at=row.purge_at,
    )


def _encoded(tags: Mapping[str, str]) -> str:
    return msgspec.json.encode(tags).decode()

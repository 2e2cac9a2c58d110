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
from poolgate.secrets import search_terms
from poolgate.secrets.tables import secret_replicas, secrets
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


class ReplicaNotWritable(Failure):
    """What is in a replica is changed at its primary."""


class TooManySecretTags(Failure):
    """The secret would have more tags than it may. Facts: limit."""


class SecretTagReserved(Failure):
    """Tag keys that begin with `aws:` are not a caller's. Facts: tag_key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSecret:
    """A secret without its values; `tags` is None until it was tagged for the first time.

    A replica is its primary under another ARN: `home_arn` is the primary's, where the values are.
    """

    arn: Arn
    home_arn: Arn
    primary_region: str
    name: str
    description: str | None
    kms_key_id: str | None
    tags: Mapping[str, str] | None
    resource_policy: str | None
    created_at: int
    changed_at: int
    accessed_on: int | None
    purge_at: int | None

    @property
    def is_replica(self) -> bool:
        """Tell whether the secret's values are another region's."""
        return self.arn != self.home_arn


_INSERT = sa.insert(secrets)
_SHARED = (
    secrets.c.description,
    secrets.c.tags,
    secrets.c.resource_policy,
    secrets.c.created_at,
    secrets.c.changed_at,
    secrets.c.purge_at,
)
# Every secret of every region, replicas among them.
KNOWN = sa.union_all(
    sa.select(
        secrets.c.arn,
        secrets.c.arn.label("home_arn"),
        secrets.c.region,
        secrets.c.region.label("primary_region"),
        secrets.c.name,
        secrets.c.kms_key_id,
        secrets.c.accessed_on,
        *_SHARED,
    ),
    sa.select(
        secret_replicas.c.arn,
        secret_replicas.c.primary_arn.label("home_arn"),
        secret_replicas.c.region,
        secrets.c.region.label("primary_region"),
        secret_replicas.c.name,
        secret_replicas.c.kms_key_id,
        secret_replicas.c.accessed_on,
        *_SHARED,
    )
    .join_from(secret_replicas, secrets, secret_replicas.c.primary_arn == secrets.c.arn)
    .where(secret_replicas.c.name.is_not(None)),
).subquery("known_secrets")
IS_THERE = sa.and_(
    KNOWN.c.region == sa.bindparam("of_region"),
    sa.or_(KNOWN.c.purge_at.is_(None), KNOWN.c.purge_at > sa.bindparam("now")),
)
_BY_ARN = sa.select(KNOWN).where(KNOWN.c.arn == sa.bindparam("of_arn"), IS_THERE)
_BY_NAME = sa.select(KNOWN).where(KNOWN.c.name == sa.bindparam("of_name"), IS_THERE)
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
    return None if row is None else of_row(row)


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


def get_writable(transaction: Transaction, call: Call, secret_id: str) -> StoredSecret:
    """Return the secret; raise SecretNotFound, SecretMarkedForDeletion or ReplicaNotWritable."""
    found = get_live(transaction, call, secret_id)
    if found.is_replica:
        raise ReplicaNotWritable
    return found


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
    arn = arn_of_name(call, name, random_text(LETTERS_AND_DIGITS, _SUFFIX_LENGTH))
    made = StoredSecret(
        arn=arn,
        home_arn=arn,
        primary_region=call.region,
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
    insert_row(transaction, made)
    return made


def insert_row(transaction: Transaction, made: StoredSecret) -> None:
    """Store a secret that has no replica yet, with what it can be searched by."""
    transaction.run(
        _INSERT,
        {
            "arn": made.arn,
            "region": made.primary_region,
            "name": made.name,
            "description": made.description,
            "kms_key_id": made.kms_key_id,
            "tags": None if made.tags is None else _encoded(made.tags),
            "resource_policy": made.resource_policy,
            "created_at": made.created_at,
            "changed_at": made.changed_at,
            "accessed_on": made.accessed_on,
            "purge_at": None,
        },
    )
    search_terms.put(transaction, made.arn, made.name, made.description, made.tags)


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
    search_terms.put(transaction, changed.arn, changed.name, new["new_description"], changed.tags)


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
        tagged = get_writable(transaction, call, secret_id)
        new = {"of_arn": tagged.arn, "new_tags": _encoded(tags), "now": call.now_millis}
        transaction.run(_SET_TAGS, new)
        search_terms.put(transaction, tagged.arn, tagged.name, tagged.description, tags)


def purge(transaction: Transaction, now_millis: int) -> int:
    """Remove the secrets whose recovery window is over, and return how many."""
    return transaction.run(_PURGE, {"now": now_millis})


def of_row(row: Any) -> StoredSecret:  # noqa: ANN401 - a row's columns are those of KNOWN
    """Return the secret of a row of KNOWN."""
    return StoredSecret(
        arn=Arn(row.arn),
        home_arn=Arn(row.home_arn),
        primary_region=row.primary_region,
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

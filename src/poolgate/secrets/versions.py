"""The versions of a secret: added once for each request token, found by id or label."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.secrets import labels as staging
from poolgate.secrets.contents import Content, seal, unseal
from poolgate.secrets.labels import CURRENT, Labels
from poolgate.secrets.stored_secrets import StoredSecret
from poolgate.secrets.tables import secret_labels, secret_replicas, secret_versions, secrets
from poolgate.store.call import Call
from poolgate.store.database import Transaction

# AWS reference_limits: "Versions per secret ~100".
VERSIONS_KEPT = 100
_MILLIS_PER_DAY = 24 * 60 * 60 * 1000


class VersionNotFound(Failure):
    """The secret has no such version. Facts: version_id."""


class LabelNotFound(Failure):
    """No version of the secret has this label. Facts: label."""


class VersionLacksLabel(Failure):
    """The version is there and does not have the label."""


class RequestTokenInUse(Failure):
    """The version of this request token holds another value. Facts: version_id, arn."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version without its value."""

    version_id: str
    number: int
    labels: Sequence[str]
    created_at: int
    accessed_on: int | None


@dataclass(frozen=True, slots=True)
class ReadVersion:
    """A version with its value, and the secret that it belongs to."""

    owner: StoredSecret
    version: Version
    content: Content


_OF_SECRET = secret_versions.c.arn == sa.bindparam("of_arn")
_IS_VERSION = sa.and_(_OF_SECRET, secret_versions.c.version_id == sa.bindparam("of_version"))
_VERSION = sa.select(secret_versions).where(_IS_VERSION)
_VERSIONS = (
    sa.select(
        secret_versions.c.version_id,
        secret_versions.c.number,
        secret_versions.c.created_at,
        secret_versions.c.accessed_on,
    )
    .where(_OF_SECRET, secret_versions.c.sealed_content.is_not(None))
    .order_by(secret_versions.c.number)
)
_LAST_NUMBER = sa.select(sa.func.coalesce(sa.func.max(secret_versions.c.number), 0)).where(
    _OF_SECRET
)
_INSERT = sa.insert(secret_versions)
_FILL = (
    sa.update(secret_versions)
    .where(_IS_VERSION)
    .values(is_binary=sa.bindparam("new_is_binary"), sealed_content=sa.bindparam("new_content"))
)
_DELETE = sa.delete(secret_versions).where(_IS_VERSION)
_LABELS = sa.select(secret_labels).where(secret_labels.c.arn == sa.bindparam("of_arn"))
_DELETE_LABELS = sa.delete(secret_labels).where(secret_labels.c.arn == sa.bindparam("of_arn"))
_INSERT_LABEL = sa.insert(secret_labels)
_CHANGED = (
    sa.update(secrets)
    .where(secrets.c.arn == sa.bindparam("of_arn"))
    .values(changed_at=sa.bindparam("now"))
)
_VERSION_ACCESSED = (
    sa.update(secret_versions).where(_IS_VERSION).values(accessed_on=sa.bindparam("day"))
)
_SECRET_ACCESSED = (
    sa.update(secrets)
    .where(secrets.c.arn == sa.bindparam("of_arn"))
    .values(accessed_on=sa.bindparam("day"))
)

_REPLICA_ACCESSED = (
    sa.update(secret_replicas)
    .where(secret_replicas.c.arn == sa.bindparam("of_arn"))
    .values(accessed_on=sa.bindparam("day"))
)


def labels_of(transaction: Transaction, owner: StoredSecret) -> dict[str, str]:
    """Return which version has which label."""
    rows = transaction.rows(_LABELS, {"of_arn": owner.home_arn})
    return {row.label: row.version_id for row in rows}


def stages_of(transaction: Transaction, owner: StoredSecret) -> dict[str, list[str]]:
    """Return the labels of every version that has some."""
    labels = labels_of(transaction, owner)
    return {
        version_id: staging.of_version(labels, version_id)
        for version_id in sorted(set(labels.values()))
    }


def of_secret(
    transaction: Transaction, owner: StoredSecret, *, with_unlabelled: bool
) -> tuple[Version, ...]:
    """Return the versions with a value, oldest first; those without labels only if wished."""
    labels = labels_of(transaction, owner)
    found = (
        Version(
            version_id=row.version_id,
            number=row.number,
            labels=staging.of_version(labels, row.version_id),
            created_at=row.created_at,
            accessed_on=row.accessed_on,
        )
        for row in transaction.rows(_VERSIONS, {"of_arn": owner.home_arn})
    )
    return tuple(version for version in found if version.labels or with_unlabelled)


def add(
    transaction: Transaction,
    call: Call,
    owner: StoredSecret,
    version_id: str,
    content: Content,
    *,
    added_labels: Sequence[str] = (CURRENT,),
) -> list[str]:
    """Add a version and return its labels; the same request again changes nothing.

    The first version is the current one whatever labels it gets. Raise RequestTokenInUse.
    """
    labels = labels_of(transaction, owner)
    row = _row(transaction, owner, version_id)
    known = None if row is None else _content(call, owner, row)
    if known is not None:
        if known != content:
            raise RequestTokenInUse(version_id=version_id, arn=owner.arn)
        return staging.of_version(labels, version_id)
    if CURRENT not in labels and CURRENT not in added_labels:
        added_labels = (*added_labels, CURRENT)
    if row is None:
        _insert(transaction, call, owner, version_id, content)
    else:
        transaction.run(
            _FILL,
            {
                "of_arn": owner.home_arn,
                "of_version": version_id,
                "new_is_binary": content.is_binary,
                "new_content": seal(call.vault, content, owner.home_arn, version_id),
            },
        )
    new_labels = staging.put_on(labels, version_id, added_labels)
    replace_labels(transaction, call, owner, new_labels)
    _forget_oldest(transaction, owner)
    return staging.of_version(new_labels, version_id)


def begin_pending(
    transaction: Transaction, call: Call, owner: StoredSecret, version_id: str
) -> None:
    """Make the version that a rotation is to fill, with AWSPENDING; one that is there keeps."""
    if _row(transaction, owner, version_id) is None:
        _insert(transaction, call, owner, version_id, None)
    labels = staging.put_on(labels_of(transaction, owner), version_id, [staging.PENDING])
    replace_labels(transaction, call, owner, labels)


def copy_all(
    transaction: Transaction, call: Call, origin: StoredSecret, owner: StoredSecret
) -> None:
    """Give a secret the versions and labels of another one, sealed anew."""
    for version in of_secret(transaction, origin, with_unlabelled=True):
        content = find_content(transaction, call, origin, version.version_id)
        _insert(transaction, call, owner, version.version_id, content)
    replace_labels(transaction, call, owner, labels_of(transaction, origin))


def _insert(
    transaction: Transaction,
    call: Call,
    owner: StoredSecret,
    version_id: str,
    content: Content | None,
) -> None:
    number = transaction.one(_LAST_NUMBER, {"of_arn": owner.home_arn})[0] + 1
    sealed = None if content is None else seal(call.vault, content, owner.home_arn, version_id)
    transaction.run(
        _INSERT,
        {
            "arn": owner.home_arn,
            "version_id": version_id,
            "number": number,
            "is_binary": content is not None and content.is_binary,
            "sealed_content": sealed,
            "created_at": call.now_millis,
            "accessed_on": None,
        },
    )


def find_content(
    transaction: Transaction, call: Call, owner: StoredSecret, version_id: str
) -> Content | None:
    """Return the value of a version, or None where it has none or is not there."""
    row = _row(transaction, owner, version_id)
    return None if row is None else _content(call, owner, row)


def _row(transaction: Transaction, owner: StoredSecret, version_id: str) -> Any:  # noqa: ANN401 - a row's columns are those of the table
    return transaction.one(_VERSION, {"of_arn": owner.home_arn, "of_version": version_id})


def _content(call: Call, owner: StoredSecret, row: Any) -> Content | None:  # noqa: ANN401 - as above
    if row.sealed_content is None:
        return None
    return unseal(
        call.vault,
        row.sealed_content,
        owner.home_arn,
        row.version_id,
        is_binary=bool(row.is_binary),
    )


def verify_exists(transaction: Transaction, owner: StoredSecret, version_id: str) -> None:
    """Raise VersionNotFound unless the secret has this version."""
    if _row(transaction, owner, version_id) is None:
        raise VersionNotFound(version_id=version_id)


def replace_labels(
    transaction: Transaction, call: Call, owner: StoredSecret, labels: Labels
) -> None:
    """Store which version has which label."""
    transaction.run(_DELETE_LABELS, {"of_arn": owner.home_arn})
    for label, version_id in labels.items():
        transaction.run(
            _INSERT_LABEL, {"arn": owner.home_arn, "label": label, "version_id": version_id}
        )
    transaction.run(_CHANGED, {"of_arn": owner.home_arn, "now": call.now_millis})


def read(
    transaction: Transaction,
    call: Call,
    owner: StoredSecret,
    *,
    version_id: str | None = None,
    label: str | None = None,
) -> ReadVersion:
    """Return the version of this id or label, the current one where neither is given.

    Raise VersionNotFound, LabelNotFound or VersionLacksLabel.
    """
    labels = labels_of(transaction, owner)
    wanted = version_id or labels.get(label or CURRENT)
    if wanted is None:
        raise LabelNotFound(label=label or CURRENT)
    row = _row(transaction, owner, wanted)
    if row is None:
        raise VersionNotFound(version_id=wanted)
    if label is not None and labels.get(label) != wanted:
        raise VersionLacksLabel
    content = _content(call, owner, row)
    if content is None:
        # A rotation has begun and its function has not put the value yet.
        if version_id is None:
            raise LabelNotFound(label=label or CURRENT)
        raise VersionNotFound(version_id=wanted)
    version = Version(
        version_id=wanted,
        number=row.number,
        labels=staging.of_version(labels, wanted),
        created_at=row.created_at,
        accessed_on=row.accessed_on,
    )
    return ReadVersion(owner, version, content)


def note_access(call: Call, found: ReadVersion) -> None:
    """Keep the day of a read; the first one of a day writes."""
    day = call.now_millis - call.now_millis % _MILLIS_PER_DAY
    if found.owner.accessed_on == day and found.version.accessed_on == day:
        return
    accessed: Mapping[str, object] = {"of_arn": found.owner.home_arn, "day": day}
    with call.db.writing(about=found.owner.home_arn) as transaction:
        if found.owner.is_replica:
            transaction.run(_REPLICA_ACCESSED, {"of_arn": found.owner.arn, "day": day})
        else:
            transaction.run(_SECRET_ACCESSED, accessed)
        transaction.run(_VERSION_ACCESSED, {**accessed, "of_version": found.version.version_id})


def _forget_oldest(transaction: Transaction, owner: StoredSecret) -> None:
    """Remove the oldest versions without labels beyond those that are kept."""
    every = of_secret(transaction, owner, with_unlabelled=True)
    unlabelled = [version.version_id for version in every if not version.labels]
    for version_id in unlabelled[: max(0, len(every) - VERSIONS_KEPT)]:
        transaction.run(_DELETE, {"of_arn": owner.home_arn, "of_version": version_id})

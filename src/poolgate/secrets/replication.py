"""Replicas: one secret in several regions. Only the primary is changed.

A replica has no values of its own, so that it can never lag behind; promoted, it gets a copy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import Arn
from poolgate.secrets import search_terms, stored_secrets, versions
from poolgate.secrets.stored_secrets import StoredSecret
from poolgate.secrets.tables import secret_replicas, secrets
from poolgate.store.call import Call
from poolgate.store.database import Transaction


class ReplicaRegionInvalid(Failure):
    """A secret is not replicated to its own region, nor twice to another."""


class ReplicaRegionUnknown(Failure):
    """The secret has no replica in the region. Facts: region."""


class NotAReplica(Failure):
    """Only a replica is promoted."""


class SecretHasReplicas(Failure):
    """A secret with replicas is not deleted. Facts: name."""


@dataclass(frozen=True, slots=True)
class WantedReplica:
    """A region to replicate to, with the key to show there."""

    region: str
    kms_key_id: str | None


@dataclass(frozen=True, slots=True)
class Replica:
    """A replica as its primary lists it; `exists` is False where its name was taken there."""

    region: str
    kms_key_id: str | None
    exists: bool
    accessed_on: int | None


_OF_PRIMARY = (
    sa.select(secret_replicas)
    .where(secret_replicas.c.primary_arn == sa.bindparam("of_arn"))
    .order_by(secret_replicas.c.region)
)
_INSERT = sa.insert(secret_replicas)
_DELETE = sa.delete(secret_replicas).where(secret_replicas.c.arn == sa.bindparam("of_arn"))
_TAKEN_BY = sa.select(secrets.c.arn).where(
    secrets.c.region == sa.bindparam("of_region"), secrets.c.name == sa.bindparam("of_name")
)
_TAKEN_BY_REPLICA = sa.select(secret_replicas.c.arn).where(
    secret_replicas.c.region == sa.bindparam("of_region"),
    secret_replicas.c.name == sa.bindparam("of_name"),
)
_DELETE_SECRET = sa.delete(secrets).where(secrets.c.arn == sa.bindparam("of_arn"))


def of_primary(transaction: Transaction, owner: StoredSecret) -> tuple[Replica, ...]:
    """Return the replicas of a secret, or of the primary of a replica, by region."""
    rows = transaction.rows(_OF_PRIMARY, {"of_arn": owner.home_arn})
    return tuple(
        Replica(row.region, row.kms_key_id, row.name is not None, row.accessed_on) for row in rows
    )


def replicate(
    call: Call, secret_id: str, wanted: Sequence[WantedReplica], *, overwrite: bool
) -> StoredSecret:
    """Replicate a secret; where its name is taken that shows in the status, unless overwritten."""
    with call.db.writing() as transaction:
        # What is past its recovery window may still hold the name.
        stored_secrets.purge(transaction, call.now_millis)
        owner = stored_secrets.get_writable(transaction, call, secret_id)
        add(transaction, owner, wanted, overwrite=overwrite)
    return owner


def add(
    transaction: Transaction,
    owner: StoredSecret,
    wanted: Sequence[WantedReplica],
    *,
    overwrite: bool,
) -> None:
    """Replicate a secret in its own transaction; raise ReplicaRegionInvalid."""
    regions = [each.region for each in wanted]
    if owner.primary_region in regions or len(set(regions)) < len(regions):
        raise ReplicaRegionInvalid
    existing = {replica.region: replica for replica in of_primary(transaction, owner)}
    for each in wanted:
        former = existing.get(each.region)
        if former is not None and former.exists:
            continue
        arn = _arn_in(owner, each.region)
        transaction.run(_DELETE, {"of_arn": arn})
        is_free = _make_room(transaction, owner, each.region, overwrite=overwrite)
        transaction.run(
            _INSERT,
            {
                "arn": arn,
                "primary_arn": owner.home_arn,
                "region": each.region,
                "name": owner.name if is_free else None,
                "kms_key_id": each.kms_key_id,
                "accessed_on": None,
            },
        )
    search_terms.put_primary_region(transaction, owner.home_arn, owner.primary_region)


def remove(call: Call, secret_id: str, regions: Sequence[str]) -> StoredSecret:
    """Delete the replicas in these regions; raise ReplicaRegionUnknown."""
    with call.db.writing() as transaction:
        owner = stored_secrets.get_writable(transaction, call, secret_id)
        for region in regions:
            if transaction.run(_DELETE, {"of_arn": _arn_in(owner, region)}) == 0:
                raise ReplicaRegionUnknown(region=region)
        _note_rest(transaction, owner)
    return owner


def promote(call: Call, secret_id: str) -> Arn:
    """Make a replica a secret of its own, with a copy of all values; raise NotAReplica."""
    with call.db.writing() as transaction:
        replica = stored_secrets.get_live(transaction, call, secret_id)
        if not replica.is_replica:
            raise NotAReplica
        transaction.run(_DELETE, {"of_arn": replica.arn})
        promoted = replace(replica, home_arn=replica.arn, primary_region=call.region)
        stored_secrets.insert_row(transaction, promoted)
        versions.copy_all(transaction, call, replica, promoted)
        _note_rest(transaction, replica)
    return replica.arn


def verify_none(transaction: Transaction, owner: StoredSecret) -> None:
    """Raise SecretHasReplicas; what never came to be does not count."""
    if any(replica.exists for replica in of_primary(transaction, owner)):
        raise SecretHasReplicas(name=owner.name)


def _note_rest(transaction: Transaction, owner: StoredSecret) -> None:
    if not of_primary(transaction, owner):
        search_terms.put_primary_region(transaction, owner.home_arn, None)


def _make_room(
    transaction: Transaction, owner: StoredSecret, region: str, *, overwrite: bool
) -> bool:
    """Return whether the name is free in a region, made so if wished; replicas are not removed."""
    named = {"of_region": region, "of_name": owner.name}
    if transaction.one(_TAKEN_BY_REPLICA, named) is not None:
        return False
    taken_by = transaction.one(_TAKEN_BY, named)
    if taken_by is None:
        return True
    other_has_replicas = transaction.one(_OF_PRIMARY, {"of_arn": taken_by.arn}) is not None
    if not overwrite or other_has_replicas:
        return False
    transaction.run(_DELETE_SECRET, {"of_arn": taken_by.arn})
    return True


def _arn_in(owner: StoredSecret, region: str) -> Arn:
    # AWS StopReplicationToReplica: "the same as the original primary secret ARN except that the
    # Region is changed"
    parts = owner.home_arn.split(":")
    parts[3] = region
    return Arn(":".join(parts))

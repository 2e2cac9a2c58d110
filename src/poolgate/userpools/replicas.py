"""Replicas: further regions in which a pool is listed and administered.

One server serves every region, so a replica copies nothing. It makes the pool one of a region's:
it is listed there, has tags of its own there and, while it is active, its custom domain is known
there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Region
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools import pools
from poolgate.userpools.pool_settings import FeatureAboveTier, verify_tags
from poolgate.userpools.tables import user_pool_domains, user_pool_replicas

MAX_REPLICAS = 32
_REGION = re.compile(r"[a-z]{2,3}(?:-[a-z]+)+-[0-9]{1,2}")


class ReplicaNotFound(Failure):
    """The pool has no replica in the region. Facts: region."""


class InvalidReplica(Failure):
    """A replica that cannot be made or changed like this. Facts: fault."""


class TooManyReplicas(Failure):
    """The pool has as many replicas as it can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """One further region of a pool."""

    pool_id: PoolId
    region: Region
    active: bool
    tags: Mapping[str, str]


_IS_REPLICA = sa.and_(
    user_pool_replicas.c.pool_id == sa.bindparam("pool_id"),
    user_pool_replicas.c.region == sa.bindparam("region"),
)
_GET = sa.select(user_pool_replicas).where(_IS_REPLICA)
_OF_POOL = (
    sa.select(user_pool_replicas)
    .where(user_pool_replicas.c.pool_id == sa.bindparam("pool_id"))
    .order_by(user_pool_replicas.c.region)
)
_INSERT = InsertIfAbsent(user_pool_replicas)
_UPDATE = (
    sa.update(user_pool_replicas)
    .where(
        user_pool_replicas.c.pool_id == sa.bindparam("of_pool_id"),
        user_pool_replicas.c.region == sa.bindparam("of_region"),
    )
    .values(active=sa.bindparam("active"), tags=sa.bindparam("tags"))
)
_DELETE = sa.delete(user_pool_replicas).where(_IS_REPLICA)
_IS_FAILOVER = sa.select(user_pool_domains.c.domain).where(
    user_pool_domains.c.pool_id == sa.bindparam("pool_id"),
    user_pool_domains.c.failover_region == sa.bindparam("region"),
)


def find(transaction: Transaction, pool_id: PoolId, region: Region) -> Replica | None:
    """Return the pool's replica in the region, or None."""
    row = transaction.one(_GET, {"pool_id": pool_id, "region": region})
    return None if row is None else _replica(row)


def get(transaction: Transaction, pool_id: PoolId, region: Region) -> Replica:
    """Return the pool's replica in the region; raise ReplicaNotFound."""
    replica = find(transaction, pool_id, region)
    if replica is None:
        raise ReplicaNotFound(region=region)
    return replica


def of_pool(transaction: Transaction, pool_id: PoolId) -> tuple[Replica, ...]:
    """Return the pool's replicas by region."""
    return tuple(_replica(row) for row in transaction.rows(_OF_POOL, {"pool_id": pool_id}))


def create(call: Call, pool_id: PoolId, region: Region, tags: Mapping[str, str]) -> Replica:
    """Make a replica, which is not active yet; of two concurrent creators one is refused."""
    verify_tags(tags)
    if _REGION.fullmatch(region) is None:
        raise InvalidReplica(fault="RegionName must be the name of a region.")
    replica = Replica(pool_id=pool_id, region=region, active=False, tags=tags)
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        _verify_primary(call, pool)
        if region == pool.region:
            raise InvalidReplica(fault=f"{region} is the primary region of the user pool.")
        # AWS CreateUserPoolReplica declares the error; the tier it needs is not told.
        if pool.tier == "LITE":
            raise FeatureAboveTier(feature="Replication", tier=pool.tier)
        row = {"pool_id": pool_id, "region": region, "active": False, "tags": _encoded(tags)}
        if not transaction.insert_if_absent(_INSERT, row):
            raise InvalidReplica(fault=f"The user pool already has a replica in {region}.")
        if len(of_pool(transaction, pool_id)) > MAX_REPLICAS:
            raise TooManyReplicas
    return replica


def set_active(call: Call, pool_id: PoolId, region: Region, *, active: bool) -> Replica:
    """Make the replica active or not; one that a domain fails over to stays active."""
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        replica = get(transaction, pool_id, region)
        if not active:
            _verify_no_failover(transaction, replica)
        return _store(transaction, replica, active=active, tags=replica.tags)


def delete(call: Call, pool_id: PoolId, region: Region) -> Replica:
    """Remove a replica that is not active."""
    with call.db.writing() as transaction:
        _verify_primary(call, pools.get(transaction, pool_id))
        replica = get(transaction, pool_id, region)
        # AWS DeleteUserPoolReplica: "You can only delete replicas that are in the INACTIVE status."
        if replica.active:
            raise InvalidReplica(fault="Only replicas in the INACTIVE status can be deleted.")
        _verify_no_failover(transaction, replica)
        transaction.run(_DELETE, {"pool_id": pool_id, "region": region})
    return replica


def put_tags(call: Call, pool_id: PoolId, region: Region, tags: Mapping[str, str]) -> None:
    """Add tags to the replica, replacing those with the same name."""
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        replica = get(transaction, pool_id, region)
        together = {**replica.tags, **tags}
        verify_tags(together)
        _store(transaction, replica, active=replica.active, tags=together)


def remove_tags(call: Call, pool_id: PoolId, region: Region, names: list[str]) -> None:
    """Remove tags from the replica; names that are not there are no fault."""
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        replica = get(transaction, pool_id, region)
        left = {name: value for name, value in replica.tags.items() if name not in names}
        _store(transaction, replica, active=replica.active, tags=left)


def _verify_primary(call: Call, pool: pools.UserPool) -> None:
    # AWS DeleteUserPoolReplica: "This operation must be called from the primary Region."
    if call.region != pool.region:
        raise InvalidReplica(fault="This operation must be called from the primary Region.")


def _verify_no_failover(transaction: Transaction, replica: Replica) -> None:
    asked = {"pool_id": replica.pool_id, "region": replica.region}
    if transaction.one(_IS_FAILOVER, asked) is not None:
        raise InvalidReplica(fault="The replica is the failover of a domain of the user pool.")


def _store(
    transaction: Transaction, replica: Replica, *, active: bool, tags: Mapping[str, str]
) -> Replica:
    transaction.run(
        _UPDATE,
        {
            "of_pool_id": replica.pool_id,
            "of_region": replica.region,
            "active": active,
            "tags": _encoded(tags),
        },
    )
    return Replica(pool_id=replica.pool_id, region=replica.region, active=active, tags=tags)


def _encoded(tags: Mapping[str, str]) -> bytes:
    return msgspec.json.encode(tags)


def _replica(row: Any) -> Replica:  # noqa: ANN401 - a row of user_pool_replicas
    return Replica(
        pool_id=row.pool_id,
        region=row.region,
        active=row.active,
        tags=msgspec.json.decode(row.tags, type=dict[str, str]),
    )

"""User pools: how they are made, found, listed and removed; `pool_changes` changes them."""

from functools import lru_cache

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Region, new_pool_id
from poolgate.foundation.paging import Page
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import pool_mfa, pool_tiers, signing_keys
from poolgate.userpools.pool_settings import (
    PASSWORD_STORAGE_TAG,
    InvalidPoolSettings,
    PasswordPolicy,
    PoolSettings,
    TagInvalid,
    verify_settings,
)
from poolgate.userpools.schema import AttributeDefinition, SchemaAttribute, schema_of_new_pool
from poolgate.userpools.tables import (
    address_failures,
    attempt_windows,
    auth_events,
    auth_sessions,
    user_pool_domains,
    user_pool_replicas,
    user_pools,
    users,
)
from poolgate.userpools.user_pool import UserPool

__all__ = ["PasswordPolicy", "SchemaAttribute", "UserPool", "UserPoolNotFound"]

ARGON2ID = "argon2id"
MAX_POOLS_OF_A_REGION = 10_000


class UserPoolNotFound(Failure):
    """No pool has this id. Facts: pool_id."""


class PoolIsProtected(Failure):
    """Deletion protection is on."""


class PoolHasDomain(Failure):
    """The pool still has a domain, which is deleted first."""


class SessionTrackingDisabled(Failure):
    """The pool does not track sessions."""


class TooManyPools(Failure):
    """The region has as many pools as it can hold."""


class NewPool(msgspec.Struct, frozen=True, kw_only=True):
    """What can be chosen at creation only."""

    name: str
    settings: PoolSettings = PoolSettings()
    tier: str = "ESSENTIALS"
    definitions: tuple[AttributeDefinition, ...] = ()
    alias_attributes: tuple[str, ...] = ()
    username_attributes: tuple[str, ...] = ()
    case_sensitive: bool | None = None


_GET = sa.select(user_pools.c.settings).where(user_pools.c.pool_id == sa.bindparam("pool_id"))
_INSERT = sa.insert(user_pools)
_UPDATE = (
    sa.update(user_pools)
    .where(user_pools.c.pool_id == sa.bindparam("changed_pool_id"))
    .values(
        name=sa.bindparam("name"),
        settings=sa.bindparam("settings"),
        modified_at=sa.bindparam("modified_at"),
    )
)
_DELETE = sa.delete(user_pools).where(user_pools.c.pool_id == sa.bindparam("pool_id"))
_HAS_DOMAIN = sa.select(user_pool_domains.c.domain).where(
    user_pool_domains.c.pool_id == sa.bindparam("pool_id")
)
_DELETE_LEFTOVERS = tuple(
    sa.delete(table).where(table.c.pool_id == sa.bindparam("pool_id"))
    for table in (attempt_windows, auth_sessions, auth_events, address_failures)
)
_COUNT_IN_REGION = sa.select(sa.func.count()).where(user_pools.c.region == sa.bindparam("region"))
_IN_REGION = sa.union_all(
    sa.select(user_pools.c.pool_id, user_pools.c.settings).where(
        user_pools.c.region == sa.bindparam("region"), user_pools.c.pool_id > sa.bindparam("after")
    ),
    sa.select(user_pools.c.pool_id, user_pools.c.settings)
    .join(user_pool_replicas, user_pool_replicas.c.pool_id == user_pools.c.pool_id)
    .where(
        user_pool_replicas.c.region == sa.bindparam("region"),
        user_pool_replicas.c.pool_id > sa.bindparam("after"),
    ),
).subquery()
_LIST = sa.select(_IN_REGION.c.settings).order_by(_IN_REGION.c.pool_id).limit(sa.bindparam("limit"))
_COUNT_USERS = sa.select(sa.func.count()).where(users.c.pool_id == sa.bindparam("pool_id"))


def get(transaction: Transaction, pool_id: PoolId) -> UserPool:
    """Return the pool; raise UserPoolNotFound."""
    row = transaction.one(_GET, {"pool_id": pool_id})
    if row is None:
        raise UserPoolNotFound(pool_id=pool_id)
    return decode(row.settings)


@lru_cache(maxsize=1024)
def decode(settings: bytes) -> UserPool:
    """Return the pool that was stored as `settings`; equal bytes share one frozen value."""
    return msgspec.json.decode(settings, type=UserPool)


def create(call: Call, new_pool: NewPool) -> UserPool:
    """Make a pool with its signing keys in the call's region."""
    pool = _pool_of(call, new_pool)
    keys = signing_keys.new_keys(call)
    with call.db.writing() as transaction:
        (pools_of_region,) = transaction.one(_COUNT_IN_REGION, {"region": call.region})
        if pools_of_region >= MAX_POOLS_OF_A_REGION:
            raise TooManyPools
        transaction.run(_INSERT, {**_row(pool), "created_at": pool.created_at})
        signing_keys.create_for_pool(transaction, call, pool.pool_id, keys)
    return pool


def verify_session_tracking(pool: UserPool) -> None:
    """Raise SessionTrackingDisabled unless the pool tracks sessions."""
    if not pool.session_tracking:
        raise SessionTrackingDisabled


def replace(transaction: Transaction, changed: UserPool) -> None:
    """Store the pool as it is now."""
    transaction.run(_UPDATE, _changed_row(changed))


def delete(call: Call, pool_id: PoolId) -> None:
    """Remove the pool with everything in it; raise PoolIsProtected or PoolHasDomain."""
    with call.db.writing() as transaction:
        if get(transaction, pool_id).deletion_protection:
            raise PoolIsProtected
        if transaction.one(_HAS_DOMAIN, {"pool_id": pool_id}) is not None:
            raise PoolHasDomain
        for statement in (*_DELETE_LEFTOVERS, _DELETE):
            transaction.run(statement, {"pool_id": pool_id})


def list_pools(
    transaction: Transaction, region: Region, *, after: str, limit: int
) -> Page[UserPool]:
    """Return the pools and replicas of a region by id, from behind `after`."""
    rows = transaction.rows(_LIST, {"region": region, "after": after, "limit": limit + 1})
    page = tuple(decode(row.settings) for row in rows[:limit])
    return Page(page, page[-1].pool_id if len(rows) > limit else None)


def count_users(transaction: Transaction, pool_id: PoolId) -> int:
    """Return how many users the pool has."""
    (number,) = transaction.one(_COUNT_USERS, {"pool_id": pool_id})
    return int(number)


def _pool_of(call: Call, new_pool: NewPool) -> UserPool:
    verify_settings(new_pool.settings)
    storage = new_pool.settings.tags.get(PASSWORD_STORAGE_TAG)
    if storage not in {None, ARGON2ID}:
        raise TagInvalid(fault=f"The tag {PASSWORD_STORAGE_TAG} must be {ARGON2ID}.")
    if new_pool.alias_attributes and new_pool.username_attributes:
        raise InvalidPoolSettings(
            fault="Only one of the aliasAttributes or usernameAttributes can be set in a user pool."
        )
    pool = UserPool(
        pool_id=new_pool_id(call.region),
        region=call.region,
        name=new_pool.name,
        created_at=call.now_millis,
        modified_at=call.now_millis,
        tier=new_pool.tier,
        argon2_only=storage == ARGON2ID,
        schema=schema_of_new_pool(new_pool.definitions),
        alias_attributes=new_pool.alias_attributes,
        username_attributes=new_pool.username_attributes,
        case_sensitive=new_pool.case_sensitive is not False,
        case_sensitivity_given=new_pool.case_sensitive is not None,
        **{field: getattr(new_pool.settings, field) for field in PoolSettings.__struct_fields__},
    )
    pool = pool_mfa.with_sms_mfa(pool)
    pool_mfa.verify_mfa(pool)
    _verify_aliases(pool)
    pool_tiers.verify_features(pool)
    return pool


def _verify_aliases(pool: UserPool) -> None:
    # AWS developer guide, "preferred_username": it cannot be both required and an alias, since it
    # can only be set after a user is confirmed.
    required = {attribute.name for attribute in pool.schema if attribute.required}
    if "preferred_username" in required.intersection(pool.alias_attributes):
        raise InvalidPoolSettings(
            fault="preferred_username cannot be both a required attribute and an alias."
        )


def _row(pool: UserPool) -> dict[str, object]:
    return {
        "pool_id": pool.pool_id,
        "region": pool.region,
        "name": pool.name,
        "settings": msgspec.json.encode(pool),
        "modified_at": pool.modified_at,
    }


def _changed_row(pool: UserPool) -> dict[str, object]:
    return {
        "changed_pool_id": pool.pool_id,
        "name": pool.name,
        "settings": msgspec.json.encode(pool),
        "modified_at": pool.modified_at,
    }

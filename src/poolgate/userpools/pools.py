"""User pools: their settings and how they are kept."""

from functools import lru_cache

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Region
from poolgate.store.database import Transaction
from poolgate.userpools.tables import user_pools


class UserPoolNotFound(Failure):
    """No pool has this id. Facts: pool_id."""


class PasswordPolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a password must have."""

    minimum_length: int = 8
    require_uppercase: bool = True
    require_lowercase: bool = True
    require_numbers: bool = True
    require_symbols: bool = True
    password_history_size: int = 0
    temporary_password_validity_days: int = 7


class SchemaAttribute(msgspec.Struct, frozen=True, omit_defaults=True):
    """One attribute that users of a pool can have; `name` includes `custom:` or `dev:custom:`."""

    name: str
    data_type: str = "String"
    developer_only: bool = False
    mutable: bool = True
    required: bool = False
    min_length: int | None = None
    max_length: int | None = None
    min_value: str | None = None
    max_value: str | None = None


class UserPool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A user pool with all its settings; stored as one value, so a read is one row.

    `argon2_only` pools keep passwords as Argon2id hashes and never allow SRP (decision 0002).
    """

    pool_id: PoolId
    region: Region
    name: str
    created_at: int
    modified_at: int
    argon2_only: bool = False
    password_policy: PasswordPolicy = PasswordPolicy()
    schema: tuple[SchemaAttribute, ...] = ()
    auto_verified_attributes: tuple[str, ...] = ()
    alias_attributes: tuple[str, ...] = ()
    username_attributes: tuple[str, ...] = ()
    verify_before_update: tuple[str, ...] = ()
    case_sensitive: bool = True
    admin_create_user_only: bool = False
    # None: nothing was set, so AWS's older rule applies (phone first, then e-mail).
    recovery_mechanisms: tuple[str, ...] | None = None
    deletion_protection: bool = False


_GET = sa.select(user_pools.c.settings).where(user_pools.c.pool_id == sa.bindparam("pool_id"))


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

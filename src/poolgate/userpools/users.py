"""Users: the record, and finding one by any name that signs in."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Sub, Username
from poolgate.store.database import Transaction
from poolgate.userpools.pools import UserPool
from poolgate.userpools.tables import aliases, users


class UserNotFound(Failure):
    """The pool has no such user."""


class UserStatus(StrEnum):
    """A user's state; `enabled` is independent of it."""

    UNCONFIRMED = "UNCONFIRMED"
    CONFIRMED = "CONFIRMED"
    FORCE_CHANGE_PASSWORD = "FORCE_CHANGE_PASSWORD"  # noqa: S105 - a state's name
    RESET_REQUIRED = "RESET_REQUIRED"
    EXTERNAL_PROVIDER = "EXTERNAL_PROVIDER"


class PasswordScheme(StrEnum):
    """How a user's password is kept."""

    SRP = "srp"
    ARGON2ID = "argon2id"


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """A password as it is kept: a sealed SRP verifier with its salt, or a sealed Argon2id hash."""

    scheme: PasswordScheme
    salt: bytes
    sealed: bytes
    set_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user as stored. Attribute values are text, whatever their type; `sub` is not among them."""

    pool_id: PoolId
    sub: Sub
    username: Username
    status: UserStatus
    enabled: bool
    attributes: Mapping[str, str]
    password: StoredPassword | None
    failed_attempts: int
    last_failure_at: int | None
    locked_until: int | None
    signed_out_at: int | None
    created_at: int
    modified_at: int


def fold(name: str) -> str:
    """Return the form in which names are compared where case does not count."""
    return name.casefold()


def username_key(pool: UserPool, name: str) -> str:
    """Return the stored key of a username or alias in `pool`."""
    return name if pool.case_sensitive else fold(name)


_BY_SUB = sa.select(users).where(
    users.c.pool_id == sa.bindparam("pool_id"), users.c.sub == sa.bindparam("sub")
)
_BY_USERNAME = sa.select(users).where(
    users.c.pool_id == sa.bindparam("pool_id"),
    users.c.username_key == sa.bindparam("username_key"),
)
_BY_ALIAS = (
    sa.select(users)
    .join(
        aliases,
        sa.and_(aliases.c.pool_id == users.c.pool_id, aliases.c.sub == users.c.sub),
    )
    .where(
        aliases.c.pool_id == sa.bindparam("pool_id"),
        aliases.c.kind.in_(("email", "phone_number", "preferred_username")),
        aliases.c.value_key == sa.bindparam("value_key"),
    )
)


def find(transaction: Transaction, pool: UserPool, login_name: str) -> User | None:
    """Return the user with that username, active alias or sub, or None."""
    key = username_key(pool, login_name)
    row = (
        transaction.one(_BY_USERNAME, {"pool_id": pool.pool_id, "username_key": key})
        or (
            transaction.one(_BY_ALIAS, {"pool_id": pool.pool_id, "value_key": key})
            if pool.alias_attributes or pool.username_attributes
            else None
        )
        or transaction.one(_BY_SUB, {"pool_id": pool.pool_id, "sub": login_name})
    )
    return None if row is None else user_of(row)


def get(transaction: Transaction, pool: UserPool, login_name: str) -> User:
    """Return the user with that username, active alias or sub; raise UserNotFound."""
    user = find(transaction, pool, login_name)
    if user is None:
        raise UserNotFound
    return user


def get_by_sub(transaction: Transaction, pool_id: PoolId, sub: Sub) -> User:
    """Return the user with that sub; raise UserNotFound."""
    row = transaction.one(_BY_SUB, {"pool_id": pool_id, "sub": sub})
    if row is None:
        raise UserNotFound
    return user_of(row)


def user_of(row: "sa.Row[tuple[object, ...]]") -> User:
    """Return the user in a row of the users table."""
    password = None
    if row.password_scheme is not None:
        password = StoredPassword(
            scheme=PasswordScheme(row.password_scheme),
            salt=row.password_salt,
            sealed=row.sealed_password,
            set_at=row.password_set_at,
        )
    return User(
        pool_id=row.pool_id,
        sub=row.sub,
        username=row.username,
        status=UserStatus(row.status),
        enabled=row.enabled,
        attributes=msgspec.json.decode(row.attributes, type=dict[str, str]),
        password=password,
        failed_attempts=row.failed_attempts,
        last_failure_at=row.last_failure_at,
        locked_until=row.locked_until,
        signed_out_at=row.signed_out_at,
        created_at=row.created_at,
        modified_at=row.modified_at,
    )

"""Users: finding one by any name that signs in, and writing what belongs together.

A user is one row of `users`, the rows by which ListUsers finds it and the rows of its aliases. They
are only written together, here. Lock-out counters and `signed_out_at` have their own writers.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Sub, Username
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools import search_rows, stored_passwords
from poolgate.userpools.pools import UserPool
from poolgate.userpools.stored_passwords import StoredPassword, is_same_password
from poolgate.userpools.stored_users import (
    User,
    UserStatus,
    aliases_of,
    changeable_columns,
    fold,
    user_of,
    username_key,
)
from poolgate.userpools.tables import aliases, auth_events, users

__all__ = ["User", "UserStatus", "aliases_of", "fold", "user_of", "username_key"]


class UserNotFound(Failure):
    """The pool has no such user."""


class UserDisabled(Failure):
    """An administrator has disabled the user."""


class UsernameTaken(Failure):
    """Another user of the pool has this name."""


class AliasTaken(Failure):
    """Another user of the pool signs in with this value. Facts: attribute."""


class AddressTaken(UsernameTaken):
    """A new user's address is the username of another one. Facts: attribute."""


def rows_of(pool_id: PoolId, sub: Sub) -> str:
    """Return what a writing transaction is about that touches the rows of one user only."""
    return f"user:{pool_id}/{sub}"


_BY_SUB = sa.select(users).where(
    users.c.pool_id == sa.bindparam("pool_id"), users.c.sub == sa.bindparam("sub")
)
# Whoever changes a user holds its row until the commit, so no change is lost (PostgreSQL; SQLite
# has one writer anyway).
_BY_SUB_TO_CHANGE = _BY_SUB.with_for_update()
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
_INSERT = InsertIfAbsent(users)
_UPDATE = (
    sa.update(users)
    .where(users.c.pool_id == sa.bindparam("of_pool"), users.c.sub == sa.bindparam("of_sub"))
    .values(
        {
            name: sa.bindparam(name)
            for name in (
                "status",
                "enabled",
                "attributes",
                "password_scheme",
                "password_salt",
                "sealed_password",
                "password_set_at",
                "mfa",
                "modified_at",
            )
        }
    )
)
_DELETE = sa.delete(users).where(
    users.c.pool_id == sa.bindparam("pool_id"), users.c.sub == sa.bindparam("sub")
)
_FORGET_EVENTS = sa.delete(auth_events).where(
    auth_events.c.pool_id == sa.bindparam("pool_id"), auth_events.c.sub == sa.bindparam("sub")
)
_ADD_ALIAS = InsertIfAbsent(aliases)
_DROP_ALIAS = sa.delete(aliases).where(
    aliases.c.pool_id == sa.bindparam("pool_id"),
    aliases.c.kind == sa.bindparam("kind"),
    aliases.c.value_key == sa.bindparam("value_key"),
    aliases.c.sub == sa.bindparam("sub"),
)


def find(transaction: Transaction, pool: UserPool, login_name: str) -> User | None:
    """Return the user with that username, active alias or sub, or None."""
    row = _find_row(transaction, pool, login_name)
    return None if row is None else user_of(row)


def _find_row(transaction: Transaction, pool: UserPool, login_name: str) -> Any:  # noqa: ANN401 - a row of the users table
    key = username_key(pool, login_name)
    return (
        transaction.one(_BY_USERNAME, {"pool_id": pool.pool_id, "username_key": key})
        or (
            transaction.one(_BY_ALIAS, {"pool_id": pool.pool_id, "value_key": key})
            if pool.alias_attributes or pool.username_attributes
            else None
        )
        or transaction.one(_BY_SUB, {"pool_id": pool.pool_id, "sub": login_name})
    )


def get(transaction: Transaction, pool: UserPool, login_name: str) -> User:
    """Return the user with that username, active alias or sub; raise UserNotFound."""
    user = find(transaction, pool, login_name)
    if user is None:
        raise UserNotFound
    return user


def find_by_sub(transaction: Transaction, pool_id: PoolId, sub: Sub) -> User | None:
    """Return the user with that sub, or None."""
    row = transaction.one(_BY_SUB, {"pool_id": pool_id, "sub": sub})
    return None if row is None else user_of(row)


def get_by_sub(transaction: Transaction, pool_id: PoolId, sub: Sub) -> User:
    """Return the user with that sub; raise UserNotFound."""
    user = find_by_sub(transaction, pool_id, sub)
    if user is None:
        raise UserNotFound
    return user


def get_to_change(transaction: Transaction, pool_id: PoolId, sub: Sub) -> User:
    """Return the user, whose row nobody else changes until the transaction ends.

    Raises UserNotFound.
    """
    row = transaction.one(_BY_SUB_TO_CHANGE, {"pool_id": pool_id, "sub": sub})
    if row is None:
        raise UserNotFound
    return user_of(row)


def tidy_flags(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes with verified flags in lower case; AWS takes either case."""
    return {
        name: value.lower() if name.endswith("_verified") else value
        for name, value in attributes.items()
    }


def new_user(
    call: Call,
    pool_id: PoolId,
    sub: Sub,
    username: Username,
    *,
    status: UserStatus,
    attributes: Mapping[str, str],
    password: StoredPassword | None,
) -> User:
    """Return a user that begins now and is not stored yet."""
    return User(
        pool_id=pool_id,
        sub=sub,
        username=username,
        status=status,
        enabled=True,
        attributes=attributes,
        password=password,
        failed_attempts=0,
        last_failure_at=None,
        locked_until=None,
        signed_out_at=None,
        created_at=call.now_millis,
        modified_at=call.now_millis,
    )


def verify_free(transaction: Transaction, pool: UserPool, name: str) -> None:
    """Raise UsernameTaken or AddressTaken when a new user cannot have the name; a first look.

    Only `insert` makes sure of it.
    """
    if _find_row(transaction, pool, name) is None:
        return
    if pool.username_attributes:
        raise AddressTaken(attribute="email" if "@" in name else "phone_number")
    raise UsernameTaken


def verify_storable(transaction: Transaction, pool: UserPool, user: User) -> None:
    """Raise what `insert` would, before anything is written; for several users in a transaction.

    In a writing transaction that is about nothing in particular the names stay free until its end.
    """
    verify_free(transaction, pool, user.username)
    for attribute, key in aliases_of(pool, user).items():
        if _find_row(transaction, pool, key) is not None:
            raise (AddressTaken if pool.username_attributes else AliasTaken)(attribute=attribute)


def insert(transaction: Transaction, pool: UserPool, user: User) -> None:
    """Store a new user; raise UsernameTaken or AliasTaken when a name is in use.

    A name is in use when it is anybody's username, alias or sub: no one can be looked up by a name
    that means somebody else.
    """
    if str(user.username) != user.sub and _find_row(transaction, pool, user.username) is not None:
        raise UsernameTaken
    values = {
        "pool_id": user.pool_id,
        "sub": user.sub,
        "username": user.username,
        "username_key": username_key(pool, user.username),
        "failed_attempts": 0,
        "created_at": user.created_at,
        **changeable_columns(user),
    }
    if not transaction.insert_if_absent(_INSERT, values):
        raise UsernameTaken
    taken = AddressTaken if pool.username_attributes else AliasTaken
    _write_aliases(transaction, pool, user, former={}, taken=taken)
    search_rows.replace(transaction, user.pool_id, user.sub, wanted=_searchable(user), former={})


def update(transaction: Transaction, pool: UserPool, user: User, former: User) -> None:
    """Store what changed since `former`, which `get_to_change` gave; raise AliasTaken."""
    transaction.run(
        _UPDATE, {"of_pool": user.pool_id, "of_sub": user.sub, **changeable_columns(user)}
    )
    _write_aliases(transaction, pool, user, former=aliases_of(pool, former))
    _remember_password(transaction, pool, user, former)
    search_rows.replace(
        transaction,
        user.pool_id,
        user.sub,
        wanted=_searchable(user),
        former=_searchable(former),
    )


def _remember_password(transaction: Transaction, pool: UserPool, user: User, former: User) -> None:
    size = pool.password_policy.password_history_size
    if (
        size
        and former.password is not None
        and not is_same_password(user.password, former.password)
    ):
        # The size counts the current password, which is in the user's own row.
        stored_passwords.remember(
            transaction, pool.pool_id, user.sub, former.password, kept=size - 1
        )


def delete(transaction: Transaction, user: User) -> None:
    """Remove the user with everything that hangs on it; its names are free at once."""
    transaction.run(_DELETE, {"pool_id": user.pool_id, "sub": user.sub})
    transaction.run(_FORGET_EVENTS, {"pool_id": user.pool_id, "sub": user.sub})


def release_aliases(transaction: Transaction, pool: UserPool, user: User, now_millis: int) -> None:
    """Take the addresses that `user` is about to sign in with from whoever does so now.

    The former owner keeps the address as an attribute that is not verified.
    """
    for attribute, key in aliases_of(pool, user).items():
        row = transaction.one(_BY_ALIAS, {"pool_id": pool.pool_id, "value_key": key})
        if row is None or row.sub == user.sub or attribute not in ("email", "phone_number"):
            continue
        owner = get_to_change(transaction, pool.pool_id, row.sub)
        unverified = {**owner.attributes, f"{attribute}_verified": "false"}
        released = replace(owner, attributes=unverified, modified_at=now_millis)
        update(transaction, pool, released, owner)


def _write_aliases(
    transaction: Transaction,
    pool: UserPool,
    user: User,
    *,
    former: Mapping[str, str],
    taken: type[Failure] = AliasTaken,
) -> None:
    current = aliases_of(pool, user)
    if current == former:
        return
    row = {"pool_id": user.pool_id, "sub": user.sub}
    for attribute, key in former.items() - current.items():
        transaction.run(_DROP_ALIAS, {**row, "kind": attribute, "value_key": key})
    for attribute, key in current.items() - former.items():
        owner = _find_row(transaction, pool, key)
        is_anothers = owner is not None and owner.sub != user.sub
        alias = {**row, "kind": attribute, "value_key": key}
        if is_anothers or not transaction.insert_if_absent(_ADD_ALIAS, alias):
            raise taken(attribute=attribute)


def _searchable(user: User) -> Mapping[str, str]:
    return search_rows.searchable(user.attributes, user.status, enabled=user.enabled)

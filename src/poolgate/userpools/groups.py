"""Groups of a pool and who is in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import GroupName, PoolId, Sub
from poolgate.foundation.paging import Page
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools import pools
from poolgate.userpools.tables import group_members, groups

MAX_GROUPS_OF_A_POOL = 10_000
MAX_GROUPS_OF_A_USER = 100


class GroupNotFound(Failure):
    """The pool has no group of this name."""


class GroupExists(Failure):
    """The pool already has a group of this name."""


class TooManyGroups(Failure):
    """The pool has as many groups as it can hold."""


class TooManyGroupsOfUser(Failure):
    """The user is in as many groups as a user can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group; a lower `precedence` wins, None comes last."""

    pool_id: PoolId
    name: GroupName
    description: str | None
    role_arn: str | None
    precedence: int | None
    created_at: int
    modified_at: int


_OF_POOL = groups.c.pool_id == sa.bindparam("pool_id")
_OF_GROUP = sa.and_(_OF_POOL, groups.c.name == sa.bindparam("name"))
_GET = sa.select(groups).where(_OF_GROUP)
_INSERT = InsertIfAbsent(groups)
_COUNT = sa.select(sa.func.count()).where(_OF_POOL)
_UPDATE = (
    sa.update(groups)
    .where(
        groups.c.pool_id == sa.bindparam("group_pool_id"),
        groups.c.name == sa.bindparam("group_name"),
    )
    .values(
        description=sa.func.coalesce(
            sa.bindparam("description", type_=sa.Text), groups.c.description
        ),
        role_arn=sa.func.coalesce(sa.bindparam("role_arn", type_=sa.Text), groups.c.role_arn),
        precedence=sa.func.coalesce(
            sa.bindparam("precedence", type_=sa.Integer), groups.c.precedence
        ),
        modified_at=sa.bindparam("modified_at"),
    )
)
_DELETE = sa.delete(groups).where(_OF_GROUP)
_LIST = (
    sa.select(groups)
    .where(_OF_POOL, groups.c.name > sa.bindparam("after"))
    .order_by(groups.c.name)
    .limit(sa.bindparam("limit"))
)
_OF_USER = (
    sa.select(groups)
    .join(
        group_members,
        sa.and_(
            group_members.c.pool_id == groups.c.pool_id,
            group_members.c.group_name == groups.c.name,
        ),
    )
    .where(
        group_members.c.pool_id == sa.bindparam("pool_id"),
        group_members.c.sub == sa.bindparam("sub"),
    )
)
_ALL_OF_USER = _OF_USER.order_by(groups.c.precedence.asc().nulls_last(), groups.c.name)
_LIST_OF_USER = (
    _OF_USER.where(groups.c.name > sa.bindparam("after"))
    .order_by(groups.c.name)
    .limit(sa.bindparam("limit"))
)
_ADD_MEMBER = InsertIfAbsent(group_members)
_REMOVE_MEMBER = sa.delete(group_members).where(
    group_members.c.pool_id == sa.bindparam("pool_id"),
    group_members.c.sub == sa.bindparam("sub"),
    group_members.c.group_name == sa.bindparam("name"),
)
_COUNT_OF_USER = sa.select(sa.func.count()).where(
    group_members.c.pool_id == sa.bindparam("pool_id"), group_members.c.sub == sa.bindparam("sub")
)


def get(transaction: Transaction, pool_id: PoolId, name: GroupName) -> Group:
    """Return the group; raise GroupNotFound."""
    row = transaction.one(_GET, {"pool_id": pool_id, "name": name})
    if row is None:
        raise GroupNotFound
    return _group(row)


def of_user(transaction: Transaction, pool_id: PoolId, sub: Sub) -> tuple[Group, ...]:
    """Return the user's groups, the one that wins first."""
    rows = transaction.rows(_ALL_OF_USER, {"pool_id": pool_id, "sub": sub})
    return tuple(_group(row) for row in rows)


def list_groups(
    transaction: Transaction, pool_id: PoolId, *, after: str, limit: int
) -> Page[Group]:
    """Return the pool's groups by name, from behind `after`."""
    rows = transaction.rows(_LIST, {"pool_id": pool_id, "after": after, "limit": limit + 1})
    return _page(rows, limit)


def list_of_user(
    transaction: Transaction, pool_id: PoolId, sub: Sub, *, after: str, limit: int
) -> Page[Group]:
    """Return the user's groups by name, from behind `after`."""
    asked = {"pool_id": pool_id, "sub": sub, "after": after, "limit": limit + 1}
    return _page(transaction.rows(_LIST_OF_USER, asked), limit)


def create(
    call: Call,
    pool_id: PoolId,
    name: GroupName,
    *,
    description: str | None = None,
    role_arn: str | None = None,
    precedence: int | None = None,
) -> Group:
    """Make a group; of two concurrent creators one gets GroupExists."""
    group = Group(
        pool_id=pool_id,
        name=name,
        description=description,
        role_arn=role_arn,
        precedence=precedence,
        created_at=call.now_millis,
        modified_at=call.now_millis,
    )
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        (groups_of_pool,) = transaction.one(_COUNT, {"pool_id": pool_id})
        if not transaction.insert_if_absent(_INSERT, _row(group)):
            raise GroupExists
        if groups_of_pool >= MAX_GROUPS_OF_A_POOL:
            raise TooManyGroups
    return group


def ensure(
    transaction: Transaction, call: Call, pool_id: PoolId, name: GroupName, description: str | None
) -> None:
    """Make the group if the pool has none of this name; one that is there stays as it is."""
    group = Group(
        pool_id=pool_id,
        name=name,
        description=description,
        role_arn=None,
        precedence=None,
        created_at=call.now_millis,
        modified_at=call.now_millis,
    )
    transaction.insert_if_absent(_INSERT, _row(group))


def update(
    call: Call,
    pool_id: PoolId,
    name: GroupName,
    *,
    description: str | None,
    role_arn: str | None,
    precedence: int | None,
) -> Group:
    """Change what is not None and return the group; raise GroupNotFound."""
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        transaction.run(
            _UPDATE,
            {
                "group_pool_id": pool_id,
                "group_name": name,
                "description": description,
                "role_arn": role_arn,
                "precedence": precedence,
                "modified_at": call.now_millis,
            },
        )
        return get(transaction, pool_id, name)


def delete(call: Call, pool_id: PoolId, name: GroupName) -> None:
    """Remove the group; its members stay users; raise GroupNotFound."""
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        if not transaction.run(_DELETE, {"pool_id": pool_id, "name": name}):
            raise GroupNotFound


def add_member(transaction: Transaction, pool_id: PoolId, name: GroupName, sub: Sub) -> None:
    """Put the user into the group; being in it already is no fault."""
    get(transaction, pool_id, name)
    membership = {"pool_id": pool_id, "sub": sub, "group_name": name}
    if not transaction.insert_if_absent(_ADD_MEMBER, membership):
        return
    (groups_of_user,) = transaction.one(_COUNT_OF_USER, {"pool_id": pool_id, "sub": sub})
    if groups_of_user > MAX_GROUPS_OF_A_USER:
        raise TooManyGroupsOfUser


def remove_member(transaction: Transaction, pool_id: PoolId, name: GroupName, sub: Sub) -> None:
    """Take the user out of the group; not being in it is no fault."""
    get(transaction, pool_id, name)
    transaction.run(_REMOVE_MEMBER, {"pool_id": pool_id, "sub": sub, "name": name})


def _page(rows: Sequence[Any], limit: int) -> Page[Group]:
    page = tuple(_group(row) for row in rows[:limit])
    return Page(page, page[-1].name if len(rows) > limit else None)


def _group(row: Any) -> Group:  # noqa: ANN401 - a row of the groups table
    return Group(
        pool_id=row.pool_id,
        name=row.name,
        description=row.description,
        role_arn=row.role_arn,
        precedence=row.precedence,
        created_at=row.created_at,
        modified_at=row.modified_at,
    )


def _row(group: Group) -> dict[str, object]:
    return {
        "pool_id": group.pool_id,
        "name": group.name,
        "description": group.description,
        "role_arn": group.role_arn,
        "precedence": group.precedence,
        "created_at": group.created_at,
        "modified_at": group.modified_at,
    }

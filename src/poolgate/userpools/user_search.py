"""Finding users: the filter language of ListUsers, and pages of users.

A filter names one attribute: `attribute = "value"` or `attribute ^= "beginning"`. Every kind of
filter is answered from an index in the index's own order, so a page costs the same however many
users there are; the position after a page is the last place in that order.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import GroupName, PoolId
from poolgate.foundation.paging import Page
from poolgate.store.database import Transaction
from poolgate.userpools.pools import UserPool
from poolgate.userpools.search_rows import FOLDED_ATTRIBUTES, STATUS, USER_STATUS, search_key
from poolgate.userpools.tables import group_members, user_search, users
from poolgate.userpools.users import User, user_of, username_key

SEARCHABLE = FOLDED_ATTRIBUTES | {"username", "sub", STATUS, USER_STATUS}
_FILTER = re.compile(
    r"""\s* (?P<attribute> [^\s="^\\]+ ) \s* (?P<operator> \^?= ) \s*
        " (?P<value> (?: [^"\\] | \\["\\] )* ) " \s*""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")
_LAST_CHARACTER = "\U0010ffff"
_LONGER_THAN_ANY_VALUE = 4096
_BEFORE_SURROGATES, _AFTER_SURROGATES = "\ud7ff", "\ue000"


class FilterUnreadable(Failure):
    """A filter is not in the filter language."""


class AttributeNotSearchable(Failure):
    """Users cannot be searched by this attribute. Facts: attribute."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which users to list: those whose `attribute` is `value`, or begins with it."""

    attribute: str
    value: str
    is_prefix: bool


def parse_filter(text: str) -> Filter | None:
    """Return the filter, or None for an empty one, which lets every user through."""
    if not text:
        return None
    match = _FILTER.fullmatch(text)
    # PostgreSQL text cannot hold the null character, so no stored value has it.
    if match is None or "\0" in text:
        raise FilterUnreadable
    if match["attribute"] not in SEARCHABLE:
        raise AttributeNotSearchable(attribute=match["attribute"])
    return Filter(
        attribute=match["attribute"],
        value=_ESCAPE.sub(r"\1", match["value"]),
        is_prefix=match["operator"] == "^=",
    )


_LIMIT: sa.BindParameter[int] = sa.bindparam("limit")
_AFTER: sa.BindParameter[str] = sa.bindparam("after")
_USERS_OF_POOL = sa.select(users).where(users.c.pool_id == sa.bindparam("pool_id"))


def _begins(column: sa.ColumnElement[str]) -> tuple[sa.ColumnElement[bool], ...]:
    return (column >= sa.bindparam("first"), column < sa.bindparam("behind"))


def _continues(column: sa.ColumnElement[str]) -> tuple[sa.ColumnElement[bool], ...]:
    return (column > _AFTER, column < sa.bindparam("behind"))


# A first page seeks the beginning, a later one the place behind the last: with both as lower
# bounds an engine may seek the one and read its way to the other.
_USERS_BY_SUB = _USERS_OF_POOL.order_by(users.c.sub).limit(_LIMIT)
_USERS_BY_NAME = _USERS_OF_POOL.order_by(users.c.username_key).limit(_LIMIT)
_ALL = _USERS_BY_SUB.where(users.c.sub > _AFTER)
_WITH_SUB = _USERS_OF_POOL.where(users.c.sub == sa.bindparam("value"))
_WITH_USERNAME = _USERS_OF_POOL.where(users.c.username_key == sa.bindparam("value"))
_SUB_BEGINS = _USERS_BY_SUB.where(*_begins(users.c.sub))
_SUB_CONTINUES = _USERS_BY_SUB.where(*_continues(users.c.sub))
_USERNAME_BEGINS = _USERS_BY_NAME.where(*_begins(users.c.username_key))
_USERNAME_CONTINUES = _USERS_BY_NAME.where(*_continues(users.c.username_key))
_FOUND = (
    sa.select(users, user_search.c.value_key)
    .join(
        users, sa.and_(users.c.pool_id == user_search.c.pool_id, users.c.sub == user_search.c.sub)
    )
    .where(
        user_search.c.pool_id == sa.bindparam("pool_id"),
        user_search.c.attribute == sa.bindparam("attribute"),
    )
    .limit(_LIMIT)
)
_WITH_VALUE = _FOUND.where(
    user_search.c.value_key == sa.bindparam("value"), user_search.c.sub > _AFTER
).order_by(user_search.c.sub)
_FOUND_BY_VALUE = _FOUND.order_by(user_search.c.value_key, user_search.c.sub)
_VALUE_BEGINS = _FOUND_BY_VALUE.where(*_begins(user_search.c.value_key))
_VALUE_CONTINUES = _FOUND_BY_VALUE.where(
    sa.tuple_(user_search.c.value_key, user_search.c.sub)
    > sa.tuple_(sa.bindparam("after_value"), sa.bindparam("after_sub")),
    user_search.c.value_key < sa.bindparam("behind"),
)
_MEMBERS = (
    sa.select(users)
    .join(
        group_members,
        sa.and_(group_members.c.pool_id == users.c.pool_id, group_members.c.sub == users.c.sub),
    )
    .where(
        group_members.c.pool_id == sa.bindparam("pool_id"),
        group_members.c.group_name == sa.bindparam("group_name"),
        group_members.c.sub > _AFTER,
    )
    .order_by(group_members.c.sub)
    .limit(_LIMIT)
)


def list_users(
    transaction: Transaction, pool: UserPool, wanted: Filter | None, *, after: str, limit: int
) -> Page[User]:
    """Return the users that the filter lets through, from behind `after`."""
    asked: dict[str, object] = {"pool_id": pool.pool_id, "after": after, "limit": limit + 1}
    if wanted is None:
        return _page(transaction.rows(_ALL, asked), limit, "sub")
    if wanted.attribute == "sub":
        return _by_column(transaction, asked, wanted, "sub", limit)
    if wanted.attribute == "username":
        folded = Filter("username", username_key(pool, wanted.value), wanted.is_prefix)
        return _by_column(transaction, asked, folded, "username_key", limit)
    return _by_value(transaction, asked, wanted, limit)


def list_members(
    transaction: Transaction, pool_id: PoolId, group_name: GroupName, *, after: str, limit: int
) -> Page[User]:
    """Return the users in a group by sub, from behind `after`."""
    asked = {"pool_id": pool_id, "group_name": group_name, "after": after, "limit": limit + 1}
    return _page(transaction.rows(_MEMBERS, asked), limit, "sub")


def _by_column(
    transaction: Transaction, asked: dict[str, object], wanted: Filter, column: str, limit: int
) -> Page[User]:
    if not wanted.is_prefix:
        exactly = _WITH_SUB if column == "sub" else _WITH_USERNAME
        row = transaction.one(exactly, {"pool_id": asked["pool_id"], "value": wanted.value})
        return Page(() if row is None else (user_of(row),), None)
    pages = {
        "sub": (_SUB_BEGINS, _SUB_CONTINUES),
        "username_key": (_USERNAME_BEGINS, _USERNAME_CONTINUES),
    }
    begins, continues = pages[column]
    rows = transaction.rows(continues if asked["after"] else begins, asked | _range(wanted.value))
    return _page(rows, limit, column)


def _by_value(
    transaction: Transaction, asked: dict[str, object], wanted: Filter, limit: int
) -> Page[User]:
    value = search_key(wanted.attribute, wanted.value)
    asked = {**asked, "attribute": wanted.attribute}
    if not wanted.is_prefix:
        return _page(transaction.rows(_WITH_VALUE, {**asked, "value": value}), limit, "sub")
    statement = _VALUE_BEGINS
    asked |= _range(value)
    if asked["after"]:
        statement = _VALUE_CONTINUES
        asked["after_value"], asked["after_sub"] = json.loads(str(asked["after"]))
    rows = transaction.rows(statement, asked)
    page = _page(rows, limit, "sub")
    if page.next_position is None:
        return page
    last = rows[limit - 1]
    return Page(page.rows, json.dumps([last.value_key, last.sub]))


def _range(prefix: str) -> dict[str, str]:
    """Return the bounds of all texts that begin with `prefix`, in the order of code points."""
    bound = prefix.rstrip(_LAST_CHARACTER)
    if not bound:
        return {"first": prefix, "behind": _LAST_CHARACTER * _LONGER_THAN_ANY_VALUE}
    last = bound[-1]
    successor = _AFTER_SURROGATES if last == _BEFORE_SURROGATES else chr(ord(last) + 1)
    return {"first": prefix, "behind": bound[:-1] + successor}


def _page(rows: Sequence[Any], limit: int, position: str) -> Page[User]:
    page = tuple(user_of(row) for row in rows[:limit])
    return Page(page, getattr(rows[limit - 1], position) if len(rows) > limit else None)

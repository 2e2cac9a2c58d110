"""Pages of secrets, picked by filters and ordered by the database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import msgspec
import sqlalchemy as sa

from poolgate.foundation.paging import Page
from poolgate.secrets.search_terms import WORD_KINDS
from poolgate.secrets.stored_secrets import IS_THERE, KNOWN, StoredSecret, of_row
from poolgate.secrets.tables import secret_terms
from poolgate.store.call import Call
from poolgate.store.database import Transaction

_NEGATION = "!"
# Behind every text that begins alike.
_LAST_CHARACTER = "\U0010ffff"


class Order(StrEnum):
    """What a listing is ordered by, by the names of AWS."""

    CREATED = "created-date"
    ACCESSED = "last-accessed-date"
    CHANGED = "last-changed-date"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Filter:
    """A kind of terms and the values of which one must match; `!` before one negates it."""

    kind: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which secrets, and in which order."""

    filters: Sequence[Filter] = ()
    marked_too: bool = False
    order: Order = Order.CREATED
    newest_first: bool = False


# A filter's kind; of each value whether it is negated and how many beginnings it asks for.
_Shape = tuple[tuple[str, tuple[tuple[bool, int], ...]], ...]

_ORDER_COLUMNS: Mapping[Order, "sa.ColumnElement[object]"] = {
    Order.CREATED: KNOWN.c.created_at,
    Order.ACCESSED: sa.func.coalesce(KNOWN.c.accessed_on, 0),
    Order.CHANGED: KNOWN.c.changed_at,
    Order.NAME: KNOWN.c.name,
}


def page(
    transaction: Transaction, call: Call, listing: Listing, *, after: str | None, limit: int
) -> Page[StoredSecret]:
    """Return the secrets of the caller's region behind `after` that pass every filter."""
    statement = _statement(
        _shape(listing.filters),
        listing.order,
        marked_too=listing.marked_too,
        newest_first=listing.newest_first,
        is_continued=after is not None,
    )
    parameters: dict[str, object] = {
        "of_region": call.region,
        "now": call.now_millis,
        "limit": limit + 1,
    }
    for position, beginning in enumerate(_beginnings(listing.filters)):
        parameters[f"from_{position}"] = beginning
        parameters[f"to_{position}"] = beginning + _LAST_CHARACTER
    if after is not None:
        after_value, after_arn = msgspec.json.decode(after, type=tuple[str | int, str])
        parameters |= {"after_value": after_value, "after_arn": after_arn}
    rows = transaction.rows(statement, parameters)
    shown = rows[:limit]
    following = None
    if len(rows) > limit:
        last = shown[-1]
        following = msgspec.json.encode((last.order_value, last.arn)).decode()
    return Page(tuple(of_row(row) for row in shown), following)


def _asked(kind: str, value: str) -> tuple[bool, list[str]]:
    """Return whether a value is negated, and the beginnings of which all must be there."""
    wanted = value.removeprefix(_NEGATION)
    beginnings = wanted.casefold().split() if kind in WORD_KINDS else [wanted]
    return wanted != value, beginnings


def _shape(filters: Sequence[Filter]) -> _Shape:
    return tuple(
        (
            each.kind,
            tuple(
                (negated, len(beginnings))
                for negated, beginnings in (_asked(each.kind, value) for value in each.values)
            ),
        )
        for each in filters
    )


def _beginnings(filters: Sequence[Filter]) -> Iterator[str]:
    for each in filters:
        for value in each.values:
            yield from _asked(each.kind, value)[1]


@lru_cache(maxsize=256)
def _statement(
    shape: _Shape, order: Order, *, marked_too: bool, newest_first: bool, is_continued: bool
) -> "sa.Select[tuple[object, ...]]":
    """Return the statement of all listings of one shape; their texts are its parameters."""
    value = _ORDER_COLUMNS[order]
    wanted = [IS_THERE, *_filter_conditions(shape)]
    if not marked_too:
        wanted.append(KNOWN.c.purge_at.is_(None))
    if is_continued:
        bound = sa.bindparam("after_value", type_=value.type)
        further = value < bound if newest_first else value > bound
        same = sa.and_(value == bound, KNOWN.c.arn > sa.bindparam("after_arn"))
        wanted.append(sa.or_(further, same))
    return (
        sa.select(KNOWN, value.label("order_value"))
        .where(*wanted)
        .order_by(value.desc() if newest_first else value, KNOWN.c.arn)
        .limit(sa.bindparam("limit"))
    )


def _filter_conditions(shape: _Shape) -> "list[sa.ColumnElement[bool]]":
    position = 0
    conditions: list[sa.ColumnElement[bool]] = []
    for kind, values in shape:
        alternatives: list[sa.ColumnElement[bool]] = []
        for negated, count in values:
            there = sa.and_(
                sa.true(), *(_has_term(kind, position + offset) for offset in range(count))
            )
            position += count
            alternatives.append(sa.not_(there) if negated else there)
        conditions.append(sa.or_(*alternatives))
    return conditions


def _has_term(kind: str, position: int) -> "sa.ColumnElement[bool]":
    terms = secret_terms.alias(f"terms_{position}")
    return (
        sa.select(terms.c.arn)
        .where(
            terms.c.arn == KNOWN.c.home_arn,
            terms.c.kind == kind,
            terms.c.term >= sa.bindparam(f"from_{position}"),
            terms.c.term < sa.bindparam(f"to_{position}"),
        )
        .exists()
    )

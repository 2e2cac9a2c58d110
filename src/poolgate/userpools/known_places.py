"""Where users sign in from and with what, and who is refused at which address.

A place is an address or a device. It becomes known when a sign-in from there is complete, so that
whoever fails leaves no trace in what is compared. Of each user the places seen last are kept.

Addresses are counted as their owners have them: one IPv4 address, or the /64 network
of an IPv6 one.
"""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from poolgate.foundation.ids import PoolId, Sub
from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools.auth_events import Surroundings
from poolgate.userpools.tables import address_failures, known_places

HOUR_MILLIS = 60 * 60 * 1000
KEPT_MILLIS = 180 * 24 * HOUR_MILLIS
KEPT_OF_A_KIND = 50
# Enough for every step of the score; beyond it an address does not fill the table.
MAX_REFUSED_AT_AN_ADDRESS = 200
_IPV6_OWNER_BITS = 64


class Kind(StrEnum):
    """What a place is."""

    ADDRESS = "address"
    DEVICE = "device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Familiarity:
    """How well a user's places are known, compared with one sign-in."""

    has_history: bool
    is_known_device: bool
    is_known_address: bool
    is_reported: bool
    addresses_lately: int


@dataclass(frozen=True, slots=True)
class Refusals:
    """Who was refused at an address within the last hour."""

    failures: int
    others: int


_OF_USER = sa.and_(
    known_places.c.pool_id == sa.bindparam("of_pool"), known_places.c.sub == sa.bindparam("of_sub")
)
_LIST = sa.select(known_places).where(_OF_USER)
_ADD = InsertIfAbsent(known_places)
_OF_PLACE = sa.and_(
    _OF_USER,
    known_places.c.kind == sa.bindparam("of_kind"),
    known_places.c.value_key == sa.bindparam("of_value"),
)
_SEE = sa.update(known_places).where(_OF_PLACE).values(last_seen_at=sa.bindparam("now"))
_TRUST = sa.update(known_places).where(_OF_PLACE).values(is_reported=sa.false())
_REPORT = (
    sa.update(known_places)
    .where(_OF_PLACE, known_places.c.first_seen_at >= sa.bindparam("seen_at"))
    .values(is_reported=sa.true())
)
_OF_KIND = sa.and_(
    _OF_USER,
    known_places.c.kind == sa.bindparam("of_kind"),
    known_places.c.is_reported.is_(sa.false()),
)
_FORGET_OLDEST = sa.delete(known_places).where(
    _OF_KIND,
    known_places.c.last_seen_at
    < sa.select(known_places.c.last_seen_at)
    .where(_OF_KIND)
    .order_by(known_places.c.last_seen_at.desc())
    .limit(1)
    .offset(KEPT_OF_A_KIND - 1)
    .scalar_subquery(),
)
_PURGE = sa.delete(known_places).where(known_places.c.last_seen_at <= sa.bindparam("oldest"))

_AT_ADDRESS = sa.and_(
    address_failures.c.pool_id == sa.bindparam("of_pool"),
    address_failures.c.address == sa.bindparam("of_address"),
)
_is_recent = address_failures.c.last_at > sa.bindparam("window_start")
_REFUSALS = sa.select(
    sa.func.coalesce(sa.func.sum(address_failures.c.failures), 0),
    sa.func.count(sa.case((address_failures.c.sub != sa.bindparam("of_sub"), 1))),
).where(_AT_ADDRESS, _is_recent)
_COUNT_REFUSED = sa.select(sa.func.count()).where(_AT_ADDRESS)
_BEGIN = InsertIfAbsent(address_failures)
_COUNT_ONE = (
    sa.update(address_failures)
    .where(_AT_ADDRESS, address_failures.c.sub == sa.bindparam("of_sub"))
    .values(
        failures=sa.case((_is_recent, address_failures.c.failures + 1), else_=1),
        last_at=sa.bindparam("now"),
    )
)
_PURGE_FAILURES = sa.delete(address_failures).where(
    address_failures.c.last_at <= sa.bindparam("oldest")
)


def address_key(address: str) -> str:
    """Return what an address is counted as."""
    try:
        shown = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(shown, ipaddress.IPv6Address):
        if shown.ipv4_mapped is not None:
            return str(shown.ipv4_mapped)
        return str(ipaddress.ip_network((int(shown), _IPV6_OWNER_BITS), strict=False))
    return str(shown)


def familiarity(
    transaction: Transaction,
    pool_id: PoolId,
    sub: Sub,
    surroundings: Surroundings,
    now_millis: int,
) -> Familiarity:
    """Compare a sign-in with the places that its user is known from."""
    rows = transaction.rows(_LIST, {"of_pool": pool_id, "of_sub": sub})
    wanted = set(_places(surroundings))
    found = [row for row in rows if (row.kind, row.value_key) in wanted]
    trusted_kinds = {row.kind for row in found if not row.is_reported}
    return Familiarity(
        has_history=any(not row.is_reported for row in rows),
        is_known_device=Kind.DEVICE in trusted_kinds,
        is_known_address=Kind.ADDRESS in trusted_kinds,
        is_reported=any(row.is_reported for row in found),
        addresses_lately=sum(
            row.kind == Kind.ADDRESS and row.first_seen_at > now_millis - HOUR_MILLIS
            for row in rows
        ),
    )


def remember(
    transaction: Transaction,
    pool_id: PoolId,
    sub: Sub,
    surroundings: Surroundings,
    now_millis: int,
) -> None:
    """Know the places of a complete sign-in from now on."""
    for place in _places(surroundings):
        of_place = _of_place(pool_id, sub, place)
        if not _add(transaction, pool_id, sub, place, now_millis, is_reported=False):
            transaction.run(_SEE, {**of_place, "now": now_millis})
            continue
        transaction.run(
            _FORGET_OLDEST, {"of_pool": pool_id, "of_sub": sub, "of_kind": place[0].value}
        )


def trust(
    transaction: Transaction,
    pool_id: PoolId,
    sub: Sub,
    surroundings: Surroundings,
    now_millis: int,
) -> None:
    """Take the user's word for it that places are the user's own."""
    for place in _places(surroundings):
        if not _add(transaction, pool_id, sub, place, now_millis, is_reported=False):
            transaction.run(_TRUST, _of_place(pool_id, sub, place))


def report(
    transaction: Transaction,
    pool_id: PoolId,
    sub: Sub,
    surroundings: Surroundings,
    seen_at: int,
) -> None:
    """Take the user's word for it that somebody else was there at `seen_at`.

    Places that were the user's before stay the user's, and a device that is told by its kind alone
    is nobody's: else one guess from a common browser would keep the user out.
    """
    for place in _places(surroundings):
        if place[0] is Kind.DEVICE and not surroundings.is_identified:
            continue
        if not _add(transaction, pool_id, sub, place, seen_at, is_reported=True):
            transaction.run(_REPORT, {**_of_place(pool_id, sub, place), "seen_at": seen_at})


def refusals(
    transaction: Transaction, pool_id: PoolId, sub: Sub, address: str, now_millis: int
) -> Refusals:
    """Return who was refused at the address lately: how often, and how many others than `sub`."""
    failures, others = transaction.one(
        _REFUSALS,
        {
            "of_pool": pool_id,
            "of_address": address_key(address),
            "of_sub": sub,
            "window_start": now_millis - HOUR_MILLIS,
        },
    )
    return Refusals(int(failures), int(others))


def count_refusal(
    transaction: Transaction, pool_id: PoolId, stand_in: Sub, address: str, now_millis: int
) -> None:
    """Count a wrong password at the address, of a user or of a name that nobody has."""
    at_address = {"of_pool": pool_id, "of_address": address_key(address)}
    counted = transaction.run(
        _COUNT_ONE,
        {
            **at_address,
            "of_sub": stand_in,
            "window_start": now_millis - HOUR_MILLIS,
            "now": now_millis,
        },
    )
    if counted:
        return
    (refused,) = transaction.one(_COUNT_REFUSED, at_address)
    if refused < MAX_REFUSED_AT_AN_ADDRESS:
        transaction.insert_if_absent(
            _BEGIN,
            {
                "pool_id": pool_id,
                "address": at_address["of_address"],
                "sub": stand_in,
                "failures": 1,
                "last_at": now_millis,
            },
        )


def purge(transaction: Transaction, now_millis: int) -> int:
    """Forget places that were not seen for long."""
    return transaction.run(_PURGE, {"oldest": now_millis - KEPT_MILLIS})


def purge_failures(transaction: Transaction, now_millis: int) -> int:
    """Forget refusals that count no more."""
    return transaction.run(_PURGE_FAILURES, {"oldest": now_millis - HOUR_MILLIS})


def _of_place(pool_id: PoolId, sub: Sub, place: tuple[Kind, str]) -> dict[str, object]:
    kind, value = place
    return {"of_pool": pool_id, "of_sub": sub, "of_kind": kind.value, "of_value": value}


def _places(surroundings: Surroundings) -> tuple[tuple[Kind, str], ...]:
    return (
        (Kind.ADDRESS, address_key(surroundings.address)),
        (Kind.DEVICE, surroundings.device_key),
    )


def _add(
    transaction: Transaction,
    pool_id: PoolId,
    sub: Sub,
    place: tuple[Kind, str],
    now_millis: int,
    *,
    is_reported: bool,
) -> bool:
    kind, value = place
    return transaction.insert_if_absent(
        _ADD,
        {
            "pool_id": pool_id,
            "sub": sub,
            "kind": kind.value,
            "value_key": value,
            "is_reported": is_reported,
            "first_seen_at": now_millis,
            "last_seen_at": now_millis,
        },
    )

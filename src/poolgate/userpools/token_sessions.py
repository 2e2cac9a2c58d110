"""Token sessions: a user's sign-ins as the user and administrators see, end and number them.

A token session is a token family under another name. The name is made of the family's id, so
nothing has to be stored for it, and sign-ins from before tracking was enabled have theirs too.
"""

import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId
from poolgate.foundation.paging import Page
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools.refresh_tokens import Family, revoke_family
from poolgate.userpools.session_activity import UNKNOWN_DEVICE
from poolgate.userpools.tables import token_families, token_session_activity
from poolgate.userpools.users import User, rows_of

# AWS AdminListUserSessions: "a single page of up to 125 sessions".
MAX_PAGE = 125
_PREFIX = "tkn"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# AWS SessionIdType. 36 ** 25 is just more than the 2 ** 128 that a family id can be.
_ID_LENGTH = 25


class TokenSessionNotFound(Failure):
    """The user has no living session of this id."""


class OwnSessionRefused(Failure):
    """The session to be revoked is the one that asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSession:
    """A living sign-in; times are milliseconds, `last_address` is None while none was tracked."""

    family_id: str
    client_id: ClientId
    created_at: int
    last_active_at: int
    last_address: str | None
    last_device: str


_LIVE = sa.and_(
    token_families.c.pool_id == sa.bindparam("of_pool_id"),
    token_families.c.sub == sa.bindparam("of_sub"),
    token_families.c.revoked_at.is_(None),
    token_families.c.expires_at > sa.bindparam("now"),
)
_CREATED_AT = token_families.c.auth_time * 1000
_LAST_ACTIVE_AT = sa.func.coalesce(token_session_activity.c.last_active_at, _CREATED_AT)
_WITH_ACTIVITY = token_families.outerjoin(
    token_session_activity, token_session_activity.c.family_id == token_families.c.family_id
)
# Newest first; the position is the last family of the page before.
_LIST = (
    sa.select(
        token_families.c.family_id,
        token_families.c.client_id,
        token_families.c.auth_time,
        _LAST_ACTIVE_AT.label("last_active_at"),
        token_session_activity.c.last_address,
        token_session_activity.c.last_device,
    )
    .select_from(_WITH_ACTIVITY)
    .where(
        _LIVE,
        sa.or_(
            token_families.c.auth_time < sa.bindparam("after_time"),
            sa.and_(
                token_families.c.auth_time == sa.bindparam("after_time"),
                token_families.c.family_id > sa.bindparam("after_family"),
            ),
        ),
    )
    .order_by(token_families.c.auth_time.desc(), token_families.c.family_id)
    .limit(sa.bindparam("limit"))
)
_BEYOND_THE_NEWEST = (
    sa.select(token_families.c.family_id)
    .select_from(_WITH_ACTIVITY)
    .where(_LIVE)
    .order_by(_LAST_ACTIVE_AT.desc(), token_families.c.auth_time.desc(), token_families.c.family_id)
    .limit(sa.bindparam("limit"))
    .offset(sa.bindparam("kept"))
)
_REVOKE = (
    sa.update(token_families)
    .where(token_families.c.family_id == sa.bindparam("of_family_id"), _LIVE)
    .values(revoked_at=sa.bindparam("now"))
)
_FORGET = sa.delete(token_session_activity).where(
    token_session_activity.c.family_id == sa.bindparam("of_family_id")
)
_END_OF_TIME = 2**62
_ALL = 2**31 - 1


def session_id_of(family_id: str) -> str:
    """Return the name of a family as a session."""
    number, digits = uuid.UUID(family_id).int, ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return _PREFIX + digits.rjust(_ID_LENGTH, "0")


def parse_session_id(session_id: str) -> str:
    """Return the family that the session id names; raise TokenSessionNotFound."""
    # AWS: the other prefix, "sso", names sessions of login pages.
    if not session_id.startswith(_PREFIX):
        raise TokenSessionNotFound
    try:
        return str(uuid.UUID(int=int(session_id.removeprefix(_PREFIX), len(_DIGITS))))
    except ValueError:
        raise TokenSessionNotFound from None


def list_sessions(
    transaction: Transaction, user: User, *, now_millis: int, after: str
) -> Page[TokenSession]:
    """Return the user's living sign-ins, newest first, from behind `after`."""
    after_time, _, after_family = after.partition("/")
    rows = transaction.rows(
        _LIST,
        {
            "of_pool_id": user.pool_id,
            "of_sub": user.sub,
            "now": now_millis,
            "after_time": int(after_time or _END_OF_TIME),
            "after_family": after_family,
            "limit": MAX_PAGE + 1,
        },
    )
    page = tuple(
        TokenSession(
            family_id=row.family_id,
            client_id=row.client_id,
            created_at=row.auth_time * 1000,
            last_active_at=row.last_active_at,
            last_address=row.last_address,
            last_device=row.last_device or UNKNOWN_DEVICE,
        )
        for row in rows[:MAX_PAGE]
    )
    last = rows[MAX_PAGE - 1] if len(rows) > MAX_PAGE else None
    return Page(page, None if last is None else f"{last.auth_time}/{last.family_id}")


def make_room(transaction: Transaction, family: Family, now_millis: int, *, limit: int) -> None:
    """End the user's least recently used sign-ins until one more fits in `limit`."""
    of_user = {"of_pool_id": family.pool_id, "of_sub": family.sub, "now": now_millis}
    beyond = {**of_user, "kept": limit - 1, "limit": _ALL}
    for row in transaction.rows(_BEYOND_THE_NEWEST, beyond):
        revoke_family(transaction, row.family_id, now_millis)
        transaction.run(_FORGET, {"of_family_id": row.family_id})


def revoke(call: Call, user: User, session_id: str, *, own_family_id: str | None = None) -> None:
    """End one of the user's sign-ins with all its tokens, and forget its activity.

    Of several takers one ends it; the others, as for sessions that are over or of other users, get
    TokenSessionNotFound. `own_family_id` is refused with OwnSessionRefused.
    """
    family_id = parse_session_id(session_id)
    if family_id == own_family_id:
        raise OwnSessionRefused
    with call.db.writing(about=rows_of(user.pool_id, user.sub)) as transaction:
        named = {"of_family_id": family_id, "of_pool_id": user.pool_id, "of_sub": user.sub}
        if not transaction.run(_REVOKE, {**named, "now": call.now_millis}):
            raise TokenSessionNotFound
        transaction.run(_FORGET, {"of_family_id": family_id})

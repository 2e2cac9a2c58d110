"""A user's sessions as the user and administrators see and end them, of both kinds.

    TOKEN   a sign-in of an app: a token family under another name
    SSO     a browser that is signed in at the login pages; token sessions may come through it

The names are made of the ids of families and browser sessions, so nothing has to be stored for
them, and sign-ins from before tracking was enabled have theirs too.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId
from poolgate.foundation.paging import Page
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import refresh_tokens
from poolgate.userpools.browser_sessions import may_go_on
from poolgate.userpools.challenge_answers import password_set_at
from poolgate.userpools.session_activity import UNKNOWN_DEVICE
from poolgate.userpools.tables import browser_sessions, token_families, token_session_activity
from poolgate.userpools.users import User, rows_of

# AWS AdminListUserSessions: "a single page of up to 125 sessions".
MAX_PAGE = 125
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# AWS SessionIdType. 36 ** 25 is just more than the 2 ** 128 that an id can be.
_ID_LENGTH = 25


class SessionNotFound(Failure):
    """The user has no living session of this id."""


class OwnSessionRefused(Failure):
    """The session to be revoked is the one that asks."""


class SessionKind(StrEnum):
    """What a session is of, in AWS's words."""

    TOKEN = "TOKEN"  # noqa: S105 - a kind of session
    SSO = "SSO"


_PREFIXES = {SessionKind.TOKEN: "tkn", SessionKind.SSO: "sso"}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSession:
    """A living session; times are milliseconds, `last_address` is None while none was tracked.

    `inner_id` is the family's or the browser session's. `origin_id` is the browser session that a
    token session came through, if it did.
    """

    kind: SessionKind
    inner_id: str
    client_id: ClientId
    created_at: int
    last_active_at: int
    last_address: str | None
    last_device: str
    origin_id: str | None

    @property
    def session_id(self) -> str:
        """The session's name."""
        return session_id_of(self.kind, self.inner_id)


_LIVE_FAMILY = sa.and_(
    token_families.c.pool_id == sa.bindparam("of_pool_id"),
    token_families.c.sub == sa.bindparam("of_sub"),
    token_families.c.revoked_at.is_(None),
    token_families.c.expires_at > sa.bindparam("now"),
)
_OF_USER = sa.and_(
    browser_sessions.c.pool_id == sa.bindparam("of_pool_id"),
    browser_sessions.c.sub == sa.bindparam("of_sub"),
)
_LIVE_BROWSER = sa.and_(
    _OF_USER,
    browser_sessions.c.expires_at > sa.bindparam("now"),
    browser_sessions.c.password_set_at == sa.bindparam("password_set_at"),
    sa.or_(
        browser_sessions.c.upstream.is_not(None), sa.bindparam("by_own_means", type_=sa.Boolean)
    ),
    sa.or_(browser_sessions.c.upstream.is_(None), sa.bindparam("by_others", type_=sa.Boolean)),
)
_TOKEN_SESSIONS = (
    sa.select(
        sa.literal(SessionKind.TOKEN.value).label("kind"),
        token_families.c.family_id.label("inner_id"),
        token_families.c.client_id,
        token_families.c.auth_time,
        sa.func.coalesce(
            token_session_activity.c.last_active_at, token_families.c.auth_time * 1000
        ).label("last_active_at"),
        token_session_activity.c.last_address,
        token_session_activity.c.last_device,
        token_families.c.browser_session_id.label("origin_id"),
    )
    .select_from(
        token_families.outerjoin(
            token_session_activity,
            token_session_activity.c.family_id == token_families.c.family_id,
        )
    )
    .where(_LIVE_FAMILY)
)
_BROWSER_SESSIONS = sa.select(
    sa.literal(SessionKind.SSO.value).label("kind"),
    browser_sessions.c.session_id.label("inner_id"),
    browser_sessions.c.client_id,
    browser_sessions.c.auth_time,
    browser_sessions.c.last_active_at,
    browser_sessions.c.last_address,
    browser_sessions.c.last_device,
    sa.null().label("origin_id"),
).where(_LIVE_BROWSER)
_BOTH = sa.union_all(_TOKEN_SESSIONS, _BROWSER_SESSIONS).subquery("sessions")
# Newest first; the position is the last session of the page before.
_LIST = (
    sa.select(_BOTH)
    .where(
        sa.or_(
            _BOTH.c.auth_time < sa.bindparam("after_time"),
            sa.and_(
                _BOTH.c.auth_time == sa.bindparam("after_time"),
                _BOTH.c.inner_id > sa.bindparam("after_id"),
            ),
        )
    )
    .order_by(_BOTH.c.auth_time.desc(), _BOTH.c.inner_id)
    .limit(sa.bindparam("limit"))
)
_REVOKE_FAMILY = (
    sa.update(token_families)
    .where(token_families.c.family_id == sa.bindparam("of_id"), _LIVE_FAMILY)
    .values(revoked_at=sa.bindparam("now"))
)
_ORIGIN = sa.select(token_families.c.browser_session_id).where(
    token_families.c.family_id == sa.bindparam("of_id")
)
_FORGET_ACTIVITY = sa.delete(token_session_activity).where(
    token_session_activity.c.family_id == sa.bindparam("of_id")
)
_END_BROWSER = sa.delete(browser_sessions).where(
    browser_sessions.c.session_id == sa.bindparam("of_id"), _LIVE_BROWSER
)
_REVOKE_FROM_BROWSER = (
    sa.update(token_families)
    .where(token_families.c.browser_session_id == sa.bindparam("of_id"), _LIVE_FAMILY)
    .values(revoked_at=sa.bindparam("now"))
)
_END_OTHER_BROWSERS = sa.delete(browser_sessions).where(
    _OF_USER, browser_sessions.c.session_id != sa.bindparam("own_id")
)
_REVOKE_OTHER_FAMILIES = (
    sa.update(token_families)
    .where(
        _LIVE_FAMILY,
        sa.func.coalesce(token_families.c.browser_session_id, "") != sa.bindparam("own_id"),
    )
    .values(revoked_at=sa.bindparam("now"))
)
_END_ALL_BROWSERS = sa.delete(browser_sessions).where(_OF_USER)
_END_OF_TIME = 2**62


def session_id_of(kind: SessionKind, inner_id: str) -> str:
    """Return the name of a family or browser session."""
    number, digits = uuid.UUID(inner_id).int, ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return _PREFIXES[kind] + digits.rjust(_ID_LENGTH, "0")


def parse_session_id(session_id: str) -> tuple[SessionKind, str]:
    """Return what the session id names; raise SessionNotFound."""
    for kind, prefix in _PREFIXES.items():
        if session_id.startswith(prefix):
            try:
                number = int(session_id.removeprefix(prefix), len(_DIGITS))
                return kind, str(uuid.UUID(int=number))
            except ValueError:
                raise SessionNotFound from None
    raise SessionNotFound


def list_sessions(
    transaction: Transaction, user: User, *, now_millis: int, after: str
) -> Page[UserSession]:
    """Return the user's living sessions, newest first, from behind `after`."""
    after_time, _, after_id = after.partition("/")
    rows = transaction.rows(
        _LIST,
        {
            **_living(user, now_millis),
            "after_time": int(after_time or _END_OF_TIME),
            "after_id": after_id,
            "limit": MAX_PAGE + 1,
        },
    )
    page = tuple(
        UserSession(
            kind=SessionKind(row.kind),
            inner_id=row.inner_id,
            client_id=row.client_id,
            created_at=row.auth_time * 1000,
            last_active_at=row.last_active_at,
            last_address=row.last_address,
            last_device=row.last_device or UNKNOWN_DEVICE,
            origin_id=row.origin_id,
        )
        for row in rows[:MAX_PAGE]
    )
    last = rows[MAX_PAGE - 1] if len(rows) > MAX_PAGE else None
    return Page(page, None if last is None else f"{last.auth_time}/{last.inner_id}")


def revoke(
    call: Call,
    user: User,
    session_id: str,
    *,
    with_linked: bool = False,
    own_id: str | None = None,
) -> None:
    """End one of the user's sessions; `with_linked` also what it came through, or what came of it.

    Of several takers one ends it; the others, as for sessions that are over or of other users, get
    SessionNotFound. `own_id` is refused with OwnSessionRefused.
    """
    kind, inner_id = parse_session_id(session_id)
    if inner_id == own_id:
        raise OwnSessionRefused
    named = {**_living(user, call.now_millis), "of_id": inner_id}
    with call.db.writing(about=rows_of(user.pool_id, user.sub)) as transaction:
        if kind is SessionKind.SSO:
            if not transaction.run(_END_BROWSER, named):
                raise SessionNotFound
            if with_linked:
                transaction.run(_REVOKE_FROM_BROWSER, named)
            return
        if not transaction.run(_REVOKE_FAMILY, named):
            raise SessionNotFound
        transaction.run(_FORGET_ACTIVITY, named)
        origin = transaction.one(_ORIGIN, named)
        if with_linked and origin is not None and origin.browser_session_id is not None:
            transaction.run(_END_BROWSER, {**named, "of_id": origin.browser_session_id})


def revoke_others(call: Call, user: User, browser_session_id: str) -> None:
    """End every session but this browser's, and what came through that."""
    named = {**_living(user, call.now_millis), "own_id": browser_session_id}
    with call.db.writing(about=rows_of(user.pool_id, user.sub)) as transaction:
        transaction.run(_END_OTHER_BROWSERS, named)
        transaction.run(_REVOKE_OTHER_FAMILIES, named)


def end_browser(call: Call, user: User, browser_session_id: str) -> None:
    """Sign the browser out; one that is signed out already stays so."""
    with call.db.writing(about=rows_of(user.pool_id, user.sub)) as transaction:
        transaction.run(
            _END_BROWSER, {**_living(user, call.now_millis), "of_id": browser_session_id}
        )


def revoke_all(call: Call, user: User) -> None:
    """End every session of the user, in apps and in browsers."""
    with call.db.writing(about=rows_of(user.pool_id, user.sub)) as transaction:
        refresh_tokens.revoke_all_of_user(transaction, user.pool_id, user.sub, call.now_millis)
        transaction.run(_END_ALL_BROWSERS, _living(user, call.now_millis))


def _living(user: User, now_millis: int) -> dict[str, object]:
    """Return the parameters of what is alive: as `browser_sessions.find` decides it."""
    return {
        "of_pool_id": user.pool_id,
        "of_sub": user.sub,
        "now": now_millis,
        "password_set_at": password_set_at(user),
        "by_own_means": may_go_on(user),
        "by_others": may_go_on(user, is_upstream=True),
    }

"""Browsers that are signed in at the login pages of a pool.

    sign-in ── begin ──> a cookie ── find, at each visit ──> the user ── end ──> nothing

A browser session belongs to the pool, not to an app client: that is single sign-on. It lasts a
fixed time from the sign-in, whatever is done with it, and ends at once with a log-out, another
password, or a user who is disabled or deleted. Of the cookie only the SHA-256 digest is kept: it is
random and long, so there is nothing to search for.

Where an identity provider vouched for the user, the session remembers which one did (`Upstream`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from poolgate.foundation.ids import ClientId, PoolId
from poolgate.foundation.randomness import random_token, random_uuid
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.authentication_levels import Reached
from poolgate.userpools.challenge_answers import password_set_at
from poolgate.userpools.client_settings import LOCAL_PROVIDER
from poolgate.userpools.pools import UserPool
from poolgate.userpools.session_activity import activity_of
from poolgate.userpools.tables import browser_sessions, users
from poolgate.userpools.users import User, UserStatus, user_of

# AWS: the cookie lasts an hour from the sign-in and is not prolonged by use. Where sessions are
# tracked, app clients may go on with one for up to 90 days (SSOSession.MaxValidityMinutes).
LIFETIME_SECONDS = 3600
TRACKED_LIFETIME_SECONDS = 90 * 24 * 3600
_TOKEN_BYTES = 32
# SPEC ASVS 7.5.1: what changes how somebody signs in takes a fresh sign-in.
_FRESH_SECONDS = 600


class Upstream(msgspec.Struct, frozen=True, omit_defaults=True):
    """The identity provider that vouched for a user.

    `sign_out` is what it must be told when the user signs out there, too.
    """

    provider_name: str
    sign_out: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSession:
    """A signed-in browser; `auth_time` is in seconds, `expires_at` in milliseconds.

    `upstream` is None where the user signed in here; `client_id` is the app client of the sign-in.
    """

    session_id: str
    user: User
    auth_time: int
    reached: Reached
    expires_at: int
    client_id: ClientId
    upstream: Upstream | None = None


@dataclass(frozen=True, slots=True)
class BrowserSignIn:
    """A browser that was just signed in, with the cookie it is to keep."""

    browser_session: BrowserSession
    cookie: Secret


# A user whose password an administrator has reset proves somebody anew first.
_MAY_GO_ON = frozenset({UserStatus.CONFIRMED, UserStatus.EXTERNAL_PROVIDER})
# Whoever an identity provider vouches for needs no password here, whatever is the matter with it.
_MAY_GO_ON_UPSTREAM = _MAY_GO_ON | {UserStatus.FORCE_CHANGE_PASSWORD, UserStatus.RESET_REQUIRED}
_INSERT = sa.insert(browser_sessions)
_SESSION = (
    sa.select(
        users,
        browser_sessions.c.session_id,
        browser_sessions.c.auth_time,
        browser_sessions.c.level,
        browser_sessions.c.amr,
        browser_sessions.c.password_set_at.label("session_password_set_at"),
        browser_sessions.c.upstream,
        browser_sessions.c.client_id.label("session_client_id"),
        browser_sessions.c.expires_at,
    )
    .join(
        users,
        sa.and_(
            users.c.pool_id == browser_sessions.c.pool_id, users.c.sub == browser_sessions.c.sub
        ),
    )
    .where(browser_sessions.c.pool_id == sa.bindparam("pool_id"))
)
_BY_COOKIE = _SESSION.where(browser_sessions.c.digest == sa.bindparam("digest"))
_BY_ID = _SESSION.where(browser_sessions.c.session_id == sa.bindparam("session_id"))
_END = sa.delete(browser_sessions).where(browser_sessions.c.digest == sa.bindparam("digest"))
_GO_ON = (
    sa.update(browser_sessions)
    .where(browser_sessions.c.session_id == sa.bindparam("of_session"))
    .values(digest=sa.bindparam("new_digest"), password_set_at=sa.bindparam("set_at"))
)
_PURGE = sa.delete(browser_sessions).where(browser_sessions.c.expires_at <= sa.bindparam("now"))


def lifetime_seconds(pool: UserPool) -> int:
    """Return how long sessions of the pool last."""
    return TRACKED_LIFETIME_SECONDS if pool.session_tracking else LIFETIME_SECONDS


def is_taken_by(app_client: AppClient, browser_session: BrowserSession) -> bool:
    """Tell whether the app client takes users who signed in as this one did.

    Single sign-on is for whom each app client lets in: here, or by that identity provider.
    """
    upstream = browser_session.upstream
    way = LOCAL_PROVIDER if upstream is None else upstream.provider_name
    return way in (app_client.identity_providers or (LOCAL_PROVIDER,))


def may_sign_in_upstream(user: User) -> bool:
    """Tell whether an identity provider's word is enough for the user to be signed in."""
    return may_go_on(user, is_upstream=True)


def may_go_on(user: User, *, is_upstream: bool = False) -> bool:
    """Tell whether sessions of the user count, by own means or by an identity provider's."""
    return user.enabled and user.status in (_MAY_GO_ON_UPSTREAM if is_upstream else _MAY_GO_ON)


def begin(
    transaction: Transaction,
    call: Call,
    pool: UserPool,
    user: User,
    *,
    client_id: ClientId,
    reached: Reached,
    upstream: Upstream | None = None,
) -> BrowserSignIn:
    """Store a new session, never an older one made longer, and return it with its cookie."""
    cookie = Secret(random_token(_TOKEN_BYTES))
    activity = activity_of(call)
    browser_session = BrowserSession(
        session_id=random_uuid(),
        user=user,
        auth_time=call.now_millis // 1000,
        reached=reached,
        expires_at=call.now_millis + lifetime_seconds(pool) * 1000,
        client_id=client_id,
        upstream=upstream,
    )
    transaction.run(
        _INSERT,
        {
            "digest": _digest(cookie),
            "session_id": browser_session.session_id,
            "pool_id": user.pool_id,
            "sub": user.sub,
            "auth_time": browser_session.auth_time,
            "password_set_at": password_set_at(user),
            "level": reached.level,
            "amr": " ".join(reached.amr),
            "upstream": None if upstream is None else msgspec.json.encode(upstream),
            "client_id": client_id,
            "last_active_at": activity.at,
            "last_address": activity.address,
            "last_device": activity.device,
            "expires_at": browser_session.expires_at,
        },
    )
    return BrowserSignIn(browser_session, cookie)


def find(
    transaction: Transaction, pool_id: PoolId, cookie: Secret, now_millis: int
) -> BrowserSession | None:
    """Return the living session of this pool that the cookie names."""
    row = transaction.one(_BY_COOKIE, {"digest": _digest(cookie), "pool_id": pool_id})
    return _living(row, now_millis)


def find_by_id(
    transaction: Transaction, pool_id: PoolId, session_id: str, now_millis: int
) -> BrowserSession | None:
    """Return the living session of this pool with that id, which is no secret."""
    row = transaction.one(_BY_ID, {"session_id": session_id, "pool_id": pool_id})
    return _living(row, now_millis)


def is_fresh(browser_session: BrowserSession, now_millis: int) -> bool:
    """Tell whether the user proved it is them just now, as risky changes take it."""
    return now_millis // 1000 - browser_session.auth_time < _FRESH_SECONDS


def signed_in(browser_session: BrowserSession, pool: UserPool, app_client: AppClient) -> SignedIn:
    """Return the user of the session for what users do with an access token otherwise."""
    return SignedIn(
        user=browser_session.user,
        pool=pool,
        app_client=app_client,
        scopes=frozenset(),
        family_id=None,
        access_token_claims={},
    )


def go_on_after_new_password(
    transaction: Transaction, browser_session: BrowserSession, user: User
) -> Secret:
    """Return a new cookie for the session, which goes on with the password that its user chose.

    The former cookie is worth nothing from then on, and the session ends when it would have ended.
    """
    cookie = Secret(random_token(_TOKEN_BYTES))
    transaction.run(
        _GO_ON,
        {
            "of_session": browser_session.session_id,
            "new_digest": _digest(cookie),
            "set_at": password_set_at(user),
        },
    )
    return cookie


def end(transaction: Transaction, cookie: Secret) -> None:
    """End the session; one that is over already stays over."""
    transaction.run(_END, {"digest": _digest(cookie)})


def purge(transaction: Transaction, now_millis: int) -> int:
    """Forget sessions that are over."""
    return transaction.run(_PURGE, {"now": now_millis})


def _living(row: Any, now_millis: int) -> BrowserSession | None:  # noqa: ANN401 - a row of _SESSION
    if row is None or now_millis >= row.expires_at:
        return None
    user = user_of(row)
    is_current = password_set_at(user) == row.session_password_set_at
    if not is_current or not may_go_on(user, is_upstream=row.upstream is not None):
        return None
    return BrowserSession(
        session_id=row.session_id,
        user=user,
        auth_time=row.auth_time,
        reached=Reached(row.level, tuple(row.amr.split())),
        expires_at=row.expires_at,
        client_id=row.session_client_id,
        upstream=(
            None if row.upstream is None else msgspec.json.decode(row.upstream, type=Upstream)
        ),
    )


def _digest(cookie: Secret) -> bytes:
    return hashlib.sha256(cookie.reveal().encode()).digest()

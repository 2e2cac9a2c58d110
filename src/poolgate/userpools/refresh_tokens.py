"""Refresh tokens and their families.

One sign-in is one family; its id is the tokens' `origin_jti`. A family ends when it expires or is
revoked, and with it every token that came from it. Of a token only the SHA-256 digest is kept: it
is random and long, so there is nothing to search for.

Where an app client rotates, a token is replaced by use:

    current ── used ──> rotated ── used within grace ──> allowed, another successor
                           └────── used later ─────────> reuse: the whole family is revoked
"""

import hashlib
from dataclasses import dataclass
from enum import Enum, auto

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId, Sub
from poolgate.foundation.randomness import random_token
from poolgate.foundation.secret import Secret
from poolgate.jose.tokens import TokenMalformed, parse_token
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import session_activity
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.authentication_levels import AuthenticationLevel
from poolgate.userpools.session_activity import Activity
from poolgate.userpools.tables import browser_sessions, refresh_tokens, token_families, users
from poolgate.userpools.users import User, rows_of, user_of

_TOKEN_BYTES = 96
# INVARIANT: as long as an access token can live. One whose family is gone is refused as revoked.
_KEPT_AFTER_EXPIRY_MILLIS = 24 * 3600 * 1000
_PURGE = sa.delete(token_families).where(
    token_families.c.expires_at <= sa.bindparam("expired_before")
)


class RefreshTokenInvalid(Failure):
    """The text is no refresh token of this app client."""


class RefreshTokenRevoked(Failure):
    """The sign-in that the refresh token belongs to was ended."""


class RefreshTokenExpired(Failure):
    """The refresh token has reached the end of its life."""


class RefreshTokenReused(Failure):
    """A refresh token was used again after it had been replaced; its family is revoked now."""


class NotARefreshToken(Failure):
    """An ID or access token was given where a refresh token is wanted."""


class RevocationNotEnabled(Failure):
    """The app client does not revoke tokens."""


class ClientSecretMissing(Failure):
    """The app client has a secret, but it was not sent. Facts: client_id."""


class RefreshTokenOfAnotherClient(Failure):
    """The refresh token was issued to another app client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One sign-in and everything refreshed from it; `auth_time` is in seconds.

    `device_key` is None where the pool does not track the device that signed in; `is_granted` tells
    that an OAuth grant began it; `resource` is what its access tokens are for; `level` is None
    where the sign-in asked for none; `key_thumbprint` names the key that its refresh tokens are
    bound to (RFC 9449 s5), if any; `browser_session_id` the browser session that it came through.
    """

    family_id: str
    pool_id: PoolId
    sub: Sub
    client_id: ClientId
    scope: str
    auth_time: int
    expires_at: int
    device_key: str | None = None
    revoked_at: int | None = None
    is_granted: bool = False
    resource: str | None = None
    level: AuthenticationLevel | None = None
    key_thumbprint: str | None = None
    browser_session_id: str | None = None


@dataclass(frozen=True, slots=True)
class HeldToken:
    """A refresh token as it is stored, with its family and its user."""

    digest: bytes
    rotated_at: int | None
    family: Family
    user: User


class Rotation(Enum):
    """How the replacement of a refresh token went."""

    DONE = auto()
    REUSED = auto()
    REVOKED = auto()


_INSERT_FAMILY = sa.insert(token_families)
_INSERT_TOKEN = sa.insert(refresh_tokens)
_FAMILY_COLUMNS = tuple(
    column.label(f"family_{column.name}" if column.name != "family_id" else "family_id")
    for column in token_families.c
)
_FIND = (
    sa.select(users, *_FAMILY_COLUMNS, refresh_tokens.c.rotated_at)
    .select_from(refresh_tokens)
    .join(token_families, token_families.c.family_id == refresh_tokens.c.family_id)
    .join(
        users,
        sa.and_(users.c.pool_id == token_families.c.pool_id, users.c.sub == token_families.c.sub),
    )
    .where(refresh_tokens.c.digest == sa.bindparam("digest"))
)
_FAMILY_OF_TOKEN = (
    sa.select(
        token_families.c.family_id,
        token_families.c.client_id,
        token_families.c.pool_id,
        token_families.c.sub,
        token_families.c.browser_session_id,
    )
    .join(refresh_tokens, token_families.c.family_id == refresh_tokens.c.family_id)
    .where(refresh_tokens.c.digest == sa.bindparam("digest"))
)
_ROTATION_STATE = (
    sa.select(refresh_tokens.c.rotated_at, token_families.c.revoked_at)
    .join(token_families, token_families.c.family_id == refresh_tokens.c.family_id)
    .where(refresh_tokens.c.digest == sa.bindparam("digest"))
)
_ROTATE = (
    sa.update(refresh_tokens)
    .where(
        refresh_tokens.c.digest == sa.bindparam("rotated_digest"),
        refresh_tokens.c.rotated_at.is_(None),
    )
    .values(rotated_at=sa.bindparam("now"))
)
_REVOKE_FAMILY = (
    sa.update(token_families)
    .where(
        token_families.c.family_id == sa.bindparam("revoked_family_id"),
        token_families.c.revoked_at.is_(None),
    )
    .values(revoked_at=sa.bindparam("now"))
)
_REVOKE_FAMILIES_OF_DEVICE = (
    sa.update(token_families)
    .where(
        token_families.c.pool_id == sa.bindparam("of_pool_id"),
        token_families.c.sub == sa.bindparam("of_sub"),
        token_families.c.device_key == sa.bindparam("of_device_key"),
        token_families.c.revoked_at.is_(None),
    )
    .values(revoked_at=sa.bindparam("now"))
)
_LIVING_OF_DEVICE = (
    sa.select(token_families.c.family_id)
    .where(
        token_families.c.pool_id == sa.bindparam("of_pool_id"),
        token_families.c.sub == sa.bindparam("of_sub"),
        token_families.c.device_key == sa.bindparam("of_device_key"),
        token_families.c.revoked_at.is_(None),
        token_families.c.expires_at > sa.bindparam("now"),
    )
    .limit(1)
)
_REVOKE_FAMILIES_OF_USER = (
    sa.update(token_families)
    .where(
        token_families.c.pool_id == sa.bindparam("of_pool_id"),
        token_families.c.sub == sa.bindparam("of_sub"),
        token_families.c.revoked_at.is_(None),
    )
    .values(revoked_at=sa.bindparam("now"))
)
_END_BROWSER_SESSION = sa.delete(browser_sessions).where(
    browser_sessions.c.session_id == sa.bindparam("of_session")
)
_SIGN_OUT = (
    sa.update(users)
    .where(users.c.pool_id == sa.bindparam("of_pool_id"), users.c.sub == sa.bindparam("of_sub"))
    .values(signed_out_at=sa.bindparam("now"))
)


def new_refresh_token() -> Secret:
    """Return a random refresh token."""
    return Secret(random_token(_TOKEN_BYTES))


def create_family(
    transaction: Transaction, family: Family, refresh_token: Secret, now_millis: int
) -> None:
    """Store a new family with its first refresh token."""
    transaction.run(
        _INSERT_FAMILY,
        {
            "family_id": family.family_id,
            "pool_id": family.pool_id,
            "sub": family.sub,
            "client_id": family.client_id,
            "scope": family.scope,
            "device_key": family.device_key,
            "auth_time": family.auth_time,
            "expires_at": family.expires_at,
            "revoked_at": None,
            "is_granted": family.is_granted,
            "resource": family.resource,
            "acr": family.level and family.level.acr,
            "amr": family.level and " ".join(family.level.amr),
            "key_thumbprint": family.key_thumbprint,
            "browser_session_id": family.browser_session_id,
        },
    )
    _insert_token(transaction, family.family_id, refresh_token, now_millis)


def find(transaction: Transaction, refresh_token: Secret) -> HeldToken | None:
    """Return the token with its family and user, in whatever state they are."""
    digest = _digest(refresh_token)
    row = transaction.one(_FIND, {"digest": digest})
    if row is None:
        return None
    family = Family(
        family_id=row.family_id,
        pool_id=row.family_pool_id,
        sub=row.family_sub,
        client_id=row.family_client_id,
        scope=row.family_scope,
        auth_time=row.family_auth_time,
        expires_at=row.family_expires_at,
        device_key=row.family_device_key,
        revoked_at=row.family_revoked_at,
        is_granted=row.family_is_granted,
        resource=row.family_resource,
        level=(
            AuthenticationLevel(row.family_acr, tuple(row.family_amr.split()))
            if row.family_acr is not None
            else None
        ),
        key_thumbprint=row.family_key_thumbprint,
        browser_session_id=row.family_browser_session_id,
    )
    return HeldToken(digest, row.rotated_at, family, user_of(row))


def verify_alive(held: HeldToken, now_millis: int) -> None:
    """Raise RefreshTokenRevoked or RefreshTokenExpired unless the token's family is alive."""
    if held.family.revoked_at is not None:
        raise RefreshTokenRevoked
    if now_millis >= held.family.expires_at:
        raise RefreshTokenExpired


def rotate(
    call: Call,
    held: HeldToken,
    successor: Secret,
    *,
    grace_seconds: int,
    activity: Activity | None = None,
) -> None:
    """Put `successor` in the token's place; it lives as long as the family does.

    Of several takers one replaces the token; the others, and all later ones, are given their own
    successor within `grace_seconds` and are reuse after that: RefreshTokenReused is raised and the
    family is revoked. RefreshTokenRevoked is raised when the family ended meanwhile. `activity` is
    given where the pool tracks sessions.
    """
    with call.db.writing(about=rows_of(held.user.pool_id, held.user.sub)) as transaction:
        rotation = _rotated(transaction, call, held, grace_seconds)
        if rotation is Rotation.DONE:
            _insert_token(transaction, held.family.family_id, successor, call.now_millis)
            if activity is not None:
                _record(transaction, held.family, activity)
        elif rotation is Rotation.REUSED:
            revoke_family(transaction, held.family.family_id, call.now_millis)
    # Raised outside, so that the revocation is committed.
    if rotation is Rotation.REUSED:
        raise RefreshTokenReused
    if rotation is Rotation.REVOKED:
        raise RefreshTokenRevoked


def record_use(call: Call, held: HeldToken, activity: Activity) -> None:
    """Record a refresh without rotation; raise RefreshTokenRevoked when the family has ended."""
    with call.db.writing(about=rows_of(held.user.pool_id, held.user.sub)) as transaction:
        state = transaction.one(_ROTATION_STATE, {"digest": held.digest})
        if state is None or state.revoked_at is not None:
            raise RefreshTokenRevoked
        _record(transaction, held.family, activity)


def _record(transaction: Transaction, family: Family, activity: Activity) -> None:
    session_activity.record(
        transaction, family.family_id, activity, browser_session_id=family.browser_session_id
    )


def revoke(
    call: Call, app_client: AppClient, presented: Secret, *, with_browser_session: bool = False
) -> None:
    """End the token's whole family; unknown or already ended is success (RFC 7009 s2.2).

    With the browser session that it came through, too, if it did.
    """
    if not app_client.revocation_enabled:
        raise RevocationNotEnabled
    if _is_signed_token(presented):
        raise NotARefreshToken
    with call.db.reading() as transaction:
        row = transaction.one(_FAMILY_OF_TOKEN, {"digest": _digest(presented)})
    if row is None:
        return
    # SPEC RFC 7009 s2.1: a client cannot end what was issued to another one.
    if row.client_id != app_client.client_id:
        raise RefreshTokenOfAnotherClient
    with call.db.writing(about=rows_of(row.pool_id, row.sub)) as transaction:
        revoke_family(transaction, row.family_id, call.now_millis)
        if with_browser_session and row.browser_session_id is not None:
            transaction.run(_END_BROWSER_SESSION, {"of_session": row.browser_session_id})


def sign_out_everywhere(call: Call, user: User) -> None:
    """End every sign-in of the user."""
    with call.db.writing(about=rows_of(user.pool_id, user.sub)) as transaction:
        revoke_all_of_user(transaction, user.pool_id, user.sub, call.now_millis)


def revoke_family(transaction: Transaction, family_id: str, now_millis: int) -> None:
    """End one sign-in: its refresh tokens and, at this server, its access and ID tokens."""
    transaction.run(_REVOKE_FAMILY, {"revoked_family_id": family_id, "now": now_millis})


def revoke_all_of_user(
    transaction: Transaction, pool_id: PoolId, sub: Sub, now_millis: int
) -> None:
    """End every sign-in of the user; later sign-ins are not touched."""
    of_user = {"of_pool_id": pool_id, "of_sub": sub, "now": now_millis}
    transaction.run(_REVOKE_FAMILIES_OF_USER, of_user)
    transaction.run(_SIGN_OUT, of_user)


def revoke_all_of_device(
    transaction: Transaction, user: User, device_key: str, now_millis: int
) -> None:
    """End every sign-in of the user on that device."""
    transaction.run(_REVOKE_FAMILIES_OF_DEVICE, _of_device(user, device_key, now_millis))


def has_living_of_device(
    transaction: Transaction, user: User, device_key: str, now_millis: int
) -> bool:
    """Tell whether a sign-in on that device goes on."""
    of_device = _of_device(user, device_key, now_millis)
    return transaction.one(_LIVING_OF_DEVICE, of_device) is not None


def _of_device(user: User, device_key: str, now_millis: int) -> dict[str, object]:
    return {
        "of_pool_id": user.pool_id,
        "of_sub": user.sub,
        "of_device_key": device_key,
        "now": now_millis,
    }


def _rotated(transaction: Transaction, call: Call, held: HeldToken, grace_seconds: int) -> Rotation:
    is_first = transaction.run(_ROTATE, {"rotated_digest": held.digest, "now": call.now_millis})
    state = transaction.one(_ROTATION_STATE, {"digest": held.digest})
    if state is None or state.revoked_at is not None:
        return Rotation.REVOKED
    # A taker whose call began earlier has the smaller `now`, so without grace time is not asked.
    in_grace = grace_seconds > 0 and call.now_millis < state.rotated_at + grace_seconds * 1000
    return Rotation.DONE if is_first or in_grace else Rotation.REUSED


def _insert_token(
    transaction: Transaction, family_id: str, refresh_token: Secret, now_millis: int
) -> None:
    transaction.run(
        _INSERT_TOKEN,
        {
            "digest": _digest(refresh_token),
            "family_id": family_id,
            "issued_at": now_millis,
            "rotated_at": None,
        },
    )


def _digest(refresh_token: Secret) -> bytes:
    return hashlib.sha256(refresh_token.reveal().encode()).digest()


def _is_signed_token(presented: Secret) -> bool:
    try:
        parse_token(presented.reveal())
    except TokenMalformed:
        return False
    return True


def purge(transaction: Transaction, now_millis: int) -> int:
    """Forget families that no token can belong to any more."""
    return transaction.run(_PURGE, {"expired_before": now_millis - _KEPT_AFTER_EXPIRY_MILLIS})

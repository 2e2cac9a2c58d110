"""Auth sessions: a sign-in between two challenges.

The state travels sealed in the string that the app client holds; the row makes it usable once.
Only what functions of the pool add (CUSTOM_AUTH) is in the row, sealed: it can be long.

    open ──> the string ──> verify (as often as it takes) ──> consume (once, with what it led to)

A password that changes in between ends the session, since the state names the password it rests on.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import sqlalchemy as sa

from poolgate.credentials.sealing import UnsealingFailed
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId, Sub
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.mfa_settings import MfaDemand
from poolgate.userpools.tables import auth_sessions

_PURPOSE = "auth session"
_STATE_PURPOSE = "custom sign-in"


class AuthSessionInvalid(Failure):
    """The string is not an auth session of this app client, user and challenge."""


class AuthSessionExpired(Failure):
    """The auth session is too old."""


class AuthSessionUsed(Failure):
    """The auth session has led somewhere already."""


class Door(StrEnum):
    """Which family of operations, or the login pages; a sign-in goes on where it began."""

    PUBLIC = "public"
    ADMIN = "admin"
    PAGES = "pages"


class SentCode(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A code that was sent: where to, and its keyed digest.

    `is_new_address` marks an address that becomes the user's once the code comes back. A first
    factor's code leaves the address out: the length of what is sealed tells nothing about it.
    """

    attribute: str
    address: str
    digest: bytes
    is_new_address: bool = False


class SignInRisk(msgspec.Struct, frozen=True, array_like=True):
    """What was made of the risk of a sign-in: its event, and the factor that it owes."""

    event_id: str
    demand: MfaDemand = MfaDemand.NONE


class AuthSession(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What is known between two challenges."""

    pool_id: PoolId
    client_id: ClientId
    sub: Sub
    door: Door
    challenge: str
    proven: frozenset[str]
    password_set_at: int
    expires_at: int
    sent_code: SentCode | None = None
    # Of an authenticator app that waits to be verified, while MFA is set up during a sign-in.
    totp_secret: bytes | None = None
    # Of the name that was typed, while nothing is proven: the sign-in may be about nobody.
    name_digest: bytes = b""
    # The device that the sign-in named.
    device_key: str | None = None
    risk: SignInRisk | None = None
    # INVARIANT: an auth session that has a custom state is worth nothing without it. In the string
    # stands only that there is one.
    has_custom_state: bool = False
    custom_state: bytes = b""
    # What a passkey is to sign.
    passkey_challenge: bytes = b""
    # The authentication level that the sign-in asked for.
    target_level: int = 0


@dataclass(frozen=True, slots=True)
class PresentedAuthSession:
    """An auth session that was opened, and the identity of its string."""

    auth_session: AuthSession
    digest: bytes


@dataclass(frozen=True, slots=True)
class SealedAuthSession:
    """The string for the app client, and what its row keeps."""

    text: Secret
    digest: bytes
    custom_state: bytes | None


_INSERT = sa.insert(auth_sessions)
_CONSUME = (
    sa.update(auth_sessions)
    .where(
        auth_sessions.c.digest == sa.bindparam("of_digest"),
        auth_sessions.c.consumed.is_(sa.false()),
        auth_sessions.c.expires_at > sa.bindparam("now"),
    )
    .values(consumed=sa.true())
)
_GET = sa.select(auth_sessions.c.consumed, auth_sessions.c.sealed_custom_state).where(
    auth_sessions.c.digest == sa.bindparam("digest")
)
_PURGE = sa.delete(auth_sessions).where(auth_sessions.c.expires_at <= sa.bindparam("now"))


def seal(call: Call, auth_session: AuthSession) -> SealedAuthSession:
    """Return the string for the app client; it works only once `store` has kept its row."""
    state = auth_session.custom_state
    in_string = msgspec.structs.replace(
        auth_session, has_custom_state=bool(state), custom_state=b""
    )
    sealed = call.vault.seal(msgspec.msgpack.encode(in_string), purpose=_PURPOSE, bound_to=_PURPOSE)
    digest = _digest(sealed)
    return SealedAuthSession(
        text=Secret(base64.urlsafe_b64encode(sealed).decode()),
        digest=digest,
        custom_state=(
            call.vault.seal(state, purpose=_STATE_PURPOSE, bound_to=digest.hex()) if state else None
        ),
    )


def store(transaction: Transaction, auth_session: AuthSession, sealed: SealedAuthSession) -> None:
    """Keep the row that makes the string usable."""
    transaction.run(
        _INSERT,
        {
            "digest": sealed.digest,
            "pool_id": auth_session.pool_id,
            "sub": auth_session.sub,
            "sealed_custom_state": sealed.custom_state,
            "consumed": False,
            "expires_at": auth_session.expires_at,
        },
    )


def open_presented(
    call: Call,
    app_client: AppClient,
    presented: Secret,
    *,
    door: Door | None,
    challenges: frozenset[str],
) -> PresentedAuthSession:
    """Return the auth session that a string carries; nothing is used up.

    Raises AuthSessionInvalid for a string of another app client, another door (where one is given)
    or a challenge that is none of these, and AuthSessionExpired.
    """
    opened = _unseal(call, presented)
    auth_session = opened.auth_session
    if (auth_session.pool_id, auth_session.client_id) != (app_client.pool_id, app_client.client_id):
        raise AuthSessionInvalid
    if auth_session.challenge not in challenges or door not in {auth_session.door, None}:
        raise AuthSessionInvalid
    _verify_fresh(call, auth_session)
    return opened


def open_of_challenge(call: Call, presented: Secret, *, challenge: str) -> PresentedAuthSession:
    """Return the auth session of a request that names no app client; nothing is used up.

    Raises AuthSessionInvalid for a string of another challenge, and AuthSessionExpired.
    """
    opened = _unseal(call, presented)
    auth_session = opened.auth_session
    if auth_session.challenge != challenge:
        raise AuthSessionInvalid
    _verify_fresh(call, auth_session)
    return opened


def consume(transaction: Transaction, presented: PresentedAuthSession, now_millis: int) -> None:
    """Use the auth session up, once among all takers.

    Raises AuthSessionUsed for the others, AuthSessionInvalid when it was never kept.
    """
    parameters = {"of_digest": presented.digest, "now": now_millis}
    if transaction.run(_CONSUME, parameters) == 1:
        return
    if transaction.one(_GET, {"digest": presented.digest}) is None:
        raise AuthSessionInvalid
    raise AuthSessionUsed


def verify_unused(
    transaction: Transaction, call: Call, presented: PresentedAuthSession
) -> PresentedAuthSession:
    """Return the auth session with what its row keeps; raise AuthSessionUsed or -Invalid.

    The answer itself may change what the auth session rests on, so a repeated answer is told from
    a stale one here. Only `consume` makes sure of it.
    """
    row = transaction.one(_GET, {"digest": presented.digest})
    if row is None:
        raise AuthSessionInvalid
    if row.consumed:
        raise AuthSessionUsed
    if not presented.auth_session.has_custom_state:
        return presented
    state = call.vault.unseal(
        row.sealed_custom_state, purpose=_STATE_PURPOSE, bound_to=presented.digest.hex()
    )
    return PresentedAuthSession(
        msgspec.structs.replace(presented.auth_session, custom_state=state), presented.digest
    )


def purge(transaction: Transaction, now_millis: int) -> int:
    """Remove the rows of expired auth sessions; their strings say themselves that they expired."""
    return transaction.run(_PURGE, {"now": now_millis})


def _unseal(call: Call, presented: Secret) -> PresentedAuthSession:
    try:
        sealed = binascii.a2b_base64(
            presented.reveal().encode("ascii").translate(_TO_STANDARD), strict_mode=True
        )
        plaintext = call.vault.unseal(sealed, purpose=_PURPOSE, bound_to=_PURPOSE)
    except (ValueError, UnsealingFailed) as error:
        raise AuthSessionInvalid from error
    auth_session = msgspec.msgpack.decode(plaintext, type=AuthSession)
    return PresentedAuthSession(auth_session, _digest(sealed))


def _verify_fresh(call: Call, auth_session: AuthSession) -> None:
    if call.now_millis >= auth_session.expires_at:
        raise AuthSessionExpired


_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def _digest(sealed: bytes) -> bytes:
    return hashlib.sha256(sealed).digest()

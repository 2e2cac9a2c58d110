"""Authorization codes: what a browser carries from the login pages to an app client.

    issue ──> the code ── redeem, once within five minutes ──> tokens
                             └── redeem again ──> refused, and those tokens are revoked

A code is bound to its app client, its redirect URI, its PKCE challenge and the browser session that
it came from. Of the code only the SHA-256 digest is kept: it is random, so there is nothing to
search for.
"""

import hashlib
import hmac
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId, Sub
from poolgate.foundation.randomness import random_uuid
from poolgate.foundation.secret import Secret
from poolgate.jose.base64url import encode_base64url
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import browser_sessions, groups, pools, refresh_tokens, tokens, users
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.authentication_levels import AuthenticationLevel
from poolgate.userpools.scopes import verify_readable
from poolgate.userpools.tables import authorization_codes
from poolgate.userpools.token_claims import Grant, SignIn, TokenSource
from poolgate.userpools.tokens import TokenSet
from poolgate.userpools.users import User, UserDisabled, rows_of

# AWS: "codes are valid for 5 minutes".
LIFETIME_SECONDS = 300
STRICT_LIFETIME_SECONDS = 60
# As long as an access token lives: until then a second use has something to revoke.
_KEPT_AFTER_EXPIRY_MILLIS = 24 * 3600 * 1000


class AuthorizationCodeInvalid(Failure):
    """No such code, or not for this app client, or its time or its browser session is over."""


class AuthorizationCodeReplayed(AuthorizationCodeInvalid):
    """The code was used before; what came of that use is revoked now."""


class RedirectUriDiffers(Failure):
    """The redirect URI is not the one that the code was sent to."""


class VerifierMismatch(AuthorizationCodeInvalid):
    """The PKCE verifier is missing, wrong, or there was no challenge for it."""


class KeyMismatch(AuthorizationCodeInvalid):
    """The code is bound to a key whose possession was not proven."""


class GrantDetails(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What was granted; `auth_time` is in seconds.

    `sent_redirect_uri` is None where the request named none and the app client's own was used,
    `level` where it asked for none, `key_thumbprint` where it bound the code to no key.
    """

    sent_redirect_uri: str | None
    code_challenge: str | None
    scope: str
    nonce: str | None
    resource: str | None
    auth_time: int
    browser_session_id: str
    issued_at: int
    level: AuthenticationLevel | None
    key_thumbprint: str | None


@dataclass(frozen=True, slots=True)
class _KeptCode:
    digest: bytes
    pool_id: PoolId
    sub: Sub
    client_id: ClientId
    expires_at: int
    is_used: bool
    family_id: str | None
    details: GrantDetails


_INSERT = sa.insert(authorization_codes)
_FIND = sa.select(authorization_codes).where(authorization_codes.c.digest == sa.bindparam("digest"))
_CONSUME = (
    sa.update(authorization_codes)
    .where(
        authorization_codes.c.digest == sa.bindparam("of_digest"),
        authorization_codes.c.used_at.is_(None),
        authorization_codes.c.expires_at > sa.bindparam("now"),
    )
    .values(used_at=sa.bindparam("now"), family_id=sa.bindparam("led_to"))
)
_PURGE = sa.delete(authorization_codes).where(
    authorization_codes.c.expires_at <= sa.bindparam("expired_before")
)


def issue(
    transaction: Transaction, call: Call, app_client: AppClient, user: User, details: GrantDetails
) -> Secret:
    """Return a code that the app client can redeem for the user's tokens."""
    authorization_code = Secret(random_uuid())
    lifetime_seconds = STRICT_LIFETIME_SECONDS if call.strict_oauth else LIFETIME_SECONDS
    transaction.run(
        _INSERT,
        {
            "digest": _digest(authorization_code),
            "pool_id": user.pool_id,
            "sub": user.sub,
            "client_id": app_client.client_id,
            "grant_details": msgspec.msgpack.encode(details),
            "expires_at": call.now_millis + lifetime_seconds * 1000,
            "used_at": None,
            "family_id": None,
        },
    )
    return authorization_code


def redeem(
    call: Call,
    app_client: AppClient,
    presented: Secret,
    *,
    redirect_uri: str | None,
    code_verifier: str | None,
    key_thumbprint: str | None,
) -> TokenSet:
    """Return the tokens that the code stands for, once among all takers.

    They are bound to the key where one is named. Raises AuthorizationCodeInvalid,
    AuthorizationCodeReplayed, RedirectUriDiffers, VerifierMismatch, KeyMismatch, ScopeNotReadable
    or UserDisabled.
    """
    with call.db.reading() as transaction:
        kept = _find(transaction, presented)
        # SPEC RFC 6749 s4.1.3: another app client learns nothing of it and changes nothing.
        if kept is None or kept.client_id != app_client.client_id:
            raise AuthorizationCodeInvalid
        browser_session = browser_sessions.find_by_id(
            transaction, kept.pool_id, kept.details.browser_session_id, call.now_millis
        )
        pool = pools.get(transaction, kept.pool_id)
        user_groups = groups.of_user(transaction, kept.pool_id, kept.sub)
    if kept.is_used:
        _revoke_what_came_of_it(call, kept)
        raise AuthorizationCodeReplayed
    if call.now_millis >= kept.expires_at or browser_session is None:
        raise AuthorizationCodeInvalid
    user = browser_session.user
    if redirect_uri != kept.details.sent_redirect_uri:
        raise RedirectUriDiffers
    verify_code_verifier(kept.details.code_challenge, code_verifier)
    # SPEC RFC 9449 s10: a code that was asked for with a key is redeemed with it.
    if kept.details.key_thumbprint not in {None, key_thumbprint}:
        raise KeyMismatch
    verify_readable(app_client, kept.details.scope.split())
    _verify_still_signed_in(user, kept)
    plan = tokens.plan(
        call,
        SignIn(
            user=user,
            pool=pool,
            app_client=app_client,
            auth_time=kept.details.auth_time,
            groups=user_groups,
            event_id=random_uuid(),
            scope=kept.details.scope,
            source=TokenSource.HOSTED,
            grant=Grant(
                nonce=kept.details.nonce,
                resource=kept.details.resource,
                key_thumbprint=key_thumbprint,
            ),
            level=kept.details.level,
            browser_session_id=kept.details.browser_session_id,
        ),
    )
    with call.db.writing(about=rows_of(kept.pool_id, kept.sub)) as transaction:
        taken = _consume(transaction, kept, plan.family.family_id, call.now_millis)
        if taken:
            _verify_still_signed_in(users.get_to_change(transaction, kept.pool_id, kept.sub), kept)
            return tokens.store(transaction, plan)
    _revoke_what_came_of_it(call, kept)
    raise AuthorizationCodeReplayed


def verify_code_verifier(code_challenge: str | None, code_verifier: str | None) -> None:
    """Raise VerifierMismatch unless the verifier is that of the challenge, or both are missing.

    SPEC RFC 9700 s4.8.2: a verifier without a challenge shows that somebody took the challenge out
    of the authorization request.
    """
    if code_challenge is None and code_verifier is None:
        return
    if code_challenge is None or code_verifier is None:
        raise VerifierMismatch
    digest = hashlib.sha256(code_verifier.encode()).digest()
    if not hmac.compare_digest(encode_base64url(digest), code_challenge.encode()):
        raise VerifierMismatch


def purge(transaction: Transaction, now_millis: int) -> int:
    """Forget codes whose tokens are over by themselves."""
    return transaction.run(_PURGE, {"expired_before": now_millis - _KEPT_AFTER_EXPIRY_MILLIS})


def _verify_still_signed_in(user: User, kept: _KeptCode) -> None:
    if not user.enabled:
        raise UserDisabled
    # A global sign-out ends what it finds; a code that is under way must not outlive it.
    if user.signed_out_at is not None and kept.details.issued_at <= user.signed_out_at:
        raise AuthorizationCodeInvalid


def _consume(transaction: Transaction, kept: _KeptCode, family_id: str, now_millis: int) -> bool:
    taken = transaction.run(
        _CONSUME, {"of_digest": kept.digest, "led_to": family_id, "now": now_millis}
    )
    return taken == 1


def _revoke_what_came_of_it(call: Call, kept: _KeptCode) -> None:
    # SPEC RFC 6749 s4.1.2: a second use shows that the code was stolen, perhaps by the first user.
    with call.db.writing(about=rows_of(kept.pool_id, kept.sub)) as transaction:
        row = transaction.one(_FIND, {"digest": kept.digest})
        if row is not None and row.family_id is not None:
            refresh_tokens.revoke_family(transaction, row.family_id, call.now_millis)


def _find(transaction: Transaction, presented: Secret) -> _KeptCode | None:
    row = transaction.one(_FIND, {"digest": _digest(presented)})
    if row is None:
        return None
    return _KeptCode(
        digest=row.digest,
        pool_id=row.pool_id,
        sub=row.sub,
        client_id=row.client_id,
        expires_at=row.expires_at,
        is_used=row.used_at is not None,
        family_id=row.family_id,
        details=msgspec.msgpack.decode(row.grant_details, type=GrantDetails),
    )


def _digest(authorization_code: Secret) -> bytes:
    return hashlib.sha256(authorization_code.reveal().encode()).digest()

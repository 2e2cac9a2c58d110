"""Token exchange (RFC 8693): from a token that is held, one for another service.

What is derived never reaches further than what it came from: not in scope, not in time, and it
ends with the same sign-in. Who acted for the user is never forgotten either:

    user ── access token ──> service 1 ── with its own token as actor ──> act: service 1
                                  └──> service 2, likewise ──> act: service 2 (act: service 1)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_uuid
from poolgate.foundation.secret import Secret
from poolgate.jose.possession import bound_to, confirmation
from poolgate.jose.tokens import sign_token
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import access_tokens, groups, resource_servers, signing_keys
from poolgate.userpools.access_tokens import (
    AccessTokenExpired,
    AccessTokenInvalid,
    AccessTokenRevoked,
    SignedIn,
)
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.auth_flows import FlowNotEnabled
from poolgate.userpools.client_settings import DELEGATION, IMPERSONATION, SYSTEM_SCOPES
from poolgate.userpools.signing_keys import TokenUse
from poolgate.userpools.token_claims import (
    USER_SCOPE,
    Claims,
    Issue,
    SignIn,
    access_token_claims,
    id_token_claims,
)

Verified = TypeVar("Verified")


class ExchangeRefused(Failure):
    """The request does not fit together or asks for what cannot be given. Facts: fault."""


class PresentedTokenRefused(Failure):
    """A token in the request does not count. Facts: role ("Subject", "Actor"), fault."""


@dataclass(frozen=True, slots=True)
class Presented:
    """A token of this server as a request presents it."""

    token: Secret
    token_use: TokenUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What is wished for; `audience` is any name, `resource` that of a resource server.

    An access token is bound to the key where one is named.
    """

    subject: Presented
    actor: Presented | None
    wanted: TokenUse
    scopes: tuple[str, ...]
    audience: str | None
    resource: str | None
    key_thumbprint: str | None = None


@dataclass(frozen=True, slots=True)
class DerivedToken:
    """The token that was issued; `expires_in` is in seconds, an ID token has no scopes."""

    token: Secret
    token_use: TokenUse
    expires_in: int
    scopes: tuple[str, ...]


def exchange(call: Call, app_client: AppClient, wish: Exchange) -> DerivedToken:
    """Return a token for the subject's user, made for the app client.

    Raises FlowNotEnabled, ExchangeRefused, PresentedTokenRefused, UserDisabled, UserNotFound or
    ResourceServerNotFound.
    """
    if (IMPERSONATION if wish.actor is None else DELEGATION) not in app_client.auth_flows:
        raise FlowNotEnabled
    if wish.audience is not None and wish.resource is not None:
        raise ExchangeRefused(fault="Audiences and Resources cannot be requested together.")
    subject = _verified_subject(call, app_client, wish.subject)
    actor_sub = None if wish.actor is None else _verified_actor(call, app_client, wish.actor)
    with call.db.reading() as transaction:
        if wish.resource is not None:
            resource_servers.get(transaction, app_client.pool_id, wish.resource)
        scopes = _granted_scopes(transaction, app_client, subject, wish)
        user_groups = groups.of_user(transaction, app_client.pool_id, subject.user.sub)
        keys = signing_keys.signing(transaction, call, app_client.pool_id)
    sign_in = SignIn(
        user=subject.user,
        pool=subject.pool,
        app_client=app_client,
        auth_time=subject.access_token_claims["auth_time"],
        groups=user_groups,
        event_id=random_uuid(),
        scope=" ".join(scopes),
    )
    claims = _claims(call, sign_in, subject, wish)
    if wish.key_thumbprint is not None and wish.wanted is TokenUse.ACCESS:
        claims["cnf"] = confirmation(wish.key_thumbprint)
    actors = _actors(subject, actor_sub)
    if actors is not None:
        claims["act"] = actors
    return DerivedToken(
        token=Secret(sign_token(claims, keys[wish.wanted])),
        token_use=wish.wanted,
        expires_in=claims["exp"] - claims["iat"],
        scopes=scopes,
    )


def _verified_subject(call: Call, app_client: AppClient, presented: Presented) -> SignedIn:
    subject = _verified(
        "Subject",
        lambda: access_tokens.verify_user_token(
            call, presented.token.reveal(), presented.token_use
        ),
    )
    if subject.pool.pool_id != app_client.pool_id:
        raise PresentedTokenRefused(role="Subject", fault="is invalid")
    return subject


def _verified_actor(call: Call, app_client: AppClient, presented: Presented) -> str:
    pool_id, claims = _verified(
        "Actor",
        lambda: access_tokens.verify_any_token(call, presented.token.reveal(), presented.token_use),
    )
    if pool_id != app_client.pool_id or bound_to(claims) is not None:
        raise PresentedTokenRefused(role="Actor", fault="is invalid")
    return str(claims["sub"])


def _verified(role: str, verify: Callable[[], Verified]) -> Verified:
    try:
        return verify()
    except AccessTokenExpired:
        raise PresentedTokenRefused(role=role, fault="has expired") from None
    except AccessTokenRevoked:
        raise PresentedTokenRefused(role=role, fault="has been revoked") from None
    except AccessTokenInvalid as failure:
        detail = failure.private_detail
        raise PresentedTokenRefused(role=role, fault="is invalid", private_detail=detail) from None


def _granted_scopes(
    transaction: Transaction, app_client: AppClient, subject: SignedIn, wish: Exchange
) -> tuple[str, ...]:
    if wish.wanted is TokenUse.ID:
        _verify_may_have_id_token(subject, wish)
        return ()
    existing = SYSTEM_SCOPES | resource_servers.scopes_of_pool(transaction, app_client.pool_id)
    held = subject.access_token_claims.get("scope", "").split()
    wanted = held
    if wish.scopes:
        # AWS GetDerivedToken: requested, held by the subject token and allowed for the client.
        allowed = subject.scopes.intersection(app_client.oauth_scopes or ())
        wanted = [scope for scope in dict.fromkeys(wish.scopes) if scope in allowed]
    granted = tuple(scope for scope in wanted if scope in existing)
    if not granted:
        # An ID token proves who somebody is; it lets nobody do anything, so it has no scopes.
        raise ExchangeRefused(fault="None of the scopes can be authorized for this subject token.")
    return granted


def _verify_may_have_id_token(subject: SignedIn, wish: Exchange) -> None:
    if wish.scopes:
        raise ExchangeRefused(fault="Scopes cannot be requested for an ID token.")
    # SPEC OpenID Connect Core s3.1.2.1: without `openid` nobody learns who the user is; the scope
    # of API sign-in reads all attributes anyway.
    if wish.subject.token_use is TokenUse.ACCESS and not subject.scopes & {"openid", USER_SCOPE}:
        raise ExchangeRefused(fault="The subject token does not authorize an ID token.")


def _claims(call: Call, sign_in: SignIn, subject: SignedIn, wish: Exchange) -> Claims:
    given = subject.access_token_claims
    issue = Issue(
        issuer=call.issuer(sign_in.pool.pool_id),
        issued_at=epoch_seconds(call.now),
        origin_jti=given.get("origin_jti", ""),
    )
    claims_of = id_token_claims if wish.wanted is TokenUse.ID else access_token_claims
    claims = claims_of(sign_in, issue, random_uuid())
    # Whether sign-outs end it is decided by the sign-in that it comes from, not by this client.
    claims.pop("origin_jti", None)
    if subject.family_id is not None:
        claims["origin_jti"] = subject.family_id
    # Otherwise a token that is passed on in time would live for ever.
    claims["exp"] = min(claims["exp"], given["exp"])
    audience = wish.audience or wish.resource
    if audience is not None:
        claims["aud"] = audience
        if wish.wanted is TokenUse.ID:
            claims["azp"] = sign_in.app_client.client_id
    return claims


def _actors(subject: SignedIn, actor_sub: str | None) -> Claims | None:
    # SPEC RFC 8693 s4.1: the newest actor is outermost, earlier ones are nested within. They stay
    # also where no new actor is named: an exchange does not launder a delegation.
    former = subject.access_token_claims.get("act")
    if actor_sub is None:
        return former
    return {"sub": actor_sub} if former is None else {"sub": actor_sub, "act": former}

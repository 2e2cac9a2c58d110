"""Logins: what is shown to an identity pool, verified for real.

A login is a provider's name with a token of it. Nothing of a token counts before its signature, its
issuer, its audience and its times are found right.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.iam import oidc_providers, saml_identities
from poolgate.identitypools import issuers, openid_tokens
from poolgate.identitypools.identity_pools import AUTHENTICATED, IdentityPool, UserPoolLink
from poolgate.jose.tokens import TokenMalformed, TokenRefused, parse_token, verify_token
from poolgate.saml.assertions import AssertionExpired
from poolgate.saml.failures import SamlRefused
from poolgate.store.call import Call
from poolgate.userpools import access_tokens, signing_keys
from poolgate.userpools.signing_keys import TokenUse
from poolgate.userpools.users import UserDisabled, UserNotFound

USER_POOL_PROVIDER = re.compile(r"cognito-idp\.([a-z0-9-]+)\.amazonaws\.com/(\1_[0-9A-Za-z]+)")
# Public providers whose tokens are OIDC ID tokens.
_OIDC_HOSTS = frozenset({"accounts.google.com", "appleid.apple.com"})
_MOST_LOGINS = 10
# Why a token that is good in itself does not count any more.
_ENDED = (
    access_tokens.AccessTokenInvalid,
    access_tokens.AccessTokenExpired,
    access_tokens.AccessTokenRevoked,
    UserNotFound,
    UserDisabled,
)


class LoginRefused(Failure):
    """A login is not one of the pool's, or its token is not good. Facts: reason, in AWS's words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


@dataclass(frozen=True, slots=True)
class Login:
    """A verified login.

    `mapping_key` is what a role mapping for it is filed under; `claims` are the token's;
    `reference` is how tokens of the identity name the login.
    """

    provider: str
    subject: str
    mapping_key: str
    claims: Mapping[str, Any]
    reference: tuple[str, ...]


def verify_logins(call: Call, pool: IdentityPool, logins: Mapping[str, str]) -> tuple[Login, ...]:
    """Return the logins; raise LoginRefused for the first one that is not good."""
    if logins and not pool.has_providers:
        raise LoginRefused(
            f"Identity pool - {pool.pool_id} does not have identity providers configured."
        )
    if len(logins) > _MOST_LOGINS:
        raise LoginRefused("Too many logins.")
    named = {provider_named(call, pool, name): token for name, token in logins.items()}
    # INVARIANT: one login of a provider at most, whichever of its names is used.
    if len(named) < len(logins):
        raise LoginRefused("Too many logins.")
    return tuple(_verify(call, pool, provider, token) for provider, token in named.items())


def provider_named(call: Call, pool: IdentityPool, name: str) -> str:
    """Return AWS's name of the pool's user pool that a login names by its issuer, or the name."""
    # Some clients, aws-amplify among them, name the provider by the `iss` of the token.
    for link in pool.user_pools:
        if call.issuer(_user_pool_of(link)).partition("://")[2] == name:
            return link.provider_name
    return name


def _user_pool_of(link: UserPoolLink) -> PoolId:
    found = USER_POOL_PROVIDER.fullmatch(link.provider_name)
    return PoolId(found[2] if found else "")


def _verify(call: Call, pool: IdentityPool, provider: str, token: str) -> Login:
    if provider == openid_tokens.LOGIN_PROVIDER:
        return _of_identity_token(call, pool, token)
    links = tuple(link for link in pool.user_pools if link.provider_name == provider)
    if links:
        return _of_user_pool(call, links, token)
    if provider in pool.saml_provider_arns:
        return _of_saml(call, provider, token)
    client_ids = _oidc_audiences(call, pool, provider)
    if client_ids:
        return _of_oidc(call, provider, client_ids, token)
    raise _unsupported()


def _of_user_pool(call: Call, links: tuple[UserPoolLink, ...], token: str) -> Login:
    provider = links[0].provider_name
    user_pool_id = _user_pool_of(links[0])
    try:
        unverified = parse_token(token)
    except TokenMalformed as refusal:
        raise LoginRefused("Invalid login token. Not a Cognito token.") from refusal
    with call.db.reading() as transaction:
        key = signing_keys.find_published(transaction, call, unverified.key_id, TokenUse.ID)
    if key is None:
        raise LoginRefused("Invalid login token. Couldn't verify signed token.")
    try:
        claims = verify_token(unverified, key.verification_key)
    except TokenRefused as refusal:
        raise LoginRefused("Invalid login token. Couldn't verify signed token.") from refusal
    if key.pool_id != user_pool_id or claims.get("iss") != call.issuer(user_pool_id):
        raise LoginRefused("Invalid login token. Issuer doesn't match providerName")
    if claims.get("token_use") != TokenUse.ID:
        raise LoginRefused("Invalid login token.")
    verify_alive(call, claims)
    link = next((link for link in links if link.client_id == claims["aud"]), None)
    if link is None:
        raise _unsupported()
    if link.checks_server_side:
        _verify_still_counts(call, token)
    subject = str(claims["sub"])
    return Login(
        provider=provider,
        subject=subject,
        mapping_key=f"{provider}:{link.client_id}",
        claims=claims,
        reference=(provider, f"{provider}:CognitoSignIn:{subject}"),
    )


def _verify_still_counts(call: Call, token: str) -> None:
    try:
        access_tokens.verify_user_token(call, token, TokenUse.ID)
    except _ENDED as failure:
        raise LoginRefused("Invalid login token. Token is inactive.") from failure


def _of_oidc(call: Call, provider: str, client_ids: tuple[str, ...], token: str) -> Login:
    try:
        claims = issuers.verify_id_token(call, f"https://{provider}", token)
    except TokenMalformed as refusal:
        raise LoginRefused("Invalid login token.") from refusal
    except TokenRefused as refusal:
        raise LoginRefused("Invalid login token. Couldn't verify signed token.") from refusal
    except issuers.OtherIssuer as refusal:
        raise LoginRefused("Invalid login token. Issuer doesn't match providerName") from refusal
    verify_alive(call, claims)
    if issuers.audience_of(claims) not in client_ids:
        raise LoginRefused("Invalid login token. Incorrect token audience.")
    return Login(
        provider=provider,
        subject=str(claims["sub"]),
        mapping_key=provider,
        claims=claims,
        reference=(provider,),
    )


def _of_saml(call: Call, provider: str, response: str) -> Login:
    """Return the login of somebody whom a SAML provider of IAM vouches for."""
    try:
        shown = saml_identities.verify(call, provider, response)
    except saml_identities.SamlProviderUnknown as refusal:
        raise _unsupported() from refusal
    except AssertionExpired as refusal:
        raise LoginRefused("Invalid login token. Token expired.") from refusal
    except (SamlRefused, saml_identities.SamlProviderExpired) as refusal:
        raise LoginRefused("Invalid login token. Couldn't verify SAML assertion.") from refusal
    return Login(
        provider=provider,
        subject=shown.subject,
        mapping_key=provider,
        claims={
            name: values[0] if len(values) == 1 else list(values)
            for name, values in shown.assertion.attributes.items()
        },
        reference=(provider,),
    )


def _of_identity_token(call: Call, pool: IdentityPool, token: str) -> Login:
    """Return the login of a developer's user, who shows the token that the developer was given."""
    try:
        claims = openid_tokens.verify(call, token)
    except TokenRefused as refusal:
        raise LoginRefused("Invalid login token. Couldn't verify signed token.") from refusal
    verify_alive(call, claims)
    # INVARIANT: a guest's token proves no login.
    if claims["aud"] != pool.pool_id or claims["amr"][0] != AUTHENTICATED:
        raise _unsupported()
    return Login(
        provider=openid_tokens.LOGIN_PROVIDER,
        subject=claims["sub"],
        mapping_key=openid_tokens.LOGIN_PROVIDER,
        claims=claims,
        reference=tuple(claims["amr"][1:]),
    )


def _oidc_audiences(call: Call, pool: IdentityPool, provider: str) -> tuple[str, ...]:
    """Return the audiences that the pool takes from an OIDC provider; none for a foreign one."""
    if provider in _OIDC_HOSTS and provider in pool.login_providers:
        return (pool.login_providers[provider],)
    arn = oidc_providers.provider_arn(call.account_id, provider)
    if arn not in pool.oidc_provider_arns:
        return ()
    with call.db.reading() as transaction:
        found = oidc_providers.find(transaction, provider)
    return () if found is None else found.client_ids


def verify_alive(call: Call, claims: Mapping[str, Any]) -> None:
    """Raise LoginRefused for a token that has expired."""
    now, expires_at = epoch_seconds(call.now), claims.get("exp")
    if not isinstance(expires_at, int) or now >= expires_at:
        raise LoginRefused(f"Invalid login token. Token expired: {now} >= {expires_at}")


def _unsupported() -> LoginRefused:
    return LoginRefused("Token is not from a supported provider of this identity pool.")

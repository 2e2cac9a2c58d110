"""Web identities: tokens that are exchanged for the keys of a role.

They come from identity pools of this server, or from an OIDC provider that IAM knows, which may be
a user pool of this server.
# AWS API_AssumeRoleWithWebIdentity
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.failure import Failure
from poolgate.iam import oidc_providers
from poolgate.iam.assumed_roles import VouchedIdentity
from poolgate.iam.session_requests import SessionWishes
from poolgate.identitypools import issuers, openid_tokens, pool_credentials
from poolgate.jose.tokens import SignatureMismatch, TokenMalformed
from poolgate.store.call import Call

ACTION = pool_credentials.WEB_IDENTITY_ACTION
_SCHEME = "https://"
_SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"


class WebIdentityMalformed(Failure):
    """The text is no ID token."""


class ProviderUnknown(Failure):
    """IAM knows no provider for the token's issuer. Facts: issuer."""


class WrongAudience(Failure):
    """The token was made for somebody whom the provider does not list."""


class WebIdentityExpired(Failure):
    """The token has expired. Facts: now, expires_at."""


class KeyNotFound(Failure):
    """The token was not signed by a key that its issuer publishes."""


@dataclass(frozen=True, slots=True)
class ShownIdentity:
    """What a good token says."""

    subject: str
    audience: str
    provider: str
    vouched: VouchedIdentity
    claims: Mapping[str, Any]

    def with_tags(self, wishes: SessionWishes) -> SessionWishes:
        """Return the wishes with the tags and the source identity of the token."""
        tags, transitive = openid_tokens.principal_tags_of(self.claims)
        source_identity = self.claims.get(_SOURCE_IDENTITY)
        return replace(
            wishes,
            tags=tags,
            transitive_tag_keys=transitive,
            source_identity=source_identity if isinstance(source_identity, str) else None,
        )


def verify(call: Call, token: str) -> ShownIdentity:
    """Return what the token says; raise a failure of this module or IssuerUnreachable."""
    try:
        issuer = issuers.unverified_issuer(token)
        if issuer == openid_tokens.ISSUER:
            return _of_identity_pool(call, token)
        return _of_provider(call, issuer, token)
    except TokenMalformed as refusal:
        raise WebIdentityMalformed from refusal
    except (SignatureMismatch, issuers.OtherIssuer) as refusal:
        raise KeyNotFound from refusal


def _of_identity_pool(call: Call, token: str) -> ShownIdentity:
    claims = openid_tokens.verify(call, token)
    _verify_alive(call, claims)
    references = tuple(claims["amr"][1:])
    return ShownIdentity(
        subject=claims["sub"],
        audience=claims["aud"],
        provider=openid_tokens.LOGIN_PROVIDER,
        vouched=pool_credentials.vouched(claims["sub"], claims["aud"], references),
        claims=claims,
    )


def _of_provider(call: Call, issuer: str, token: str) -> ShownIdentity:
    url = issuer.removeprefix(_SCHEME)
    with call.db.reading() as transaction:
        provider = oidc_providers.find(transaction, url) if issuer.startswith(_SCHEME) else None
    if provider is None:
        raise ProviderUnknown(issuer=issuer)
    claims = issuers.verify_id_token(call, issuer, token)
    audience = issuers.audience_of(claims)
    if audience is None or audience not in provider.client_ids:
        raise WrongAudience
    _verify_alive(call, claims)
    context: dict[str, tuple[str, ...]] = {
        f"{url}:sub": (claims["sub"],),
        f"{url}:aud": (audience,),
    }
    amr = claims.get("amr")
    if isinstance(amr, list) and amr:
        context[f"{url}:amr"] = tuple(map(str, amr))
    return ShownIdentity(
        subject=claims["sub"],
        audience=audience,
        provider=url,
        vouched=VouchedIdentity(
            provider=oidc_providers.provider_arn(call.account_id, url),
            context=context,
            for_pool_user=True,
        ),
        claims=claims,
    )


def _verify_alive(call: Call, claims: Mapping[str, Any]) -> None:
    now, expires_at = epoch_seconds(call.now), claims.get("exp")
    if not isinstance(expires_at, int) or isinstance(expires_at, bool):
        raise WebIdentityMalformed
    if now >= expires_at:
        raise WebIdentityExpired(now=str(now), expires_at=str(expires_at))

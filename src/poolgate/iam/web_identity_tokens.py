"""Web identity tokens: a short proof, for services elsewhere, of who the caller is.

# AWS id_roles_providers_outbound_token_claims
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_uuid
from poolgate.iam import outbound_federation
from poolgate.iam.session_requests import DuplicateSessionTagKeys
from poolgate.policy.principal import Principal
from poolgate.store.call import Call

DEFAULT_SECONDS = 300
# With its signature in base64 the token still fits into the headers that most servers accept.
LARGEST_CLAIMS_BYTES = 8 * 1024
_NAMESPACE = "https://sts.amazonaws.com/"


class SigningAlgorithmUnknown(Failure):
    """Tokens are signed with RS256 or ES384. Facts: algorithm."""


class SessionDurationEscalated(Failure):
    """The token would outlive the session whose keys ask for it."""


class WebIdentityTokenTooLarge(Failure):
    """The claims are larger than a token may be."""


@dataclass(frozen=True, slots=True)
class WebIdentityToken:
    """A token with the second at which it ends, since 1970."""

    text: str
    expires_at: int


def issue(
    call: Call,
    principal: Principal,
    *,
    audiences: Sequence[str],
    algorithm: str,
    seconds: int,
    tags: Sequence[tuple[str, str]],
) -> WebIdentityToken:
    """Return a token of `principal` for `audiences`.

    Raises OutboundFederationDisabled, SigningAlgorithmUnknown, DuplicateSessionTagKeys,
    SessionDurationEscalated or WebIdentityTokenTooLarge.
    """
    if algorithm not in {outbound_federation.RS256, outbound_federation.ES384}:
        raise SigningAlgorithmUnknown(algorithm=algorithm)
    if len({tag_key.casefold() for tag_key, _ in tags}) < len(tags):
        raise DuplicateSessionTagKeys
    with call.db.reading() as transaction:
        federation = outbound_federation.get_enabled(transaction)
    issued_at = epoch_seconds(call.now)
    expires_at = issued_at + seconds
    if principal.temporary is not None and expires_at > principal.temporary.expires_at:
        raise SessionDurationEscalated
    claims = {
        "iss": federation.issuer(call),
        "aud": audiences[0] if len(audiences) == 1 else list(audiences),
        "sub": principal.principal_arn,
        "iat": issued_at,
        "exp": expires_at,
        "jti": random_uuid(),
        _NAMESPACE: _aws_claims(call, principal, dict(tags)),
    }
    if len(msgspec.json.encode(claims)) > LARGEST_CLAIMS_BYTES:
        raise WebIdentityTokenTooLarge
    return WebIdentityToken(outbound_federation.sign(call, claims, algorithm), expires_at)


def _aws_claims(
    call: Call, principal: Principal, request_tags: Mapping[str, str]
) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "aws_account": principal.account_id,
        "source_region": call.region,
        "principal_id": principal.arn,
    }
    if principal.tags:
        claims["principal_tags"] = dict(principal.tags)
    if request_tags:
        claims["request_tags"] = dict(request_tags)
    if principal.temporary is not None:
        context = dict(principal.temporary.context)
        claims["original_session_exp"] = principal.temporary.expires_at
        for claim, context_key in (
            ("source_identity", "aws:SourceIdentity"),
            ("federated_provider", "aws:FederatedProvider"),
        ):
            if context_key in context:
                claims[claim] = context[context_key][0]
    return claims

"""Proof by Bearer token: a JWT of a user pool, verified by the pool's published keys.

# SPEC RFC 8725 s3, RFC 6750 s2.1, AWS amazon-cognito-user-pools-using-tokens-verifying-a-jwt
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from poolgate.guard.bounded import BoundedCache
from poolgate.guard.callers import (
    Caller,
    CallerKind,
    frozen_claims,
    groups_in,
    scopes_in,
    username_in,
)
from poolgate.guard.errands import Steps
from poolgate.guard.key_sets import RemoteKeySet
from poolgate.guard.refusals import GuardMisconfigured, RefusalCode, Unauthenticated
from poolgate.guard.revocation import RevocationCheck, Revocations
from poolgate.guard.roles import Roles
from poolgate.jose.base64url import decode_base64url
from poolgate.jose.key_sets import VerificationKey
from poolgate.jose.possession import bound_to
from poolgate.jose.strict_json import parse_json_object
from poolgate.jose.tokens import TokenRefused, UnverifiedToken, parse_token, verify_token

TokenUse = Literal["id", "access", "any"]

_MAX_SEEN_TOKENS: Final = 10_000
_LONGEST_LEEWAY_SECONDS: Final = 300
_SHORTEST_KEY_AGE_SECONDS: Final = 20
# SPEC RFC 6750 s2.1: b64token, of which a JWT uses only this part.
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class BearerTokens:
    """Accept `Authorization: Bearer` with a token of one user pool; give several for several pools.

    Arguments:
        issuer: The exact `iss` claim: `{public_url}/{pool id}` of a Poolgate server, or
            `https://cognito-idp.{region}.amazonaws.com/{pool id}`.
        client_ids: The app clients whose tokens are accepted (`aud` of an ID token, `client_id` of
            an access token); None accepts every app client of the pool.
        token_use: `id`, `access`, or `any` for both.
        jwks_url: Where the pool's keys are, when that is not `{issuer}/.well-known/jwks.json`, for
            example because the guard reaches the server under another name.
        leeway_seconds: How far the clocks may differ when times are judged, at most 300.
        jwks_maximum_age_seconds: Keys fetched longer ago are not trusted; half of it is the bound
            within which a key that the pool no longer publishes stops working.
        revocation: Ask the pool whether a token was revoked; needs `token_use="access"`.
    """

    issuer: str
    client_ids: Sequence[str] | None
    token_use: TokenUse = "access"  # noqa: S105 - a kind of token
    jwks_url: str | None = None
    leeway_seconds: int = 0
    jwks_maximum_age_seconds: int = 3600
    revocation: RevocationCheck | None = None

    def __post_init__(self) -> None:
        if not self.issuer or self.issuer.endswith("/"):
            raise GuardMisconfigured("issuer is the pool's issuer URL, without a slash at its end")
        if isinstance(self.client_ids, str) or (
            self.client_ids is not None and not all(self.client_ids or [""])
        ):
            raise GuardMisconfigured(
                "client_ids is a list of app client ids, or None for every client of the pool"
            )
        if self.token_use not in {"id", "access", "any"}:
            raise GuardMisconfigured("token_use is 'id', 'access' or 'any'")
        if not 0 <= self.leeway_seconds <= _LONGEST_LEEWAY_SECONDS:
            raise GuardMisconfigured("leeway_seconds is between 0 and 300")
        if self.jwks_maximum_age_seconds < _SHORTEST_KEY_AGE_SECONDS:
            raise GuardMisconfigured("jwks_maximum_age_seconds is at least 20")
        if self.revocation is not None and self.token_use != "access":  # noqa: S105 - a kind of token
            raise GuardMisconfigured("revocation can only be checked with token_use='access'")

    @property
    def key_set_url(self) -> str:
        """Return where the pool's keys are."""
        return self.jwks_url or f"{self.issuer}/.well-known/jwks.json"


@dataclass(frozen=True, slots=True)
class _Seen:
    caller: Caller
    key: VerificationKey
    verifier: "TokenVerifier"


class TokenVerifier:
    """Verifies the tokens of one pool and makes Callers of them."""

    def __init__(self, settings: BearerTokens, key_set: RemoteKeySet, roles: Roles) -> None:
        self.issuer = settings.issuer
        self.key_set = key_set
        self.revocations = None if settings.revocation is None else Revocations(settings.revocation)
        self.leeway_seconds = settings.leeway_seconds
        self._client_ids = None if settings.client_ids is None else frozenset(settings.client_ids)
        self._uses = (
            frozenset({"id", "access"})
            if settings.token_use == "any"  # noqa: S105 - a kind of token
            else frozenset({settings.token_use})
        )
        self._roles = roles

    def caller_of(
        self, token: UnverifiedToken, key: VerificationKey, now: float, kind: CallerKind
    ) -> tuple[Caller, float]:
        """Return the token's Caller and when the token ends; raise Unauthenticated otherwise."""
        try:
            claims = verify_token(token, key)
        except TokenRefused as refused:
            raise token_invalid(str(refused.private_detail or refused)) from refused
        ends_at = self._verify_times(claims, now)
        self._verify_origin(claims)
        groups = groups_in(claims)
        return (
            Caller(
                kind=kind,
                id=claims["sub"],
                issuer=self.issuer,
                username=username_in(claims),
                claims=frozen_claims(claims),
                groups=groups,
                scopes=scopes_in(claims),
                roles=self._roles.of_claims(claims, groups),
            ),
            ends_at,
        )

    def _verify_times(self, claims: Mapping[str, Any], now: float) -> float:
        expires_at = _number(claims, "exp")
        if expires_at is None:
            raise token_invalid("no exp")
        if now >= expires_at + self.leeway_seconds:
            raise Unauthenticated(
                RefusalCode.TOKEN_EXPIRED, "The token has expired.", bearer_error="invalid_token"
            )
        not_before = _number(claims, "nbf")
        if not_before is None and "nbf" in claims:
            raise token_invalid("nbf is not a number")
        if not_before is not None and now < not_before - self.leeway_seconds:
            raise token_invalid("not valid yet")
        return expires_at + self.leeway_seconds

    def _verify_origin(self, claims: Mapping[str, Any]) -> None:
        if claims.get("iss") != self.issuer:
            raise token_invalid("another issuer")
        use = claims.get("token_use")
        # SPEC RFC 8725 s3.12: one kind of token must not pass for another.
        if not isinstance(use, str) or use not in self._uses:
            raise token_invalid("another token_use")
        client_id = claims.get("client_id" if use == "access" else "aud")
        if not isinstance(client_id, str) or (
            self._client_ids is not None and client_id not in self._client_ids
        ):
            raise token_invalid("another app client")
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise token_invalid("no sub")


class BearerProof:
    """Tells the Caller of a Bearer token; tokens seen before are not verified twice.

    A token is remembered by digest until it ends, and only as long as a fresh key set still holds
    the key that signed it.
    """

    def __init__(self, verifiers: Collection[TokenVerifier]) -> None:
        self._by_issuer = {verifier.issuer: verifier for verifier in verifiers}
        if len(self._by_issuer) != len(verifiers):
            raise GuardMisconfigured("two BearerTokens have the same issuer")
        self._seen: BoundedCache[bytes, _Seen] = BoundedCache(_MAX_SEEN_TOKENS)

    def prove(self, token: str, now: float, thumbprint: str | None = None) -> Steps[Caller]:
        """Return the Caller; raise Unauthenticated for a token that does not count.

        One that is bound to a key counts with the `thumbprint` of that key only.
        """
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        seen = self._seen.find(digest, now)
        if (
            seen is None
            or seen.verifier.key_set.find_fresh_key(seen.key.key_id, now) is not seen.key
        ):
            seen = yield from self._verify(token, digest, now)
        caller, revocations = seen.caller, seen.verifier.revocations
        # SPEC RFC 9449 s7.1, RFC 7800 s3.1: what is bound to a key is no bearer token.
        if bound_to(caller.claims) != thumbprint:
            raise token_invalid("bound to another key")
        if revocations is not None:
            yield from revocations.verify(token, digest, caller.claims, caller.scopes, now)
        return caller

    def _verify(self, token: str, digest: bytes, now: float) -> Steps[_Seen]:
        # Bare characters only: a list or a second scheme in the header is not a token.
        if not _JWT.fullmatch(token):
            raise token_invalid("not a compact JWT")
        try:
            unverified = parse_token(token)
        except TokenRefused as refused:
            raise token_invalid(str(refused.private_detail)) from refused
        verifier = self._verifier_for(unverified)
        key = yield from verifier.key_set.get_key(unverified.key_id, now)
        caller, ends_at = verifier.caller_of(unverified, key, now, "bearer")
        seen = _Seen(caller, key, verifier)
        self._seen.put(digest, seen, expires_at=ends_at)
        return seen

    def _verifier_for(self, unverified: UnverifiedToken) -> TokenVerifier:
        if len(self._by_issuer) == 1:
            return next(iter(self._by_issuer.values()))
        # Only to choose whose keys to try; the choice is verified with the rest.
        try:
            claims = parse_json_object(decode_base64url(unverified.payload_segment))
        except ValueError as error:
            raise token_invalid("claims are not JSON") from error
        issuer = claims.get("iss")
        verifier = self._by_issuer.get(issuer) if isinstance(issuer, str) else None
        if verifier is None:
            raise token_invalid("another issuer")
        return verifier


def token_invalid(detail: str) -> Unauthenticated:
    """Return the one refusal for every token that never was good here; the log has the detail."""
    return Unauthenticated(
        RefusalCode.TOKEN_INVALID,
        "The token is not valid.",
        bearer_error="invalid_token",
        private_detail=detail,
    )


def _number(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value

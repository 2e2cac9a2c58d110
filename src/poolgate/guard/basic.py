"""Proof by HTTP Basic: the user's own password, tried at the user pool by USER_PASSWORD_AUTH.

Every new pair costs the pool a password hash and counts for its lock-out, so a pair that was right
is remembered for a short while by a keyed digest, and repeated failures are held back here.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Any, Final

from poolgate.foundation.randomness import random_bytes
from poolgate.foundation.secret import Secret
from poolgate.guard.bearer import BearerTokens, TokenVerifier, token_invalid
from poolgate.guard.bounded import BoundedCache, FailureLimiter
from poolgate.guard.callers import Caller
from poolgate.guard.cognito_calls import (
    OK,
    cognito_call,
    error_name,
    regional_endpoint,
    throttled,
    unavailable,
    verify_answered,
)
from poolgate.guard.errands import Errand, Steps
from poolgate.guard.key_sets import RemoteKeySet
from poolgate.guard.outbound import OutboundAnswer, OutboundFailed, OutboundRequest, is_loopback
from poolgate.guard.refusals import GuardMisconfigured, RefusalCode, Unauthenticated
from poolgate.guard.requests import GuardRequest
from poolgate.guard.roles import Roles
from poolgate.jose.base64url import decode_base64url
from poolgate.jose.strict_json import parse_json_object
from poolgate.jose.tokens import TokenRefused, UnverifiedToken, parse_token

_WHAT: Final = "The user pool"
_LONGEST_CACHE_SECONDS: Final = 60
_MAX_REMEMBERED: Final = 10_000
# How long an answer may wait to be verified and remembered, for those who asked meanwhile.
_ARRIVED_SECONDS: Final = 5
_MAX_FAILURES: Final = 10
_FAILURE_WINDOW_SECONDS: Final = 60
_POOL_ID = re.compile(r"[A-Za-z0-9-]{1,45}_[A-Za-z0-9]{1,55}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What the pool says about a person's proof. Everything else is a mistake in the settings or
# trouble of the pool, and not the person's fault.
_REJECTIONS: Final = {
    "NotAuthorizedException": "Incorrect username or password.",
    # Told apart from a wrong password nowhere: who has an account is not the guard's to tell.
    "UserNotFoundException": "Incorrect username or password.",
    "UserNotConfirmedException": "User is not confirmed.",
    "PasswordResetRequiredException": "Password reset required for the user",
    "UserLambdaValidationException": "Incorrect username or password.",
    # A name that no pool takes, or an app client without the flow; the log has the pool's words.
    "InvalidParameterException": "Incorrect username or password.",
}


@dataclass(frozen=True, slots=True)
class BasicPasswords:
    """Accept `Authorization: Basic` with the name and password of a pool's user.

    Refused when the request came without TLS from another machine. A user who owes a challenge (a
    new password, MFA) is refused with the challenge's name.

    Arguments:
        client_id: The app client that signs users in; it must allow ALLOW_USER_PASSWORD_AUTH.
        region: The pool's region.
        endpoint_url: The Poolgate server; None for AWS's endpoint of the region.
        client_secret: The app client's secret, if it has one.
        issuer: The exact `iss` of the pool's tokens. Without it the pool's URL at `endpoint_url`
            and AWS's own form are accepted, with keys from `endpoint_url`.
        jwks_url: Where the pool's keys are, when that does not follow from the issuer.
        cache_seconds: How long a right password is remembered, at most 60; 0 turns it off. A
            changed password may work this much longer.
        allow_plain_http: Accept passwords from other machines without TLS. Anybody between reads
            them.
    """

    client_id: str
    region: str = "us-east-1"
    endpoint_url: str | None = None
    client_secret: str | Secret | None = field(default=None, repr=False)
    issuer: str | None = None
    jwks_url: str | None = None
    cache_seconds: int = _LONGEST_CACHE_SECONDS
    allow_plain_http: bool = False

    def __post_init__(self) -> None:
        if not self.client_id:
            raise GuardMisconfigured("BasicPasswords needs a client_id")
        if not 0 <= self.cache_seconds <= _LONGEST_CACHE_SECONDS:
            raise GuardMisconfigured("cache_seconds is between 0 and 60")
        if self.jwks_url is not None and self.issuer is None:
            raise GuardMisconfigured("jwks_url needs the issuer that its keys speak for")

    @property
    def endpoint(self) -> str:
        """Return where the pool is asked, without a slash at its end."""
        return (self.endpoint_url or regional_endpoint(self.region)).rstrip("/")


class BasicProof:
    """Tells the Caller of a name and a password."""

    def __init__(
        self,
        settings: BasicPasswords,
        roles: Roles,
        key_sets: dict[str, RemoteKeySet],
    ) -> None:
        self._settings = settings
        self._roles = roles
        self._key_sets = key_sets
        self._verifiers: dict[str, TokenVerifier] = {}
        self._remembered: BoundedCache[bytes, Caller] = BoundedCache(_MAX_REMEMBERED)
        self._arrived: BoundedCache[bytes, UnverifiedToken] = BoundedCache(_MAX_REMEMBERED)
        self._failures: FailureLimiter[bytes] = FailureLimiter(
            _MAX_FAILURES, _FAILURE_WINDOW_SECONDS
        )
        # Only in this process's memory, so that a dump of digests tells no passwords.
        self._digest_key = random_bytes(32)

    def prove(self, request: GuardRequest, credential: str, now: float) -> Steps[Caller]:
        """Return the Caller; raise Unauthenticated unless the pool signs this pair in."""
        if not is_private(request, self._settings):
            raise Unauthenticated(
                RefusalCode.TLS_REQUIRED, "Basic authentication is only accepted over TLS."
            )
        username, password = parse_basic(credential)
        pair_digest = self._digest(username, password)
        remembered = self._remembered.find(pair_digest, now)
        if remembered is not None:
            return remembered
        limit_key = self._digest(username, request.remote_address or "")
        seconds = self._failures.seconds_to_wait(limit_key, now)
        if seconds is not None:
            raise throttled(seconds)
        caller: Caller = yield from self._sign_in(username, password, pair_digest, limit_key, now)
        return caller

    def _sign_in(
        self, username: str, password: str, pair_digest: bytes, limit_key: bytes, now: float
    ) -> Steps[Caller]:
        def receive(answer: OutboundAnswer | OutboundFailed) -> UnverifiedToken:
            try:
                arrived = _id_token_in(verify_answered(answer, _WHAT))
            except Unauthenticated as refused:
                if refused.code is RefusalCode.PASSWORD_REJECTED:
                    self._failures.note_failure(limit_key, now)
                raise
            seconds = min(self._settings.cache_seconds or _ARRIVED_SECONDS, _ARRIVED_SECONDS)
            self._arrived.put(pair_digest, arrived, expires_at=now + seconds)
            return arrived

        unverified: UnverifiedToken = yield Errand(
            # The pair's digest, so that waiting for another's answer means the same password.
            shared_key=("basic", pair_digest),
            request=self._initiate_auth(username, password),
            recall=lambda: self._arrived.find(pair_digest, now),
            receive=receive,
        )
        verifier = self._verifier_for(unverified)
        key = yield from verifier.key_set.get_key(unverified.key_id, now)
        caller, ends_at = verifier.caller_of(unverified, key, now, "basic")
        self._failures.forget(limit_key)
        if self._settings.cache_seconds:
            expires_at = min(now + self._settings.cache_seconds, ends_at)
            self._remembered.put(pair_digest, caller, expires_at=expires_at)
        else:
            self._arrived.discard(pair_digest)
        return caller

    def _initiate_auth(self, username: str, password: str) -> OutboundRequest:
        settings = self._settings
        parameters: dict[str, Any] = {"USERNAME": username, "PASSWORD": password}
        if settings.client_secret is not None:
            parameters["SECRET_HASH"] = _secret_hash(settings, username)
        return cognito_call(
            settings.endpoint,
            "InitiateAuth",
            {
                "AuthFlow": "USER_PASSWORD_AUTH",
                "ClientId": settings.client_id,
                "AuthParameters": parameters,
            },
        )

    def _verifier_for(self, unverified: UnverifiedToken) -> TokenVerifier:
        """Return the verifier of the answering pool; its issuer comes from the settings' hosts."""
        settings = self._settings
        issuer = settings.issuer or self._issuer_of(unverified)
        verifier = self._verifiers.get(issuer)
        if verifier is None:
            jwks_url = settings.jwks_url
            if settings.issuer is None:
                pool_id = issuer.rpartition("/")[2]
                jwks_url = f"{settings.endpoint}/{pool_id}/.well-known/jwks.json"
            accepted = BearerTokens(issuer, [settings.client_id], token_use="id", jwks_url=jwks_url)  # noqa: S106 - a kind of token
            key_set = self._key_sets.setdefault(
                accepted.key_set_url,
                RemoteKeySet(
                    accepted.key_set_url, maximum_age_seconds=accepted.jwks_maximum_age_seconds
                ),
            )
            verifier = self._verifiers[issuer] = TokenVerifier(accepted, key_set, self._roles)
        return verifier

    def _issuer_of(self, unverified: UnverifiedToken) -> str:
        try:
            issuer = parse_json_object(decode_base64url(unverified.payload_segment)).get("iss")
        except ValueError as error:
            raise token_invalid("claims are not JSON") from error
        if not isinstance(issuer, str):
            raise token_invalid("no iss")
        host, _, pool_id = issuer.rpartition("/")
        if not _POOL_ID.fullmatch(pool_id):
            raise token_invalid("iss does not end with a pool id")
        if host not in {self._settings.endpoint, regional_endpoint(self._settings.region)}:
            raise token_invalid("another issuer; set BasicPasswords(issuer=...)")
        return issuer

    def _digest(self, name: str, rest: str) -> bytes:
        # A name has no NUL (control characters are refused), so two pairs never look the same.
        text = f"{name}\0{rest}".encode()
        return hmac.digest(self._digest_key, text, hashlib.sha256)


def parse_basic(credential: str) -> tuple[str, str]:
    """Return the name and the password; raise Unauthenticated for anything malformed."""
    try:
        text = base64.b64decode(credential.encode("ascii"), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise _malformed() from error
    # SPEC RFC 7617 s2: the first colon ends the name; a password may hold more of them.
    username, colon, password = text.partition(":")
    if not colon or not username or not password or _CONTROL.search(text):
        raise _malformed()
    return username, password


def is_private(request: GuardRequest, settings: BasicPasswords) -> bool:
    """Tell whether a password in this request was not readable on its way.

    A proxy's word that the client spoke plain http is believed; its word of TLS is not.
    """
    if settings.allow_plain_http:
        return True
    forwarded = ",".join(request.header_values("x-forwarded-proto")).lower()
    if any(part.strip() == "http" for part in forwarded.split(",")):
        return False
    return request.scheme == "https" or is_loopback(request.remote_address)


def _id_token_in(answer: OutboundAnswer) -> UnverifiedToken:
    """Return the ID token of a sign-in; raise for a rejection or a challenge."""
    answered = answer.json_object()
    if answer.status != OK:
        name = error_name(answer)
        reason = _REJECTIONS.get(name)
        if reason is None:
            raise unavailable(_WHAT, name)
        raise Unauthenticated(
            RefusalCode.PASSWORD_REJECTED,
            f"Authentication failed (reason: {reason})",
            private_detail=f"{name}: {answered.get('message')}",
        )
    if "ChallengeName" in answered:
        raise Unauthenticated(
            RefusalCode.CHALLENGE_OWED,
            f"Authentication failed (reason: challenge was {answered['ChallengeName']})",
        )
    tokens = answered.get("AuthenticationResult")
    id_token = tokens.get("IdToken") if isinstance(tokens, dict) else None
    if not isinstance(id_token, str):
        raise unavailable(_WHAT, "an answer without an ID token")
    try:
        return parse_token(id_token)
    except TokenRefused as refused:
        raise unavailable(_WHAT, "an answer with a malformed ID token") from refused


def _secret_hash(settings: BasicPasswords, username: str) -> str:
    client_secret = settings.client_secret
    text = client_secret.reveal() if isinstance(client_secret, Secret) else client_secret or ""
    # AWS signing-up-users-in-your-app (SECRET_HASH): HMAC over the name and the client id.
    digest = hmac.digest(text.encode(), (username + settings.client_id).encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def _malformed() -> Unauthenticated:
    return Unauthenticated(
        RefusalCode.CREDENTIALS_MALFORMED,
        "Authorization header did not match declared format",
    )

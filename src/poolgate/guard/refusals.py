"""What the guard says no with: a status, a stable code, a text and the challenges.

The guard never writes a response body: each API has its own. A renderer (see `responses`) turns a
Refusal into the API's answer.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import ClassVar, Self

from poolgate.foundation.failure import Failure


class RefusalCode(StrEnum):
    """The stable reasons; an API may switch on them."""

    CREDENTIALS_MISSING = "credentials_missing"
    CREDENTIALS_MALFORMED = "credentials_malformed"
    SEVERAL_CREDENTIALS = "several_credentials"
    SCHEME_NOT_ACCEPTED = "scheme_not_accepted"
    TOKEN_INVALID = "token_invalid"  # noqa: S105 - the name of a refusal
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - the name of a refusal
    KEY_PROOF_INVALID = "key_proof_invalid"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of a refusal
    PASSWORD_REJECTED = "password_rejected"  # noqa: S105 - the name of a refusal
    CHALLENGE_OWED = "challenge_owed"
    TLS_REQUIRED = "tls_required"
    SIGNATURE_INVALID = "signature_invalid"
    SIGNATURE_REPLAYED = "signature_replayed"
    ACCESS_KEY_UNKNOWN = "access_key_unknown"
    PRINCIPAL_NOT_ALLOWED = "principal_not_allowed"
    ACTOR_NOT_ALLOWED = "actor_not_allowed"
    INVOKE_DENIED = "invoke_denied"
    REQUEST_AMBIGUOUS = "request_ambiguous"
    ANONYMOUS_NOT_ALLOWED = "anonymous_not_allowed"
    PERMISSION_DENIED = "permission_denied"
    SCOPE_MISSING = "scope_missing"
    REQUEST_TOO_LARGE = "request_too_large"
    THROTTLED = "throttled"
    DEPENDENCY_UNAVAILABLE = "dependency_unavailable"


class Refusal(Failure):
    """A request that does not get through; `message` may be shown and holds no secret.

    Arguments:
        code: Why, as a stable word.
        message: Why, as a sentence for the API's users.
        www_authenticate: The values of the WWW-Authenticate headers to send.
        bearer_error: RFC 6750's error word, where a Bearer token was the trouble.
        scope: The scopes that were missing, for `insufficient_scope`.
        retry_after_seconds: When to come back, for refusals that pass.
        private_detail: For the log only.
        facts: What an API may want for its own words: `fault` (the kind of a signature's fault),
            `principal_arn` and `resource` (of a refused invocation).
    """

    status: ClassVar[int] = 403

    def __init__(
        self,
        code: RefusalCode,
        message: str,
        *,
        www_authenticate: Sequence[str] = (),
        bearer_error: str | None = None,
        scope: str | None = None,
        retry_after_seconds: int | None = None,
        private_detail: str | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(private_detail=private_detail, **(facts or {}))
        self.code = code
        self.message = message
        self.www_authenticate = tuple(www_authenticate)
        self.bearer_error = bearer_error
        self.scope = scope
        self.retry_after_seconds = retry_after_seconds

    def with_challenges(self, www_authenticate: Sequence[str]) -> Self:
        """Return a new refusal that says the same with these challenges.

        New, because requests that waited for one answer share the exception that it raised.
        """
        return type(self)(
            self.code,
            self.message,
            www_authenticate=www_authenticate,
            bearer_error=self.bearer_error,
            scope=self.scope,
            retry_after_seconds=self.retry_after_seconds,
            private_detail=self.private_detail,
            facts=self.facts,
        )

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.code}: {self.message})"


class Unauthenticated(Refusal):
    """No credential where one is needed, or a bad one."""

    status = 401


class Forbidden(Refusal):
    """A good credential that may not do this."""

    status = 403


class RequestTooLarge(Refusal):
    """The body is above the guard's limit, so it was not read to its end."""

    status = 413


class HeadersTooLarge(RequestTooLarge):
    """The request line or the headers are above the guard's limits."""

    status = 431


class Throttled(Refusal):
    """Too many failed attempts, or the other side asks to slow down."""

    status = 429


class DependencyUnavailable(Refusal):
    """What the guard must ask is not answering; never a reason to let a request in."""

    status = 503


class GuardMisconfigured(ValueError):
    """The guard's settings make no sense; raised while they are loaded, never by a request."""

"""Notice within a bound that an access token was revoked, by asking the user pool.

A token's own times do not tell of a sign-out. `GetUser` with the token does, at Poolgate and at
AWS; one answer counts for `bound_seconds`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from poolgate.guard.bounded import BoundedCache
from poolgate.guard.cognito_calls import OK, cognito_call, error_name, unavailable, verify_answered
from poolgate.guard.errands import Errand, Steps
from poolgate.guard.outbound import OutboundAnswer, OutboundFailed
from poolgate.guard.refusals import GuardMisconfigured, RefusalCode, Unauthenticated

_WHAT: Final = "The user pool"
_SELF_SERVICE_SCOPE: Final = "aws.cognito.signin.user.admin"
_MAX_TOKENS: Final = 10_000
_LONGEST_BOUND_SECONDS: Final = 3600
# The token is at fault, or the user is gone; everything else is the pool's or the guard's trouble.
_REVOKED: Final = frozenset(
    {
        "NotAuthorizedException",
        "UserNotFoundException",
        "UserNotConfirmedException",
        "PasswordResetRequiredException",
    }
)


@dataclass(frozen=True, slots=True)
class RevocationCheck:
    """Ask the user pool whether an access token still counts.

    Arguments:
        endpoint_url: The Poolgate server, or AWS's regional endpoint.
        bound_seconds: How long a revoked token may still get through, at most an hour.
    """

    endpoint_url: str
    bound_seconds: int = 60

    def __post_init__(self) -> None:
        if not 0 < self.bound_seconds <= _LONGEST_BOUND_SECONDS:
            raise GuardMisconfigured("bound_seconds is between 1 and 3600")


class Revocations:
    """What is known about access tokens, by digest."""

    def __init__(self, check: RevocationCheck) -> None:
        self._check = check
        self._alive: BoundedCache[bytes, bool] = BoundedCache(_MAX_TOKENS)

    def verify(
        self,
        token: str,
        digest: bytes,
        claims: Mapping[str, Any],
        scopes: frozenset[str],
        now: float,
    ) -> Steps[None]:
        """Raise Unauthenticated for a token that was revoked before the bound.

        A service's token has no refresh token behind it and cannot be revoked; a user's token that
        lacks the scope to ask with cannot be checked and is refused.
        """
        if self._alive.find(digest, now):
            return
        if _SELF_SERVICE_SCOPE not in scopes:
            if "username" in claims:
                raise _revoked("a user's token without the scope that revocation is checked with")
            return

        def recall() -> bool | None:
            return self._alive.find(digest, now)

        def receive(answer: OutboundAnswer | OutboundFailed) -> bool:
            answered = verify_answered(answer, _WHAT)
            if answered.status == OK:
                self._alive.put(digest, kept=True, expires_at=now + self._check.bound_seconds)
                return True
            if error_name(answered) in _REVOKED:
                raise _revoked(error_name(answered))
            raise unavailable(_WHAT, error_name(answered))

        call = cognito_call(self._check.endpoint_url, "GetUser", {"AccessToken": token})
        yield Errand(("revocation", digest), call, recall, receive)


def _revoked(detail: str) -> Unauthenticated:
    return Unauthenticated(
        RefusalCode.TOKEN_REVOKED,
        "The token has been revoked.",
        bearer_error="invalid_token",
        private_detail=detail,
    )

"""Delegated calls: a service signs, and carries the token of the user it acts for."""

from collections.abc import Sequence
from dataclasses import dataclass

from poolgate.guard.principals import PrincipalPatterns
from poolgate.guard.refusals import (
    Forbidden,
    GuardMisconfigured,
    RefusalCode,
    Unauthenticated,
)
from poolgate.policy.principal import Principal


@dataclass(frozen=True, slots=True)
class Delegation:
    """Accept signed requests with `X-Subject-Token`; permissions then see the subject's claims.

    The header holds the bare token and must be among the signed headers. The Caller's `actor` is
    the service. Needs SignedRequests and BearerTokens in the same guard; an actor need not be
    listed in `SignedRequests.principals`, which is about calls of its own.

    Arguments:
        actors: ARN patterns of the principals that may act for users. `*` alone is refused: to act
            for anybody is a right to be given by name.
    """

    actors: Sequence[str]

    def __post_init__(self) -> None:
        if not self.actors or "*" in self.actors:
            raise GuardMisconfigured("actors names the principals that may act for users")
        PrincipalPatterns(self.actors, setting="actors")


def verify_actor(patterns: PrincipalPatterns, principal: Principal) -> None:
    """Raise Forbidden unless the principal may act for users."""
    if not patterns.admit(principal):
        raise Forbidden(
            RefusalCode.ACTOR_NOT_ALLOWED,
            f"User: {principal.arn} is not allowed to act for other callers",
            facts={"principal_arn": principal.arn},
        )


def verify_bare(subject_token: str) -> None:
    """Raise Unauthenticated when the header holds a scheme's name before the token."""
    if subject_token.strip().lower().startswith("bearer"):
        raise Unauthenticated(
            RefusalCode.CREDENTIALS_MALFORMED,
            "X-Subject-Token holds the bare token, without a scheme.",
        )

"""Unsigned calls to the user-pool API, of Poolgate or of AWS, and what their errors mean."""

import json
from collections.abc import Mapping
from typing import Any, Final

from poolgate.guard.outbound import OutboundAnswer, OutboundFailed, OutboundRequest
from poolgate.guard.refusals import DependencyUnavailable, Refusal, RefusalCode, Throttled

OK: Final = 200
_CLIENT_ERROR: Final = 400
_TOO_MANY_REQUESTS: Final = 429
_THROTTLES: Final = frozenset(
    {"TooManyRequestsException", "LimitExceededException", "ThrottlingException"}
)
_DEFAULT_RETRY_SECONDS: Final = 5
_MAX_RETRY_SECONDS: Final = 3600


def regional_endpoint(region: str) -> str:
    """Return AWS's user-pool endpoint of a region."""
    return f"https://cognito-idp.{region}.amazonaws.com"


def cognito_call(endpoint_url: str, operation: str, members: Mapping[str, Any]) -> OutboundRequest:
    """Return the call of an operation that takes no AWS signature."""
    return OutboundRequest(
        method="POST",
        url=endpoint_url.rstrip("/") + "/",
        headers=(
            ("Content-Type", "application/x-amz-json-1.1"),
            ("X-Amz-Target", f"AWSCognitoIdentityProviderService.{operation}"),
        ),
        body=json.dumps(members).encode(),
    )


def error_name(answer: OutboundAnswer) -> str:
    """Return the exception that an answer names, without its namespace."""
    name = answer.json_object().get("__type")
    return name.rpartition("#")[2] if isinstance(name, str) else ""


def verify_answered(answer: OutboundAnswer | OutboundFailed, what: str) -> OutboundAnswer:
    """Return an answer that judges the request; raise when the other side is down or throttles."""
    if isinstance(answer, OutboundFailed):
        raise unavailable(what, answer.private_detail or "no answer")
    if answer.status == _TOO_MANY_REQUESTS or error_name(answer) in _THROTTLES:
        raise throttled(retry_seconds(answer))
    if answer.status not in {OK, _CLIENT_ERROR}:
        raise unavailable(what, f"status {answer.status}")
    return answer


def unavailable(what: str, detail: str) -> Refusal:
    """Return the refusal for a dependency that gives no usable answer."""
    return DependencyUnavailable(
        RefusalCode.DEPENDENCY_UNAVAILABLE,
        f"{what} is not available.",
        private_detail=detail,
        retry_after_seconds=_DEFAULT_RETRY_SECONDS,
    )


def throttled(seconds: int) -> Refusal:
    """Return the refusal that asks to come back later."""
    return Throttled(
        RefusalCode.THROTTLED, "Too many requests.", retry_after_seconds=max(1, seconds)
    )


def retry_seconds(answer: OutboundAnswer) -> int:
    """Return the answer's Retry-After in seconds, within bounds."""
    text = answer.retry_after or ""
    if text.isascii() and text.isdigit():
        return min(int(text), _MAX_RETRY_SECONDS)
    return _DEFAULT_RETRY_SECONDS

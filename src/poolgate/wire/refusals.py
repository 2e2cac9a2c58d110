"""What the AWS door itself refuses, and how each protocol names it.

A `Refusal` is found before an operation runs: the request is too large, malformed, unsigned or
names something unknown. Failures of the domains are worded by the services' error tables.
"""

from dataclasses import dataclass
from enum import Enum

from poolgate.foundation.failure import Failure
from poolgate.operations.errors import BAD_REQUEST

FORBIDDEN = 403
NOT_ALLOWED = 405
TOO_LARGE = 413
HEADERS_TOO_LARGE = 431
NOT_BUILT = 501


@dataclass(frozen=True, slots=True)
class Naming:
    """A refusal's code and status in JSON 1.1 and in the Query protocol."""

    json_code: str
    query_code: str
    json_status: int = BAD_REQUEST
    query_status: int = BAD_REQUEST


class Reason(Enum):
    """Why the door refuses. AWS protocol.md 2, 3 and 6.3 give the codes."""

    BODY_TOO_LARGE = Naming(
        "RequestEntityTooLargeException", "RequestEntityTooLarge", TOO_LARGE, TOO_LARGE
    )
    HEADERS_TOO_LARGE = Naming(
        "RequestHeaderTooLargeException",
        "RequestHeaderSectionTooLarge",
        HEADERS_TOO_LARGE,
        HEADERS_TOO_LARGE,
    )
    UNKNOWN_OPERATION = Naming("UnknownOperationException", "InvalidAction")
    MISSING_OPERATION = Naming("UnknownOperationException", "MissingAction")
    NOT_BUILT = Naming("NotImplementedException", "NotImplemented", NOT_BUILT, NOT_BUILT)
    METHOD_NOT_ALLOWED = Naming(
        "MethodNotAllowedException", "MethodNotAllowed", NOT_ALLOWED, NOT_ALLOWED
    )
    MALFORMED = Naming("SerializationException", "MalformedInput")
    MALFORMED_QUERY = Naming("MalformedQueryString", "MalformedQueryString")
    MISSING_AUTHENTICATION = Naming(
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
        query_status=FORBIDDEN,
    )
    INCOMPLETE_SIGNATURE = Naming("IncompleteSignatureException", "IncompleteSignature")
    INVALID_ACCESS_KEY = Naming(
        "UnrecognizedClientException", "InvalidClientTokenId", query_status=FORBIDDEN
    )
    EXPIRED_TOKEN = Naming("ExpiredTokenException", "ExpiredToken", query_status=FORBIDDEN)
    SIGNATURE_MISMATCH = Naming(
        "InvalidSignatureException", "SignatureDoesNotMatch", query_status=FORBIDDEN
    )
    ACCESS_DENIED = Naming("AccessDeniedException", "AccessDenied", query_status=FORBIDDEN)


class Refusal(Failure):
    """The door does not let the request in."""

    def __init__(self, reason: Reason, message: str = "") -> None:
        super().__init__(message=message)
        self.reason = reason
        self.message = message


class ConstraintsFailed(Failure):
    """Members of the request break constraints of their shapes."""

    def __init__(self, message: str) -> None:
        super().__init__(message=message)
        self.message = message

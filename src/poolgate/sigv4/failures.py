"""Why a signed request is refused, in AWS's words."""

from enum import StrEnum
from typing import Final

from poolgate.foundation.failure import Failure


class SignatureFault(StrEnum):
    """What kind of refusal it is; each door names it in its own protocol."""

    MISSING_AUTHENTICATION = "MissingAuthentication"
    INCOMPLETE_SIGNATURE = "IncompleteSignature"
    INVALID_ACCESS_KEY = "InvalidAccessKey"
    EXPIRED_TOKEN = "ExpiredToken"  # noqa: S105 - the name of a refusal
    SIGNATURE_MISMATCH = "SignatureMismatch"
    MALFORMED_QUERY = "MalformedQuery"


class SignatureFailure(Failure):
    """The request does not carry a good signature; `message` is AWS's text and holds no secret."""

    def __init__(self, fault: SignatureFault, message: str) -> None:
        super().__init__(message=message)
        self.fault = fault
        self.message = message


MISSING_AUTHENTICATION_TEXT: Final = "Request is missing Authentication Token"
SIGNATURE_MISMATCH_TEXT: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS"
    " Secret Access Key and signing method. Consult the service documentation for details."
)
# AWS ends the first of these with a period; the next two, for a damaged and an expired session
# token, have none.
UNKNOWN_ACCESS_KEY_TEXT: Final = "The security token included in the request is invalid."
INVALID_CREDENTIALS_TEXT: Final = "The security token included in the request is invalid"
EXPIRED_CREDENTIALS_TEXT: Final = "The security token included in the request is expired"

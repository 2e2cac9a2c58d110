"""CORS for browser SDKs: cognito-idp and cognito-identity answer any origin (protocol.md 5)."""

from collections.abc import Mapping

from poolgate.web.messages import HttpRequest, HttpResponse

BROWSER_SERVICES = frozenset({"cognito-idp", "cognito-identity"})
_HEADERS_OF_SDKS = (
    "content-type,x-amz-target,x-amz-user-agent,cache-control,authorization,x-amz-date,"
    "x-amz-security-token,x-amz-content-sha256,amz-sdk-invocation-id,amz-sdk-request"
)
ANSWER_HEADERS: Mapping[str, str] = {
    "access-control-allow-origin": "*",
    # AWS protocol.md 5: Amplify reads the error's type from the header when it may.
    "access-control-expose-headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date",
}


def preflight(http: HttpRequest) -> HttpResponse:
    """Answer an OPTIONS request: any origin may POST, with the headers that it asks for."""
    asked = http.header("access-control-request-headers") or _HEADERS_OF_SDKS
    # What is echoed is bounded and is only ever a list of header names.
    is_list = len(asked) <= len(_HEADERS_OF_SDKS) * 4 and all(
        character.isascii() and (character.isalnum() or character in "-_, ") for character in asked
    )
    return HttpResponse(
        200,
        {
            "access-control-allow-origin": "*",
            "access-control-allow-methods": "POST",
            "access-control-allow-headers": asked if is_list else _HEADERS_OF_SDKS,
            "access-control-max-age": "172800",
        },
    )

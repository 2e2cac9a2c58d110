"""CORS for browser SDKs: cognito-idp and cognito-identity answer any origin (protocol.md 5)."""

from collections.abc import Mapping

from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.web.preflights import answer_preflight

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
    """Answer an OPTIONS request: any origin may POST."""
    return answer_preflight(
        http, methods="POST", usual_headers=_HEADERS_OF_SDKS, max_age_seconds=172800
    )

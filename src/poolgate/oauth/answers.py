"""Answers of the OAuth door and the headers they share."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from poolgate.oauth.errors import OAuthError
from poolgate.web.messages import HttpResponse

OK, CREATED, FOUND, SEE_OTHER, NOT_ALLOWED = 200, 201, 302, 303, 405
# AWS: headers of every answer of a domain. Browsers keep nothing, frames show nothing.
SHARED_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "cache-control": "no-cache, no-store, max-age=0, must-revalidate",
        "pragma": "no-cache",
        "expires": "0",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "x-xss-protection": "1; mode=block",
        "referrer-policy": "no-referrer",
    }
)
STRICT_TRANSPORT = "max-age=31536000 ; includeSubDomains"
# AWS: fixed, on the endpoints that programs in pages call.
ANY_ORIGIN: Mapping[str, str] = MappingProxyType(
    {
        "access-control-allow-origin": "*",
        # SPEC RFC 9449 s8: what a program in a page must be able to read.
        "access-control-expose-headers": "DPoP-Nonce, WWW-Authenticate",
    }
)


def json_answer(members: Mapping[str, object], status: int = OK) -> HttpResponse:
    """Return the members as JSON."""
    return HttpResponse(
        status,
        {"content-type": "application/json;charset=UTF-8"},
        msgspec.json.encode(members),
    )


def error_answer(error: OAuthError) -> HttpResponse:
    """Return an error as RFC 6749 section 5.2 has it."""
    return json_answer(error_members(error), error.status)


def error_members(error: OAuthError) -> dict[str, object]:
    """Return the members of an error."""
    members: dict[str, object] = {"error": error.code}
    if error.description is not None:
        members["error_description"] = error.description
    return members


def redirect(location: str, *, error_code: str = "") -> HttpResponse:
    """Send the browser on, with an error where one is named."""
    return HttpResponse(FOUND, {"location": location}, error_code=error_code)

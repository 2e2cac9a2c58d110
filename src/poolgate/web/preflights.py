"""Preflight requests: a browser asks whether a page of another site may send a request."""

from poolgate.web.messages import HttpRequest, HttpResponse

_MOST_CHARACTERS = 1024


def answer_preflight(
    http: HttpRequest, *, methods: str, usual_headers: str, max_age_seconds: int
) -> HttpResponse:
    """Let pages of any origin send the methods, with whatever headers they ask for."""
    asked = http.header("access-control-request-headers") or usual_headers
    # What is echoed is bounded and is only ever a list of header names.
    is_list = len(asked) <= _MOST_CHARACTERS and all(
        character.isascii() and (character.isalnum() or character in "-_, ") for character in asked
    )
    return HttpResponse(
        200,
        {
            "access-control-allow-origin": "*",
            "access-control-allow-methods": methods,
            "access-control-allow-headers": asked if is_list else usual_headers,
            "access-control-max-age": str(max_age_seconds),
        },
    )

"""A refusal as the API's own HTTP answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from poolgate.guard.refusals import Refusal


@dataclass(frozen=True, slots=True)
class RenderedRefusal:
    """An API's answer to a refused request.

    Arguments:
        status: The HTTP status; an API may choose another than the refusal's.
        body: The body.
        content_type: The body's type.
        headers: Further headers. WWW-Authenticate and Retry-After are added by the middleware.
    """

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Renderer = Callable[[Refusal], RenderedRefusal]


def render_json(refusal: Refusal) -> RenderedRefusal:
    """Return `{"code": ..., "message": ...}` with the refusal's status.

    Arguments:
        refusal: Why the request does not get through.
    """
    told = {"code": refusal.code.value, "message": refusal.message}
    return RenderedRefusal(refusal.status, json.dumps(told).encode())


def response_headers(refusal: Refusal, rendered: RenderedRefusal) -> list[tuple[str, str]]:
    """Return all headers of the answer; each challenge is a header of its own."""
    headers = [
        ("content-type", rendered.content_type),
        ("content-length", str(len(rendered.body))),
        ("cache-control", "no-store"),
        *rendered.headers,
    ]
    headers += [("www-authenticate", value) for value in refusal.www_authenticate]
    if refusal.retry_after_seconds is not None:
        headers.append(("retry-after", str(refusal.retry_after_seconds)))
    return headers

"""The guard in front of a WSGI application: Flask, Django or any other.

WSGI hands over a decoded path and joins repeated headers. Where the server gives the raw target
(`REQUEST_URI` or `RAW_URI`: gunicorn, uWSGI, mod_wsgi, Werkzeug, waitress) that is used. Without it
the path is encoded again, and a signed request whose path was written in another way is refused.
"""

import io
from collections.abc import Callable, Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from poolgate.guard.asgi import (
    CALLER_KEY,
    DEFAULT_MAX_BODY_BYTES,
    PermissionRule,
    too_large,
)
from poolgate.guard.gate import Guard
from poolgate.guard.permissions import Permission
from poolgate.guard.refusals import Refusal
from poolgate.guard.requests import GuardRequest
from poolgate.guard.responses import Renderer, render_json, response_headers

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApplication = Callable[[Environ, StartResponse], Iterable[bytes]]

_PATH_SAFE: Final = "/:@!$&'()*+,;=~"


class GuardWsgiMiddleware:
    """Authenticates every request and puts the Caller into the environ.

    The application finds it as `environ["poolgate.caller"]`. A Refusal that the application raises
    while it is called is rendered like the guard's own.

    Arguments:
        app: The WSGI application behind the guard.
        guard: The guard.
        permission: What every request needs, or a function from the request to what it needs. By
            default only authenticated callers get through.
        render: Turns a Refusal into the API's own answer.
        max_body_bytes: The largest body of a signed request.
    """

    def __init__(
        self,
        app: WsgiApplication,
        guard: Guard,
        *,
        permission: PermissionRule | None = None,
        render: Renderer = render_json,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    ) -> None:
        self._app = app
        self._guard = guard
        self._permission = permission or Permission.authenticated()
        self._render = render
        self._max_body_bytes = max_body_bytes

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        try:
            self._admit(environ)
            return self._app(environ, start_response)
        except Refusal as refusal:
            rendered = self._render(refusal)
            start_response(_status_line(rendered.status), response_headers(refusal, rendered))
            return [rendered.body]

    def _admit(self, environ: Environ) -> None:
        request = request_of_environ(environ)
        if self._guard.needs_body(request):
            body = _read_body(environ, self._max_body_bytes)
            environ["wsgi.input"] = io.BytesIO(body)
            request = replace(request, body=body)
        caller = self._guard.authenticate(request)
        permission = self._permission
        if not isinstance(permission, Permission):
            permission = permission(request)
        self._guard.authorize(request, caller, permission)
        environ[CALLER_KEY] = caller


def request_of_environ(environ: Environ) -> GuardRequest:
    """Return the request that a WSGI environ describes, its body not read."""
    headers = [
        (name[5:].replace("_", "-").lower(), value)
        for name, value in environ.items()
        if name.startswith("HTTP_") and name not in {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"}
    ]
    headers += [
        (name.replace("_", "-").lower(), environ[name])
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        if environ.get(name)
    ]
    return GuardRequest(
        method=environ["REQUEST_METHOD"],
        path=_raw_path(environ),
        query=environ.get("QUERY_STRING", ""),
        headers=tuple(headers),
        body=None,
        scheme=environ.get("wsgi.url_scheme", "http"),
        remote_address=environ.get("REMOTE_ADDR") or None,
    )


def _raw_path(environ: Environ) -> str:
    decoded = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1")
    raw = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if isinstance(raw, str):
        path = raw.partition("?")[0]
        if "://" in path:  # SPEC RFC 9112 s3.2.2: the target may be in absolute form
            path = "/" + path.partition("://")[2].partition("/")[2]
        # The path that the application acts on wins: a signature for another one then fails.
        if unquote_to_bytes(path) == decoded:
            return path
    return quote(decoded, safe=_PATH_SAFE)


def _read_body(environ: Environ, max_bytes: int) -> bytes:
    length = environ.get("CONTENT_LENGTH") or ""
    stream = environ["wsgi.input"]
    if length.isascii() and length.isdigit():
        if int(length) > max_bytes:
            raise too_large()
        declared: bytes = stream.read(int(length))
        return declared
    if not environ.get("wsgi.input_terminated"):
        return b""
    body: bytes = stream.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise too_large()
    return body


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Refused"

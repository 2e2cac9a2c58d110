"""The HTTP application: one request to one answer, by path.

`Application.handle` is the whole server without a socket; `__call__` is its WSGI edge, the only
place that knows WSGI.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from poolgate.foundation.randomness import random_uuid
from poolgate.login.door import find_page
from poolgate.oauth.discovery import find_document
from poolgate.oauth.door import find_oauth_endpoint
from poolgate.oauth.images import find_image
from poolgate.oauth.places import find_place, named_domain
from poolgate.server.feedback_door import handle_feedback, is_feedback
from poolgate.server.observations import Observer
from poolgate.server.operator_door import OperatorDoor
from poolgate.server.peers import Peers
from poolgate.server.upload_door import handle_upload
from poolgate.userpools.import_files import UPLOAD_PATH
from poolgate.userpools.pools import UserPoolNotFound
from poolgate.web.handled import Handled, place_of
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.wire.aws_door import handle_aws_request
from poolgate.wire.guard_door import handle_guard_request
from poolgate.wire.installation import Installation
from poolgate.wire.pipeline import INTERNAL_ERROR, MAX_BODY_BYTES

OPERATOR_PREFIX = "/_poolgate/"
GUARD_PREFIX = "/_poolgate/guard/"
OK, NOT_FOUND = 200, 404
READ_BY_ANY_ORIGIN: Mapping[str, str] = MappingProxyType(
    {"access-control-allow-origin": "*", "access-control-allow-methods": "GET, HEAD"}
)
_REASONS = {
    200: "OK",
    204: "No Content",
    302: "Found",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Application:
    """One running server's answers."""

    def __init__(
        self,
        installation: Installation,
        *,
        operator_door: OperatorDoor,
        observer: Observer,
        peers: Peers,
    ) -> None:
        self.installation = installation
        self._operator_door = operator_door
        self._observer = observer
        self._peers = peers

    def handle(self, http: HttpRequest) -> HttpResponse:
        """Answer one request; the log and the metrics tell of it."""
        started = time.perf_counter()
        try:
            handled = self._route(http)
        except Exception as error:  # noqa: BLE001 - the last line of defence: anything is a bare 500
            response = HttpResponse(INTERNAL_ERROR, {"content-type": "text/plain"}, b"error\n")
            handled = Handled(response, "", defect=place_of(error))
        self._observer.observe(http, handled, time.perf_counter() - started)
        return handled.response

    def __call__(
        self, environ: Mapping[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one WSGI request."""
        response = self.handle(self._peers.trusted_view(read_environ(environ)))
        reason = _REASONS.get(response.status, "Unknown")
        headers = [(name, value) for name, value in response.headers.items()]
        headers += [("set-cookie", cookie) for cookie in response.cookies]
        headers.append(("content-length", str(len(response.body))))
        start_response(f"{response.status} {reason}", headers)
        return [response.body]

    def _route(self, http: HttpRequest) -> Handled:
        if http.path in {"/", ""}:
            return handle_aws_request(self.installation, http)
        if http.path.startswith(GUARD_PREFIX):
            return handle_guard_request(self.installation, http)
        if http.path.startswith(UPLOAD_PATH):
            return handle_upload(self.installation, http)
        if http.path.startswith(OPERATOR_PREFIX):
            return self._operator_door.handle(http)
        if is_feedback(http):
            return handle_feedback(self.installation, http)
        return self._at_domain(http) or self._issuer_document(http)

    def _at_domain(self, http: HttpRequest) -> Handled | None:
        """Answer at a pool's own domain; None where the request is for none."""
        named = named_domain(self.installation.public_url, http)
        # The path first: looking the domain up costs a read, and most paths are not of a domain.
        answer = named and (find_oauth_endpoint(named.path) or find_page(named.path))
        if not named or not answer:
            return None
        call = self.installation.call_of(http, request_id=random_uuid())
        place = find_place(call, named)
        return None if place is None else answer(call, http, place)

    def _issuer_document(self, http: HttpRequest) -> Handled:
        request_id = random_uuid()
        if http.method == "OPTIONS":
            return Handled(HttpResponse(OK, READ_BY_ANY_ORIGIN), request_id)
        document = None
        if http.method in {"GET", "HEAD"}:
            with suppress(UserPoolNotFound):
                call = self.installation.call_of(http, request_id=request_id)
                document = find_document(call, http.path) or find_image(call, http.path)
        if document is None:
            body = b"not found\n"
            return Handled(
                HttpResponse(NOT_FOUND, {"content-type": "text/plain"}, body), request_id
            )
        body = b"" if http.method == "HEAD" else document.body
        response = HttpResponse(OK, document.headers, body)
        return Handled(response, request_id, service="issuer", operation="document")


def read_environ(environ: Mapping[str, Any]) -> HttpRequest:
    """Return the request of a WSGI environment, its body bounded or, of an upload, unread.

    A body beyond the limit is read one byte too far, which is enough to refuse it.
    """
    # WSGI hands the path over decoded, one character a byte; encoded again it is canonical.
    path = quote(environ.get("PATH_INFO", "/"), safe="/~", encoding="latin-1")
    is_upload = path.startswith(UPLOAD_PATH)
    headers = [
        (name[5:].replace("_", "-").lower(), value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    headers += [
        (name.replace("_", "-").lower(), environ[name])
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        if environ.get(name)
    ]
    return HttpRequest(
        method=environ["REQUEST_METHOD"],
        path=path,
        query=environ.get("QUERY_STRING", ""),
        headers=tuple(headers),
        body=b"" if is_upload else _bounded_body(environ),
        remote_address=environ.get("REMOTE_ADDR", ""),
        scheme=environ.get("wsgi.url_scheme", "http"),
        unread=environ["wsgi.input"].read if is_upload else None,
    )


def _bounded_body(environ: Mapping[str, Any]) -> bytes:
    stream, wanted, chunks = environ["wsgi.input"], MAX_BODY_BYTES + 1, []
    while wanted > 0 and (chunk := stream.read(wanted)):
        chunks.append(chunk)
        wanted -= len(chunk)
    return b"".join(chunks)

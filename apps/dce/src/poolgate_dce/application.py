"""The HTTP door: one ASGI application that takes a request in and sends the answer out."""

import logging
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from poolgate.guard import GuardRequest
from poolgate_dce.answers import PREFLIGHT, Answer, broken_answer, error_answer
from poolgate_dce.auth_pages import AUTH_PATH, AuthPages, Page, PageRequest
from poolgate_dce.failures import Failure, InvalidRequest
from poolgate_dce.gateway import Gateway, Refused, missing_token
from poolgate_dce.methods import Method, MethodCall, Office, find_methods

LARGEST_BODY = 1024 * 1024
_MOST_QUERY_FIELDS = 100
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")
_TOO_LONG = Answer(413, {"message": "Request Too Long"})
_log = logging.getLogger("poolgate_dce")


class BodyTooLong(Exception):
    """The body is longer than any request of this API."""


class Application:
    """Serves the API below its base path."""

    def __init__(
        self,
        office: Office,
        gateway: Gateway,
        *,
        base_path: str,
        public_url: str | None = None,
        pages: AuthPages | None = None,
    ) -> None:
        self._office = office
        self._gateway = gateway
        self._base_path = base_path
        self._public_url = public_url
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event of the ASGI server."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        path = self._below_base(raw_path_of(scope))
        page = await self._page(request, path)
        answered = await self._answer(request, path) if page is None else page
        await _response(answered)(scope, receive, send)

    async def _page(self, request: Request, path: str) -> Answer | Page | None:
        """Return the page for browsers at the path, None where it has none."""
        if self._pages is None or not (path == AUTH_PATH or path.startswith(f"{AUTH_PATH}/")):
            return None
        if request.method == "OPTIONS":
            return PREFLIGHT
        if request.method != "GET":
            return missing_token()
        asked = PageRequest(path, request.query_params, request.cookies)
        # It asks the hosted login and the identity pool.
        try:
            page = await run_in_threadpool(self._pages.answer, asked)
        except Exception:  # noqa: BLE001  a defect is told to the log, never to the browser
            _log.exception("page_failed path=%s", AUTH_PATH)
            return broken_answer()
        if page is not None:
            _log.info("page path=%s status=%d", path, page.status)
        return page

    async def _answer(self, request: Request, path: str) -> Answer:
        raw_path = raw_path_of(request.scope)
        methods, named = find_methods(path)
        if request.method == "OPTIONS" and methods:
            return PREFLIGHT
        method = methods.get(request.method)
        if method is None:
            # AWS: an unknown path or method answers like an unsigned request.
            return missing_token()
        try:
            body = await _read_body(request)
        except BodyTooLong:
            return _TOO_LONG
        guard_request = GuardRequest(
            method=request.method,
            path=raw_path,
            query=request.scope["query_string"].decode("latin-1"),
            headers=tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in request.scope["headers"]
            ),
            body=body,
            scheme=request.url.scheme,
            remote_address=request.client.host if request.client else None,
        )
        url = f"{self._origin(request)}{raw_path}"
        # The guard and SQLite may wait; the event loop must not.
        return await run_in_threadpool(self._run, guard_request, method, named, url)

    def _run(self, request: GuardRequest, method: Method, named: str, url: str) -> Answer:
        try:
            caller = self._gateway.admit(request, method)
        except Refused as refused:
            return refused.answer
        try:
            call = MethodCall(caller, url, _parse_query(request.query), request.body or b"", named)
            answer = method.run(self._office, call)
        except Failure as failure:
            answer = error_answer(failure)
        except Exception:  # noqa: BLE001  a defect is told to the log, never to the caller
            _log.exception("method_failed method=%s path=%s", method.http_method, method.path)
            return broken_answer()
        _log.info(
            "called method=%s path=%s status=%d caller=%r username=%r admin=%s",
            method.http_method,
            method.path,
            answer.status,
            caller.name,
            caller.username,
            caller.is_admin,
        )
        return answer

    def _below_base(self, raw_path: str) -> str:
        base = f"{self._base_path}/"
        return raw_path[len(self._base_path) :] if raw_path.startswith(base) else ""

    def _origin(self, request: Request) -> str:
        if self._public_url is not None:
            return self._public_url
        host = request.headers.get("host", "")
        return f"{request.url.scheme}://{host}" if _HOST.fullmatch(host) else ""


def raw_path_of(scope: Scope) -> str:
    """Return the path as the client sent it: percent-encoded, without the query."""
    raw_path: bytes = scope["raw_path"]
    return raw_path.partition(b"?")[0].decode("latin-1")


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise BodyTooLong
    return bytes(body)


def _parse_query(query: str) -> Mapping[str, str]:
    """Return the query's parameters; the last of a repeated one counts, as at API Gateway."""
    try:
        return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_QUERY_FIELDS))
    except ValueError as error:
        raise InvalidRequest from error


def _response(answer: Answer | Page) -> Response:
    if isinstance(answer, Page):
        shown = Response(answer.body, answer.status, media_type=answer.media_type)
        for name, value in answer.headers:
            shown.headers.append(name, value)
        return shown
    response = (
        Response(status_code=answer.status, media_type="application/json")
        if answer.body is None
        else JSONResponse(answer.body, answer.status)
    )
    response.headers["Access-Control-Allow-Origin"] = "*"
    for name, value in answer.headers:
        response.headers.append(name, value)
    return response

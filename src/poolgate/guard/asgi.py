"""The guard in front of an ASGI application: Starlette, FastAPI or any other."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, unquote

from poolgate.guard.callers import Caller
from poolgate.guard.gate import Guard
from poolgate.guard.permissions import Permission
from poolgate.guard.refusals import Refusal, RefusalCode, RequestTooLarge
from poolgate.guard.requests import GuardRequest
from poolgate.guard.responses import Renderer, render_json, response_headers

CALLER_KEY: Final = "poolgate.caller"
# Which guard the Caller is from: another guard of the same application does not take its word.
GUARD_KEY: Final = "poolgate.guard"
DEFAULT_MAX_BODY_BYTES: Final = 1024 * 1024

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]
PermissionRule = Permission | Callable[[GuardRequest], Permission]

_PATH_SAFE: Final = "/:@!$&'()*+,;=~"


class GuardMiddleware:
    """Authenticates every HTTP request and WebSocket and puts the Caller into the scope.

    The application finds it as `scope["poolgate.caller"]`. A Refusal that the application raises
    before it answers is rendered like the guard's own. The body of a signed request is read up to
    the limit, since the signature covers it, and handed on whole.

    Arguments:
        app: The ASGI application behind the guard.
        guard: The guard.
        permission: What every request needs, or a function from the request to what it needs. By
            default only authenticated callers get through; `Permission.anonymous()` leaves every
            decision to the application.
        render: Turns a Refusal into the API's own answer.
        max_body_bytes: The largest body of a signed request; a larger one needs an unsigned
            payload that `SignedRequests` permits.
    """

    def __init__(
        self,
        app: AsgiApplication,
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            if scope["type"] == "lifespan":
                await self._guard.aclose()
            return
        outlet = _Outlet(send)
        try:
            scope[CALLER_KEY], receive = await self._admit(scope, receive)
            scope[GUARD_KEY] = self._guard
            await self._app(scope, receive, outlet)
        except Refusal as refusal:
            if outlet.has_started:
                raise
            await self._refuse(scope, send, refusal)

    async def _admit(self, scope: Scope, receive: Receive) -> tuple[Caller, Receive]:
        request = request_of_scope(scope)
        if scope["type"] == "http" and self._guard.needs_body(request):
            body = await read_body(request, receive, self._max_body_bytes)
            request = replace(request, body=body)
            receive = _replaying(body, receive)
        caller = await self._guard.authenticate_async(request)
        permission = self._permission
        if not isinstance(permission, Permission):
            permission = permission(request)
        self._guard.authorize(request, caller, permission)
        return caller, receive

    async def _refuse(self, scope: Scope, send: Send, refusal: Refusal) -> None:
        rendered = self._render(refusal)
        prefix = "http"
        if scope["type"] == "websocket":
            if "websocket.http.response" not in scope.get("extensions", {}):
                # Before the handshake is accepted, closing answers it with 403.
                await send({"type": "websocket.close", "code": 1008, "reason": refusal.code.value})
                return
            prefix = "websocket.http"
        headers = [
            (name.encode("latin-1"), value.encode("latin-1", "replace"))
            for name, value in response_headers(refusal, rendered)
        ]
        await send(
            {"type": f"{prefix}.response.start", "status": rendered.status, "headers": headers}
        )
        await send({"type": f"{prefix}.response.body", "body": rendered.body})


def request_of_scope(scope: Scope) -> GuardRequest:
    """Return the request that an ASGI scope describes, its body not read."""
    peer = scope.get("client")
    return GuardRequest(
        method=scope.get("method", "GET"),
        path=_raw_path(scope),
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=tuple(
            [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        ),
        body=b"" if scope["type"] == "websocket" else None,
        scheme="https" if scope.get("scheme") in {"https", "wss"} else "http",
        remote_address=peer[0] if peer else None,
    )


async def read_body(request: GuardRequest, receive: Receive, max_bytes: int) -> bytes:
    """Return the whole body; raise RequestTooLarge as soon as it is known to be too long."""
    for declared in request.header_values("content-length"):
        if declared.isascii() and declared.isdigit() and int(declared) > max_bytes:
            raise too_large()
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > max_bytes:
            raise too_large()
        if not message.get("more_body", False):
            return bytes(body)


def too_large() -> RequestTooLarge:
    """Return the refusal of a body above the limit."""
    return RequestTooLarge(
        RefusalCode.REQUEST_TOO_LARGE, "The body is too large for a signed request."
    )


def _raw_path(scope: Scope) -> str:
    path: str = scope["path"]
    raw = scope.get("raw_path")
    if isinstance(raw, bytes):
        text = raw.decode("latin-1").partition("?")[0]
        # The path that the application acts on wins: a signature for another one then fails.
        if unquote(text) == path:
            return text
    return quote(path, safe=_PATH_SAFE)


def _replaying(body: bytes, receive: Receive) -> Receive:
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


class _Outlet:
    """Passes messages on and remembers whether the answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_started = False

    async def __call__(self, message: Message) -> None:
        self.has_started = True
        await self._send(message)

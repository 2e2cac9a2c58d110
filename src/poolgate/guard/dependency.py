"""The guard as a FastAPI dependency, with or without the ASGI middleware in front."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

from poolgate.guard.asgi import (
    CALLER_KEY,
    DEFAULT_MAX_BODY_BYTES,
    GUARD_KEY,
    request_of_scope,
    too_large,
)
from poolgate.guard.callers import Caller
from poolgate.guard.challenges import combined
from poolgate.guard.permissions import Permission
from poolgate.guard.refusals import Refusal

if TYPE_CHECKING:
    from poolgate.guard.gate import Guard


def guard_dependency(guard: "Guard", permission: Permission) -> Callable[..., Awaitable[Caller]]:
    """Return the dependency; see `Guard.dependency`."""

    async def authenticated_caller(connection: HTTPConnection) -> Caller:
        admitted = connection.scope.get(CALLER_KEY)
        request = request_of_scope(connection.scope)
        if isinstance(admitted, Caller) and connection.scope.get(GUARD_KEY) is guard:
            # The middleware in front renders what is refused here.
            guard.authorize(request, admitted, permission)
            return admitted
        try:
            if guard.needs_body(request) and isinstance(connection, Request):
                body = await connection.body()
                if len(body) > DEFAULT_MAX_BODY_BYTES:
                    raise too_large()
                request = replace(request, body=body)
            caller = await guard.authenticate_async(request)
            guard.authorize(request, caller, permission)
        except Refusal as refusal:
            raise _http_exception(refusal) from refusal
        return caller

    return authenticated_caller


def _http_exception(refusal: Refusal) -> HTTPException:
    headers = {}
    if refusal.www_authenticate:
        headers["WWW-Authenticate"] = combined(refusal.www_authenticate)
    if refusal.retry_after_seconds is not None:
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    return HTTPException(refusal.status, detail=refusal.message, headers=headers)

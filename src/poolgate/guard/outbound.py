"""The guard's own calls: only to configured hosts, no redirects, bounded in time and size."""

import asyncio
import ipaddress
import json
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from poolgate.foundation.failure import Failure
from poolgate.guard.refusals import GuardMisconfigured

if TYPE_CHECKING:
    import httpx2

DEFAULT_TIMEOUT_SECONDS: Final = 5.0
_MAX_ANSWER_BYTES: Final = 256 * 1024


class OutboundFailed(Failure):
    """The other side was not reached, was too slow or sent too much."""


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """One call that the guard wants made; the body may hold a password and is never shown."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class OutboundAnswer:
    """What the other side said."""

    status: int
    body: bytes = field(repr=False)
    retry_after: str | None = None

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object; an empty one for anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


Fetch = Callable[[OutboundRequest], OutboundAnswer]
AsyncFetch = Callable[[OutboundRequest], Awaitable[OutboundAnswer]]


class HttpFetch:
    """Makes the calls of a blocking guard over one pool of connections."""

    def __init__(self, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds
        self._http_client: httpx2.Client | None = None

    def __call__(self, request: OutboundRequest) -> OutboundAnswer:
        """Return the answer; raise OutboundFailed when there is none within the bounds."""
        import httpx2  # noqa: PLC0415 - a guard that asks nobody need not load it

        if self._http_client is None:
            # Proxies and credentials of the environment would be destinations nobody configured.
            self._http_client = httpx2.Client(
                timeout=self._timeout_seconds, follow_redirects=False, trust_env=False
            )
        bound = _Bound(self._timeout_seconds)
        try:
            with self._http_client.stream(
                request.method, request.url, headers=list(request.headers), content=request.body
            ) as response:
                for chunk in response.iter_bytes():
                    bound.take(chunk)
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise OutboundFailed(private_detail=type(error).__name__) from error
        return bound.answer(response)

    def close(self) -> None:
        """Give the connections back."""
        if self._http_client is not None:
            self._http_client.close()


class AsyncHttpFetch:
    """Makes the calls of an asyncio guard, with a pool of connections for each event loop."""

    def __init__(self, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds
        self._http_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx2.AsyncClient] = (
            WeakKeyDictionary()
        )

    async def __call__(self, request: OutboundRequest) -> OutboundAnswer:
        """Return the answer; raise OutboundFailed when there is none within the bounds."""
        import httpx2  # noqa: PLC0415 - a guard that asks nobody need not load it

        loop = asyncio.get_running_loop()
        http_client = self._http_clients.get(loop)
        if http_client is None:
            http_client = self._http_clients[loop] = httpx2.AsyncClient(
                timeout=self._timeout_seconds, follow_redirects=False, trust_env=False
            )
        bound = _Bound(self._timeout_seconds)
        try:
            async with http_client.stream(
                request.method, request.url, headers=list(request.headers), content=request.body
            ) as response:
                async for chunk in response.aiter_bytes():
                    bound.take(chunk)
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise OutboundFailed(private_detail=type(error).__name__) from error
        return bound.answer(response)

    async def close(self) -> None:
        """Give the running event loop's connections back."""
        http_client = self._http_clients.pop(asyncio.get_running_loop(), None)
        if http_client is not None:
            await http_client.aclose()


class _Bound:
    """Collects an answer and ends it when it is too long or trickles in too slowly."""

    def __init__(self, timeout_seconds: float) -> None:
        self._deadline = time.monotonic() + timeout_seconds
        self._body = bytearray()

    def take(self, chunk: bytes) -> None:
        self._body += chunk
        if len(self._body) > _MAX_ANSWER_BYTES:
            raise OutboundFailed(private_detail="answer too large")
        if time.monotonic() > self._deadline:
            raise OutboundFailed(private_detail="answer too slow")

    def answer(self, response: "httpx2.Response") -> OutboundAnswer:
        return OutboundAnswer(
            status=response.status_code,
            body=bytes(self._body),
            retry_after=response.headers.get("retry-after"),
        )


def verify_destination(url: str, plain_http_hosts: Collection[str], *, setting: str) -> None:
    """Raise GuardMisconfigured unless the guard may send what it knows to this URL.

    Passwords and signing keys go there, so it is https, or http to this machine or to a host that
    the settings name as reached over a private network.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise GuardMisconfigured(f"{setting}: {url!r} is not a URL") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise GuardMisconfigured(f"{setting}: {url!r} is not an http or https URL")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise GuardMisconfigured(f"{setting}: a URL without user, query and fragment is needed")
    if parts.scheme == "http" and not (is_loopback(host) or host in plain_http_hosts):
        raise GuardMisconfigured(
            f"{setting}: {url!r} is plain http to another host; use https, or name the host in"
            " plain_http_hosts if the network between is private"
        )


def is_loopback(host: str | None) -> bool:
    """Tell whether a host name or IP address means this machine."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback

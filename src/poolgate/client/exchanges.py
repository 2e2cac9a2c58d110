"""One HTTP exchange of the client: bounded in time and size, without redirects."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from poolgate.client import surroundings
from poolgate.client.failures import ClientFailure, ServerUnreachable
from poolgate.foundation.addresses import is_loopback

TIMEOUT_SECONDS: Final = 20.0
PLAIN_HTTP_HOSTS: Final = "POOLGATE_PLAIN_HTTP_HOSTS"
_MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024


class AddressRefused(ClientFailure):
    """A URL is not one that passwords, tokens or keys may be sent to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object; an empty one for anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


def exchange(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    seconds: float = TIMEOUT_SECONDS,
) -> Answer:
    """Send one request and return the answer.

    Raises AddressRefused for a URL that is not to be trusted with secrets, and ServerUnreachable
    when no whole answer comes within `seconds` and four megabytes.
    """
    host = verified_host(url)
    import httpx2  # noqa: PLC0415 - it takes longer to load than a cached answer may

    ends_at = time.monotonic() + seconds
    try:
        with (
            # A proxy of the environment is whoever runs the program's own wish, but it cannot reach
            # this machine's own servers.
            httpx2.Client(
                timeout=seconds, follow_redirects=False, trust_env=not is_loopback(host)
            ) as http_client,
            http_client.stream(method, url, headers=dict(headers), content=body) as response,
        ):
            read = bytearray()
            for chunk in response.iter_bytes():
                read += chunk
                if len(read) > _MAX_ANSWER_BYTES or time.monotonic() > ends_at:
                    raise ServerUnreachable(f"{host} sends too much or too slowly")
            told = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, told, bytes(read))
    except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
        detail = type(error).__name__
        raise ServerUnreachable(f"{host} does not answer ({detail})") from error


def verified_host(url: str) -> str:
    """Return the host of a URL; raise AddressRefused unless secrets may be sent there.

    That is https, or http to this machine or to a host that POOLGATE_PLAIN_HTTP_HOSTS names as
    reached over a private network.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefused(f"{url!r} is not a URL") from error
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        raise AddressRefused(f"{url!r} is not an http or https URL without a user name")
    if parts.scheme == "http" and not (is_loopback(host) or host in _plain_http_hosts()):
        raise AddressRefused(
            f"{url} is plain http to another machine; use https, or name the host in"
            f" {PLAIN_HTTP_HOSTS} if the network between is private"
        )
    return host


def _plain_http_hosts() -> frozenset[str]:
    named = surroundings.variable(PLAIN_HTTP_HOSTS) or ""
    return frozenset(host.strip() for host in named.split(",") if host.strip())

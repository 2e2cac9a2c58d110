"""HTTP at the doors: one request as it arrived, one response as it leaves."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, its body already bounded and read.

    Where a door takes in more than bodies may have, the body is still `unread`. `path` and `query`
    are as on the wire (percent-encoded, query without `?`); `headers` have lower-case names and
    keep their order of arrival.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    remote_address: str
    scheme: str = "http"
    unread: Callable[[int], bytes] | None = None

    def reader(self) -> Callable[[int], bytes]:
        """Return what gives the body in parts: at most so many bytes, none at its end."""
        return self.unread or io.BytesIO(self.body).read

    def header(self, name: str) -> str | None:
        """Return the first header of that lower-case name."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One response; each of `cookies` becomes a Set-Cookie header of its own."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cookies: tuple[str, ...] = ()
    # For the log, where a refusal is told by a redirect or a page; never sent.
    error_code: str = ""

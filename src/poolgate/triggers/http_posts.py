"""POST requests to configured addresses: no redirects, no proxies, bounded answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poolgate.triggers.targets import LIMIT_SECONDS, MAX_ANSWER_BYTES, NotInvoked, NotInvokedNow

if TYPE_CHECKING:
    import httpx2


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """What the other side answered; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpPosts:
    """Posts over one pool of connections, which is made at the first use."""

    def __init__(self) -> None:
        self._http_client: httpx2.Client | None = None

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> PostAnswer:
        """Return the answer, whatever its status; raise NotInvoked or NotInvokedNow."""
        import httpx2  # noqa: PLC0415 - a server without triggers need not load it

        if self._http_client is None:
            # Proxies of the environment would be destinations that nobody configured.
            self._http_client = httpx2.Client(
                timeout=LIMIT_SECONDS, follow_redirects=False, trust_env=False
            )
        # An unpacked answer could be larger than what was read of it.
        plain = {**headers, "Accept-Encoding": "identity"}
        try:
            with self._http_client.stream("POST", url, headers=plain, content=body) as response:
                return PostAnswer(
                    response.status_code,
                    {name.lower(): value for name, value in response.headers.items()},
                    _bounded(response),
                )
        except httpx2.TimeoutException as error:
            raise NotInvokedNow(reason="Socket timeout while invoking Lambda function") from error
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise NotInvokedNow(
                reason="Connection failed while invoking Lambda function",
                private_detail=type(error).__name__,
            ) from error


def _bounded(response: "httpx2.Response") -> bytes:
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise NotInvoked(reason="Response payload size exceeded the maximum allowed size")
    return bytes(body)

"""One request to somebody's API: with a token or signed, its answer passed on as it comes."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import BinaryIO, Final

from poolgate.client.aws_keys import AwsKeys
from poolgate.client.exchanges import verified_host
from poolgate.client.failures import ServerUnreachable
from poolgate.foundation.addresses import is_loopback
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import sign

# For the connection and for each part of the answer; the whole may take as long as it takes.
_TIMEOUT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request as a person asked for it."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    def has(self, name: str) -> bool:
        """Tell whether a header is there; the name is in lower case."""
        return any(each.lower() == name for each, _ in self.headers)

    def adding(self, *headers: tuple[str, str]) -> "ApiRequest":
        """Return the request with more headers."""
        return replace(self, headers=(*self.headers, *headers))


def signed(
    request: ApiRequest, keys: AwsKeys, *, region: str, service: str, now: datetime
) -> ApiRequest:
    """Return the request with an AWS signature; raise AddressRefused."""
    verified_host(request.url)
    import httpx2  # noqa: PLC0415 - as below

    # What is signed is what is sent: the URL as the connection will write it.
    sent = httpx2.URL(request.url)
    path, _, query = sent.raw_path.decode("ascii").partition("?")
    with_host = request if request.has("host") else request.adding(("Host", sent.netloc.decode()))
    parts = RequestParts(with_host.method, path, query, with_host.headers, with_host.body)
    added = sign(
        parts,
        access_key_id=keys.access_key_id,
        secret_access_key=keys.secret_access_key,
        session_token=keys.session_token.reveal() if keys.session_token is not None else None,
        region=region,
        service=service,
        now=now,
    )
    return with_host.adding(*added)


def send(request: ApiRequest, output: BinaryIO, *, with_head: bool = False) -> int:
    """Write the answer's body as it comes, its head before it if wished, and return its status.

    Redirects are answers like others: what proves the caller goes nowhere else. Raises
    AddressRefused for a URL that is not to be trusted with it, ServerUnreachable.
    """
    host = verified_host(request.url)
    import httpx2  # noqa: PLC0415 - it takes long to load, and bad addresses answer at once

    try:
        with (
            httpx2.Client(
                timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=not is_loopback(host)
            ) as http_client,
            http_client.stream(
                request.method, request.url, headers=list(request.headers), content=request.body
            ) as response,
        ):
            if with_head:
                lines = [f"HTTP {response.status_code} {response.reason_phrase}"]
                lines += [f"{name}: {value}" for name, value in response.headers.multi_items()]
                output.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            for part in response.iter_bytes():
                output.write(part)
                output.flush()
            return int(response.status_code)
    except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
        detail = type(error).__name__
        raise ServerUnreachable(f"{host} does not answer ({detail})") from error

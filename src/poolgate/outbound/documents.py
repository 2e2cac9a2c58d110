"""Requests to addresses that an administrator named: bounded in time, size and direction."""

import time
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from poolgate.foundation.addresses import is_loopback
from poolgate.foundation.failure import Failure
from poolgate.store.call import Enquiry, Reply

if TYPE_CHECKING:
    import ssl

    import httpx2

# AWS oauth_login.md 7.1: identity providers have about five seconds.
LIMIT_SECONDS = 5.0
MAX_DOCUMENT_BYTES = 1024 * 1024
_OK = 200


class DocumentUnreachable(Failure):
    """Nothing usable answers at the address."""


class AnswerTooLate(DocumentUnreachable):
    """The server did not answer in time."""


class DocumentMissing(Failure):
    """The address answers with another status than 200. Facts: status."""


class HttpDocuments:
    """Fetches over HTTPS, and over plain HTTP from this machine only.

    Redirects are not followed: a document is where the administrator said, or nowhere.
    """

    def fetch(self, url: str) -> bytes:
        """Return the document; raise DocumentUnreachable, or DocumentMissing for another status."""
        reply = self.ask(Enquiry(url=url))
        if reply.status != _OK:
            raise DocumentMissing(status=str(reply.status))
        return reply.body

    def ask(self, enquiry: Enquiry) -> Reply:
        """Return the answer, whatever its status; raise AnswerTooLate or DocumentUnreachable."""
        if not is_fetchable(enquiry.url):
            raise DocumentUnreachable
        import httpx2  # noqa: PLC0415 - a server without identity providers need not load it

        ends_at = time.monotonic() + LIMIT_SECONDS
        headers = {"Accept-Encoding": "identity", "Accept": "application/json, */*;q=0.8"}
        if enquiry.authorization is not None:
            headers["Authorization"] = enquiry.authorization.reveal()
        try:
            with (
                # Proxies of the environment would be destinations that nobody configured.
                httpx2.Client(
                    timeout=LIMIT_SECONDS,
                    follow_redirects=False,
                    trust_env=False,
                    verify=_tls_context(),
                ) as http_client,
                http_client.stream(
                    enquiry.method, enquiry.url, data=enquiry.form, headers=headers
                ) as response,
            ):
                return Reply(response.status_code, _bounded(response, ends_at))
        except httpx2.TimeoutException as error:
            raise AnswerTooLate(private_detail=type(error).__name__) from error
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise DocumentUnreachable(private_detail=type(error).__name__) from error


@cache
def _tls_context() -> "ssl.SSLContext":
    """Return what trusts the usual authorities; reading them takes longer than a request."""
    import httpx2  # noqa: PLC0415 - as above

    return httpx2.create_ssl_context(trust_env=False)


def is_fetchable(url: str) -> bool:
    """Tell whether the URL is one that `HttpDocuments` would ask."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def _bounded(response: "httpx2.Response", ends_at: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > MAX_DOCUMENT_BYTES:
            raise DocumentUnreachable
        if time.monotonic() > ends_at:
            raise AnswerTooLate
    return bytes(body)

"""Documents of identity providers, from a real HTTP server on this machine."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from poolgate.credentials.certificates import self_signed_certificate
from poolgate.store.key_stock import new_rsa_key

SSO = "https://idp.example.com/sso/redirect"
SLO = "https://idp.example.com/slo/redirect"
_METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-"


@cache
def certificate() -> bytes:
    """Return somebody's certificate."""
    return self_signed_certificate(new_rsa_key(), "idp", datetime(2026, 1, 1, tzinfo=UTC))


def saml_metadata(
    *, before: str = "", binding: str = "Redirect", logs_out: bool = True, text: str | None = None
) -> str:
    """Return the metadata of one identity provider."""
    shown = text if text is not None else base64.b64encode(certificate()).decode()
    slo = f'<md:SingleLogoutService Binding="{_BINDING}Redirect" Location="{SLO}"/>'
    return (
        f'<?xml version="1.0"?>{before}<md:EntityDescriptor xmlns:md="{_METADATA}"'
        ' entityID="https://idp.example.com"><md:IDPSSODescriptor'
        ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        '<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        f"<ds:X509Data><ds:X509Certificate>\n{shown}\n</ds:X509Certificate></ds:X509Data>"
        f"</ds:KeyInfo></md:KeyDescriptor>{slo if logs_out else ''}"
        f'<md:SingleSignOnService Binding="{_BINDING}POST" Location="https://idp.example.com/p"/>'
        f'<md:SingleSignOnService Binding="{_BINDING}{binding}" Location="{SSO}"/>'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


class _Handler(BaseHTTPRequestHandler):
    server: "ProviderServer"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status, body = self.server.documents.get(self.path, (404, b"not found"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", body.decode())
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


class ProviderServer(ThreadingHTTPServer):
    """Documents by path, each with its status; remembers what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.documents: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def provider_server() -> Iterator[ProviderServer]:
    """Give a running server."""
    with ProviderServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()

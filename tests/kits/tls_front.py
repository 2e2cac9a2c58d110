"""A proxy that ends TLS in front of a server, as production has one."""

import contextlib
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kits.serving import free_port

_OWN = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_DAY = timedelta(days=1)


@dataclass
class TlsFront:
    """It listens on `port`, for a server that will listen on `port_behind`."""

    port: int
    port_behind: int


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    front: TlsFront

    def _forward(self):
        length = int(self.headers.get("content-length") or 0)
        sent = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
        sent |= {"x-forwarded-proto": "https", "x-forwarded-for": self.client_address[0]}
        behind = HTTPConnection("127.0.0.1", self.front.port_behind)
        behind.request(self.command, self.path, self.rfile.read(length), sent)
        answer = behind.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OWN | {"date", "server"}:
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        behind.close()

    def do_GET(self):
        self._forward()

    def do_POST(self):
        self._forward()

    def do_OPTIONS(self):
        self._forward()

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """A browser closes its first connection: nobody vouches for the certificate."""


@contextlib.contextmanager
def tls_front(folder: Path) -> Iterator[TlsFront]:
    """Listen until the block ends."""
    front = TlsFront(port=0, port_behind=free_port())
    handler = type("Handler", (_Handler,), {"front": front})
    with _Server(("127.0.0.1", 0), handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(folder))
        # Shaken hands by each connection's own thread: a browser opens some that it never uses.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        front.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield front
        finally:
            server.shutdown()
            thread.join()


def _certificate(folder: Path) -> Path:
    """Return a file with a key and a certificate that nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [
        x509.DNSName("localhost"),
        x509.DNSName("*.auth.localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _DAY)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "front.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file

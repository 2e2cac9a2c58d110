"""A small real mail server: SMTP with STARTTLS, TLS and authentication, in a thread."""

import base64
import datetime as dt
import email
import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USERNAME, PASSWORD = "mailer", "its password"


@dataclass
class Mailbox:
    """What a server took, and how it is told to behave."""

    mails: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    # Maps a recipient to the reply it gets instead of 250.
    replies: dict[str, str] = field(default_factory=dict)
    before_reply: Callable[[], None] | None = None


@dataclass(frozen=True)
class MailServer:
    host: str
    port: int
    box: Mailbox
    certificate: str


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    box: Mailbox
    security: str
    context: ssl.SSLContext
    offers_starttls: bool
    wants_login: bool

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Let a client that hangs up do so."""


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server

    def setup(self) -> None:
        if self.server.security == "tls":
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()
        self.secured = self.server.security == "tls"
        self.logged_in = not self.server.wants_login
        self.server.box.connections += 1

    def handle(self) -> None:
        self.say("220 ready")
        self.recipient = ""
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ", 1)[0].split(":", 1)[0].upper()
            if not getattr(self, f"on_{verb.lower()}", self.on_other)(line):
                return

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def say(self, *lines: str) -> bool:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())
        return True

    def on_other(self, _line: str) -> bool:
        return self.say("502 not known")

    def on_ehlo(self, _line: str) -> bool:
        offers = ["8BITMIME"]
        if self.server.security == "starttls" and not self.secured and self.server.offers_starttls:
            offers.append("STARTTLS")
        if self.server.wants_login and self.secured:
            offers.append("AUTH PLAIN")
        lines = ["250-here", *(f"250-{offer}" for offer in offers)]
        lines[-1] = lines[-1].replace("250-", "250 ", 1)
        return self.say(*lines)

    def on_starttls(self, _line: str) -> bool:
        self.say("220 go ahead")
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.rfile = self.request.makefile("rb", -1)
        self.wfile = self.request.makefile("wb", 0)
        self.secured = True
        return True

    def on_auth(self, line: str) -> bool:
        given = base64.b64decode(line.split(" ", 2)[2]).decode()
        self.logged_in = given == f"\0{USERNAME}\0{PASSWORD}"
        return self.say("235 welcome" if self.logged_in else "535 wrong")

    def on_mail(self, _line: str) -> bool:
        return self.say("250 ok" if self.logged_in else "530 authentication required")

    def on_rcpt(self, line: str) -> bool:
        self.recipient = line.partition("<")[2].partition(">")[0]
        return self.say(self.server.box.replies.get(self.recipient, "250 ok"))

    def on_data(self, _line: str) -> bool:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        if self.server.box.before_reply is not None:
            self.server.box.before_reply()
        self.server.box.mails.append(email.message_from_bytes(b"".join(lines)))
        self.server.box.recipients.append(self.recipient)
        return self.say("250 taken")

    def on_rset(self, _line: str) -> bool:
        return self.say("250 ok")

    def on_quit(self, _line: str) -> bool:
        self.say("221 bye")
        return False


def make_certificate(directory: Path) -> tuple[str, str]:
    """Write a self-signed certificate for 127.0.0.1 and return its path and its key's."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private_key, hashes.SHA256())
    )
    certificate_path, key_path = directory / "mail.pem", directory / "mail.key"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(certificate_path), str(key_path)


@contextmanager
def mail_server(
    directory: Path,
    *,
    security: str = "none",
    offers_starttls: bool = True,
    wants_login: bool = False,
) -> Iterator[MailServer]:
    """Run a mail server on a free port."""
    certificate, private_key = make_certificate(directory)
    server = _Server(("127.0.0.1", 0), _Conversation)
    server.box = Mailbox()
    server.security = security
    server.offers_starttls = offers_starttls
    server.wants_login = wants_login
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(certificate, private_key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        host, port = server.server_address[:2]
        yield MailServer(str(host), int(port), server.box, certificate)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

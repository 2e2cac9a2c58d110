"""The outbox of the demo: a mail server that keeps what it is given, for a page to show."""

import socketserver
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message


@dataclass
class Outbox:
    """A mail server on a free port of this machine; the newest mail comes first."""

    mails: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Conversation)
        self._server.daemon_threads = True
        self._server.outbox = self  # type: ignore[attr-defined] # for its conversations
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def settings(self) -> dict[str, str]:
        """What a Poolgate server must be told to send its e-mails here."""
        return {
            "POOLGATE_SMTP_HOST": "127.0.0.1",
            "POOLGATE_SMTP_PORT": str(self._server.server_address[1]),
            "POOLGATE_SMTP_FROM": "demo@poolgate.example",
            "POOLGATE_SMTP_SECURITY": "none",
        }

    def stop(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Conversation(socketserver.StreamRequestHandler):
    """SMTP as far as one sender of one machine speaks it (RFC 5321)."""

    def handle(self) -> None:
        self._say("220 demo")
        while line := self.rfile.readline().decode("ascii", "replace").strip():
            verb = line[:4].upper()
            if verb == "DATA":
                self._say("354 go on")
                self.server.outbox.mails.insert(0, self._mail())  # type: ignore[attr-defined]
            self._say("221 bye" if verb == "QUIT" else "250 ok")
            if verb == "QUIT":
                return

    def _mail(self) -> Message:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        return message_from_bytes(b"".join(lines))

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

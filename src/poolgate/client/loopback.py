"""The redirect to this machine: a listener on a loop-back port for the time of one sign-in.

SPEC RFC 8252 s7.3, s8.3: bound to the loop-back address alone, on a port that is free just now, and
closed as soon as the answer is there. Other programs of the machine and pages of other sites can
reach the port as well: what does not answer the request is refused and changes nothing.
"""

import http.server
import queue
import threading
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from poolgate.client.failures import ClientFailure

_HOSTS: Final = frozenset({"127.0.0.1", "localhost"})
# A browser opens connections that it does not use; each waits in a thread of its own.
_CONNECTION_SECONDS: Final = 10
_STYLE: Final = (
    ":root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif;"
    "background:light-dark(#f3f4f6,#15171a)}"
    "main{box-sizing:border-box;width:min(26rem,100% - 2rem);margin:15vh auto 0;padding:2rem;"
    "border-radius:.75rem;background:light-dark(#fff,#212429);box-shadow:0 1px 4px #0003}"
    "h1{margin:0;font-size:1.4rem}p{margin:.75rem 0 0}"
)
_STYLE_DIGEST: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

DONE_TITLE, DONE_TEXT = "You are signed in", "You can close this window and return to the terminal."
FAILED_TITLE, FAILED_TEXT = "Not signed in", "Return to the terminal and try again."
OTHER_TITLE, OTHER_TEXT = "Nothing happens here", "This is not the answer that a sign-in waits for."

# Takes the query of a redirect. Returns when that ended the sign-in well; raises what ends it
# otherwise, and `AnswerNotOurs` for what does not end it.
TakeAnswer = Callable[[str], None]


class LoopbackUnusable(ClientFailure):
    """The redirect URI is none of this machine, or its port is taken."""


class NobodyCame(ClientFailure):
    """The time for the sign-in is over."""


class LoopbackListener:
    """Listens on the redirect URI; a free port where that names none. For one `with` block."""

    def __init__(self, redirect_uri: str, take: TakeAnswer, not_ours: type[Exception]) -> None:
        wanted = urlsplit(redirect_uri)
        if wanted.scheme != "http" or wanted.hostname not in _HOSTS:
            raise LoopbackUnusable(
                f"{redirect_uri} is not an address of this machine; --paste signs in without one"
            )
        self._take, self._not_ours = take, not_ours
        self._path = wanted.path or "/"
        self._turn = threading.Lock()
        self._ended: queue.SimpleQueue[_Told] = queue.SimpleQueue()
        self._is_over = False
        try:
            self._server = http.server.ThreadingHTTPServer(
                ("127.0.0.1", wanted.port or 0), self._handler()
            )
        except OSError as error:
            raise LoopbackUnusable(f"port {wanted.port} of this machine is taken") from error
        self._server.daemon_threads = True
        self._netloc = f"{wanted.hostname}:{self._server.server_port}"
        self.redirect_uri = f"http://{self._netloc}{self._path}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.server_close()

    def wait(self, seconds: float) -> None:
        """Answer the browser, and return when the sign-in has ended well.

        Raises what ended it otherwise, or NobodyCame after so many seconds.
        """
        # Whoever connects before this waits in the socket's queue.
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        try:
            told = self._ended.get(timeout=seconds)
        except queue.Empty:
            raise NobodyCame("nobody signed in within the time for it") from None
        finally:
            self._server.shutdown()
        if told.by is not None:
            raise told.by

    def _told(self, host: str, target: str) -> "_Told":
        address = urlsplit(target)
        # A page of another site that reaches this port by a name of its own is not told anything.
        if host != self._netloc or address.path != self._path:
            return _Told(HTTPStatus.NOT_FOUND, OTHER_TITLE, OTHER_TEXT)
        with self._turn:
            if self._is_over:
                return _Told(HTTPStatus.GONE, OTHER_TITLE, OTHER_TEXT)
            try:
                self._take(address.query)
            except self._not_ours:
                return _Told(HTTPStatus.BAD_REQUEST, OTHER_TITLE, OTHER_TEXT)
            except Exception as error:  # noqa: BLE001 - whoever waits is told whatever it is
                self._is_over = True
                return _Told(HTTPStatus.BAD_REQUEST, FAILED_TITLE, FAILED_TEXT, ends=True, by=error)
            self._is_over = True
            return _Told(HTTPStatus.OK, DONE_TITLE, DONE_TEXT, ends=True)

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Answers one connection."""

            timeout = _CONNECTION_SECONDS

            def do_GET(self) -> None:
                """Take the redirect."""
                told = listener._told(self.headers.get("Host", ""), self.path)
                page = _page(told.title, told.text).encode()
                self.send_response_only(told.status)
                for name, value in _HEADERS.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(page)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(page)
                # Only now: the program may end as soon as it knows.
                if told.ends:
                    listener._ended.put(told)

            def log_message(self, *_: object) -> None:
                """Say nothing: the query holds a code."""

        return Handler


@dataclass(frozen=True, slots=True)
class _Told:
    """What the browser is shown, and whether the sign-in has ended, well or by a failure."""

    status: HTTPStatus
    title: str
    text: str
    ends: bool = False
    by: Exception | None = None


def _page(title: str, text: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{title}</h1><p>{text}</p></main></body></html>"
    )

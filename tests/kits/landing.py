"""The app that browsers come back to: a page at its callback, and what it was told there."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PAGE = b"<!doctype html><html lang=en><title>The app</title><h1>The app</h1>"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)

    def log_message(self, *_):
        pass


@dataclass(frozen=True)
class Landing:
    """An app on this machine."""

    url: str

    @property
    def callback(self) -> str:
        return f"{self.url}/callback"

    @property
    def bye(self) -> str:
        return f"{self.url}/bye"


@contextlib.contextmanager
def landing_app() -> Iterator[Landing]:
    """Serve it until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Landing(f"http://localhost:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()

"""Functions that pools ask: in the test's process, and behind a real HTTP server."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from poolgate.testing import LocalPoolgate

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:triggers"


class Recorder:
    """A function that remembers its events and answers `response`, or raises `error`."""

    def __init__(self, poolgate: LocalPoolgate, function_arn: str = FUNCTION) -> None:
        self.events: list[dict[str, Any]] = []
        self.response: dict[str, Any] = {}
        self.error: str | None = None
        self.instead: Callable[[dict[str, Any]], object] | None = None
        poolgate.trigger(function_arn, self)

    def __call__(self, event: dict[str, Any]) -> object:
        self.events.append(event)
        if self.error is not None:
            raise ValueError(self.error)
        if self.instead is not None:
            return self.instead(event)
        answer = self.response.get(event["triggerSource"], {})
        return {**event, "response": {**event["response"], **answer}}

    @property
    def sources(self) -> list[str]:
        return [event["triggerSource"] for event in self.events]

    def event(self, source: str) -> dict[str, Any]:
        (found,) = (event for event in self.events if event["triggerSource"] == source)
        return found


class _Handler(BaseHTTPRequestHandler):
    server: "FunctionServer"

    def do_POST(self) -> None:
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.received.append((self.path, dict(self.headers), body))
        server.asked.set()
        server.answering.wait()
        answer = server.body if server.body is not None else server.answer(body)
        self.send_response(server.status)
        for name, value in server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        pass


class FunctionServer(ThreadingHTTPServer):
    """Answers every POST with `status`, `headers` and `body`, or with what `handler` returns.

    Without a handler with what was posted.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body: bytes | None = None
        self.handler: Callable[[dict[str, Any]], object] | None = None
        self.asked = threading.Event()
        self.answering = threading.Event()
        self.answering.set()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.received]

    def answer(self, body: bytes) -> bytes:
        if self.handler is None:
            return body
        return json.dumps(self.handler(json.loads(body))).encode()

    def handle_error(self, *_arguments: object) -> None:
        """A caller that gave up is no fault of this server."""


@contextmanager
def function_server() -> Iterator[FunctionServer]:
    server = FunctionServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.answering.set()
        server.shutdown()
        server.server_close()
        thread.join()

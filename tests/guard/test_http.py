"""The guard's own HTTP calls over real sockets: bounded, and to nowhere else than configured."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kits.guard_world import ALICE_SUB, World, access_token, bearer_tokens, request

from poolgate.guard import DependencyUnavailable, Guard
from poolgate.guard.outbound import AsyncHttpFetch, HttpFetch, OutboundFailed, OutboundRequest


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append(self.path)
        getattr(self, "answer_" + self.path.strip("/").partition("/")[0])()

    do_POST = do_GET  # noqa: N815 - the library's name

    def answer_redirect(self):
        self.send_response(302)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/good")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer_good(self):
        self._body(200, b"good")

    def answer_throttled(self):
        self._body(429, b"{}", ("Retry-After", "7"))

    def answer_huge(self):
        self.send_response(200)
        self.send_header("Content-Length", str(1 << 40))
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 65_536)
        except OSError:
            self.close_connection = True

    def answer_never(self):
        self.server.released.wait(20)
        self.close_connection = True

    def answer_pool(self):
        self._body(200, self.server.key_set)

    def answer_echo(self):
        length = int(self.headers.get("Content-Length") or 0)
        told = f"{self.command} {self.headers.get('X-Test')} ".encode()
        self._body(200, told + self.rfile.read(length))

    def _body(self, status, body, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.seen, made.released = [], threading.Event()
    serving = threading.Thread(target=made.serve_forever, args=(0.01,))
    serving.start()
    yield made
    made.released.set()
    made.shutdown()
    serving.join()
    made.server_close()


def blocking(asked, timeout_seconds=5.0):
    fetch = HttpFetch(timeout_seconds)
    try:
        return fetch(asked)
    finally:
        fetch.close()


def on_a_loop(asked, timeout_seconds=5.0):
    async def run():
        fetch = AsyncHttpFetch(timeout_seconds)
        try:
            return await fetch(asked)
        finally:
            await fetch.close()

    return asyncio.run(run())


both = pytest.mark.parametrize("send", [blocking, on_a_loop])


def to(server, path, **changes):
    return OutboundRequest(
        **({"method": "GET", "url": f"http://127.0.0.1:{server.server_port}{path}"} | changes)
    )


@both
def test_an_answer_is_brought_back(server, send):
    answer = send(to(server, "/echo", method="POST", headers=(("X-Test", "v"),), body=b"body"))
    assert (answer.status, answer.body) == (200, b"POST v body")
    assert send(to(server, "/throttled")).retry_after == "7"


@both
def test_redirects_are_not_followed(server, send):
    assert send(to(server, "/redirect")).status == 302
    assert server.seen == ["/redirect"]


@both
def test_an_answer_without_end_is_cut_off(server, send):
    with pytest.raises(OutboundFailed):
        send(to(server, "/huge"))


@both
def test_an_answer_that_does_not_come_is_given_up(server, send):
    with pytest.raises(OutboundFailed):
        send(to(server, "/never"), timeout_seconds=0.2)


@both
def test_nobody_there_is_a_failure(send):
    with pytest.raises(OutboundFailed):
        send(OutboundRequest("GET", "http://127.0.0.1:1/"))


@both
def test_proxies_of_the_environment_are_not_used(server, send, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    assert send(to(server, "/good")).body == b"good"


def test_a_guard_fetches_keys_by_itself(server):
    world = World(bearer_tokens())
    server.key_set = world.network.answer_jwks(None).body
    url = f"http://127.0.0.1:{server.server_port}/pool"
    guard = Guard(bearer_tokens(jwks_url=url), clock=world.clock)
    sent = request(("Authorization", f"Bearer {access_token(world.clock)}"))
    assert guard.authenticate(sent).id == ALICE_SUB
    guard.close()

    async def on_loop():
        fresh = Guard(bearer_tokens(jwks_url=url), clock=world.clock)
        caller = await fresh.authenticate_async(sent)
        await fresh.aclose()
        return caller

    assert asyncio.run(on_loop()).id == ALICE_SUB
    redirected = Guard(
        bearer_tokens(jwks_url=f"http://127.0.0.1:{server.server_port}/redirect"),
        clock=world.clock,
    )
    with pytest.raises(DependencyUnavailable):
        redirected.authenticate(sent)
    redirected.close()
    assert "/good" not in server.seen

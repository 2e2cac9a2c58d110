"""A refresh whose process is stopped when the server has answered and nothing is written yet."""

import contextlib
import http.client
import http.server
import json
import os
import signal
import threading
from urllib.parse import urlsplit

import pytest
from kits.oauth import claims_of
from kits.terminal import Terminal, signs_in, visits


@contextlib.contextmanager
def passing_on(pool, before_answering):
    """Run a server that asks Poolgate, calls `before_answering` and passes the answer on."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            connection = http.client.HTTPConnection(urlsplit(pool.served.url).netloc, timeout=30)
            connection.request("POST", self.path, body, dict(self.headers))
            answer = connection.getresponse()
            told = answer.read()
            before_answering()
            with contextlib.suppress(OSError):
                self.send_response_only(answer.status)
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)
            connection.close()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["api", "oauth"])
def terminal(request, tmp_path, pool):
    made = Terminal(tmp_path)
    if request.param == "api":
        return made.signed_in(pool)
    with made.begins(*made.login_flags(pool), "--no-browser") as login:
        assert visits(signs_in(pool, login.address)).status == 200
        assert login.finished().exit_code == 0
    return made


def kept(terminal):
    return json.loads((terminal.config / "sign-ins/default.sign-in.json").read_text())


def expired_through(terminal, url):
    """Let the tokens be expired, and refreshed through that URL; return what is kept."""
    path = terminal.config / "sign-ins/default.sign-in.json"
    members = {**kept(terminal), "expires_at": 0, "refresh_at": 0}
    if "token_endpoint" in members:
        members["token_endpoint"] = f"{url}{urlsplit(members['token_endpoint']).path}"
    else:
        profile = terminal.config / "profiles/default.toml"
        lines = [line for line in profile.read_text().splitlines() if "endpoint" not in line]
        profile.write_text("\n".join([*lines, f'endpoint_url = "{url}"']) + "\n")
    path.write_text(json.dumps(members) + "\n")
    return members


def stopped_midway(terminal, pool, kind):
    """Refresh, and have the process meet the signal when the server has rotated its token."""
    running = []
    begun = threading.Event()

    def meet():
        assert begun.wait(30)
        os.kill(running[0].process.pid, kind)
        if kind == signal.SIGKILL:
            running[0].process.wait(30)

    with passing_on(pool, meet) as url:
        before = expired_through(terminal, url)
        with terminal.begins("token") as command:
            running.append(command)
            begun.set()
            finished = command.finished()
    return before, finished


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_who_is_asked_to_stop_writes_first(terminal, pool, kind):
    before, finished = stopped_midway(terminal, pool, kind)
    assert finished.exit_code in {-kind, 130}
    assert kept(terminal)["refresh_token"] != before["refresh_token"]
    assert claims_of(terminal.run("token").output)["username"] == "alice"


def test_who_is_killed_leaves_the_former_token_which_is_good_in_its_time_of_grace(terminal, pool):
    before, finished = stopped_midway(terminal, pool, signal.SIGKILL)
    assert finished.exit_code == -signal.SIGKILL
    assert kept(terminal) == before
    expired_through(terminal, pool.served.url)
    again = terminal.run("token")
    assert claims_of(again.output)["username"] == "alice"
    assert kept(terminal)["refresh_token"] != before["refresh_token"]

"""Keys for a program that outlives them: AWS's SDKs ask for new ones at an address of this machine.

The address and what has to be shown there stand in the program's environment, as in a container on
AWS. It is served by a process of its own, which is nobody's child, so that the program has the
command's place to itself; it ends with the program, when the last copy of a pipe is closed.
"""

import hmac
import json
import os
import select
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final

from poolgate.client.failures import ClientFailure
from poolgate.foundation.randomness import random_token
from poolgate.foundation.secret import Secret

_ADDRESS: Final = "127.0.0.1"
_SLOWEST_SECONDS: Final = 2
_OK, _FORBIDDEN, _UNAVAILABLE = 200, 403, 503


def serve_keys(keys_text: Callable[[], str]) -> dict[str, str]:
    """Serve keys until this process, and what it becomes, has ended; return what to tell it.

    `keys_text` gives keys as a `credential_process` prints them.
    """
    authorization = Secret(random_token())
    server = _KeyServer(authorization, keys_text)
    ended, lives = os.pipe()
    if os.fork() == 0:
        os.close(lives)
        _serve_as_nobodys_child(server, ended)
    os.wait()
    os.close(ended)
    server.server_close()
    # The program has to keep it open, and takes it along through exec.
    os.set_inheritable(lives, True)  # noqa: FBT003 - as the operating system has it
    return {
        # AWS sdkref feature-container-credentials: plain http is for loopback.
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{_ADDRESS}:{server.server_port}/",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": authorization.reveal(),
        # SDKs would take keys of these files before they ask at an address.
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
    }


class _KeyServer(HTTPServer):
    def __init__(self, authorization: Secret, keys_text: Callable[[], str]) -> None:
        super().__init__((_ADDRESS, 0), _Handler)
        self.authorization = authorization
        self.keys_text = keys_text

    def handle_error(self, *_about: object) -> None:
        """Say nothing: the program's terminal is not ours."""

    def answer(self, shown: str) -> tuple[int, dict[str, str]]:
        """Return status and members for whoever shows this."""
        if not hmac.compare_digest(shown.encode(), self.authorization.reveal().encode()):
            return _FORBIDDEN, {"code": "Forbidden", "message": "this is for one program alone"}
        try:
            keys = json.loads(self.keys_text())
        except ClientFailure as failure:
            return _UNAVAILABLE, {"code": type(failure).__name__, "message": failure.sentence}
        return _OK, {
            "AccessKeyId": keys["AccessKeyId"],
            "SecretAccessKey": keys["SecretAccessKey"],
            "Token": keys["SessionToken"],
            "Expiration": keys["Expiration"],
        }


class _Handler(BaseHTTPRequestHandler):
    server: _KeyServer
    timeout = _SLOWEST_SECONDS

    def do_GET(self) -> None:
        """Answer one request for keys."""
        status, members = self.server.answer(self.headers.get("Authorization", ""))
        body = json.dumps(members).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_about: object) -> None:
        """Say nothing."""


def _serve_as_nobodys_child(server: _KeyServer, ended: int) -> None:
    """Serve until the other end of the pipe is closed; never return."""
    try:
        # Of a session of its own, so that what is typed at the terminal does not end it.
        os.setsid()
        if os.fork() == 0:
            _let_go_of_the_terminal()
            _serve(server, ended)
    finally:
        os._exit(0)


def _let_go_of_the_terminal() -> None:
    # Whoever reads what the program prints waits until nobody can print any more.
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)


def _serve(server: _KeyServer, ended: int) -> None:
    while True:
        ready, _, _ = select.select([server.fileno(), ended], [], [])
        if ended in ready:
            return
        server.handle_request()

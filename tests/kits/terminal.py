"""A terminal: the `poolgate` command with folders of its own, and the browser beside it."""

import http.client
import os
import pty
import re
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from kits.browser import Browser
from kits.command import Finished, poolgate
from kits.serving import BIN, PASSWORD
from kits.signed_in_pools import SignedInPool

from poolgate.web.messages import HttpResponse

WAIT_SECONDS = 60


@dataclass(frozen=True)
class ServedDoor:
    """A real server, as the browser without script asks it."""

    url: str

    def send(self, method, target, *, headers=None, body=b"") -> HttpResponse:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        connection.request(method, target, body=body, headers=headers or {})
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        cookies = tuple(answer.headers.get_all("Set-Cookie", ()))
        read = answer.read()
        connection.close()
        # Redirects to the server itself are the browser's own to follow.
        if "location" in told:
            told["location"] = told["location"].removeprefix(self.url)
        return HttpResponse(answer.status, told, read, cookies)


def browser_at(pool: SignedInPool) -> Browser:
    return Browser(ServedDoor(pool.served.url))


def signs_in(pool: SignedInPool, address: str, browser: Browser | None = None) -> str:
    """Sign alice in at the address of the command; return where the browser is sent."""
    visitor = browser or browser_at(pool)
    visitor.open(address.removeprefix(pool.served.url))
    if visitor.left_for is None:
        visitor.send(username="alice", password=PASSWORD)
    assert visitor.left_for is not None, visitor.says
    return visitor.left_for


@dataclass(frozen=True)
class Visited:
    """What a page of the command itself said."""

    status: int
    headers: dict[str, str]
    text: str


def visits(address: str, *, method: str = "GET", host: str | None = None) -> Visited:
    """Ask the command's own listener."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    headers = {"Host": host} if host else {}
    connection.request(method, f"{parts.path}?{parts.query}", headers=headers)
    answer = connection.getresponse()
    told = dict(answer.getheaders())
    read = answer.read().decode()
    connection.close()
    return Visited(answer.status, told, read)


@dataclass
class Running:
    """A command that waits for something."""

    process: subprocess.Popen
    told: str = ""

    def hears(self, pattern: str) -> str:
        """Read what is told until it matches; return the first group."""
        while (found := re.search(pattern, self.told)) is None:
            line = self.process.stderr.readline()
            assert line, f"the command ended: {self.told}"
            self.told += line
        return found.group(1)

    @property
    def address(self) -> str:
        return self.hears(r"\n  (http\S+)\n")

    def finished(self, typed: str | None = None) -> Finished:
        output, told = self.process.communicate(typed, timeout=WAIT_SECONDS)
        return Finished(self.process.returncode, output, self.told + told)


@dataclass
class Terminal:
    """Where a person types; nothing of the machine's own environment is in it."""

    home: Path
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "POOLGATE_CONFIG_DIR": str(self.config),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **self.more,
        }

    @property
    def config(self) -> Path:
        return self.home / "config"

    def run(self, *arguments: str, typed: str = "") -> Finished:
        return poolgate(self.environment, *arguments, typed=typed)

    @contextmanager
    def begins(self, *arguments: str) -> Iterator[Running]:
        """Start a command that waits."""
        with subprocess.Popen(
            [BIN / "poolgate", *arguments],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield Running(process)
            finally:
                process.kill()

    def types(self, *arguments: str, answers: list[tuple[str, str]]) -> tuple[int, str]:
        """Run a command at a real terminal; answer each question; return exit code and screen."""
        child, screen = pty.fork()
        if child == 0:
            os.execve(BIN / "poolgate", ["poolgate", *arguments], self.environment)  # noqa: S606
        shown, waiting = "", list(answers)
        while select.select([screen], [], [], WAIT_SECONDS)[0]:
            try:
                read = os.read(screen, 4096)
            except OSError:
                break
            if not read:
                break
            shown += read.decode(errors="replace")
            if waiting and shown.endswith(waiting[0][0]):
                os.write(screen, f"{waiting.pop(0)[1]}\n".encode())
        os.close(screen)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status), shown

    def login_flags(self, pool: SignedInPool) -> tuple[str, ...]:
        return (
            "login",
            "--insecure-storage",
            "--issuer",
            pool.issuer,
            "--client-id",
            pool.client_id,
        )

    def signed_in(self, pool: SignedInPool) -> "Terminal":
        """Sign alice in with her password, and return itself."""
        flags = (*self.login_flags(pool), "--password", "--username", "alice")
        finished = self.run(*flags, typed=f"{PASSWORD}\n")
        assert finished.exit_code == 0, finished.told
        return self

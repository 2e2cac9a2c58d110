"""The `dce` command as somebody at a terminal runs it, with a home folder of its own."""

import contextlib
import fcntl
import json
import os
import pty
import subprocess
import termios
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from dce_processes import BIN

PROMPT = "Enter API Token: "
STOP_SECONDS = 30


@dataclass(frozen=True)
class Finished:
    """How a command ended, what it printed and what it told."""

    exit_code: int
    output: str
    told: str

    @property
    def json(self) -> Any:
        return json.loads(self.output)


@dataclass
class Asking:
    """A `dce auth` that waits for the code."""

    process: subprocess.Popen
    told: str

    def paste(self, code: str) -> Finished:
        output, told = self.process.communicate(f"{code}\n", timeout=STOP_SECONDS)
        return Finished(self.process.returncode, output, self.told + told)


@dataclass(frozen=True)
class Terminal:
    """One person's terminal; `environment` is on top of a bare one."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, home: Path, api_url: str) -> "Terminal":
        """Return a terminal whose configuration was made by `dce init`."""
        terminal = cls(home)
        host, _, path = api_url.removeprefix("http://").partition("/")
        made = terminal.run("init", typed=f"{host}\n/{path}\n")
        assert made.exit_code == 0, made.told
        return terminal

    @property
    def config_path(self) -> Path:
        return self.home / ".dce" / "config.yaml"

    @property
    def config(self) -> Any:
        return yaml.safe_load(self.config_path.read_text())

    def configure(self, **api: str | None) -> None:
        """Write members of `api` as somebody with an editor does."""
        config = self.config
        config["api"] |= api
        self.config_path.write_text(yaml.safe_dump(config))

    @property
    def opened(self) -> list[str]:
        """What the browser was told to open."""
        record = self.home / "opened"
        return record.read_text().splitlines() if record.exists() else []

    def all_variables(self) -> dict[str, str]:
        browser = self.home / "browser"
        if not browser.exists():
            browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >> {self.home}/opened\n')
            browser.chmod(0o700)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "BROWSER": f"{browser} %s",
            **self.environment,
        }

    def run(self, *arguments: str, typed: str = "", **environment: str) -> Finished:
        """Run one command to its end."""
        finished = subprocess.run(
            [BIN / "dce", *arguments],
            env={**self.all_variables(), **environment},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=STOP_SECONDS,
        )
        return Finished(finished.returncode, finished.stdout, finished.stderr)

    @contextlib.contextmanager
    def asking(self, *arguments: str) -> Iterator[Asking]:
        """Run a command until it asks for the code."""
        with subprocess.Popen(
            [BIN / "dce", *arguments],
            env=self.all_variables(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            told = ""
            while not told.endswith(PROMPT):
                character = process.stderr.read(1)
                assert character, f"it ended with {told!r}"
                told += character
            yield Asking(process, told)

    def run_on_screen(self, *arguments: str, typed: str) -> tuple[int, str]:
        """Run one command with a terminal; return how it ended and all that was seen on it."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [BIN / "dce", *arguments],
            env=self.all_variables(),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  one call of the system
        ) as process:
            os.close(theirs)
            seen = b""
            while not seen.endswith(PROMPT.encode()):
                seen += os.read(ours, 1)
            os.write(ours, f"{typed}\n".encode())
            # A terminal whose program has ended cannot be read any more.
            with contextlib.suppress(OSError):
                while more := os.read(ours, 1024):
                    seen += more
            process.wait(timeout=STOP_SECONDS)
        os.close(ours)
        return process.returncode, seen.decode()

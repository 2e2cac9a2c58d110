"""The processes of the tour: the server, the app, and the AWS CLI."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent


class Started:
    """A server process that prints one line with its URL when it is ready."""

    def __init__(
        self, *command: str | Path, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        with log.open("wb") as log_file:
            self._process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log_file,
                text=True,
                env={**os.environ, **(environment or {})},
            )
        if self._process.stdout is None:
            raise RuntimeError("the process has no standard output")
        line = self._process.stdout.readline()
        if "http://" not in line:
            self.stop()
            raise RuntimeError(f"{Path(command[0]).name} did not start:\n{log.read_text()}")
        self.url = "http://" + line.split("http://", 1)[1].split()[0].rstrip("/")

    def stop(self) -> None:
        """End the process and wait for it."""
        self._process.terminate()
        self._process.wait()

    def wait(self) -> None:
        """Wait until the process ends by itself."""
        self._process.wait()


def exports_of(data: Path) -> dict[str, str]:
    """Return what `eval "$(poolgate env --data DIR)"` sets."""
    told = subprocess.run(
        [BIN / "poolgate", "env", "--data", data], check=True, capture_output=True, text=True
    ).stdout
    pairs = (
        line.removeprefix("export ").split("=", 1) for line in told.splitlines() if "=" in line
    )
    return {name: text.strip("'\"") for name, text in pairs}


def aws_cli(exports: Mapping[str, str], *arguments: str) -> Any:
    """Run the AWS CLI and return its JSON."""
    finished = subprocess.run(
        [BIN / "aws", *arguments, "--output", "json"],
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **exports},
        check=False,
        capture_output=True,
        text=True,
    )
    if finished.returncode:
        raise RuntimeError(finished.stderr.strip())
    return json.loads(finished.stdout) if finished.stdout.strip() else {}

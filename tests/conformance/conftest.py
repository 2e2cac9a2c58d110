"""Fixtures: servers as real processes, and Node.js for the JavaScript clients."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kits.serving import BIN, Served, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server as production runs it: every signature counts."""
    with serving(tmp_path_factory.mktemp("served") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def served_dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A `--dev` server: messages can be read, the clock can be moved."""
    with serving(tmp_path_factory.mktemp("served-dev") / "data", "--dev") as running:
        yield running


@pytest.fixture(scope="session")
def javascript_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with our scripts and the packages that they use."""
    source = Path(__file__).parent / "javascript"
    folder = tmp_path_factory.mktemp("javascript")
    for path in (*source.glob("*.json"), *source.glob("*.mjs"), source / ".npmrc"):
        (folder / path.name).write_bytes(path.read_bytes())
    subprocess.run(
        [BIN / "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="session")
def javascript(javascript_folder: Path) -> Callable[..., Any]:
    """Return a function that runs one of our scripts in Node.js and returns what it printed."""

    def run(script: str, *arguments: str, standard_input: str = "") -> Any:
        finished = subprocess.run(
            [BIN / "node", script, *arguments],
            cwd=javascript_folder,
            input=standard_input,
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return json.loads(finished.stdout.splitlines()[-1])

    return run

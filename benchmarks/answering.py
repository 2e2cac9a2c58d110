"""What a program waits for that asks the command for keys with its every start."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from poolgate.client.kept_keys import KeyWish
from poolgate.client.private_files import replace
from poolgate.foundation.clock import SystemClock

BIN = Path(sys.executable).parent
IN_A_YEAR = 365 * 24 * 3600
KEYS = '{"Version": 1, "AccessKeyId": "ASIAEXAMPLE", "SessionToken": "' + "x" * 1000 + '"}\n'


def kept_credentials(folder: Path) -> Callable[[], object]:
    """Return one run of `poolgate credentials` that finds its keys kept."""
    environment = {**os.environ, "POOLGATE_CONFIG_DIR": str(folder)}
    os.environ["POOLGATE_CONFIG_DIR"] = str(folder)
    try:
        kept = KeyWish().kept()
    finally:
        del os.environ["POOLGATE_CONFIG_DIR"]
    assert kept is not None
    replace(Path(kept.path), kept.render(KEYS, SystemClock().now().timestamp() + IN_A_YEAR))
    command = [BIN / "poolgate", "credentials"]

    def run() -> None:
        finished = subprocess.run(command, env=environment, capture_output=True, check=True)
        assert finished.stdout == KEYS.encode()

    return run


def bare_python() -> Callable[[], object]:
    """Return one run of an interpreter that does nothing."""
    command = [sys.executable, "-c", "pass"]
    return lambda: subprocess.run(command, capture_output=True, check=True)

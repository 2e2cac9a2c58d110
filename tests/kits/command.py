"""The `poolgate` command as people run it."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from kits.serving import BIN


@dataclass(frozen=True)
class Finished:
    """How a command ended and what it printed."""

    exit_code: int
    output: str
    told: str

    @property
    def json(self) -> Any:
        """Return what was printed, as JSON."""
        return json.loads(self.output)


def poolgate(environment: dict[str, str], *arguments: str, typed: str = "") -> Finished:
    """Run one command to its end."""
    finished = subprocess.run(
        [BIN / "poolgate", *arguments],
        env=environment,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    return Finished(finished.returncode, finished.stdout, finished.stderr)

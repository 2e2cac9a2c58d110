"""The AWS CLI as people run it."""

import json
import subprocess
from typing import Any

from kits.serving import BIN


def aws(environment: dict[str, str], *arguments: str, fails_with: str | None = None) -> Any:
    """Run one command; return its answer, or what it wrote when it had to fail with a code."""
    finished = subprocess.run(
        [BIN / "aws", *arguments, "--output", "json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if fails_with is not None:
        assert finished.returncode != 0, finished.stdout
        assert f"({fails_with})" in finished.stderr, finished.stderr
        return finished.stderr
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout) if finished.stdout.strip() else None

"""A real server process: how soon it is ready, and how much memory a worker holds when idle."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
STOP_SECONDS = 30


@dataclass(frozen=True)
class Started:
    """A serving process."""

    process: subprocess.Popen[str]
    url: str
    data: Path
    ready_seconds: float

    def exports(self) -> dict[str, str]:
        """Return what `poolgate env` prints for this server."""
        printed = subprocess.run(
            [BIN / "poolgate", "env", "--data", self.data],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        words = (line.removeprefix("export ").partition("=") for line in printed.splitlines())
        return {name: value.strip("'\"") for name, _, value in words}

    def worker_megabytes(self) -> float:
        """Return the largest resident memory of a process that serves (Linux)."""
        return max(_resident_megabytes(process_id) for process_id in self._serving_processes())

    def _serving_processes(self) -> list[int]:
        """Return the workers, or the process itself where it has none."""
        children = []
        for process in Path("/proc").glob("[0-9]*"):
            # Any process or thread of the machine may end while we look.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                # SPEC proc(5): the parent is the second field after the name in parentheses.
                parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid:
                    children.append(int(process.name))
        return children or [self.process.pid]


@contextlib.contextmanager
def started(data: Path) -> Iterator[Started]:
    """Run `poolgate serve` on a free port until the block ends."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [BIN / "poolgate", "serve", "--data", data, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        ready_seconds = time.perf_counter() - begun
        assert "http://" in line, line
        url = "http://" + line.split("http://")[1].split()[0].rstrip("/")
        yield Started(process, url, data, ready_seconds)
    finally:
        process.terminate()
        process.wait(timeout=STOP_SECONDS)


def _resident_megabytes(process_id: int) -> float:
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0

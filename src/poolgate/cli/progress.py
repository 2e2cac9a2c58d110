"""How far a command has come: a bar on standard error, on a terminal only."""

import sys

_WIDTH = 30
_TOLD_EVERY = 100
# Back to the beginning of the line, and erase what is left of it.
_BEGINNING, _ERASED = "\r", "\r\033[K"


class Progress:
    """Shows users that are done and, where a total is known, what part of it that is."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()
        self._is_shown = False

    def show(self, users: int, done: int = 0, total: int | None = None) -> None:
        """Tell of every hundredth user."""
        if not self._shows or users % _TOLD_EVERY:
            return
        self._is_shown = True
        bar = ""
        if total:
            part = min(done / total, 1)
            filled = round(part * _WIDTH)
            bar = f"[{'#' * filled}{'-' * (_WIDTH - filled)}] {part:4.0%}  "
        print(f"{_BEGINNING}{bar}{users:,} users", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the bar away, so that something else can be written."""
        if self._is_shown:
            self._is_shown = False
            print(_ERASED, end="", file=sys.stderr, flush=True)

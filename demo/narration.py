"""Telling the tour: one line a step, what was sent and what came back, colours on a terminal."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

GREEN, RED, DIM, BOLD, PLAIN = "\033[32m", "\033[31m", "\033[2m", "\033[1m", "\033[0m"


class Differs(Exception):
    """A step got something else than it should."""


def expect(got: object, wanted: object, what: str) -> None:
    """Raise Differs unless `got` is `wanted`."""
    if got != wanted:
        raise Differs(f"{what}: got {got!r}, wanted {wanted!r}")


@dataclass
class Narrator:
    """Runs steps, prints a line for each and counts those that differ."""

    colours: bool = field(
        default_factory=lambda: sys.stdout.isatty() and "NO_COLOR" not in os.environ
    )
    steps: int = 0
    differing: int = 0

    def chapter(self, title: str) -> None:
        """Print a heading."""
        print(f"\n{self._painted(title, BOLD)}", flush=True)

    def step(self, sent: str, run: Callable[[], str]) -> None:
        """Run one step; `run` returns what came back, in a few words, or raises."""
        self.steps += 1
        try:
            got = run()
        except Exception as error:  # noqa: BLE001 - whatever differs is told, and the tour goes on
            self.differing += 1
            print(f"  {self._painted('differs', RED)} {sent}", flush=True)
            print(f"          {type(error).__name__}: {error}", flush=True)
            return
        arrow = self._painted("->", DIM)
        print(f"  {self._painted('ok', GREEN)} {sent} {arrow} {got}", flush=True)

    def end(self) -> int:
        """Print the sum and return the exit code."""
        ok = self.steps - self.differing
        colour = RED if self.differing else GREEN
        print(f"\n{self._painted(f'{ok} of {self.steps} steps ok', colour)}", flush=True)
        return 1 if self.differing else 0

    def _painted(self, text: str, colour: str) -> str:
        return f"{colour}{text}{PLAIN}" if self.colours else text

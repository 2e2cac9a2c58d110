"""The log: one JSON object a line, an event's name and its fields, never a built sentence.

JSON escapes control characters, so nothing that a stranger sent can begin a line of its own.
"""

import sys
from datetime import UTC
from enum import IntEnum
from typing import Any, TextIO

import msgspec

from poolgate.foundation.clock import Clock, SystemClock


class Level(IntEnum):
    """How severe an event is."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


class EventLog:
    """Writes events; safe to share between threads, since a line is written in one call."""

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        level: Level = Level.DEBUG,
        clock: Clock | None = None,
    ) -> None:
        self._stream = stream or sys.stderr
        self._level = level
        self._clock = clock or SystemClock()
        self._encode = msgspec.json.Encoder(enc_hook=_shown).encode

    def info(self, event: str, **fields: object) -> None:
        """Tell of something usual."""
        self._write(Level.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Tell of something that an operator should look at."""
        self._write(Level.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """Tell of a defect."""
        self._write(Level.ERROR, event, fields)

    def _write(self, level: Level, event: str, fields: dict[str, object]) -> None:
        if level < self._level:
            return
        told = {
            "timestamp": self._clock.now().astimezone(UTC),
            "level": level.name.lower(),
            "event": event,
            **fields,
        }
        self._stream.write(self._encode(told).decode() + "\n")


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever JSON has no form for
    """Return the value's own text; a Secret's is `***`."""
    return str(value)

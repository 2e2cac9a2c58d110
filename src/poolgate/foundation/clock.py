"""The only place that reads the wall clock."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time; passed in wherever time matters, so tests can move it."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        return datetime.now(UTC)


class MovableClock:
    """A clock that can be moved forward, for `--dev` and for tests.

    It follows `basis` plus all advances so far; with `frozen_at` it stands still between advances.
    """

    def __init__(self, basis: Clock | None = None, *, frozen_at: datetime | None = None) -> None:
        self._basis = basis or SystemClock()
        self._frozen_at = frozen_at
        self._advanced = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        return (self._frozen_at or self._basis.now()) + self._advanced

    def advance(self, seconds: float) -> datetime:
        """Move forward by `seconds` and return the new time; going back is refused."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        with self._lock:
            self._advanced += timedelta(seconds=seconds)
        return self.now()


def epoch_seconds(moment: datetime) -> int:
    """Return whole seconds since 1970, as token claims use them."""
    return int(moment.timestamp())


def epoch_millis(moment: datetime) -> int:
    """Return milliseconds since 1970, as the store keeps every time."""
    return round(moment.timestamp() * 1000)


def from_epoch_millis(millis: int) -> datetime:
    """Return the aware UTC time for a stored number of milliseconds."""
    return datetime.fromtimestamp(millis / 1000, UTC)

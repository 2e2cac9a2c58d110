"""Memory with bounds: a cache that forgets and a counter of failures that cannot grow."""

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Kept = TypeVar("Kept")


class BoundedCache(Generic[Key, Kept]):
    """Keeps at most `max_entries` values, each until its time; the oldest makes room."""

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._entries: dict[Key, tuple[Kept, float]] = {}
        self._lock = threading.Lock()

    def find(self, key: Key, now: float) -> Kept | None:
        """Return the value, or None when there is none that is still alive."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        kept, expires_at = entry
        return kept if now < expires_at else None

    def put(self, key: Key, kept: Kept, *, expires_at: float) -> None:
        """Keep the value until `expires_at` at the latest."""
        with self._lock:
            self._put(key, kept, expires_at)

    def put_first(self, key: Key, kept: Kept, *, now: float, expires_at: float) -> bool:
        """Keep the value and return True, unless the key already has one that is alive.

        Of several threads exactly one gets True.
        """
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and now < entry[1]:
                return False
            self._put(key, kept, expires_at)
            return True

    def discard(self, key: Key) -> None:
        """Forget the value if it is there."""
        with self._lock:
            self._entries.pop(key, None)

    def oldest_is_alive(self, now: float) -> bool:
        """Tell whether making room would forget a value that still counts."""
        with self._lock:
            oldest = next(iter(self._entries.values()), None)
        return oldest is not None and now < oldest[1]

    def _put(self, key: Key, kept: Kept, expires_at: float) -> None:
        self._entries.pop(key, None)
        while len(self._entries) >= self._max_entries:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (kept, expires_at)

    def __len__(self) -> int:
        return len(self._entries)


class FailureLimiter(Generic[Key]):
    """Counts failures by key in windows of fixed length.

    When its table is full the oldest window is forgotten, so an attacker with very many keys is
    slowed by the server's own limits only.
    """

    def __init__(self, max_failures: int, window_seconds: int, max_keys: int = 10_000) -> None:
        self._max_failures = max_failures
        self._window_seconds = window_seconds
        self._counts: BoundedCache[Key, list[float]] = BoundedCache(max_keys)

    def seconds_to_wait(self, key: Key, now: float) -> int | None:
        """Return how long the key has to wait, or None when it may try."""
        failures = self._counts.find(key, now)
        if failures is None or len(failures) < self._max_failures:
            return None
        return max(1, int(failures[0] + self._window_seconds - now) + 1)

    def note_failure(self, key: Key, now: float) -> None:
        """Count one failure."""
        failures = self._counts.find(key, now)
        if failures is None:
            self._counts.put(key, [now], expires_at=now + self._window_seconds)
        elif len(failures) < self._max_failures:
            failures.append(now)

    def forget(self, key: Key) -> None:
        """Start again after a success."""
        self._counts.discard(key)

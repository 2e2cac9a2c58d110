"""A remote key set kept at hand.

    fresh ── maximum age passed ──> stale ── stale time passed too ──> gone

A fresh set answers without waiting. A stale set, or a key id that a fresh set does not have, asks
for the set again: one fetch at a time, and none within `penalty_seconds` of the last one, so that
invented key ids and a server that is down cause no storm. While a fetch fails the stale set still
answers; once that is gone too, nothing is trusted.

The fetch is passed in. It returns the document's bytes and raises KeySetNotFetched.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from poolgate.foundation.failure import Failure
from poolgate.jose.key_sets import KeySet, KeySetMalformed, VerificationKey, parse_key_set
from poolgate.jose.tokens import TokenRefused

FetchKeySet = Callable[[], bytes]


class KeySetNotFetched(Failure):
    """The key set could not be fetched; the private detail says why."""


class KeySetUnavailable(Failure):
    """There is no key set young enough to trust."""


class KeyUnknown(TokenRefused):
    """The key set has no key of this id."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    keys: KeySet
    fetched_at: float


class JwksCache:
    """The key set of one issuer; safe to share between threads."""

    def __init__(
        self,
        fetch: FetchKeySet,
        *,
        maximum_age_seconds: float = 3600,
        stale_seconds: float = 3600,
        penalty_seconds: float = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._maximum_age_seconds = maximum_age_seconds
        self._stale_seconds = stale_seconds
        self._penalty_seconds = penalty_seconds
        self._clock = clock
        self._snapshot: _Snapshot | None = None
        self._tried_at: float | None = None
        self._fetching = threading.Lock()

    def find_fresh_key(self, key_id: str) -> VerificationKey | None:
        """Return the key when a fresh set has it, without ever waiting."""
        snapshot = self._snapshot
        if snapshot is None or self._age(snapshot) >= self._maximum_age_seconds:
            return None
        return snapshot.keys.get(key_id)

    def get_key(self, key_id: str) -> VerificationKey:
        """Return the key, fetching the set when that is owed.

        Raise KeyUnknown when a set that is still trusted lacks it, KeySetUnavailable without one.
        """
        key = self.find_fresh_key(key_id)
        if key is not None:
            return key
        self._refresh(key_id)
        snapshot = self._trusted()
        if snapshot is None:
            raise KeySetUnavailable
        key = snapshot.keys.get(key_id)
        if key is None:
            raise KeyUnknown
        return key

    def _refresh(self, key_id: str) -> None:
        """Fetch once, however many threads ask; failure leaves the set as it was."""
        seen = self._trusted()
        # Who can be answered from the stale set does not wait for another thread's fetch.
        may_wait = seen is None or key_id not in seen.keys
        before = self._snapshot
        if not self._fetching.acquire(blocking=may_wait):
            return
        try:
            if self._snapshot is before and not self._is_penalised():
                self._tried_at = self._clock()
                self._snapshot = _Snapshot(parse_key_set(self._fetch()), self._clock())
        except (KeySetNotFetched, KeySetMalformed):
            return
        finally:
            self._fetching.release()

    def _is_penalised(self) -> bool:
        return self._tried_at is not None and self._clock() - self._tried_at < self._penalty_seconds

    def _trusted(self) -> _Snapshot | None:
        snapshot = self._snapshot
        longest = self._maximum_age_seconds + self._stale_seconds
        return snapshot if snapshot is not None and self._age(snapshot) < longest else None

    def _age(self, snapshot: _Snapshot) -> float:
        return self._clock() - snapshot.fetched_at

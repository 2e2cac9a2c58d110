"""A remote key set kept at hand, without fetching it.

    fresh ── half of the maximum age ──> refresh owed ── maximum age ──> gone

A fresh set answers at once. When a refresh is owed, or a fresh set lacks a key id, the set is asked
for again: one fetch at a time, and none within the penalty after the last one began, so that
invented key ids and a server that is down cause no storm. Whom the old set can answer does not
wait for another's fetch. Beyond the maximum age nothing is trusted.
"""

from dataclasses import dataclass
from typing import Final

from poolgate.guard.errands import Errand, Steps
from poolgate.guard.outbound import OutboundAnswer, OutboundFailed, OutboundRequest
from poolgate.guard.refusals import DependencyUnavailable, RefusalCode, Unauthenticated
from poolgate.jose.key_sets import KeySet, KeySetMalformed, VerificationKey, parse_key_set

_OK: Final = 200
_PENALTY_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class _Snapshot:
    keys: KeySet
    fetched_at: float


class RemoteKeySet:
    """The key set behind one URL; safe to share between threads and event loops."""

    def __init__(self, url: str, *, maximum_age_seconds: float) -> None:
        self.url = url
        self._maximum_age_seconds = maximum_age_seconds
        self._snapshot: _Snapshot | None = None
        self._began_at: float | None = None
        self._is_fetching = False
        self._fetches_ended = 0

    def find_fresh_key(self, key_id: str, now: float) -> VerificationKey | None:
        """Return the key when a fresh set has it."""
        snapshot = self._snapshot
        if snapshot is None or now - snapshot.fetched_at >= self._maximum_age_seconds / 2:
            return None
        return snapshot.keys.get(key_id)

    def get_key(self, key_id: str, now: float) -> Steps[VerificationKey]:
        """Return the key, fetching the set when that is owed.

        Raises Unauthenticated when a set that is still trusted lacks it, DependencyUnavailable
        when there is no such set.
        """
        key = self.find_fresh_key(key_id, now)
        if key is not None:
            return key
        old_key = self._find_trusted_key(key_id, now)
        is_penalised = self._began_at is not None and now - self._began_at < _PENALTY_SECONDS
        if not is_penalised or (old_key is None and self._is_fetching):
            if not is_penalised:
                self._began_at = now
                self._is_fetching = True
            yield self._errand(now)
        key = self._find_trusted_key(key_id, now)
        if key is not None:
            return key
        if self._trusted(now) is None:
            raise DependencyUnavailable(
                RefusalCode.DEPENDENCY_UNAVAILABLE,
                "The keys that verify tokens are not available.",
                private_detail=f"no key set from {self.url}",
                retry_after_seconds=_PENALTY_SECONDS,
            )
        raise Unauthenticated(
            RefusalCode.TOKEN_INVALID,
            "The token is not valid.",
            bearer_error="invalid_token",
            private_detail="unknown key id",
        )

    def _errand(self, now: float) -> Errand[bool]:
        ended_before = self._fetches_ended

        def recall() -> bool | None:
            return True if self._fetches_ended != ended_before else None

        def receive(answer: OutboundAnswer | OutboundFailed) -> bool:
            self._is_fetching = False
            self._fetches_ended += 1
            if isinstance(answer, OutboundFailed) or answer.status != _OK:
                return False
            try:
                keys = parse_key_set(answer.body)
            except KeySetMalformed:
                return False
            self._snapshot = _Snapshot(self._with_known_objects(keys), now)
            return True

        request = OutboundRequest("GET", self.url, (("Accept", "application/json"),))
        return Errand(("key set", self.url), request, recall, receive)

    def _with_known_objects(self, keys: KeySet) -> KeySet:
        # An unchanged key stays the same object, by which tokens seen before recognise it.
        if self._snapshot is None:
            return keys
        known = self._snapshot.keys
        return {
            key_id: known[key_id] if known.get(key_id) == key else key
            for key_id, key in keys.items()
        }

    def _trusted(self, now: float) -> KeySet | None:
        snapshot = self._snapshot
        if snapshot is None or now - snapshot.fetched_at >= self._maximum_age_seconds:
            return None
        return snapshot.keys

    def _find_trusted_key(self, key_id: str, now: float) -> VerificationKey | None:
        keys = self._trusted(now)
        return None if keys is None else keys.get(key_id)

"""Tokens that are always good: refreshed ahead of expiry, once for all threads and processes.

    alive          ── returned ──> caller
    soon to expire ── lock free: refreshed here; held: somebody does it, the old one is returned
    expired        ── lock waited for, read again, refreshed here unless somebody did it meanwhile

INVARIANT: a refresh is one exchange and one write under the profile's lock, and signals wait until
it is written. A process that is killed between the two leaves the former refresh token; a server
that rotates takes that one again for its time of grace, so the next process gets in.
"""

import contextlib
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from poolgate.client import renewals
from poolgate.client.failures import ServerUnreachable
from poolgate.client.private_files import LockHeldTooLong
from poolgate.client.profiles import Profile, Profiles, usual_name
from poolgate.client.refreshing import SignInNeeded, refreshed, sign_in_needed
from poolgate.client.token_caches import TokenCache, cache_of, locked
from poolgate.client.token_sets import (
    KeptSignIn,
    KeptTextMalformed,
    TokenSet,
    parse_kept,
    render_kept,
)
from poolgate.foundation.clock import Clock, SystemClock

# A token must outlive the request that it is put into, and clocks differ a little.
_LEAST_LIFE: Final = timedelta(seconds=30)
_DEFERRED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

__all__ = ["SignInNeeded", "TokenSource", "token_source"]


class TokenSource:
    """The sign-in of one profile; one object serves all threads of a program."""

    def __init__(
        self, profile: Profile, profiles: Profiles | None = None, clock: Clock | None = None
    ) -> None:
        self.profile = profile
        self._profiles = profiles or Profiles()
        self._clock = clock or SystemClock()
        self._cache: TokenCache = cache_of(profile, self._profiles)
        self._threads = threading.Lock()
        self._last: KeptSignIn | None = None

    @property
    def place(self) -> str:
        """Where the sign-in is kept, for people."""
        return self._cache.place

    def find(self) -> KeptSignIn | None:
        """Return the sign-in as it is kept, perhaps expired, or None."""
        text = self._cache.read()
        if text is None:
            return None
        try:
            kept = parse_kept(text)
        except KeptTextMalformed:
            return None
        is_ours = (kept.issuer, kept.client_id) == (self.profile.issuer, self.profile.client_id)
        return kept if is_ours else None

    def current(self) -> TokenSet:
        """Return tokens that live for half a minute at least.

        Raises SignInNeeded when nobody is signed in or the sign-in is over, ServerUnreachable when
        the tokens have expired and no server answers.
        """
        kept = self._last
        if kept is None or self._is_worth_refreshing(kept):
            kept = self._last = self._required()
        if not self._is_worth_refreshing(kept):
            return kept.tokens
        if self._is_spent(kept):
            return self.refresh(unless_newer_than=kept)
        return self._refreshed_ahead(kept)

    def refresh(self, *, unless_newer_than: KeptSignIn | None = None) -> TokenSet:
        """Return new tokens, or those that somebody else got meanwhile; raises as `current`."""
        with self._threads, locked(self.profile, self._profiles):
            return self._refreshed_alone(unless_newer_than)

    def keep(self, kept: KeptSignIn) -> None:
        """Keep a new sign-in in place of the former one, and forget the keys that that one got."""
        with self._threads, locked(self.profile, self._profiles), _uninterrupted():
            self._cache.put(render_kept(kept))
            renewals.forget(self._profiles.config_folder, self.profile.name)
            self._last = kept

    def forget(self) -> KeptSignIn | None:
        """Forget the sign-in with its keys and return it, so that it can be revoked."""
        with self._threads, locked(self.profile, self._profiles):
            kept = self.find()
            self._cache.delete()
            renewals.forget(self._profiles.config_folder, self.profile.name)
            self._last = None
            return kept

    def _refreshed_ahead(self, kept: KeptSignIn) -> TokenSet:
        """Refresh unless somebody does it already; what goes wrong is no matter yet."""
        if not self._threads.acquire(blocking=False):
            return kept.tokens
        try:
            with locked(self.profile, self._profiles, may_wait=False):
                return self._refreshed_alone(kept)
        except (LockHeldTooLong, ServerUnreachable):
            return kept.tokens
        finally:
            self._threads.release()

    def _refreshed_alone(self, unless_newer_than: KeptSignIn | None) -> TokenSet:
        kept = self._required()
        if unless_newer_than is not None and kept.tokens != unless_newer_than.tokens:
            self._last = kept
            if not self._is_spent(kept):
                return kept.tokens
        with _uninterrupted():
            self._last = refreshed(self.profile, kept, self._clock)
            self._cache.put(render_kept(self._last))
        return self._last.tokens

    def _required(self) -> KeptSignIn:
        kept = self.find()
        if kept is None:
            raise sign_in_needed(self.profile, "nobody is signed in")
        return kept

    def _is_worth_refreshing(self, kept: KeptSignIn) -> bool:
        has_refresh_token = kept.tokens.refresh_token is not None
        return self._is_spent(kept) or (
            has_refresh_token and self._clock.now() >= kept.tokens.refresh_at
        )

    def _is_spent(self, kept: KeptSignIn) -> bool:
        return self._clock.now() >= kept.tokens.expires_at - _LEAST_LIFE


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let what asks this thread to stop wait until the block ends; its exchanges are bounded."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, _DEFERRED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def token_source(profile_name: str | None = None) -> TokenSource:
    """Return the source of a profile's tokens; of the usual profile unless one is named.

    Raises ProfileNotFound.
    """
    profiles = Profiles()
    return TokenSource(profiles.get(profile_name or usual_name()), profiles)

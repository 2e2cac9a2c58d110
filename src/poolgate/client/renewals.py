"""One new answer for everybody who asks: the first renews it, the others wait and take it."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from poolgate.client.kept_answers import SIGN_IN_MARK, KeptAnswer, folder_of, is_answer
from poolgate.client.private_files import FolderNotPrivate, LockHeldTooLong, locked, replace
from poolgate.foundation.clock import Clock
from poolgate.foundation.randomness import random_uuid

# Longer than the exchanges of a renewal can take together; whoever holds a lock longer hangs.
LONGEST_RENEWAL_SECONDS: Final = 75.0
# AWS's SDKs ask for new keys from a quarter of an hour before the old ones expire.
_AHEAD: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Renewed:
    """A new answer and when it expires."""

    text: str
    expires_at: datetime


def answered(
    kept: KeptAnswer,
    renew: Callable[[], Renewed],
    clock: Clock,
    *,
    wait_seconds: float = LONGEST_RENEWAL_SECONDS,
) -> str:
    """Return the kept answer, or a new one that is kept in turn.

    However many ask at once, one of them renews. Should it hang, the others renew for themselves
    after `wait_seconds`. What `renew` raises is passed on, and nothing is kept then.
    """
    known = kept.read(clock.now().timestamp())
    if known is not None:
        return known
    path = Path(kept.path)
    with ExitStack() as held:
        # What hangs must not stop everybody, nor what cannot be written; replacing a file needs no
        # lock.
        with suppress(LockHeldTooLong, FolderNotPrivate, OSError):
            held.enter_context(locked(path, wait_seconds))
        known = kept.read(clock.now().timestamp())
        if known is not None:
            return known
        asked_at = clock.now()
        renewed = renew()
        lifetime = renewed.expires_at - asked_at
        renew_at = renewed.expires_at - min(_AHEAD, lifetime / 4)
        with suppress(FolderNotPrivate, OSError):
            replace(path, kept.render(renewed.text, renew_at.timestamp()))
        return renewed.text


def forget(config_folder: Path, profile_name: str) -> None:
    """Forget every answer that a profile's sign-in got, also those that are on their way."""
    folder = Path(folder_of(str(config_folder), profile_name))
    if not folder.is_dir():
        return
    replace(folder / SIGN_IN_MARK, random_uuid().encode())
    for path in folder.iterdir():
        if is_answer(path.name):
            path.unlink(missing_ok=True)


def forget_answer(kept: KeptAnswer) -> None:
    """Forget one answer, which turned out to be no good."""
    Path(kept.path).unlink(missing_ok=True)

"""Forgetting what has expired: codes, challenges, auth sessions, counters, token families."""

from collections.abc import Callable

from poolgate.store.database import Database, Transaction
from poolgate.userpools import (
    attempt_limits,
    auth_events,
    auth_sessions,
    authorization_codes,
    browser_sessions,
    confirmation_codes,
    device_authorizations,
    import_files,
    import_jobs,
    known_places,
    passkey_registration,
    pushed_requests,
    refresh_tokens,
    spent_proofs,
)

_PURGES: tuple[Callable[[Transaction, int], int], ...] = (
    confirmation_codes.purge,
    auth_sessions.purge,
    attempt_limits.purge,
    spent_proofs.purge,
    passkey_registration.purge,
    refresh_tokens.purge,
    import_jobs.expire,
    import_files.forget,
    authorization_codes.purge,
    browser_sessions.purge,
    pushed_requests.purge,
    device_authorizations.purge,
    auth_events.purge,
    known_places.purge,
    known_places.purge_failures,
)


def purge_expired(db: Database, now_millis: int) -> int:
    """Remove expired rows and return how many; any number of servers may do so at once.

    Each kind has its own short transaction, so that sign-ins wait for none of them long.
    """
    removed = 0
    for purge in _PURGES:
        with db.writing(about="housekeeping") as transaction:
            removed += purge(transaction, now_millis)
    return removed

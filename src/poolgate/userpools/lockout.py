"""Lock-out after wrong passwords: delays that grow, kept in the database.

The fifth failure in a row locks for one second, each further one twice as long, to fifteen minutes.
Fifteen minutes without a failure forget the count. While locked every attempt is refused alike,
right or wrong, and does not prolong the lock. AWS Developer Guide, "Lockout behavior for failed
sign-in attempts".

A password is checked outside transactions, so attempts that run side by side may all have passed
the first look at the lock. INVARIANT: what an attempt learned counts only if the lock is still open
in the transaction that ends it; of fifty parallel guesses five are answered.

Names that nobody has are counted like users, under a made-up sub, so that a lock does not tell who
has an account.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Sub
from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools.tables import attempt_windows, users

FREE_FAILURES = 5
LONGEST_LOCK_MILLIS = 15 * 60 * 1000
FORGET_AFTER_MILLIS = 15 * 60 * 1000
_KIND = "unknown_sign_in"


class LockedOut(Failure):
    """Too many wrong passwords; wait."""


@dataclass(frozen=True, slots=True)
class FailureCount:
    """Failures in a row, and when the last one was."""

    failures: int = 0
    last_failure_at: int | None = None

    def after_failure(self, now_millis: int) -> "FailureCount":
        """Return the count with one more failure."""
        return FailureCount(1 if self.is_forgotten(now_millis) else self.failures + 1, now_millis)

    def is_forgotten(self, now_millis: int) -> bool:
        """Tell whether the last failure is too long ago to count."""
        return (
            self.last_failure_at is None or now_millis >= self.last_failure_at + FORGET_AFTER_MILLIS
        )

    def locked_until(self) -> int | None:
        """Return when the lock ends, or None where the failures do not lock."""
        if self.last_failure_at is None or self.failures < FREE_FAILURES:
            return None
        # The exponent is bounded before shifting: the count may be any number.
        doublings = min(self.failures - FREE_FAILURES, 20)
        return self.last_failure_at + min(1000 << doublings, LONGEST_LOCK_MILLIS)


_OF_USER = sa.select(users.c.failed_attempts, users.c.last_failure_at).where(
    users.c.pool_id == sa.bindparam("pool_id"), users.c.sub == sa.bindparam("sub")
)
_STORE_OF_USER = (
    sa.update(users)
    .where(users.c.pool_id == sa.bindparam("of_pool"), users.c.sub == sa.bindparam("of_sub"))
    .values(
        failed_attempts=sa.bindparam("failures"),
        last_failure_at=sa.bindparam("last_failure_at"),
        locked_until=sa.bindparam("locked_until"),
    )
)
_OF_NAME = sa.select(attempt_windows.c.attempts, attempt_windows.c.started_at).where(
    attempt_windows.c.pool_id == sa.bindparam("pool_id"),
    attempt_windows.c.sub == sa.bindparam("sub"),
    attempt_windows.c.kind == _KIND,
)
_ADD_NAME = InsertIfAbsent(attempt_windows)
_STORE_OF_NAME = (
    sa.update(attempt_windows)
    .where(
        attempt_windows.c.pool_id == sa.bindparam("of_pool"),
        attempt_windows.c.sub == sa.bindparam("of_sub"),
        attempt_windows.c.kind == _KIND,
    )
    .values(attempts=sa.bindparam("failures"), started_at=sa.bindparam("last_failure_at"))
)


def verify_open(count: FailureCount, now_millis: int) -> None:
    """Raise LockedOut while the lock holds."""
    locked_until = count.locked_until()
    if locked_until is not None and now_millis < locked_until:
        raise LockedOut


def of_name(transaction: Transaction, pool_id: PoolId, stand_in: Sub) -> FailureCount:
    """Return the failures of a name that nobody has."""
    row = transaction.one(_OF_NAME, {"pool_id": pool_id, "sub": stand_in})
    return FailureCount() if row is None else FailureCount(row.attempts, row.started_at)


def count_failure(transaction: Transaction, pool_id: PoolId, sub: Sub, now_millis: int) -> None:
    """Count a user's failure; raise LockedOut, changing nothing, when the lock holds by now."""
    row = transaction.one(_OF_USER, {"pool_id": pool_id, "sub": sub})
    if row is None:
        return
    count = FailureCount(row.failed_attempts, row.last_failure_at)
    verify_open(count, now_millis)
    _store(transaction, _STORE_OF_USER, pool_id, sub, count.after_failure(now_millis))


def count_failure_of_name(
    transaction: Transaction, pool_id: PoolId, stand_in: Sub, now_millis: int
) -> None:
    """Do for a name that nobody has what `count_failure` does for a user."""
    transaction.insert_if_absent(
        _ADD_NAME,
        {
            "pool_id": pool_id,
            "sub": stand_in,
            "kind": _KIND,
            "started_at": 0,
            "attempts": 0,
        },
    )
    count = of_name(transaction, pool_id, stand_in)
    verify_open(count, now_millis)
    _store(transaction, _STORE_OF_NAME, pool_id, stand_in, count.after_failure(now_millis))


def forgive(transaction: Transaction, pool_id: PoolId, sub: Sub) -> None:
    """Forget a user's failures after a right password."""
    _store(transaction, _STORE_OF_USER, pool_id, sub, FailureCount())


def _store(
    transaction: Transaction, statement: sa.Update, pool_id: PoolId, sub: Sub, count: FailureCount
) -> None:
    values = {"failures": count.failures, "last_failure_at": count.last_failure_at}
    if statement is _STORE_OF_USER:
        values["locked_until"] = count.locked_until()
    transaction.run(statement, {"of_pool": pool_id, "of_sub": sub, **values})

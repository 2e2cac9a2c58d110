import pytest

from poolgate.userpools.lockout import FailureCount, LockedOut, verify_open

MINUTE = 60_000


def after(failures: int) -> FailureCount:
    count = FailureCount()
    for _ in range(failures):
        count = count.after_failure(0)
    return count


@pytest.mark.parametrize(
    ("failures", "locked_seconds"),
    [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (14, 512), (15, 900), (40, 900)],
)
def test_each_failure_doubles_the_lock(failures: int, locked_seconds: int) -> None:
    count = after(failures)
    verify_open(count, locked_seconds * 1000)
    if locked_seconds:
        with pytest.raises(LockedOut):
            verify_open(count, locked_seconds * 1000 - 1)


def test_fifteen_quiet_minutes_forget_the_failures() -> None:
    assert after(8).after_failure(15 * MINUTE) == FailureCount(1, 15 * MINUTE)
    assert after(8).after_failure(15 * MINUTE - 1) == FailureCount(9, 15 * MINUTE - 1)


def test_any_number_of_failures_is_computed_at_once() -> None:
    assert FailureCount(10**9, 0).locked_until() == 15 * MINUTE

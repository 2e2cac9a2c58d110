"""Times operations against their limit, both in turns, so that a busy machine slows both."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ROUNDS = 7


@dataclass(frozen=True)
class Spent:
    """Seconds that a stretch of work took: by the wall and of the processor."""

    wall: float
    cpu: float

    def __truediv__(self, calls: int) -> "Spent":
        return Spent(self.wall / calls, self.cpu / calls)

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.wall + other.wall, self.cpu + other.cpu)


Measurement = Callable[[int], Spent]


@dataclass(frozen=True)
class Compared:
    """An operation and its limit, the medians of all rounds, and what share the limit is."""

    operation: Spent
    limit: Spent
    share: Spent


def compare(
    operation: Measurement, limit: Measurement, *, calls: int, limit_calls: int
) -> Compared:
    """Run both in turns; each callable makes that many calls and returns what one took."""
    operation(max(1, calls // 10))
    limit(max(1, limit_calls // 10))
    operations, limits = [], []
    for _ in range(ROUNDS):
        gc.collect()
        limits.append(limit(limit_calls))
        operations.append(operation(calls))
    shares = [
        Spent(limit.wall / operation.wall, limit.cpu / operation.cpu)
        for limit, operation in zip(limits, operations, strict=True)
    ]
    return Compared(middle(operations), middle(limits), middle(shares))


def repeat(operation: Measurement, *, calls: int) -> Spent:
    """Run an operation that has no limit of its own."""
    operation(max(1, calls // 10))
    rounds = []
    for _ in range(ROUNDS):
        gc.collect()
        rounds.append(operation(calls))
    return middle(rounds)


def each(run: Callable[[], object]) -> Measurement:
    """Return a measurement of one call of `run`."""
    return lambda calls: spent_on(lambda: [run() for _ in range(calls)]) / calls


def spent_on(work: Callable[[], object]) -> Spent:
    """Return what the work took."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def middle(rounds: Sequence[Spent]) -> Spent:
    """Return the median of the rounds."""
    return Spent(
        statistics.median(one.wall for one in rounds), statistics.median(one.cpu for one in rounds)
    )

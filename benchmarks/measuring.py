"""Times operations against their limit, in turns, and keeps the best of many short rounds.

Other work on the machine can only add to a round, so the best one says most about the code.
"""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ROUNDS = 30


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
    """An operation and its limit, each at its best."""

    operation: Spent
    limit: Spent

    @property
    def share(self) -> Spent:
        """Return what share of the operation its limit is."""
        return Spent(self.limit.wall / self.operation.wall, self.limit.cpu / self.operation.cpu)


def compare(operation: Measurement, limit: Measurement, *, calls: int) -> Compared:
    """Run both in turns; each callable makes that many calls and returns what one took."""
    operation(1)
    limit(1)
    operations, limits = [], []
    for _ in range(ROUNDS):
        gc.collect()
        limits.append(limit(calls))
        operations.append(operation(calls))
    return Compared(best(operations), best(limits))


def repeat(operation: Measurement, *, calls: int) -> Spent:
    """Run an operation that has no limit of its own."""
    operation(1)
    rounds = []
    for _ in range(ROUNDS):
        gc.collect()
        rounds.append(operation(calls))
    return best(rounds)


def each(run: Callable[[], object]) -> Measurement:
    """Return a measurement of one call of `run`."""
    return lambda calls: spent_on(lambda: [run() for _ in range(calls)]) / calls


def spent_on(work: Callable[[], object]) -> Spent:
    """Return what the work took."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def best(rounds: Sequence[Spent]) -> Spent:
    """Return the shortest times of all rounds."""
    return Spent(min(one.wall for one in rounds), min(one.cpu for one in rounds))

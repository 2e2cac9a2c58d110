"""How the heart of the guard asks for something from outside without doing it.

Authentication is a generator: it yields an Errand when it needs an answer that it has not got, and
ends with the Caller. A driver carries errands out, blocking or on asyncio. Errands with the same
`shared_key` are carried out once and everybody who waits gets the outcome.
"""

import asyncio
import threading
from collections.abc import Callable, Generator, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from poolgate.foundation.failure import Failure
from poolgate.guard.outbound import (
    AsyncFetch,
    Fetch,
    OutboundAnswer,
    OutboundFailed,
    OutboundRequest,
)

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Errand(Generic[Outcome]):
    """One question to the outside.

    `recall` looks once more whether the answer has come meanwhile, after the errand is the only
    one of its key. `receive` judges and remembers the answer before anybody waiting gets it; it
    raises a Refusal for an answer that refuses. Without `shared_key` nothing is shared.
    """

    shared_key: Hashable | None
    request: OutboundRequest
    recall: Callable[[], Outcome | None]
    receive: Callable[[OutboundAnswer | OutboundFailed], Outcome]


Steps = Generator[Errand[Any], Any, Outcome]


class BlockingDriver:
    """Carries errands out in the calling thread; threads share errands of one key."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._under_way: dict[Hashable, Future[Any]] = {}
        self._lock = threading.Lock()

    def run(self, steps: Steps[Outcome]) -> Outcome:
        """Return what the steps end with; a Failure of an errand is raised inside them first."""
        try:
            errand = next(steps)
            while True:
                try:
                    outcome = self._carry_out(errand)
                except Failure as failure:
                    errand = steps.throw(failure)
                else:
                    errand = steps.send(outcome)
        except StopIteration as end:
            caller: Outcome = end.value
            return caller

    def _carry_out(self, errand: Errand[Any]) -> Any:  # noqa: ANN401 - as the errand has it
        if errand.shared_key is None:
            return self._ask(errand)
        with self._lock:
            other = self._under_way.get(errand.shared_key)
            mine: Future[Any] = Future()
            if other is None:
                self._under_way[errand.shared_key] = mine
        if other is not None:
            return other.result()
        try:
            known = errand.recall()
            outcome = self._ask(errand) if known is None else known
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(outcome)
            return outcome
        finally:
            with self._lock:
                del self._under_way[errand.shared_key]

    def _ask(self, errand: Errand[Any]) -> Any:  # noqa: ANN401 - as the errand has it
        answer: OutboundAnswer | OutboundFailed
        try:
            answer = self._fetch(errand.request)
        except OutboundFailed as failure:
            answer = failure
        return errand.receive(answer)


class AsyncDriver:
    """Carries errands out on the running event loop; its tasks share errands of one key."""

    def __init__(self, fetch: AsyncFetch) -> None:
        self._fetch = fetch
        self._under_way: WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[Hashable, asyncio.Task[Any]]
        ] = WeakKeyDictionary()

    async def run(self, steps: Steps[Outcome]) -> Outcome:
        """Return what the steps end with; a Failure of an errand is raised inside them first."""
        try:
            errand = next(steps)
            while True:
                try:
                    outcome = await self._carry_out(errand)
                except Failure as failure:
                    errand = steps.throw(failure)
                else:
                    errand = steps.send(outcome)
        except StopIteration as end:
            caller: Outcome = end.value
            return caller

    async def _carry_out(self, errand: Errand[Any]) -> Any:  # noqa: ANN401 - as the errand has it
        if errand.shared_key is None:
            return await self._ask(errand)
        key = errand.shared_key
        loop = asyncio.get_running_loop()
        under_way = self._under_way.setdefault(loop, {})
        task = under_way.get(key)
        if task is None:
            task = under_way[key] = loop.create_task(self._recall_or_ask(errand))

            def forget(done: asyncio.Task[Any]) -> None:
                under_way.pop(key, None)
                # Read, so that asyncio does not report it when every waiter has gone away.
                _ = done.cancelled() or done.exception()

            task.add_done_callback(forget)
        # A request that is cancelled must not take the answer away from the others.
        return await asyncio.shield(task)

    async def _recall_or_ask(self, errand: Errand[Any]) -> Any:  # noqa: ANN401 - as the errand has it
        known = errand.recall()
        return await self._ask(errand) if known is None else known

    async def _ask(self, errand: Errand[Any]) -> Any:  # noqa: ANN401 - as the errand has it
        answer: OutboundAnswer | OutboundFailed
        try:
            answer = await self._fetch(errand.request)
        except OutboundFailed as failure:
            answer = failure
        return errand.receive(answer)

"""Sends what the queue holds, from any number of servers at once.

A message is due -> leased (one atomic statement: nobody else takes it for a while) -> delivered,
due again after a growing delay, or given up with the reason kept. A server that dies while it holds
a lease loses nothing: the message is due again when the lease ends. It may then arrive twice, never
not at all.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from poolgate.credentials.sealing import Vault
from poolgate.delivery.media import DeliveryFailed, Sender
from poolgate.delivery.queue import Carrier, opened_message
from poolgate.delivery.tables import messages
from poolgate.foundation.clock import Clock, epoch_millis
from poolgate.store.database import Database

_log = logging.getLogger(__name__)
_SECOND = 1000
_HOUR = 3600 * _SECOND
_DAY = 24 * _HOUR
LEASE_MILLIS = 300 * _SECOND
FIRST_DELAY_MILLIS = 15 * _SECOND
LONGEST_DELAY_MILLIS = _HOUR
GIVEN_UP_AFTER_MILLIS = _DAY
# What was sent is of no use any more and holds codes, though sealed.
KEPT_MILLIS = 3 * _DAY
_PAUSE_SECONDS = 0.5
_LONGEST_REASON = 500
_ABOUT = "message queue"

_DUE = sa.and_(
    messages.c.due_at <= sa.bindparam("now"),
    messages.c.carrier.in_(sa.bindparam("carriers", expanding=True)),
)
_ANY_DUE = sa.select(messages.c.message_id).where(_DUE).limit(1)
_LEASE = (
    sa.update(messages)
    .where(
        messages.c.message_id
        == sa.select(messages.c.message_id)
        .where(_DUE)
        .order_by(messages.c.due_at, messages.c.message_id)
        .limit(1)
        .scalar_subquery(),
        # Looked at again after waiting for another worker that took the same row.
        messages.c.due_at <= sa.bindparam("now"),
    )
    .values(due_at=sa.bindparam("leased_until"), attempts=messages.c.attempts + 1)
    .returning(messages)
)
_OF_LEASE = sa.and_(
    messages.c.message_id == sa.bindparam("of_message"),
    messages.c.due_at == sa.bindparam("leased_until"),
)
_FINISH = (
    sa.update(messages)
    .where(_OF_LEASE)
    .values(
        due_at=sa.bindparam("next_due_at"),
        delivered_at=sa.bindparam("new_delivered_at"),
        last_error=sa.bindparam("new_last_error"),
    )
)
_FORGET = sa.delete(messages).where(
    messages.c.due_at.is_(None), messages.c.created_at <= sa.bindparam("before")
)


class Outcome(StrEnum):
    """What became of one attempt."""

    DELIVERED = "delivered"
    RETRIED = "retried"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver a message, for the log: nothing of its content."""

    message_id: str
    pool_id: str
    medium: str
    attempts: int
    outcome: Outcome
    reason: str | None


def ignore_attempt(_attempt: Attempt) -> None:
    """Tell nobody."""


class MessageSender:
    """Takes due messages and sends them; `start` does so in a thread of its own."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        clock: Clock,
        senders: Mapping[Carrier, Sender],
        *,
        report: Callable[[Attempt], None] = ignore_attempt,
    ) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock
        self._senders = senders
        self._report = report
        self._carriers = [carrier.value for carrier in senders]
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._forgot_at: int | None = None

    def start(self) -> None:
        """Send from now on, in a thread that does not keep the process alive."""
        self._thread = threading.Thread(target=self._work, name="message sender", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the message being sent, and wait for that."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def deliver_due(self) -> int:
        """Try each message that is due once; return how many were tried."""
        tried = 0
        while not self._stopping.is_set() and self._deliver_one():
            tried += 1
        if tried:
            for sender in self._senders.values():
                sender.rest()
        self._forget_old()
        return tried

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self.deliver_due()
            except Exception as error:  # noqa: BLE001 - whatever happened, the next message is due
                _log.warning("message sender interrupted: %s", type(error).__name__)
            self._stopping.wait(_PAUSE_SECONDS)

    def _deliver_one(self) -> bool:
        leased = self._leased()
        if leased is None:
            return False
        reason, permanent = self._tried(leased)
        now = self._now_millis()
        if reason is None:
            outcome, next_due_at = Outcome.DELIVERED, None
        elif permanent or now - leased.created_at >= GIVEN_UP_AFTER_MILLIS:
            outcome, next_due_at = Outcome.GIVEN_UP, None
        else:
            outcome, next_due_at = Outcome.RETRIED, now + _delay_millis(leased.attempts)
        with self._db.writing(about=_ABOUT) as transaction:
            transaction.run(
                _FINISH,
                {
                    "of_message": leased.message_id,
                    "leased_until": leased.due_at,
                    "next_due_at": next_due_at,
                    "new_delivered_at": now if outcome is Outcome.DELIVERED else None,
                    "new_last_error": reason,
                },
            )
        self._report(
            Attempt(
                message_id=leased.message_id,
                pool_id=leased.pool_id,
                medium=leased.medium,
                attempts=leased.attempts,
                outcome=outcome,
                reason=reason,
            )
        )
        return True

    def _leased(self) -> Any:  # noqa: ANN401 - a row of the messages table
        """Return the message that is due longest, now ours, or None."""
        now = self._now_millis()
        due = {"now": now, "carriers": self._carriers}
        with self._db.reading() as transaction:
            # Most of the time nothing is due: then no writer is kept waiting.
            if transaction.one(_ANY_DUE, due) is None:
                return None
        with self._db.writing(about=_ABOUT) as transaction:
            return transaction.one(_LEASE, {**due, "leased_until": now + LEASE_MILLIS})

    def _tried(self, leased: Any) -> tuple[str | None, bool]:  # noqa: ANN401 - as above
        """Return why the message was not taken, if it was not, and whether for good."""
        try:
            message = opened_message(self._vault, leased)
            self._senders[message.carrier].send(leased.message_id, message)
        except DeliveryFailed as failure:
            return failure.reason[:_LONGEST_REASON], failure.permanent
        except Exception as error:  # noqa: BLE001 - one bad message must not stop all the others
            return type(error).__name__, False
        return None, False

    def _forget_old(self) -> None:
        now = self._now_millis()
        if self._forgot_at is not None and now - self._forgot_at < _HOUR:
            return
        with self._db.writing(about=_ABOUT) as transaction:
            transaction.run(_FORGET, {"before": now - KEPT_MILLIS})
        self._forgot_at = now

    def _now_millis(self) -> int:
        return epoch_millis(self._clock.now())


def _delay_millis(attempts: int) -> int:
    doubled: int = FIRST_DELAY_MILLIS * 2 ** min(attempts - 1, 16)
    return min(doubled, LONGEST_DELAY_MILLIS)

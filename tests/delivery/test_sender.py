import threading
from collections import Counter

import pytest
import sqlalchemy as sa
from kits.mail_server import mail_server

from poolgate.delivery import sender as sending
from poolgate.delivery.media import DeliveryFailed
from poolgate.delivery.queue import Carrier, Medium, list_messages
from poolgate.delivery.sender import MessageSender, Outcome
from poolgate.delivery.smtp import SmtpSecurity, SmtpSender, SmtpSettings
from poolgate.delivery.tables import messages
from poolgate.store.database import Database

ROWS = sa.select(messages)


class Postbox:
    """Takes messages, or fails as told; stands for a mail server that is far away."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.failure: Exception | None = None
        self.rests = 0

    def send(self, _message_id, message) -> None:
        if self.failure is not None:
            raise self.failure
        self.taken.append(message.recipient)

    def rest(self) -> None:
        self.rests += 1


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def attempts() -> list:
    return []


@pytest.fixture
def sender(db, vault, clock, postbox, attempts):
    return MessageSender(db, vault, clock, {Carrier.EMAIL: postbox}, report=attempts.append)


def rows(db: Database):
    with db.reading() as transaction:
        return transaction.rows(ROWS)


def test_due_messages_are_sent_once_oldest_first(db, sender, postbox, post, clock, attempts):
    post("first@example.com")
    clock.advance(1)
    post("second@example.com")
    assert sender.deliver_due() == 2
    assert sender.deliver_due() == 0
    assert postbox.taken == ["first@example.com", "second@example.com"]
    assert postbox.rests == 1
    assert [attempt.outcome for attempt in attempts] == [Outcome.DELIVERED] * 2
    assert all(row.delivered_at and row.due_at is None for row in rows(db))


def test_a_medium_without_sender_stays_in_the_queue(sender, post, db):
    post("+491511", medium=Medium.SMS)
    assert sender.deliver_due() == 0
    assert rows(db)[0].due_at is not None


def test_a_failure_is_tried_again_after_growing_delays(db, sender, postbox, post, clock):
    post()
    postbox.failure = DeliveryFailed("451 later")
    waits = []
    for _ in range(12):
        assert sender.deliver_due() == 1
        assert sender.deliver_due() == 0
        (row,) = rows(db)
        waits.append((row.due_at - int(clock.now().timestamp() * 1000)) // 1000)
        clock.advance(waits[-1])
    assert waits[:4] == [15, 30, 60, 120]
    assert waits == sorted(waits)
    assert waits[-1] == 3600
    assert row.last_error == "451 later"
    postbox.failure = None
    assert sender.deliver_due() == 1
    (row,) = rows(db)
    assert (row.delivered_at is not None, row.last_error) == (True, None)


def test_a_message_is_given_up_after_a_day_with_the_reason(
    db, sender, postbox, post, clock, attempts
):
    post()
    postbox.failure = DeliveryFailed("451 later")
    clock.advance(24 * 3600)
    assert sender.deliver_due() == 1
    (row,) = rows(db)
    assert (row.due_at, row.delivered_at, row.last_error) == (None, None, "451 later")
    assert attempts[-1].outcome is Outcome.GIVEN_UP


def test_a_permanent_failure_is_given_up_at_once(db, sender, postbox, post):
    post()
    postbox.failure = DeliveryFailed("550 nobody", permanent=True)
    sender.deliver_due()
    assert (rows(db)[0].due_at, rows(db)[0].last_error) == (None, "550 nobody")


def test_a_broken_sender_does_not_stop_the_others_and_tells_nothing(db, sender, postbox, post):
    post("first@example.com")
    post("second@example.com")
    postbox.failure = RuntimeError("123456 is the code")
    assert sender.deliver_due() == 2
    assert {row.last_error for row in rows(db)} == {"RuntimeError"}


def test_a_lease_that_was_never_finished_ends(db, vault, clock, post, sender, postbox):
    post()
    killed = MessageSender(db, vault, clock, {Carrier.EMAIL: Postbox()})
    assert killed._leased() is not None  # noqa: SLF001 - what a killed server leaves behind
    assert sender.deliver_due() == 0
    clock.advance(sending.LEASE_MILLIS / 1000)
    assert sender.deliver_due() == 1
    assert postbox.taken == ["ada@example.com"]


def test_a_queue_outlives_its_server(database_url, db, vault, clock, post, postbox):
    post()
    db.close()
    reopened = Database.open(database_url)
    MessageSender(reopened, vault, clock, {Carrier.EMAIL: postbox}).deliver_due()
    assert postbox.taken == ["ada@example.com"]
    reopened.close()


def test_parallel_workers_send_each_message_once(database_url, vault, clock, post):
    for number in range(40):
        post(f"{number}@example.com")
    postbox, ready = Postbox(), threading.Barrier(8)

    def work() -> None:
        own_db = Database.open(database_url)
        ready.wait()
        MessageSender(own_db, vault, clock, {Carrier.EMAIL: postbox}).deliver_due()
        own_db.close()

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Counter(postbox.taken) == Counter(f"{number}@example.com" for number in range(40))


def test_old_messages_are_forgotten_unless_still_due(db, vault, sender, post, clock):
    post("old@example.com")
    sender.deliver_due()
    post("+491511", medium=Medium.SMS)
    clock.advance(sending.KEPT_MILLIS / 1000 + 1)
    sender.deliver_due()
    left = list_messages(db, vault)
    assert [stored.message.medium for stored in left] == [Medium.SMS]


def test_the_thread_sends_by_a_real_mail_server(db, vault, clock, post, tmp_path):
    arrived = threading.Event()
    with mail_server(tmp_path) as server:
        server.box.before_reply = arrived.set
        smtp = SmtpSender(
            SmtpSettings(
                host=server.host,
                port=server.port,
                from_address="pool@example.org",
                security=SmtpSecurity.NONE,
            ),
            clock,
        )
        sender = MessageSender(db, vault, clock, {Carrier.EMAIL: smtp})
        sender.start()
        post()
        assert arrived.wait(timeout=30)
        sender.stop()
    assert server.box.recipients == ["ada@example.com"]
    assert rows(db)[0].delivered_at is not None

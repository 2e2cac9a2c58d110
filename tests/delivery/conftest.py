from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from poolgate.credentials.sealing import Vault, new_master_key
from poolgate.delivery.queue import Medium, Message, enqueue
from poolgate.foundation.clock import MovableClock, epoch_millis
from poolgate.store import schema
from poolgate.store.database import Database

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(frozen_at=NOW)


@pytest.fixture
def vault() -> Vault:
    return Vault([new_master_key()])


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_url")
    return f"sqlite:///{request.getfixturevalue('tmp_path')}/db"


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database.open(database_url)
    schema.ensure(database)
    yield database
    database.close()


@pytest.fixture
def post(db: Database, vault: Vault, clock: MovableClock):
    """Put a message into the queue."""

    def put(recipient: str = "ada@example.com", medium: Medium = Medium.EMAIL, **content: object):
        message = Message(
            **{
                "pool_id": "us-east-1_a",
                "medium": medium,
                "recipient": recipient,
                "subject": "Your code",
                "body": "Your code is 123456",
                "purpose": "test",
                **content,
            }
        )
        # Of a call, the queue reads the vault and the time.
        call = SimpleNamespace(vault=vault, now_millis=epoch_millis(clock.now()))
        with db.writing() as transaction:
            enqueue(transaction, call, message)

    return put

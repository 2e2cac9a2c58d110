"""What only a database server can do: go away, hang, run out of connections."""

import threading

import pytest
import sqlalchemy as sa

from poolgate.store.database import Database
from poolgate.store.failures import DatabaseBusy, DatabaseUnreachable
from poolgate.store.postgresql import PostgresqlBackend

BACKEND_ID = sa.select(sa.func.pg_backend_pid().label("backend_id"))


@pytest.fixture
def db(postgresql_url):
    database = Database.open(postgresql_url)
    yield database
    database.close()


def backend_id(db: Database) -> int:
    with db.reading() as transaction:
        return transaction.one(BACKEND_ID).backend_id


def test_a_connection_is_used_again(db):
    assert backend_id(db) == backend_id(db)


def test_a_dropped_connection_is_replaced_unnoticed(db, postgresql_server):
    before = backend_id(db)
    postgresql_server.run(f"SELECT pg_terminate_backend({before}, 5000)")
    assert backend_id(db) != before


def test_a_connection_dropped_inside_a_transaction_is_reported_and_replaced(db, postgresql_server):
    seen = []

    def lose_connection() -> None:
        with db.writing() as transaction:
            seen.append(transaction.one(BACKEND_ID).backend_id)
            postgresql_server.run(f"SELECT pg_terminate_backend({seen[0]}, 5000)")
            transaction.one(BACKEND_ID)

    with pytest.raises(DatabaseUnreachable):
        lose_connection()
    assert backend_id(db) != seen[0]


def test_no_server_is_reported_without_its_address(tmp_path):
    db = Database.open(f"postgresql://name:hidden@/none?host={tmp_path}")
    with pytest.raises(DatabaseUnreachable) as failure, db.reading():
        pass
    assert "hidden" not in str(failure.value)
    assert "hidden" not in str(failure.value.private_detail)


def test_a_reading_transaction_cannot_write(db):
    with pytest.raises(Exception, match="read-only"), db.reading() as transaction:
        transaction.run(sa.text("DELETE FROM spent_proofs"))


def test_writers_about_different_things_run_side_by_side(db):
    inside = threading.Barrier(2, timeout=20)

    def write(about: str) -> None:
        with db.writing(about=about):
            inside.wait()

    other = threading.Thread(target=write, args=("one",))
    other.start()
    write("two")
    other.join()
    assert not inside.broken


def test_a_full_pool_is_reported_after_a_wait(postgresql_url, monkeypatch):
    monkeypatch.setattr("poolgate.store.postgresql.LOCK_WAIT_SECONDS", 0.01)
    db = Database(PostgresqlBackend(postgresql_url, pool_size=1))
    refused = []

    def read() -> None:
        try:
            with db.reading():
                pass
        except DatabaseBusy as failure:
            refused.append(failure)

    with db.reading():
        other = threading.Thread(target=read)
        other.start()
        other.join()
    assert len(refused) == 1
    db.close()


def test_a_writer_that_waits_too_long_is_told_so(postgresql_url, monkeypatch):
    monkeypatch.setattr("poolgate.store.postgresql._SETTINGS", ("SET lock_timeout = '10ms'",))
    db = Database.open(postgresql_url)
    refused = []

    def write() -> None:
        try:
            with db.writing():
                pass
        except DatabaseBusy as failure:
            refused.append(failure)

    with db.writing():
        other = threading.Thread(target=write)
        other.start()
        other.join()
    assert len(refused) == 1
    with db.writing():
        pass
    db.close()

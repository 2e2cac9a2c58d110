"""The store kit: what every room may rely on, on each engine."""

import enum
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from poolgate.store.database import Database, InsertIfAbsent, Put
from poolgate.store.failures import ConstraintViolated
from poolgate.userpools.tables import auth_sessions, spent_proofs, user_pools, users

TAKERS = 50

ADD = InsertIfAbsent(spent_proofs)
PUT = Put(spent_proofs)
ALL = sa.select(spent_proofs).order_by(spent_proofs.c.digest)
BY_DIGEST = sa.select(spent_proofs).where(spent_proofs.c.digest == sa.bindparam("digest"))
AMONG = ALL.where(spent_proofs.c.digest.in_(sa.bindparam("digests", expanding=True)))
AMONG_WRITTEN = ALL.where(spent_proofs.c.digest.in_((b"a", b"c")))
PAGE = ALL.where(spent_proofs.c.digest > sa.bindparam("after")).limit(sa.bindparam("count"))
COUNT_UP = (
    sa.update(spent_proofs)
    .where(spent_proofs.c.digest == sa.bindparam("which"))
    .values(expires_at=sa.bindparam("new_value"))
)
INSERT = sa.insert(spent_proofs)
ADD_SESSION = sa.insert(auth_sessions)
CONSUME = (
    sa.update(auth_sessions)
    .where(auth_sessions.c.digest == sa.bindparam("which"), auth_sessions.c.consumed.is_(False))
    .values(consumed=True)
    .returning(auth_sessions.c.sub, auth_sessions.c.consumed)
)


def proof(digest: bytes, expires_at: int = 1) -> dict[str, object]:
    return {"digest": digest, "expires_at": expires_at}


def together(count: int, work: Callable[[int], object]) -> list[object]:
    """Run `work` in `count` threads at once and return what each returned or raised."""
    ready = threading.Barrier(count)
    outcomes: list[object] = [None] * count

    def run(index: int) -> None:
        ready.wait()
        try:
            outcomes[index] = work(index)
        except Exception as error:  # noqa: BLE001 - an outcome like any other
            outcomes[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.fixture
def shared(shared_url: str):
    db = Database.open(shared_url)
    yield db
    db.close()


def test_an_absent_row_is_none(db):
    with db.reading() as transaction:
        assert transaction.one(BY_DIGEST, {"digest": b"nothing"}) is None
        assert transaction.rows(ALL) == []


def test_rows_have_named_columns_and_keep_their_types(db):
    with db.writing() as transaction:
        transaction.run(
            ADD_SESSION,
            {"digest": b"\x00\xff", "pool_id": "ü", "sub": "s", "consumed": False, "expires_at": 9},
        )
        row = transaction.one(sa.select(auth_sessions))
    assert row.digest == b"\x00\xff"
    assert row.pool_id == "ü"
    assert row.consumed is False
    assert row.expires_at == 9


def test_large_numbers_and_absent_values_are_kept(db):
    with db.writing() as transaction:
        transaction.run(
            sa.insert(user_pools),
            {
                "pool_id": "p",
                "region": "r",
                "name": "n",
                "settings": b"",
                "created_at": 2**62,
                "modified_at": -1,
            },
        )
        transaction.run(
            sa.insert(users),
            {
                "pool_id": "p",
                "sub": "s",
                "username": "u",
                "username_key": "u",
                "status": "CONFIRMED",
                "enabled": True,
                "attributes": b"{}",
                "password_scheme": None,
                "created_at": 1,
                "modified_at": 1,
            },
        )
        assert transaction.one(sa.select(user_pools)).created_at == 2**62
        row = transaction.one(sa.select(users))
    assert row.enabled is True
    assert row.password_scheme is None
    assert row.failed_attempts == 0


def test_an_enum_is_stored_as_its_text(db):
    class Region(enum.StrEnum):
        LAND = "the land's text"

    with db.writing() as transaction:
        transaction.run(
            sa.insert(user_pools),
            {
                "pool_id": "p",
                "region": Region.LAND,
                "name": "n",
                "settings": b"",
                "created_at": 1,
                "modified_at": 1,
            },
        )
        assert transaction.one(sa.select(user_pools.c.region)).region == "the land's text"


def test_a_taken_key_is_reported_and_nothing_changes(db):
    with db.writing() as transaction:
        assert transaction.insert_if_absent(ADD, proof(b"a", 1)) is True
        assert transaction.insert_if_absent(ADD, proof(b"a", 2)) is False
        assert transaction.one(BY_DIGEST, {"digest": b"a"}).expires_at == 1


def test_put_replaces(db):
    with db.writing() as transaction:
        transaction.put(PUT, proof(b"a", 1))
        transaction.put(PUT, proof(b"a", 2))
        assert transaction.rows(ALL) == [(b"a", 2)]


def test_a_plain_insert_of_a_taken_key_ends_the_transaction(db):
    with db.writing() as transaction:
        transaction.run(INSERT, proof(b"a"))
    with pytest.raises(ConstraintViolated), db.writing() as transaction:
        transaction.run(INSERT, [proof(b"b"), proof(b"a")])
    with db.reading() as transaction:
        assert transaction.rows(ALL) == [(b"a", 1)]


def test_a_row_needs_what_it_refers_to(db):
    with pytest.raises(ConstraintViolated), db.writing() as transaction:
        transaction.run(
            sa.insert(users),
            {
                "pool_id": "none",
                "sub": "s",
                "username": "u",
                "username_key": "u",
                "status": "CONFIRMED",
                "enabled": True,
                "attributes": b"{}",
                "created_at": 1,
                "modified_at": 1,
            },
        )


def test_an_exception_leaves_nothing_behind(db):
    class Stop(Exception):
        pass

    def write_and_stop() -> None:
        with db.writing() as transaction:
            transaction.run(INSERT, proof(b"a"))
            raise Stop

    with pytest.raises(Stop):
        write_and_stop()
    with db.writing() as transaction:
        assert transaction.rows(ALL) == []


def test_transactions_do_not_nest(db):
    with db.writing(), pytest.raises(RuntimeError, match="do not nest"), db.reading():
        pass
    with db.reading(), pytest.raises(RuntimeError, match="do not nest"), db.writing():
        pass


@pytest.mark.parametrize("write", ["one", "rows", "run"])
def test_a_reading_transaction_does_not_write(db, write):
    with pytest.raises(RuntimeError, match="does not write"), db.reading() as transaction:
        getattr(transaction, write)(CONSUME, {"which": b"d"})


def test_pages_follow_the_byte_order_of_keys(db):
    digests = [bytes([number]) for number in (200, 3, 90, 0, 255)]
    with db.writing() as transaction:
        assert transaction.run(INSERT, [proof(digest) for digest in digests]) == 5
        first = transaction.rows(PAGE, {"after": b"", "count": 3})
        second = transaction.rows(PAGE, {"after": first[-1].digest, "count": 3})
    assert [row.digest for row in first + second] == sorted(digests)


def test_lists_of_values_may_differ_in_length_from_call_to_call(db):
    with db.writing() as transaction:
        transaction.run(INSERT, [proof(bytes([letter])) for letter in b"abc"])
        for digests in ([b"a"], [b"a", b"b"], [], [b"c", b"x", b"b"]):
            found = [row.digest for row in transaction.rows(AMONG, {"digests": digests})]
            assert found == sorted(set(digests) - {b"x"})
        assert [row.digest for row in transaction.rows(AMONG_WRITTEN)] == [b"a", b"c"]


def test_run_tells_how_many_rows_were_touched(db):
    with db.writing() as transaction:
        transaction.run(INSERT, proof(b"a"))
        assert transaction.run(COUNT_UP, {"which": b"a", "new_value": 5}) == 1
        assert transaction.run(COUNT_UP, {"which": b"b", "new_value": 5}) == 0
        assert transaction.run(sa.delete(spent_proofs)) == 1
        assert transaction.run(INSERT, []) == 0


def test_one_time_rows_are_consumed_exactly_once_by_parallel_takers(shared):
    with shared.writing() as transaction:
        transaction.run(
            ADD_SESSION,
            {"digest": b"d", "pool_id": "p", "sub": "s", "consumed": False, "expires_at": 9},
        )

    def take(index: int) -> object:
        about = "s" if index % 2 else None
        with shared.writing(about=about) as transaction:
            return transaction.one(CONSUME, {"which": b"d"})

    outcomes = together(TAKERS, take)
    assert [row for row in outcomes if row is not None] == [("s", True)]


def test_one_time_inserts_succeed_once_for_parallel_takers(shared):
    def spend(_index: int) -> object:
        with shared.writing() as transaction:
            return transaction.insert_if_absent(ADD, proof(b"d"))

    assert sorted(together(TAKERS, spend), key=bool) == [False] * (TAKERS - 1) + [True]


@pytest.mark.parametrize("about", [None, "the counter"])
def test_read_decide_write_is_not_overtaken(shared, about):
    with shared.writing() as transaction:
        transaction.run(INSERT, proof(b"counter", 0))

    def count_up(index: int) -> object:
        # Writers about nothing in particular and writers about one thing exclude each other.
        with shared.writing(about=about if index % 3 else None) as transaction:
            read = transaction.one(BY_DIGEST, {"digest": b"counter"}).expires_at
            return transaction.run(COUNT_UP, {"which": b"counter", "new_value": read + 1})

    assert together(TAKERS, count_up) == [1] * TAKERS
    with shared.reading() as transaction:
        assert transaction.one(BY_DIGEST, {"digest": b"counter"}).expires_at == TAKERS


def test_readers_see_one_moment_and_do_not_wait_for_a_writer(shared):
    written, read = threading.Event(), threading.Event()

    def write() -> None:
        with shared.writing() as transaction:
            transaction.run(INSERT, proof(b"a"))
        written.set()

    with shared.reading() as transaction:
        assert transaction.rows(ALL) == []
        writer = threading.Thread(target=write)
        writer.start()
        assert written.wait(timeout=30)
        # Committed by now, but after this transaction's moment.
        assert transaction.rows(ALL) == []
        read.set()
    writer.join()
    with shared.reading() as transaction:
        assert transaction.rows(ALL) == [(b"a", 1)]


def test_what_was_committed_is_there_for_the_next_process(shared_url):
    first = Database.open(shared_url)
    with first.writing() as transaction:
        transaction.run(INSERT, proof(b"kept"))
    first.close()
    second = Database.open(shared_url)
    with second.reading() as transaction:
        assert transaction.rows(ALL) == [(b"kept", 1)]
    second.close()


def test_two_databases_on_the_same_data_keep_each_other_out(shared_url):
    databases = [Database.open(shared_url), Database.open(shared_url)]
    with databases[0].writing() as transaction:
        transaction.run(INSERT, proof(b"counter", 0))

    def count_up(index: int) -> object:
        with databases[index % 2].writing() as transaction:
            read = transaction.one(BY_DIGEST, {"digest": b"counter"}).expires_at
            return transaction.run(COUNT_UP, {"which": b"counter", "new_value": read + 1})

    assert together(20, count_up) == [1] * 20
    with databases[0].reading() as transaction:
        assert transaction.one(BY_DIGEST, {"digest": b"counter"}).expires_at == 20
    for database in databases:
        database.close()

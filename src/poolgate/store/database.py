"""Engines and transactions.

`Database.reading()` and `Database.writing()` are the only ways in. A writing transaction takes the
write lock at once (BEGIN IMMEDIATE on SQLite), so that read-decide-write inside it cannot be
overtaken. Statements are built once, at import, by the rooms that own the tables.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.pool import StaticPool

Parameters = Mapping[str, Any]
metadata = sa.MetaData()
_BUSY_TIMEOUT_MILLIS = 10_000


class InsertIfAbsent:
    """An INSERT that does nothing when the row's primary or unique key is taken."""

    def __init__(self, table: sa.Table) -> None:
        self.by_dialect: Mapping[str, sa.Insert] = {
            "sqlite": sqlite.insert(table).on_conflict_do_nothing(),
            "postgresql": postgresql.insert(table).on_conflict_do_nothing(),
        }


class Put:
    """An INSERT that replaces the other columns when the primary key is taken."""

    def __init__(self, table: sa.Table) -> None:
        keys = [column.name for column in table.primary_key]
        others = [column.name for column in table.columns if column.name not in keys]
        on_sqlite = sqlite.insert(table)
        on_postgresql = postgresql.insert(table)
        self.by_dialect: Mapping[str, sa.Insert] = {
            "sqlite": on_sqlite.on_conflict_do_update(
                index_elements=keys, set_={name: on_sqlite.excluded[name] for name in others}
            ),
            "postgresql": on_postgresql.on_conflict_do_update(
                index_elements=keys, set_={name: on_postgresql.excluded[name] for name in others}
            ),
        }


class Transaction:
    """Statements inside one transaction; it ends with the `with` block that gave it."""

    __slots__ = ("_connection", "_dialect")

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def one(self, statement: sa.Executable, parameters: Parameters | None = None) -> Any:  # noqa: ANN401 - a row's columns are known to the room that wrote the statement
        """Return the first row, or None."""
        return self._connection.execute(statement, parameters).first()

    def rows(
        self, statement: sa.Executable, parameters: Parameters | None = None
    ) -> Sequence[sa.Row[Any]]:
        """Return all rows."""
        return self._connection.execute(statement, parameters).all()

    def run(
        self, statement: sa.Executable, parameters: Parameters | Sequence[Parameters] | None = None
    ) -> int:
        """Execute and return how many rows were touched."""
        return self._connection.execute(statement, parameters).rowcount

    def insert_if_absent(self, statement: InsertIfAbsent, parameters: Parameters) -> bool:
        """Insert the row; return False, having changed nothing, when its key is taken."""
        return self.run(statement.by_dialect[self._dialect], parameters) == 1

    def put(self, statement: Put, parameters: Parameters) -> None:
        """Insert the row or replace the one with the same primary key."""
        self.run(statement.by_dialect[self._dialect], parameters)


class Database:
    """One SQLite file or one PostgreSQL database."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._writing_engine = engine.execution_options(poolgate_writing=True)
        # One writer at a time is SQLite's rule; queueing here is cheaper than its busy polling.
        self._write_lock = threading.RLock() if engine.dialect.name == "sqlite" else None
        # A database in memory has one connection, so its readers queue as well.
        self._read_lock = self._write_lock if isinstance(engine.pool, StaticPool) else None

    @classmethod
    def open(cls, url: str) -> "Database":
        """Open `sqlite:///path`, `sqlite://` (in memory) or `postgresql://...`."""
        if url.startswith("sqlite"):
            return cls(_sqlite_engine(url))
        return cls(sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1)))

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Give a transaction for reads only."""
        with _held(self._read_lock), self.engine.connect() as connection, connection.begin():
            yield Transaction(connection)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Give a transaction that commits at the end of the block, or rolls back on any exception.

        INVARIANT: nothing slow (hashing, mail, HTTP) happens inside; other writers are waiting.
        """
        with (
            _held(self._write_lock),
            self._writing_engine.connect() as connection,
            connection.begin(),
        ):
            yield Transaction(connection)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def _held(lock: "threading.RLock | None") -> Iterator[None]:
    if lock is None:
        yield
        return
    with lock:
        yield


def _sqlite_engine(url: str) -> sa.Engine:
    in_memory = url in {"sqlite://", "sqlite:///:memory:"}
    pool: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {}
    engine = sa.create_engine(url, connect_args={"check_same_thread": False}, **pool)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        # The driver must not start transactions by itself; `begin` below does.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={_BUSY_TIMEOUT_MILLIS}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        writing = connection.get_execution_options().get("poolgate_writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine

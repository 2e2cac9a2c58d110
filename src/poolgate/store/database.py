"""Transactions: the only way to the data.

`Database.reading()` sees one moment of the database. `Database.writing()` keeps other writers out
from its beginning, so that read-decide-write inside it cannot be overtaken; on PostgreSQL that
holds across all servers. Statements are built once, at import, by the rooms that own the tables.
"""

import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from types import TracebackType
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from poolgate.foundation.failure import Failure
from poolgate.store.sqlite import SqliteBackend
from poolgate.store.statements import Parameters, Prepared, Statements

metadata = sa.MetaData()


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


class Executor(Protocol):
    """What runs SQL inside a transaction: sqlite3's connection, psycopg's cursor."""

    @property
    def execute(self) -> Any:  # noqa: ANN401 - the drivers type it each in their way
        """Run one statement and return a cursor."""
        ...


class Transaction:
    """Statements inside one transaction; it ends with the `with` block that gave it.

    Rows are named tuples.
    """

    __slots__ = ("_dialect_name", "_executor", "_may_write", "_statements")

    def __init__(
        self, executor: Executor, statements: Statements, dialect_name: str, *, may_write: bool
    ) -> None:
        self._executor = executor
        self._statements = statements
        self._dialect_name = dialect_name
        self._may_write = may_write

    def one(self, statement: sa.Executable, parameters: Parameters | None = None) -> Any:  # noqa: ANN401 - a row's columns are known to the room that wrote the statement
        """Return the first row, or None."""
        prepared = self._prepared(statement, parameters)
        return prepared.one(self._executor.execute(*prepared.bound(parameters)))

    def rows(self, statement: sa.Executable, parameters: Parameters | None = None) -> Sequence[Any]:
        """Return all rows."""
        prepared = self._prepared(statement, parameters)
        return prepared.rows(self._executor.execute(*prepared.bound(parameters)))

    def run(
        self, statement: sa.Executable, parameters: Parameters | Sequence[Parameters] | None = None
    ) -> int:
        """Execute, once for each set of parameters, and return how many rows were touched."""
        # A dict is told at once; asking whether it is a Mapping takes longer than some statements.
        if parameters is None or isinstance(parameters, (dict, Mapping)):
            prepared = self._prepared(statement, parameters)
            touched: int = self._executor.execute(*prepared.bound(parameters)).rowcount
            return touched
        return sum(self.run(statement, each) for each in parameters)

    def insert_if_absent(self, statement: InsertIfAbsent, parameters: Parameters) -> bool:
        """Insert the row; return False, having changed nothing, when its key is taken."""
        return self.run(statement.by_dialect[self._dialect_name], parameters) == 1

    def put(self, statement: Put, parameters: Parameters) -> None:
        """Insert the row or replace the one with the same primary key."""
        self.run(statement.by_dialect[self._dialect_name], parameters)

    def _prepared(self, statement: sa.Executable, parameters: Parameters | None) -> Prepared:
        prepared = self._statements.prepared(statement, parameters)
        if prepared.writes and not self._may_write:
            raise RuntimeError("a reading transaction does not write")
        return prepared


class Backend(Protocol):
    """One engine: connections and how its transactions begin and end.

    A writing transaction excludes every other one from its beginning; one that is `about` something
    excludes only those about the same and those about nothing in particular. What `begin` returns
    runs SQL (`Executor`) and goes to `end`, whatever happened. Both raise DatabaseBusy and
    DatabaseUnreachable; `end` has then rolled back, or cannot know.
    """

    dialect_name: str
    statements: Statements

    def begin(self, *, writing: bool, about: str | None) -> Any:  # noqa: ANN401 - the backend's own, handed back to it
        """Begin a transaction."""
        ...

    def end(self, executor: Any, *, writing: bool, commits: bool) -> None:  # noqa: ANN401 - as above
        """Commit, or roll back."""
        ...

    def named(self, error: BaseException) -> Failure | None:
        """Return what an error of the driver means to a room, or None for any other."""
        ...

    def new_engine(self) -> sa.Engine:
        """Return an SQLAlchemy engine for schema work."""
        ...

    def close(self) -> None:
        """Close the connections that are not in use."""
        ...


class _Scope:
    """The `with` block of one transaction. A class, since a generator costs three times as much."""

    __slots__ = ("_about", "_backend", "_executor", "_thread", "_writing")

    def __init__(
        self, backend: Backend, thread: threading.local, *, writing: bool, about: str | None
    ) -> None:
        self._backend = backend
        self._thread = thread
        self._writing = writing
        self._about = about
        self._executor: Any = None

    def __enter__(self) -> Transaction:
        # A second transaction of the same thread would wait for the first one's lock for ever, or
        # read what the first one has not written yet.
        if getattr(self._thread, "inside", False):
            raise RuntimeError("transactions do not nest; pass the transaction on")
        backend = self._backend
        self._executor = backend.begin(writing=self._writing, about=self._about)
        self._thread.inside = True
        return Transaction(
            self._executor, backend.statements, backend.dialect_name, may_write=self._writing
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._thread.inside = False
        self._backend.end(self._executor, writing=self._writing, commits=error is None)
        failure = None if error is None else self._backend.named(error)
        if failure is not None:
            raise failure from error


class Database:
    """One SQLite file or one PostgreSQL database; shared by all threads."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._thread = threading.local()

    @classmethod
    def open(cls, url: str) -> "Database":
        """Open `sqlite:///path`, `sqlite://` (in memory) or `postgresql://...`."""
        return cls(_backend(url))

    @cached_property
    def engine(self) -> sa.Engine:
        """SQLAlchemy's engine, for schema work only; requests go through transactions."""
        return self._backend.new_engine()

    def reading(self) -> AbstractContextManager[Transaction]:
        """Give a transaction for reads only, which all see one moment of the database."""
        return _Scope(self._backend, self._thread, writing=False, about=None)

    def writing(self, *, about: str | None = None) -> AbstractContextManager[Transaction]:
        """Give a transaction that commits at the end of the block, or rolls back on any exception.

        Writers exclude each other. `about` names the one thing (a user, say) that all rows read for
        a decision and all rows written belong to: then only writers about the same thing, and
        writers about nothing in particular, are excluded. SQLite has one writer in any case.

        INVARIANT: nothing slow (hashing, mail, HTTP) happens inside; other writers are waiting.
        """
        return _Scope(self._backend, self._thread, writing=True, about=about)

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._backend.close()


def _backend(url: str) -> Backend:
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        path = rest.removeprefix("/")
        return SqliteBackend(path if path and path != ":memory:" else None)
    if scheme in {"postgresql", "postgres"}:
        # Imported here: the driver is an extra.
        from poolgate.store.postgresql import PostgresqlBackend  # noqa: PLC0415

        return PostgresqlBackend(url)
    raise ValueError(f"no such kind of database: {scheme}")

"""PostgreSQL: connections and transactions.

INVARIANT: writing transactions of all servers keep each other out like SQLite's one writer does,
so that read-decide-write inside them cannot be overtaken. An advisory lock does it: held alone by a
plain writer; shared by writers that say what they write about, who then only queue behind others
that write about the same. Each statement sees everything committed before it (READ COMMITTED), and
thus all that was committed before the lock was gained. Decision 0006.
"""

import threading
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.errors import DeadlockDetected, LockNotAvailable
from psycopg.types.string import StrDumper
from sqlalchemy.dialects.postgresql import psycopg as sqlalchemy_psycopg
from sqlalchemy.pool import NullPool

from poolgate.store.failures import (
    LOCK_WAIT_SECONDS,
    ConstraintViolated,
    DatabaseBusy,
    DatabaseUnreachable,
)
from poolgate.store.statements import Statements

DEFAULT_POOL_SIZE = 16
# The two name spaces of our advisory locks; any fixed numbers do.
_WRITERS = 0x706F6F6C
_SUBJECTS = 0x67617465
_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITING = f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({_WRITERS}, 0)"
_WRITING_ABOUT = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; "
    f"SELECT pg_advisory_xact_lock_shared({_WRITERS}, 0); "
    f"SELECT pg_advisory_xact_lock({_SUBJECTS}, "
)
_SETTINGS = (
    f"SET lock_timeout = '{LOCK_WAIT_SECONDS}s'",
    # A server that hangs inside a transaction must not stop all the others for ever.
    "SET idle_in_transaction_session_timeout = '60s'",
)

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]


class PostgresqlBackend:
    """One PostgreSQL database, with a bounded pool of connections."""

    dialect_name = "postgresql"

    def __init__(self, url: str, *, pool_size: int = DEFAULT_POOL_SIZE) -> None:
        self.statements = Statements(sqlalchemy_psycopg.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy leaves the dialect's constructor untyped
        self._url = url
        self._idle: deque[Connection] = deque()
        self._slots = threading.BoundedSemaphore(pool_size)

    @contextmanager
    def transaction(self, *, writing: bool, about: str | None) -> Iterator[Cursor]:
        """Give a cursor inside a transaction that commits, or rolls back on any exception."""
        if not self._slots.acquire(timeout=LOCK_WAIT_SECONDS):
            raise DatabaseBusy
        try:
            with _failures_named():
                cursor = self._begun(_begin_statement(writing=writing, about=about))
                try:
                    yield cursor
                    cursor.execute("COMMIT")
                finally:
                    self._give_back(cursor.connection)
        finally:
            self._slots.release()

    def new_engine(self) -> sa.Engine:
        """Return an engine for schema work, with connections of its own."""
        return sa.create_engine(
            "postgresql+psycopg://", creator=lambda: psycopg.connect(self._url), poolclass=NullPool
        )

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _begun(self, begin: str) -> Cursor:
        # A pooled connection may have died with the server it led to. Nothing has run on it yet,
        # so beginning again on another one is safe.
        while self._idle:
            cursor = self._idle.pop().cursor()
            try:
                return self._begin(cursor, begin)
            except psycopg.OperationalError:
                if not cursor.connection.closed:
                    raise
        return self._begin(self._connect().cursor(), begin)

    def _begin(self, cursor: Cursor, begin: str) -> Cursor:
        try:
            return cursor.execute(begin.encode())
        except psycopg.Error:
            self._give_back(cursor.connection)
            raise

    def _connect(self) -> Connection:
        connection = psycopg.connect(self._url, autocommit=True)
        # psycopg would write the name of an enum's member; the columns hold its text.
        connection.adapters.register_dumper(StrEnum, StrDumper)
        for setting in _SETTINGS:
            connection.execute(setting.encode())
        return connection

    def _give_back(self, connection: Connection) -> None:
        """Keep the connection for the next transaction, with this one ended in any case."""
        try:
            if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                connection.rollback()
        except psycopg.Error:
            connection.close()
        if not connection.closed:
            self._idle.append(connection)


def _begin_statement(*, writing: bool, about: str | None) -> str:
    if not writing:
        return _READING
    if about is None:
        return _WRITING
    # Two subjects with the same sum merely queue behind each other.
    return f"{_WRITING_ABOUT}{zlib.crc32(about.encode()) - 2**31})"


@contextmanager
def _failures_named() -> Iterator[None]:
    try:
        yield
    except psycopg.IntegrityError as error:
        raise ConstraintViolated(private_detail=type(error).__name__) from error
    except (LockNotAvailable, DeadlockDetected) as error:
        raise DatabaseBusy(private_detail=type(error).__name__) from error
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(private_detail=type(error).__name__) from error

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
from enum import StrEnum
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.errors import DeadlockDetected, LockNotAvailable
from psycopg.types.string import StrDumper
from sqlalchemy.dialects.postgresql import psycopg as sqlalchemy_psycopg
from sqlalchemy.pool import NullPool

from poolgate.foundation.failure import Failure
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

# The first kind that fits names the error: locks and deadlocks are operational errors too.
_NAMED: tuple[tuple[type[psycopg.Error], type[Failure]], ...] = (
    (psycopg.IntegrityError, ConstraintViolated),
    (LockNotAvailable, DatabaseBusy),
    (DeadlockDetected, DatabaseBusy),
    (psycopg.OperationalError, DatabaseUnreachable),
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

    def begin(self, *, writing: bool, about: str | None) -> Cursor:
        """Begin a transaction; a writer waits for the writers that it may not overtake."""
        if not self._slots.acquire(timeout=LOCK_WAIT_SECONDS):
            raise DatabaseBusy
        try:
            return self._begun(_begin_statement(writing=writing, about=about))
        except BaseException as error:
            self._slots.release()
            failure = self.named(error)
            if failure is None:
                raise
            raise failure from error

    def end(self, cursor: Cursor, *, writing: bool, commits: bool) -> None:  # noqa: ARG002 - the locks end with the transaction
        """Commit or roll back; the connection is free again in any case."""
        try:
            if commits:
                cursor.execute("COMMIT")
        except psycopg.Error as error:
            failure = self.named(error)
            if failure is None:
                raise
            raise failure from error
        finally:
            self._give_back(cursor.connection)
            self._slots.release()

    def named(self, error: BaseException) -> Failure | None:
        """Return what the driver's error means to a room, or None."""
        for kind, failure in _NAMED:
            if isinstance(error, kind):
                # The driver's own text may hold an address or a value.
                return failure(private_detail=type(error).__name__)
        return None

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
        while (connection := self._taken()) is not None:
            try:
                return self._begin(connection.cursor(), begin)
            except psycopg.OperationalError:
                if not connection.closed:
                    raise
        return self._begin(self._connect().cursor(), begin)

    def _taken(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

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

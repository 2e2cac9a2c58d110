"""SQLite: connections and transactions.

A file is in WAL mode: any number of readers, one writer. Writers of this process queue on a lock,
which is cheaper and fairer than SQLite's polling; writers of other processes on the same file are
waited for by SQLite itself. A database in memory is one connection, so its readers queue as well.
"""

import sqlite3
import threading
from collections import deque

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.pool import NullPool, StaticPool

from poolgate.foundation.failure import Failure
from poolgate.store.failures import LOCK_WAIT_SECONDS, ConstraintViolated, DatabaseBusy
from poolgate.store.statements import Statements

_IDLE_CONNECTIONS = 64
_PREPARED_PER_CONNECTION = 1024
_WAL_ATTEMPTS = 100
_PRAGMAS = (
    # First: the others may have to wait as well.
    f"busy_timeout={LOCK_WAIT_SECONDS * 1000}",
    # An acknowledged write survives a power cut; DESIGN 5.3.
    "synchronous=FULL",
    "foreign_keys=ON",
)


class SqliteBackend:
    """One SQLite file, or one database in memory when `path` is None."""

    dialect_name = "sqlite"

    def __init__(self, path: str | None) -> None:
        self.statements = Statements(pysqlite.dialect(paramstyle="named"))
        self._path = path
        self._idle: deque[sqlite3.Connection] = deque()
        self._write_lock = threading.Lock()
        self._in_memory = path is None
        if self._in_memory:
            self._idle.append(self._connect())

    def begin(self, *, writing: bool, about: str | None) -> sqlite3.Connection:  # noqa: ARG002 - SQLite has one writer whatever it writes about
        """Begin a transaction; a writer waits for its turn first."""
        queues = writing or self._in_memory
        if queues and not self._write_lock.acquire(timeout=LOCK_WAIT_SECONDS):
            raise DatabaseBusy
        connection = None
        try:
            connection = self._taken()
            connection.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
        except BaseException as error:
            if connection is not None:
                self._give_back(connection)
            if queues:
                self._write_lock.release()
            failure = self.named(error)
            if failure is None:
                raise
            raise failure from error
        return connection

    def end(self, connection: sqlite3.Connection, *, writing: bool, commits: bool) -> None:
        """Commit or roll back; the next writer's turn comes in any case."""
        try:
            if commits:
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            failure = self.named(error)
            if failure is None:
                raise
            raise failure from error
        finally:
            self._give_back(connection)
            if writing or self._in_memory:
                self._write_lock.release()

    def named(self, error: BaseException) -> Failure | None:
        """Return what the driver's error means to a room, or None."""
        if isinstance(error, sqlite3.IntegrityError):
            return ConstraintViolated(private_detail=error.sqlite_errorname)
        if (
            isinstance(error, sqlite3.OperationalError)
            # The low byte is the kind, the rest its variety.
            and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
        ):
            return DatabaseBusy(private_detail=error.sqlite_errorname)
        return None

    def new_engine(self) -> sa.Engine:
        """Return an engine for schema work; in memory it shares the one connection."""
        if self._in_memory:
            connection = self._idle[0]
            engine = sa.create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
        else:
            engine = sa.create_engine("sqlite://", creator=self._connect, poolclass=NullPool)
        # The driver does not start transactions by itself (isolation_level None).
        event.listen(engine, "begin", _begin_immediate)
        return engine

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _taken(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        """Keep the connection for the next transaction, with this one ended in any case."""
        if connection.in_transaction:
            connection.rollback()
        if len(self._idle) < _IDLE_CONNECTIONS:
            self._idle.append(connection)
        else:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path or ":memory:",
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_PREPARED_PER_CONNECTION,
        )
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        _use_wal(connection)
        return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    # A new file is changed to WAL once. SQLite refuses that, without waiting, while another
    # process is doing the same; waiting for its lock and asking again ends well.
    for _ in range(_WAL_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
        else:
            return
    raise DatabaseBusy


def _begin_immediate(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")

"""The SQLite file: its tables, and one transaction for each change.

A change is acknowledged after its commit, and commits are durable (WAL, synchronous=FULL), so a
process killed at any moment loses nothing it acknowledged and leaves nothing half-done.
"""

import os
import queue
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from poolgate_dce.failures import Failure

SCHEMA_VERSION = 1
_BUSY_SECONDS = 10.0
_SCHEMA = (
    """
    CREATE TABLE accounts (
        id TEXT PRIMARY KEY,
        status TEXT NOT NULL,
        admin_role_arn TEXT NOT NULL,
        principal_role_arn TEXT NOT NULL,
        principal_policy_hash TEXT,
        created_on INTEGER NOT NULL,
        last_modified_on INTEGER NOT NULL,
        metadata TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX accounts_by_status ON accounts (status, id)",
    """
    CREATE TABLE leases (
        id TEXT PRIMARY KEY,
        account_id TEXT NOT NULL,
        principal_id TEXT NOT NULL,
        status TEXT NOT NULL,
        status_reason TEXT NOT NULL,
        created_on INTEGER NOT NULL,
        last_modified_on INTEGER NOT NULL,
        status_modified_on INTEGER NOT NULL,
        expires_on INTEGER NOT NULL,
        budget_amount REAL NOT NULL,
        budget_currency TEXT NOT NULL,
        budget_notification_emails TEXT NOT NULL,
        metadata TEXT NOT NULL
    ) STRICT
    """,
    # The rules "one active lease a principal" and "one active lease an account" hold in the file
    # itself, whatever the code above it does.
    "CREATE UNIQUE INDEX active_by_principal ON leases (principal_id) WHERE status = 'Active'",
    "CREATE UNIQUE INDEX active_by_account ON leases (account_id) WHERE status = 'Active'",
    "CREATE INDEX leases_in_order ON leases (account_id, principal_id, id)",
    "CREATE INDEX leases_of_principal ON leases (principal_id, account_id, id)",
    """
    CREATE TABLE usage (
        start_date INTEGER NOT NULL,
        principal_id TEXT NOT NULL,
        account_id TEXT NOT NULL,
        end_date INTEGER NOT NULL,
        cost_amount REAL NOT NULL,
        cost_currency TEXT NOT NULL,
        time_to_live INTEGER NOT NULL,
        PRIMARY KEY (start_date, principal_id, account_id)
    ) STRICT
    """,
    "CREATE INDEX usage_of_principal ON usage (principal_id, start_date)",
)

Transaction = sqlite3.Connection


class FileOfAnotherVersion(Failure):
    """The file was written by another version of this app."""


class Database:
    """Connections to one file; safe to share between threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()

    @classmethod
    def open(cls, path: Path) -> "Database":
        """Return the database in the file at `path`, made (readable by its owner only) when new."""
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        database = cls(path)
        with database.writing() as transaction:
            _prepare(transaction, path)
        return database

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Run one change: committed when the block ends, undone when it raises.

        Writers wait for one another, so what the block has read stays true until its commit.
        """
        with self._transaction("BEGIN IMMEDIATE") as transaction:
            yield transaction

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Read from one unchanging view of the file, without waiting for a writer."""
        with self._transaction("BEGIN DEFERRED") as transaction:
            yield transaction

    def close(self) -> None:
        """Close every idle connection."""
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Transaction]:
        connection = self._take()
        try:
            connection.execute(begin)
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            self._idle.put(connection)

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection


def _prepare(transaction: Transaction, path: Path) -> None:
    """Make the tables of a new file; refuse a file of another version."""
    (version,) = transaction.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION:
        return
    if version != 0:
        raise FileOfAnotherVersion(f"{path} has schema version {version}, not {SCHEMA_VERSION}")
    for statement in _SCHEMA:
        transaction.execute(statement)
    transaction.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

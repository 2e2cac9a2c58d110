from collections.abc import Iterator
from pathlib import Path

import pytest

from poolgate.store import schema
from poolgate.store.database import Database

SQLITE_MEMORY, SQLITE_FILE, POSTGRESQL = "sqlite-memory", "sqlite-file", "postgresql"


def _url(kind: str, request: pytest.FixtureRequest, *, postgresql_fixture: str) -> str:
    if kind == POSTGRESQL:
        return request.getfixturevalue(postgresql_fixture)
    if kind == SQLITE_FILE:
        path: Path = request.getfixturevalue("tmp_path")
        return f"sqlite:///{path}/poolgate.db"
    return "sqlite://"


@pytest.fixture(params=[SQLITE_MEMORY, SQLITE_FILE, POSTGRESQL])
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of each kind, with empty tables."""
    database = Database.open(_url(request.param, request, postgresql_fixture="postgresql_url"))
    schema.ensure(database)
    yield database
    database.close()


@pytest.fixture(params=[SQLITE_FILE, POSTGRESQL])
def shared_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database that several processes can open, with empty tables."""
    url = _url(request.param, request, postgresql_fixture="postgresql_url")
    database = Database.open(url)
    schema.ensure(database)
    database.close()
    return url


@pytest.fixture(params=[SQLITE_FILE, POSTGRESQL])
def empty_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database without tables."""
    return _url(request.param, request, postgresql_fixture="empty_postgresql_url")

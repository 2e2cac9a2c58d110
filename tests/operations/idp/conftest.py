from pathlib import Path

import pytest
from kits.people import People

from poolgate.testing import LocalPoolgate


@pytest.fixture
def people(poolgate: LocalPoolgate) -> People:
    """A pool with one app client that has every default."""
    return People.of(poolgate)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a database that several threads can reach at once."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/poolgate.db"
    return str(request.getfixturevalue("postgresql_url"))

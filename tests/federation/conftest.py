"""Fixtures: a Poolgate whose clock stands still, on the engine that `--database` names."""

from collections.abc import Iterator

import pytest

from poolgate.testing import LocalPoolgate


@pytest.fixture
def poolgate(request: pytest.FixtureRequest) -> Iterator[LocalPoolgate]:
    database_url = "sqlite://"
    if request.config.getoption("--database") == "postgresql":
        database_url = request.getfixturevalue("postgresql_url")
    with LocalPoolgate(database_url=database_url, frozen=True) as local:
        yield local

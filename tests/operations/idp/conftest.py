import pytest
from kits.people import People

from poolgate.testing import LocalPoolgate


@pytest.fixture
def people(poolgate: LocalPoolgate) -> People:
    """A pool with one app client that has every default."""
    return People.of(poolgate)

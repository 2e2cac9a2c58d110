"""One server for the tests of a module."""

import pytest
from kits.signed_in_pools import signed_in_pool

from poolgate.foundation.clock import MovableClock


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    with signed_in_pool(tmp_path_factory.mktemp("server")) as made:
        yield made


@pytest.fixture
def clock():
    return MovableClock()

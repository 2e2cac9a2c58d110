from datetime import UTC, datetime

import pytest


@pytest.fixture
def moment():
    return datetime(2020, 1, 2, 3, 4, 5, 678, tzinfo=UTC)

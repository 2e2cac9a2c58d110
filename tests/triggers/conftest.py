from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from kits.functions import FunctionServer, function_server

from poolgate.foundation.clock import MovableClock


@pytest.fixture
def server() -> Iterator[FunctionServer]:
    with function_server() as started:
        yield started


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(frozen_at=datetime(2026, 5, 4, 12, tzinfo=UTC))

"""The pytest fixture `poolgate`: a fresh Poolgate in memory for each test."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from poolgate.testing.local import LocalPoolgate


@pytest.fixture
def poolgate() -> "Iterator[LocalPoolgate]":
    """Give a LocalPoolgate of its own to a test."""
    # Imported here: every pytest run of the environment loads this plugin, few use it.
    from poolgate.testing.local import LocalPoolgate  # noqa: PLC0415

    with LocalPoolgate() as local:
        yield local

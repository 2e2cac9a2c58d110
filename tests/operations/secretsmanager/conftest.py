from typing import Any

import pytest

from poolgate.testing import LocalPoolgate


@pytest.fixture
def secretsmanager(poolgate: LocalPoolgate) -> Any:
    """Secrets Manager as the root calls it; bad parameters reach the server."""
    return poolgate.client("secretsmanager", validate=False)

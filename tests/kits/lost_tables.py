"""A database that fails."""

from collections.abc import Iterator
from contextlib import contextmanager

from poolgate.testing import LocalPoolgate


@contextmanager
def lost_table(poolgate: LocalPoolgate, name: str) -> Iterator[None]:
    """Take a table away until the end of the block."""
    engine = poolgate.application.installation.db.engine
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {name} RENAME TO lost")
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE lost RENAME TO {name}")

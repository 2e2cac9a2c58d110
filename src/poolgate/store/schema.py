"""The version of the schema, and bringing a database to it.

The migrations are explicit DDL in `store/migrations`; the tables that the rooms declare must come
out the same, which a test compares on both engines.
"""

from pathlib import Path

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.store.database import Database

HEAD = "0001"
VERSION_TABLE = "schema_version"
MIGRATIONS = Path(__file__).parent / "migrations"
# Any number, the same in every server: who holds it may change the schema.
_SCHEMA_LOCK = 0x736368656D61


class SchemaTooNew(Failure):
    """The database was written by a newer Poolgate. Facts: found, known."""


def ensure(db: Database) -> None:
    """Create the tables or bring them to this version; does nothing when they are.

    Servers that start at once on one database wait for the first of them. SchemaTooNew is raised
    before anything is changed.
    """
    with db.engine.begin() as connection:
        if _version(connection) == HEAD:
            return
        if connection.dialect.name == "postgresql":
            # SQLite's BEGIN IMMEDIATE already keeps the others out.
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
        found = _version(connection)
        if found != HEAD:
            _upgrade(connection, found)


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.exec_driver_sql(
        f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608 - our own constant
    ).scalar()
    return version


def _upgrade(connection: sa.Connection, found: str | None) -> None:
    # Imported here: alembic takes a tenth of a second that a usual start does not need.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise SchemaTooNew(found=found, known=HEAD)
    command.upgrade(config, HEAD)

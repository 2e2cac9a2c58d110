import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql

import poolgate.delivery.tables
import poolgate.iam.tables
import poolgate.identitypools.tables
import poolgate.secrets.tables
import poolgate.store.tables
import poolgate.userpools.tables  # noqa: F401 - the imports fill the metadata
from poolgate.store import installation, schema
from poolgate.store.database import Database, metadata


def test_migrations_make_exactly_the_tables_that_the_rooms_declare(empty_url):
    db = Database.open(empty_url)
    schema.ensure(db)
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": schema.VERSION_TABLE}
        )
        assert compare_metadata(context, metadata) == []


def test_every_named_constraint_and_index_is_there(empty_url):
    db = Database.open(empty_url)
    schema.ensure(db)
    inspector = sa.inspect(db.engine)
    for table in metadata.sorted_tables:
        found = {index["name"] for index in inspector.get_indexes(table.name)}
        assert {index.name for index in table.indexes} <= found
        declared = [key.target_fullname for key in table.foreign_keys]
        assert len(declared) == sum(
            len(key["constrained_columns"]) for key in inspector.get_foreign_keys(table.name)
        )


def test_collations_survive_the_migration(postgresql_url):
    declared = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if getattr(column.type.dialect_impl(postgresql.dialect()), "collation", None) == "C"
    }
    found = sa.text(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND collation_name = 'C'"
    )
    with Database.open(postgresql_url).engine.connect() as connection:
        assert {tuple(row) for row in connection.execute(found)} == declared


def test_head_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_ensuring_again_changes_nothing(db):
    with db.writing() as transaction:
        installation.remember(transaction, "fact", "kept")
    schema.ensure(db)
    with db.reading() as transaction:
        assert installation.find(transaction, "fact") == "kept"


def test_a_newer_schema_is_refused(empty_url):
    db = Database.open(empty_url)
    schema.ensure(db)
    with db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE schema_version SET version_num = '9999'"))
    with pytest.raises(schema.SchemaTooNew) as refused:
        schema.ensure(db)
    assert refused.value.facts == {"found": "9999", "known": schema.HEAD}


def test_servers_that_start_together_make_one_schema_and_one_account(empty_url):
    starts, accounts, failures = threading.Barrier(4), [], []

    def start() -> None:
        db = Database.open(empty_url)
        starts.wait()
        try:
            schema.ensure(db)
            accounts.append(installation.ensure_account_id(db))
        except Exception as error:  # noqa: BLE001 - reported by the assertion below
            failures.append(error)
        finally:
            db.close()

    servers = [threading.Thread(target=start) for _ in range(4)]
    for server in servers:
        server.start()
    for server in servers:
        server.join()
    assert failures == []
    assert len(accounts) == 4
    assert len(set(accounts)) == 1


def test_a_given_account_id_is_kept_and_another_one_refused(db):
    assert installation.ensure_account_id(db, "123456789012") == "123456789012"
    assert installation.ensure_account_id(db) == "123456789012"
    with pytest.raises(installation.AccountIdDiffers):
        installation.ensure_account_id(db, "210987654321")

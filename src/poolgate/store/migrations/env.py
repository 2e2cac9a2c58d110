"""Runs the migrations on the connection that `store.schema` opened, inside its transaction."""

from alembic import context

from poolgate.store.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()

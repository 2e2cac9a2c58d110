"""Alembic migrations: explicit DDL, run by store.schema."""

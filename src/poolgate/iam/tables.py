"""The tables of IAM. Times are milliseconds since 1970."""

import sqlalchemy as sa

from poolgate.store.database import metadata

iam_users = sa.Table(
    "iam_users",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    # Names are unique whatever their case; the spelling of the creation is kept.
    sa.Column("name_key", sa.Text, nullable=False, unique=True),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

iam_user_policies = sa.Table(
    "iam_user_policies",
    metadata,
    sa.Column("user_id", sa.ForeignKey("iam_users.user_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
)

access_keys = sa.Table(
    "access_keys",
    metadata,
    sa.Column("access_key_id", sa.Text, primary_key=True),
    # Null for the account's root key.
    sa.Column("user_id", sa.ForeignKey("iam_users.user_id")),
    sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Index("access_keys_by_user", "user_id"),
)

"""The tables of secrets. Times are milliseconds since 1970."""

import sqlalchemy as sa

from poolgate.store.database import metadata

secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("arn", sa.Text, primary_key=True),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("kms_key_id", sa.Text),
    # NULL until the first tag; AWS shows an empty list only after that.
    sa.Column("tags", sa.Text),
    sa.Column("resource_policy", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    # The beginning of the day on which a value was read last.
    sa.Column("accessed_on", sa.BigInteger),
    # When a secret that is marked for deletion goes.
    sa.Column("purge_at", sa.BigInteger),
    sa.UniqueConstraint("region", "name"),
    sa.Index("secrets_by_purge", "purge_at"),
)

secret_versions = sa.Table(
    "secret_versions",
    metadata,
    sa.Column("arn", sa.ForeignKey("secrets.arn", ondelete="CASCADE"), primary_key=True),
    sa.Column("version_id", sa.Text, primary_key=True),
    # Counts the versions of a secret in the order of their making.
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("is_binary", sa.Boolean, nullable=False),
    sa.Column("sealed_content", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("accessed_on", sa.BigInteger),
)

# A label is on one version of a secret at most.
secret_labels = sa.Table(
    "secret_labels",
    metadata,
    sa.Column("arn", sa.ForeignKey("secrets.arn", ondelete="CASCADE"), primary_key=True),
    sa.Column("label", sa.Text, primary_key=True),
    sa.Column("version_id", sa.Text, nullable=False),
)

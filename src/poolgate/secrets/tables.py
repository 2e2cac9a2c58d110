"""The tables of secrets. Times are milliseconds since 1970."""

import sqlalchemy as sa

from poolgate.store.database import metadata

# Searches for beginnings compare bytes; PostgreSQL must not use a language's order for them.
KEY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

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
    # NULL while a rotation has begun and its function has not put a value yet.
    sa.Column("sealed_content", sa.LargeBinary),
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

# What a listing may be filtered by; see secrets.search_terms.
secret_terms = sa.Table(
    "secret_terms",
    metadata,
    sa.Column("arn", sa.ForeignKey("secrets.arn", ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("term", KEY_TEXT, primary_key=True),
)

# A secret in another region: everything but its ARN is the primary's.
secret_replicas = sa.Table(
    "secret_replicas",
    metadata,
    sa.Column("arn", sa.Text, primary_key=True),
    sa.Column("primary_arn", sa.ForeignKey("secrets.arn", ondelete="CASCADE"), nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    # NULL where the name was taken in that region, so that there is no replica.
    sa.Column("name", sa.Text),
    sa.Column("kms_key_id", sa.Text),
    sa.Column("accessed_on", sa.BigInteger),
    sa.UniqueConstraint("region", "name"),
    sa.Index("secret_replicas_by_primary", "primary_arn", "region"),
)

secret_rotations = sa.Table(
    "secret_rotations",
    metadata,
    sa.Column("arn", sa.ForeignKey("secrets.arn", ondelete="CASCADE"), primary_key=True),
    sa.Column("function_arn", sa.Text, nullable=False),
    # See secrets.rotation_schedules.RotationRules.
    sa.Column("rules", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("rotated_at", sa.BigInteger),
    # The window in which the next rotation on schedule takes place.
    sa.Column("window_start", sa.BigInteger),
    sa.Column("window_end", sa.BigInteger),
    # The version that a rotation in progress makes.
    sa.Column("pending_version", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    # When a worker is to do something next: rotate on schedule, or try again.
    sa.Column("due_at", sa.BigInteger),
    sa.Index("secret_rotations_by_due", "due_at"),
)

"""The tables of identity pools. Times are milliseconds since 1970."""

import sqlalchemy as sa

from poolgate.store.database import metadata

identity_pools = sa.Table(
    "identity_pools",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    # See identity_pools.IdentityPool.
    sa.Column("settings", sa.LargeBinary, nullable=False),
)

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("identity_id", sa.Text, primary_key=True),
    sa.Column(
        "pool_id",
        sa.ForeignKey("identity_pools.pool_id", ondelete="CASCADE"),
        nullable=False,
    ),
    # The identity that this one became part of; it has no logins of its own then.
    sa.Column("merged_into", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("modified_at", sa.BigInteger, nullable=False),
    sa.Index("identities_by_pool", "pool_id", "identity_id"),
)

# One login of one pool leads to one identity.
identity_logins = sa.Table(
    "identity_logins",
    metadata,
    sa.Column("pool_id", sa.Text, primary_key=True),
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column(
        "identity_id",
        sa.ForeignKey("identities.identity_id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Index("identity_logins_by_identity", "identity_id", "provider", "subject"),
)

identity_token_keys = sa.Table(
    "identity_token_keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("public_jwk", sa.LargeBinary, nullable=False),
    sa.Column("sealed_private_key", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

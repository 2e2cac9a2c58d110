"""Facts of the installation: the account id, and what else is made once at the first start."""

import sqlalchemy as sa

from poolgate.store.database import metadata

installation = sa.Table(
    "installation",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

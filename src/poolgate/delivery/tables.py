"""The message queue's table."""

import sqlalchemy as sa

from poolgate.store.database import metadata

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("pool_id", sa.Text, nullable=False),
    sa.Column("medium", sa.Text, nullable=False),
    # What takes the message: its medium, or a function that the pool names.
    sa.Column("carrier", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    # Subject, body and code: sealed, since they hold codes and temporary passwords.
    sa.Column("sealed_content", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    # When to try (again); None once delivered or given up.
    sa.Column("due_at", sa.BigInteger),
    sa.Column("delivered_at", sa.BigInteger),
    sa.Column("last_error", sa.Text),
    sa.Index("messages_by_due", "due_at"),
    sa.Index("messages_by_recipient", "pool_id", "recipient"),
)

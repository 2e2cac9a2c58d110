"""The tables of user import jobs. Times are milliseconds since 1970."""

import sqlalchemy as sa

from poolgate.store.database import metadata

import_jobs = sa.Table(
    "import_jobs",
    metadata,
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("pool_id", sa.ForeignKey("user_pools.pool_id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role_arn", sa.Text, nullable=False),
    sa.Column("hash_algorithm", sa.Text),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("completed_at", sa.BigInteger),
    sa.Column("completion_message", sa.Text),
    sa.Column("imported_users", sa.BigInteger, nullable=False),
    sa.Column("skipped_users", sa.BigInteger, nullable=False),
    sa.Column("failed_users", sa.BigInteger, nullable=False),
    # The file that was uploaded last and whole: its first line and how many rows follow.
    sa.Column("file_id", sa.Text),
    sa.Column("header", sa.LargeBinary),
    sa.Column("rows_in_file", sa.BigInteger, nullable=False),
    # Who works on the job, until when, and how often it was taken up since it last got further.
    sa.Column("holder", sa.Text),
    sa.Column("leased_until", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Index("import_jobs_by_pool", "pool_id", "created_at", "job_id"),
    sa.Index("import_jobs_by_status", "status"),
)

# What is left of uploaded files, some rows at a time, sealed; a batch goes as its users come.
import_batches = sa.Table(
    "import_batches",
    metadata,
    sa.Column("job_id", sa.ForeignKey("import_jobs.job_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("file_id", sa.Text, primary_key=True),
    # The number of its first row in the file, where the header is line 1.
    sa.Column("first_line", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("sealed_rows", sa.LargeBinary, nullable=False),
)

# What became of each line, a row a batch.
import_outcomes = sa.Table(
    "import_outcomes",
    metadata,
    sa.Column("job_id", sa.ForeignKey("import_jobs.job_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("first_line", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("outcomes", sa.LargeBinary, nullable=False),
)

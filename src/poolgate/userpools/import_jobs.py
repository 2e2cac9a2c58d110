"""User import jobs: Created -> Pending -> InProgress -> Succeeded, Failed or Stopped.

A job that is not started within a day is Expired. One job at a time is Pending or InProgress, as on
AWS. Whoever changes users for a job first makes sure, in the same transaction, that the job is
InProgress and still its own: so Stop ends a job at once, and two workers cannot both go on.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from poolgate.credentials.import_hashes import HashAlgorithm
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.foundation.paging import Page
from poolgate.foundation.randomness import LETTERS_AND_DIGITS, random_text
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import pools
from poolgate.userpools.import_tables import import_jobs

MAX_JOBS_OF_A_POOL = 1000
EXPIRES_AFTER_MILLIS = 24 * 60 * 60 * 1000
STOPPED_MESSAGE = "The Import Job was stopped by the developer."
_ID_LENGTH = 10


class JobStatus(StrEnum):
    """Where a job stands, in AWS's words."""

    CREATED = "Created"
    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    STOPPED = "Stopped"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    EXPIRED = "Expired"


ACTIVE = (JobStatus.PENDING, JobStatus.IN_PROGRESS)


class ImportJobNotFound(Failure):
    """The pool has no such job. Facts: job_id."""


class TooManyImportJobs(Failure):
    """The pool has as many jobs as it can hold."""


class NothingUploaded(Failure):
    """No whole CSV file was uploaded for the job. Facts: job_id."""


class NothingAutoVerified(Failure):
    """The pool verifies no attribute by itself, so imported users could not choose a password."""


class JobNotStartable(Failure):
    """The job was started before, or has expired. Facts: status."""


class JobNotStoppable(Failure):
    """The job is not under way. Facts: status."""


class AnotherJobActive(Failure):
    """Another job of the account is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """A job as stored; its status is that of the moment it was read."""

    job_id: str
    pool_id: PoolId
    name: str
    role_arn: str
    hash_algorithm: HashAlgorithm | None
    status: JobStatus
    created_at: int
    started_at: int | None = None
    completed_at: int | None = None
    completion_message: str | None = None
    imported_users: int = 0
    skipped_users: int = 0
    failed_users: int = 0
    file_id: str | None = None
    header: bytes | None = None
    rows_in_file: int = 0


_COLUMNS = tuple(field for field in ImportJob.__slots__)
_INSERT = sa.insert(import_jobs)
_OF_POOL = import_jobs.c.pool_id == sa.bindparam("pool_id")
_GET = sa.select(import_jobs).where(_OF_POOL, import_jobs.c.job_id == sa.bindparam("job_id"))
_FIND = sa.select(import_jobs).where(import_jobs.c.job_id == sa.bindparam("job_id"))
_COUNT = sa.select(sa.func.count()).select_from(import_jobs).where(_OF_POOL)
_ANY_ACTIVE = sa.select(import_jobs.c.job_id).where(import_jobs.c.status.in_(ACTIVE)).limit(1)
_NEWEST_FIRST = (import_jobs.c.created_at.desc(), import_jobs.c.job_id.desc())
_LIST = sa.select(import_jobs).where(_OF_POOL).order_by(*_NEWEST_FIRST).limit(sa.bindparam("limit"))
_LIST_AFTER = _LIST.where(
    sa.tuple_(import_jobs.c.created_at, import_jobs.c.job_id)
    < sa.tuple_(sa.bindparam("after_created_at"), sa.bindparam("after_job_id"))
)
_CHANGE = (
    sa.update(import_jobs)
    .where(import_jobs.c.job_id == sa.bindparam("of_job"))
    .values(
        {
            name: sa.bindparam(name)
            for name in ("status", "started_at", "completed_at", "completion_message")
        }
    )
)
_EXPIRE = (
    sa.update(import_jobs)
    .where(
        import_jobs.c.status == JobStatus.CREATED,
        import_jobs.c.created_at <= sa.bindparam("before"),
    )
    .values(status=JobStatus.EXPIRED)
)


def create(
    call: Call, pool_id: PoolId, name: str, *, role_arn: str, hash_algorithm: HashAlgorithm | None
) -> ImportJob:
    """Store a new job that waits for its file; raise TooManyImportJobs."""
    job = ImportJob(
        job_id=f"import-{random_text(LETTERS_AND_DIGITS, _ID_LENGTH)}",
        pool_id=pool_id,
        name=name,
        role_arn=role_arn,
        hash_algorithm=hash_algorithm,
        status=JobStatus.CREATED,
        created_at=call.now_millis,
    )
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        if transaction.one(_COUNT, {"pool_id": pool_id})[0] >= MAX_JOBS_OF_A_POOL:
            raise TooManyImportJobs
        values = {name: getattr(job, name) for name in _COLUMNS}
        transaction.run(_INSERT, {**values, "holder": None, "leased_until": 0, "attempts": 0})
    return job


def get(transaction: Transaction, call: Call, pool_id: PoolId, job_id: str) -> ImportJob:
    """Return the pool's job; raise UserPoolNotFound or ImportJobNotFound."""
    pools.get(transaction, pool_id)
    row = transaction.one(_GET, {"pool_id": pool_id, "job_id": job_id})
    if row is None:
        raise ImportJobNotFound(job_id=job_id)
    return _job(row, call.now_millis)


def find(transaction: Transaction, job_id: str, now_millis: int) -> ImportJob | None:
    """Return a job of any pool, or None."""
    row = transaction.one(_FIND, {"job_id": job_id})
    return None if row is None else _job(row, now_millis)


def list_jobs(call: Call, pool_id: PoolId, *, after: str, limit: int) -> Page[ImportJob]:
    """Return the pool's jobs, the last created first, from behind the position `after`."""
    asked: dict[str, object] = {"pool_id": pool_id, "limit": limit + 1}
    statement = _LIST
    if after:
        created_at, _, job_id = after.partition("/")
        asked |= {"after_created_at": int(created_at), "after_job_id": job_id}
        statement = _LIST_AFTER
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        rows = transaction.rows(statement, asked)
    page = tuple(_job(row, call.now_millis) for row in rows[:limit])
    position = f"{page[-1].created_at}/{page[-1].job_id}" if len(rows) > limit else None
    return Page(page, position)


def start(call: Call, pool_id: PoolId, job_id: str) -> ImportJob:
    """Have the job's file imported soon.

    Raises JobNotStartable, NothingUploaded, NothingAutoVerified or AnotherJobActive.
    """
    with call.db.writing() as transaction:
        job = get(transaction, call, pool_id, job_id)
        if job.status is not JobStatus.CREATED:
            raise JobNotStartable(status=job.status)
        if job.file_id is None:
            raise NothingUploaded(job_id=job_id)
        if not pools.get(transaction, pool_id).auto_verified_attributes:
            raise NothingAutoVerified
        if transaction.one(_ANY_ACTIVE) is not None:
            raise AnotherJobActive
        started = replace(job, status=JobStatus.PENDING, started_at=call.now_millis)
        _store(transaction, started)
    return started


def stop(call: Call, pool_id: PoolId, job_id: str) -> ImportJob:
    """End the job for good; users that are there stay. Raises JobNotStoppable."""
    with call.db.writing() as transaction:
        job = get(transaction, call, pool_id, job_id)
        if job.status not in ACTIVE:
            raise JobNotStoppable(status=job.status)
        stopped = replace(
            job,
            status=JobStatus.STOPPED,
            completed_at=call.now_millis,
            completion_message=STOPPED_MESSAGE,
        )
        _store(transaction, stopped)
    return stopped


def finish(
    transaction: Transaction, job: ImportJob, status: JobStatus, message: str, now_millis: int
) -> None:
    """Store how the job ended; the caller has made sure that it is InProgress and its own."""
    ended = replace(job, status=status, completed_at=now_millis, completion_message=message)
    _store(transaction, ended)


def expire(transaction: Transaction, now_millis: int) -> int:
    """Mark the jobs that were never started in time."""
    return transaction.run(_EXPIRE, {"before": now_millis - EXPIRES_AFTER_MILLIS})


def _store(transaction: Transaction, job: ImportJob) -> None:
    transaction.run(
        _CHANGE,
        {
            "of_job": job.job_id,
            "status": job.status,
            "started_at": job.started_at,
            "completed_at": job.completed_at,
            "completion_message": job.completion_message,
        },
    )


def job_of_row(row: Any) -> ImportJob:  # noqa: ANN401 - a row of import_jobs
    """Return the job in a row, its status as written."""
    algorithm = row.hash_algorithm
    values = {name: getattr(row, name) for name in _COLUMNS}
    return ImportJob(
        **{
            **values,
            "status": JobStatus(row.status),
            "hash_algorithm": None if algorithm is None else HashAlgorithm(algorithm),
        }
    )


def _job(row: Any, now_millis: int) -> ImportJob:  # noqa: ANN401 - as above
    job = job_of_row(row)
    # Marked in the table by the housekeeping, which is up to an hour late.
    if job.status is JobStatus.CREATED and now_millis - job.created_at >= EXPIRES_AFTER_MILLIS:
        return replace(job, status=JobStatus.EXPIRED)
    return job

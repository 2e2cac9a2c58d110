"""Carries out import jobs, in any number of servers at once.

A job that was started is leased by one worker (one atomic statement: nobody else takes it for a
while). The worker imports one batch of the file after the other; a batch's users, its counts, its
outcomes and its removal from the file are one transaction, which renews the lease. A server that is
killed leaves the job at the end of a batch; another goes on there when the lease is over.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_uuid
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import import_files, pools, users
from poolgate.userpools import import_jobs as jobs
from poolgate.userpools.import_csv import HeaderUnfit, parse_header
from poolgate.userpools.import_files import Batch
from poolgate.userpools.import_jobs import ImportJob, JobStatus
from poolgate.userpools.import_rows import user_of_row
from poolgate.userpools.import_tables import import_jobs, import_outcomes
from poolgate.userpools.pools import UserPool, UserPoolNotFound
from poolgate.userpools.users import AliasTaken, User, UsernameTaken

# AWS Developer Guide, "Formatting the CSV file".
MAX_ROWS = 500_000
LEASE_MILLIS = 20 * 1000
MAX_ATTEMPTS = 5
TOO_MANY_ROWS = "The CSV file has more than 500,000 rows."
TOO_MANY_FAILED = "Too many users have failed or been skipped during the import."
INTERNAL_ERROR = "The import job failed due to an internal error."
COMPLETED = "The import job is complete."
SUCCEEDED = "The import succeeded."
EXISTS = "The user already exists."
_PAUSE_SECONDS = 0.5
_ABOUT = "import jobs"


class RowDefective(Failure):
    """A row could not be read because of a defect of this server."""


class LineOutcome(StrEnum):
    """What became of a line, in the words of AWS's log."""

    SUCCEEDED = "SUCCEEDED"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class LineResult:
    """One line of a job's log; `text` quotes nothing of the file."""

    line: int
    outcome: LineOutcome
    text: str

    def __str__(self) -> str:
        return f"[{self.outcome}] Line Number {self.line} - {self.text}"


@dataclass(frozen=True, slots=True)
class Finished:
    """A job that a worker brought to its end, for the server's log."""

    job_id: str
    pool_id: str
    status: JobStatus
    imported_users: int
    skipped_users: int
    failed_users: int


class _Outcomes(msgspec.Struct):
    """The outcomes of a batch, as they are stored."""

    succeeded: list[int] = []
    skipped: list[int] = []
    failed: list[tuple[int, str]] = []


@dataclass(frozen=True, slots=True)
class _Held:
    """A job in the hands of this worker."""

    job: ImportJob
    holder: str
    attempts: int


_DUE = sa.and_(
    import_jobs.c.status.in_(jobs.ACTIVE), import_jobs.c.leased_until <= sa.bindparam("now")
)
_ANY_DUE = sa.select(import_jobs.c.job_id).where(_DUE).limit(1)
_LEASE = (
    sa.update(import_jobs)
    .where(
        import_jobs.c.job_id
        == sa.select(import_jobs.c.job_id)
        .where(_DUE)
        .order_by(import_jobs.c.started_at)
        .limit(1)
        .scalar_subquery()
    )
    .values(
        status=JobStatus.IN_PROGRESS,
        holder=sa.bindparam("new_holder"),
        leased_until=sa.bindparam("until"),
        attempts=import_jobs.c.attempts + 1,
    )
    .returning(import_jobs)
)
_STILL_HELD = sa.and_(
    import_jobs.c.job_id == sa.bindparam("of_job"),
    import_jobs.c.holder == sa.bindparam("of_holder"),
    import_jobs.c.status == JobStatus.IN_PROGRESS,
)
_COUNT = (
    sa.update(import_jobs)
    .where(_STILL_HELD)
    .values(
        leased_until=sa.bindparam("until"),
        attempts=0,
        imported_users=import_jobs.c.imported_users + sa.bindparam("more_imported"),
        skipped_users=import_jobs.c.skipped_users + sa.bindparam("more_skipped"),
        failed_users=import_jobs.c.failed_users + sa.bindparam("more_failed"),
    )
)
_FIND_HELD = sa.select(import_jobs).where(_STILL_HELD)
_INSERT_OUTCOMES = sa.insert(import_outcomes)
_LIST_OUTCOMES = (
    sa.select(import_outcomes.c.outcomes)
    .where(import_outcomes.c.job_id == sa.bindparam("job_id"))
    .order_by(import_outcomes.c.first_line)
)


class ImportWorker:
    """Takes jobs that were started and imports their users; `start` does so in its own thread.

    `new_call` gives a working set of the present moment, `word` says what is wrong with a row
    without quoting it.
    """

    def __init__(
        self,
        new_call: Callable[[], Call],
        word: Callable[[Failure], str],
        *,
        report: Callable[[Finished], None],
        report_interruption: Callable[[str], None],
    ) -> None:
        self._new_call = new_call
        self._word = word
        self._report = report
        self._report_interruption = report_interruption

    def start(self) -> None:
        """Work from now on, in a thread that does not keep the process alive."""
        threading.Thread(target=self._work, name="user imports", daemon=True).start()

    def run_due(self) -> None:
        """Carry out every job that was started and that nobody else works on."""
        while (held := self._lease()) is not None:
            self._run(held)
            self._forget_files()

    def _work(self) -> None:
        pause = threading.Event()
        while not pause.wait(_PAUSE_SECONDS):
            try:
                self.run_due()
            except Exception as error:  # noqa: BLE001 - whatever happened, the job is due again
                self._report_interruption(type(error).__name__)

    def _lease(self) -> _Held | None:
        call = self._new_call()
        with call.db.reading() as transaction:
            # Most of the time nothing is due: then no writer is kept waiting.
            if transaction.one(_ANY_DUE, {"now": call.now_millis}) is None:
                return None
        holder = random_uuid()
        leased = {
            "now": call.now_millis,
            "until": call.now_millis + LEASE_MILLIS,
            "new_holder": holder,
        }
        with call.db.writing(about=_ABOUT) as transaction:
            row = transaction.one(_LEASE, leased)
        return None if row is None else _Held(jobs.job_of_row(row), holder, row.attempts)

    def _run(self, held: _Held) -> None:
        fault = _fault_of_file(held)
        if fault is not None:
            self._finish(held, JobStatus.FAILED, fault)
            return
        goes_on = True
        while goes_on:
            try:
                goes_on = self._import_next(held)
            except HeaderUnfit as unfit:
                self._finish(held, JobStatus.FAILED, str(unfit.facts["reason"]))
                return
            except UserPoolNotFound:
                # The job went with its pool.
                return

    def _import_next(self, held: _Held) -> bool:
        """Import the next batch; return whether there may be another one for this worker."""
        call = self._new_call()
        with call.db.reading() as transaction:
            pool = pools.get(transaction, held.job.pool_id)
            batch = import_files.next_batch(transaction, call, held.job)
        columns = _columns_of(pool, held.job)
        if batch is None:
            self._finish(held)
            return False
        prepared = self._prepared(call, pool, held.job, columns, batch)
        return self._import(call, pool, held, batch, prepared)

    def _prepared(
        self, call: Call, pool: UserPool, job: ImportJob, columns: Sequence[str], batch: Batch
    ) -> Sequence[tuple[int, User | Failure]]:
        """Return a user or a fault for each line; slow, so it happens outside the transaction."""
        prepared: list[tuple[int, User | Failure]] = []
        for line, row in enumerate(batch.rows, start=batch.first_line):
            if not row.strip():
                continue
            try:
                made: User | Failure = user_of_row(
                    call, pool, columns, row, hash_algorithm=job.hash_algorithm
                )
            except Failure as failure:
                made = failure
            except Exception:  # noqa: BLE001 - AWS: an internal error costs one user, not the job
                made = RowDefective()
            prepared.append((line, made))
        return prepared

    def _import(
        self,
        call: Call,
        pool: UserPool,
        held: _Held,
        batch: Batch,
        prepared: Sequence[tuple[int, User | Failure]],
    ) -> bool:
        """Store the batch's users; return False when the job is no longer this worker's."""
        outcomes = _Outcomes()
        with call.db.writing() as transaction:
            if not self._is_held(transaction, held):
                return False
            if not import_files.consume(transaction, held.job, batch):
                return False
            for line, made in prepared:
                self._store(transaction, pool, line, made, outcomes)
            counted = {
                "of_job": held.job.job_id,
                "of_holder": held.holder,
                "until": call.now_millis + LEASE_MILLIS,
                "more_imported": len(outcomes.succeeded),
                "more_skipped": len(outcomes.skipped),
                "more_failed": len(outcomes.failed),
            }
            transaction.run(_COUNT, counted)
            row = {
                "job_id": held.job.job_id,
                "first_line": batch.first_line,
                "outcomes": msgspec.json.encode(outcomes),
            }
            transaction.run(_INSERT_OUTCOMES, row)
        return True

    def _store(
        self,
        transaction: Transaction,
        pool: UserPool,
        line: int,
        made: User | Failure,
        outcomes: _Outcomes,
    ) -> None:
        if isinstance(made, Failure):
            outcomes.failed.append((line, self._word(made)))
            return
        try:
            users.verify_storable(transaction, pool, made)
        except UsernameTaken:
            outcomes.skipped.append(line)
        except AliasTaken as taken:
            outcomes.failed.append((line, self._word(taken)))
        else:
            users.insert(transaction, pool, made)
            outcomes.succeeded.append(line)

    def _finish(
        self, held: _Held, status: JobStatus | None = None, message: str = COMPLETED
    ) -> None:
        call = self._new_call()
        with call.db.writing(about=_ABOUT) as transaction:
            job = self._held_job(transaction, held)
            if job is None:
                return
            ended = status or JobStatus.SUCCEEDED
            if status is None and job.failed_users + job.skipped_users > job.imported_users:
                ended, message = JobStatus.FAILED, TOO_MANY_FAILED
            jobs.finish(transaction, job, ended, message, call.now_millis)
        self._report(
            Finished(
                job_id=job.job_id,
                pool_id=job.pool_id,
                status=ended,
                imported_users=job.imported_users,
                skipped_users=job.skipped_users,
                failed_users=job.failed_users,
            )
        )

    def _is_held(self, transaction: Transaction, held: _Held) -> bool:
        return self._held_job(transaction, held) is not None

    def _held_job(self, transaction: Transaction, held: _Held) -> ImportJob | None:
        row = transaction.one(_FIND_HELD, {"of_job": held.job.job_id, "of_holder": held.holder})
        return None if row is None else jobs.job_of_row(row)

    def _forget_files(self) -> None:
        removed = 1
        while removed:
            call = self._new_call()
            with call.db.writing(about=_ABOUT) as transaction:
                removed = import_files.forget(transaction, call.now_millis)


def job_log(transaction: Transaction, job_id: str) -> Sequence[LineResult]:
    """Return what became of each line that a job has read so far, in the file's order."""
    results: list[LineResult] = []
    for row in transaction.rows(_LIST_OUTCOMES, {"job_id": job_id}):
        outcomes = msgspec.json.decode(row.outcomes, type=_Outcomes)
        found = [LineResult(line, LineOutcome.SUCCEEDED, SUCCEEDED) for line in outcomes.succeeded]
        found += [LineResult(line, LineOutcome.SKIPPED, EXISTS) for line in outcomes.skipped]
        found += [LineResult(line, LineOutcome.FAILED, text) for line, text in outcomes.failed]
        results += sorted(found, key=lambda result: result.line)
    return results


def _fault_of_file(held: _Held) -> str | None:
    """Return why a job cannot go on at all, or None."""
    if held.attempts > MAX_ATTEMPTS:
        return INTERNAL_ERROR
    return TOO_MANY_ROWS if held.job.rows_in_file > MAX_ROWS else None


def _columns_of(pool: UserPool, job: ImportJob) -> Sequence[str]:
    try:
        header = (job.header or b"").decode()
    except UnicodeDecodeError as error:
        raise HeaderUnfit(reason="The CSV header is not UTF-8.") from error
    return parse_header(pool, header, with_hashes=job.hash_algorithm is not None)

"""Files of import jobs: uploaded under a signed URL, kept sealed, gone with the job.

The URL is all that an upload needs, as on AWS: a keyed digest of the job and the moment it ends.
A file is kept some rows at a time, so that neither taking it in nor importing it needs much memory
or a long transaction; it counts once all of it is there.
"""

import hashlib
import hmac
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import urlencode

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_uuid
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import import_jobs as jobs
from poolgate.userpools.import_csv import MAX_ROW_LENGTH
from poolgate.userpools.import_jobs import ImportJob, JobStatus
from poolgate.userpools.import_tables import import_batches, import_jobs

UPLOAD_PATH = "/_poolgate/imports/"
UPLOAD_MILLIS = 15 * 60 * 1000
# AWS Developer Guide, "Formatting the CSV file".
MAX_FILE_BYTES = 100 * 1024 * 1024
_PURPOSE = "import file"
_SIGNING_PURPOSE = "import upload"
# A batch is imported in one transaction, which other writers wait for.
_BATCH_ROWS, _BATCH_BYTES = 100, 256 * 1024
_BATCHES_A_TRANSACTION = 32
# One byte more than a row can have, so that a longer one is told from one that just fits.
_READ_BYTES = 4 * MAX_ROW_LENGTH + 1
_FORGET_AT_ONCE = 100
_HOUR_MILLIS = 60 * 60 * 1000


class UploadUrlInvalid(Failure):
    """The URL was altered, or names no job."""


class UploadUrlExpired(Failure):
    """The URL was good for fifteen minutes, which are over."""


class UploadTooLarge(Failure):
    """The file is larger than a job can take."""


class UploadIncomplete(Failure):
    """The connection ended before the file did."""


class UploadTooLate(Failure):
    """The job has been started, or has ended."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a file; the first is the file's line `first_line`."""

    first_line: int
    rows: Sequence[bytes]


_INSERT = sa.insert(import_batches)
_NEXT = (
    sa.select(import_batches)
    .where(
        import_batches.c.job_id == sa.bindparam("job_id"),
        import_batches.c.file_id == sa.bindparam("file_id"),
    )
    .order_by(import_batches.c.first_line)
    .limit(1)
)
_CONSUME = sa.delete(import_batches).where(
    import_batches.c.job_id == sa.bindparam("job_id"),
    import_batches.c.file_id == sa.bindparam("file_id"),
    import_batches.c.first_line == sa.bindparam("first_line"),
)
_DROP = sa.delete(import_batches).where(
    import_batches.c.job_id == sa.bindparam("job_id"),
    import_batches.c.file_id == sa.bindparam("file_id"),
)
_ATTACH = (
    sa.update(import_jobs)
    .where(
        import_jobs.c.job_id == sa.bindparam("of_job"), import_jobs.c.status == JobStatus.CREATED
    )
    .values(
        file_id=sa.bindparam("file_id"),
        header=sa.bindparam("header"),
        rows_in_file=sa.bindparam("rows_in_file"),
    )
)
_KEYS = (import_batches.c.job_id, import_batches.c.file_id, import_batches.c.first_line)
# What no job will read: files of jobs that have ended, uploads that were replaced or broken off.
_FORGET = sa.delete(import_batches).where(
    sa.tuple_(*_KEYS).in_(
        sa.select(*_KEYS)
        .join(import_jobs, import_jobs.c.job_id == import_batches.c.job_id)
        .where(
            sa.or_(
                import_jobs.c.status.not_in((JobStatus.CREATED, *jobs.ACTIVE)),
                sa.and_(
                    sa.or_(
                        import_jobs.c.file_id.is_(None),
                        import_jobs.c.file_id != import_batches.c.file_id,
                    ),
                    import_jobs.c.created_at <= sa.bindparam("begun_before"),
                ),
            )
        )
        .limit(_FORGET_AT_ONCE)
    )
)


def upload_url(call: Call, job: ImportJob) -> str:
    """Return the URL that takes the job's file by PUT for fifteen minutes."""
    expires_at = job.created_at + UPLOAD_MILLIS
    signed = {"expires": expires_at, "signature": _signature(call, job.job_id, expires_at)}
    return f"{call.public_url}{UPLOAD_PATH}{job.job_id}?{urlencode(signed)}"


def verify_upload(call: Call, job_id: str, expires: str, signature: str) -> None:
    """Raise UploadUrlInvalid or UploadUrlExpired unless the URL is one that `upload_url` gave."""
    if not (expires.isascii() and expires.isdigit() and len(expires) < len(str(2**63))):
        raise UploadUrlInvalid
    expected = _signature(call, job_id, int(expires))
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        raise UploadUrlInvalid
    if call.now_millis >= int(expires):
        raise UploadUrlExpired


def receive(
    call: Call, job_id: str, read: Callable[[int], bytes], *, declared_bytes: int | None
) -> None:
    """Take in the file that `read` gives, in place of an earlier one.

    `read(n)` returns at most n bytes, none at the end. Raises UploadTooLarge, UploadIncomplete or
    UploadTooLate; nothing of the file counts then.
    """
    if declared_bytes is not None and declared_bytes > MAX_FILE_BYTES:
        raise UploadTooLarge
    with call.db.reading() as transaction:
        job = jobs.find(transaction, job_id, call.now_millis)
    if job is None or job.status is not JobStatus.CREATED:
        raise UploadTooLate
    file_id = random_uuid()
    try:
        _take_in(call, job_id, file_id, read, declared_bytes)
    except BaseException:
        with call.db.writing() as transaction:
            transaction.run(_DROP, {"job_id": job_id, "file_id": file_id})
        raise


def _take_in(
    call: Call,
    job_id: str,
    file_id: str,
    read: Callable[[int], bytes],
    declared_bytes: int | None,
) -> None:
    incoming = _Incoming(read)
    source = io.BufferedReader(incoming)
    header = _read_line(source) or b""
    rows_in_file = _keep(call, job_id, file_id, source)
    if declared_bytes is not None and incoming.received != declared_bytes:
        raise UploadIncomplete
    attached = {
        "of_job": job_id,
        "file_id": file_id,
        "header": header,
        "rows_in_file": rows_in_file,
    }
    with call.db.writing() as transaction:
        if not transaction.run(_ATTACH, attached):
            raise UploadTooLate


def next_batch(transaction: Transaction, call: Call, job: ImportJob) -> Batch | None:
    """Return the first rows that are left of the job's file, or None at its end."""
    row = transaction.one(_NEXT, {"job_id": job.job_id, "file_id": job.file_id})
    if row is None:
        return None
    rows = call.vault.unseal(
        row.sealed_rows,
        purpose=_PURPOSE,
        bound_to=_bound_to(job.job_id, row.file_id, row.first_line),
    )
    return Batch(row.first_line, rows.split(b"\n"))


def consume(transaction: Transaction, job: ImportJob, batch: Batch) -> bool:
    """Take the batch out of the file; return False when somebody else did."""
    place = {"job_id": job.job_id, "file_id": job.file_id, "first_line": batch.first_line}
    return transaction.run(_CONSUME, place) == 1


def forget(transaction: Transaction, now_millis: int) -> int:
    """Remove some of what no job will read, and return how much; 0 when there is no more."""
    return transaction.run(_FORGET, {"begun_before": now_millis - UPLOAD_MILLIS - _HOUR_MILLIS})


class _Incoming(io.RawIOBase):
    """What a caller sends, counted; raises UploadTooLarge once it is too much."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self.received = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer, by io's contract
        received = self._read(len(buffer))
        self.received += len(received)
        if self.received > MAX_FILE_BYTES:
            raise UploadTooLarge
        buffer[: len(received)] = received
        return len(received)


def _read_line(source: BinaryIO) -> bytes | None:
    """Return the next line without its end, or None at the end of the file.

    Of a line that is too long only as much is returned as shows that.
    """
    line = source.readline(_READ_BYTES)
    if not line:
        return None
    rest = line
    while not rest.endswith(b"\n") and len(rest) == _READ_BYTES:
        rest = source.readline(_READ_BYTES)
    return line.rstrip(b"\r\n")


def _keep(call: Call, job_id: str, file_id: str, source: BinaryIO) -> int:
    """Store the rows and return how many lines have something on them."""
    kept = 0
    waiting: list[dict[str, object]] = []
    for batch in _batches(source):
        kept += sum(1 for row in batch.rows if row.strip())
        waiting.append(
            {
                "job_id": job_id,
                "file_id": file_id,
                "first_line": batch.first_line,
                "sealed_rows": call.vault.seal(
                    b"\n".join(batch.rows),
                    purpose=_PURPOSE,
                    bound_to=_bound_to(job_id, file_id, batch.first_line),
                ),
            }
        )
        if len(waiting) == _BATCHES_A_TRANSACTION:
            _insert(call, waiting)
            waiting = []
    _insert(call, waiting)
    return kept


def _insert(call: Call, batches: Sequence[dict[str, object]]) -> None:
    with call.db.writing() as transaction:
        transaction.run(_INSERT, batches)


def _batches(source: BinaryIO) -> Iterator[Batch]:
    first_line, size = 2, 0
    rows: list[bytes] = []
    while (row := _read_line(source)) is not None:
        rows.append(row)
        size += len(row)
        if len(rows) == _BATCH_ROWS or size >= _BATCH_BYTES:
            yield Batch(first_line, rows)
            first_line, size, rows = first_line + len(rows), 0, []
    if rows:
        yield Batch(first_line, rows)


def _bound_to(job_id: str, file_id: str, first_line: int) -> str:
    return f"{job_id}/{file_id}/{first_line}"


def _signature(call: Call, job_id: str, expires_at: int) -> str:
    signing_key = call.vault.derived_key(_SIGNING_PURPOSE)
    return hmac.new(signing_key, f"{job_id}/{expires_at}".encode(), hashlib.sha256).hexdigest()

"""User import jobs in a server: who carries them out, and how their log words a failure."""

from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_uuid
from poolgate.operations.errors import find_error
from poolgate.operations.idp.errors import IDP_ERRORS
from poolgate.operations.idp.import_errors import LINE_FAULTS
from poolgate.server.event_log import EventLog
from poolgate.userpools.import_worker import Finished, ImportWorker
from poolgate.wire.installation import Installation


def import_worker(installation: Installation, log: EventLog) -> ImportWorker:
    """Return a worker for the installation's jobs."""

    def report(finished: Finished) -> None:
        log.info(
            "user import job",
            job_id=finished.job_id,
            pool_id=finished.pool_id,
            status=finished.status.value,
            imported_users=finished.imported_users,
            skipped_users=finished.skipped_users,
            failed_users=finished.failed_users,
        )

    return ImportWorker(
        lambda: installation.new_call(request_id=random_uuid(), source_address=""),
        worded,
        report=report,
        report_interruption=lambda reason: log.warning("user imports interrupted", reason=reason),
    )


def worded(failure: Failure) -> str:
    """Return what is wrong with a line, without a value of it."""
    words = find_error(LINE_FAULTS, failure) or find_error(IDP_ERRORS, failure)
    return "The user could not be imported." if words is None else words.worded(failure)

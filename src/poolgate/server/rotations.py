"""Rotations of secrets in a server: who carries them out, and what the log tells of them."""

from poolgate.foundation.ids import Region
from poolgate.foundation.randomness import random_uuid
from poolgate.secrets.rotation_worker import Rotated, RotationWorker
from poolgate.server.event_log import EventLog
from poolgate.store.call import Call
from poolgate.wire.installation import Installation

_REGION_PART = 3


def rotation_worker(installation: Installation, log: EventLog) -> RotationWorker:
    """Return a worker for the installation's secrets."""

    def new_call(arn: str | None) -> Call:
        region = None if arn is None else Region(arn.split(":")[_REGION_PART])
        return installation.new_call(request_id=random_uuid(), source_address="", region=region)

    def report(rotated: Rotated) -> None:
        log.info(
            "secret rotation",
            arn=rotated.arn,
            version_id=rotated.version_id,
            attempt=rotated.attempt,
            outcome="failed" if rotated.reason else "rotated",
            reason=rotated.reason,
        )

    return RotationWorker(
        new_call,
        report=report,
        report_interruption=lambda reason: log.warning("rotations interrupted", reason=reason),
    )

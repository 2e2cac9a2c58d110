"""Metadata of SAML providers in a server: who reads it again, and what the log tells of it."""

from poolgate.foundation.randomness import random_uuid
from poolgate.server.event_log import EventLog
from poolgate.userpools.metadata_refresh import MetadataRefresher, Refreshed
from poolgate.wire.installation import Installation


def metadata_refresher(installation: Installation, log: EventLog) -> MetadataRefresher:
    """Return what reads metadata for the installation's pools."""

    def report(refreshed: Refreshed) -> None:
        tell = log.warning if refreshed.reason else log.info
        tell(
            "saml metadata",
            pool_id=refreshed.pool_id,
            provider=refreshed.provider_name,
            outcome="kept" if refreshed.reason else "read",
            reason=refreshed.reason,
        )

    return MetadataRefresher(
        lambda: installation.new_call(request_id=random_uuid(), source_address=""),
        report=report,
        report_interruption=lambda reason: log.warning("saml metadata interrupted", reason=reason),
    )

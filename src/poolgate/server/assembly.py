"""Puts doors, log and metrics around an installation."""

from pathlib import Path

from poolgate.server.application import Application
from poolgate.server.event_log import EventLog
from poolgate.server.observations import Observer
from poolgate.server.operator_door import OperatorDoor
from poolgate.server.peers import Network, Peers
from poolgate.wire.installation import Installation


def assemble(
    installation: Installation,
    *,
    log: EventLog,
    trusted_proxies: tuple[Network, ...] = (),
    metrics_peers: frozenset[str] = frozenset(),
    shared_metrics: Path | None = None,
) -> Application:
    """Return the application of an installation."""
    observer = Observer(log, shared_folder=shared_metrics)
    return Application(
        installation,
        operator_door=OperatorDoor(installation, observer, metrics_peers=metrics_peers),
        observer=observer,
        peers=Peers(trusted_proxies),
    )

"""Puts doors, log and metrics around an installation."""

import sys
from typing import TextIO

import structlog
from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from poolgate.server.application import Application
from poolgate.server.observations import Observer
from poolgate.server.operator_door import OperatorDoor
from poolgate.server.peers import Network, Peers
from poolgate.wire.installation import Installation


def json_log(stream: TextIO = sys.stderr, *, level: int = 0) -> FilteringBoundLogger:
    """Return a logger that writes one JSON object a line, control characters escaped."""
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    return log


def assemble(
    installation: Installation,
    *,
    log: FilteringBoundLogger,
    trusted_proxies: tuple[Network, ...] = (),
    metrics_peers: frozenset[str] = frozenset(),
    registry: CollectorRegistry | None = None,
) -> Application:
    """Return the application of an installation."""
    observer = Observer(log, registry or CollectorRegistry())
    return Application(
        installation,
        operator_door=OperatorDoor(installation, observer, metrics_peers=metrics_peers),
        observer=observer,
        peers=Peers(trusted_proxies),
    )

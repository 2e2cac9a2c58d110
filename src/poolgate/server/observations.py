"""What a request leaves behind: one log event and the metrics.

Neither ever holds a request's members, a path's query or a header's value.
"""

from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

from poolgate.server.event_log import EventLog
from poolgate.server.settings import tell_prometheus
from poolgate.web.handled import Handled
from poolgate.web.messages import HttpRequest

SERVER_FAULT = 500
METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Observer:
    """Counts and logs requests.

    With a `shared_folder` every worker counts in files of it, and each renders the sum of all.
    """

    def __init__(self, log: EventLog, *, shared_folder: Path | None = None) -> None:
        self._log = log
        self._shared_folder = shared_folder
        self._registry = registry = CollectorRegistry()
        # Looking a series up by its labels takes longer than counting; there are as many as these.
        self._counted: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        if shared_folder is not None:
            tell_prometheus(shared_folder)
            values.ValueClass = values.MultiProcessValue()
        self._requests = Counter(
            "poolgate_requests",
            "Requests by service, operation and outcome.",
            ("service", "operation", "outcome"),
            registry=registry,
        )
        self._seconds = Histogram(
            "poolgate_request_seconds",
            "How long requests took.",
            ("service", "operation"),
            buckets=_BUCKETS,
            registry=registry,
        )

    def observe(self, http: HttpRequest, handled: Handled, seconds: float) -> None:
        """Tell of one answered request."""
        outcome = handled.error_code or str(handled.response.status)
        series = (handled.service, handled.operation, outcome)
        counted = self._counted.get(series)
        if counted is None:
            counted = self._counted[series] = (
                self._requests.labels(*series),
                self._seconds.labels(handled.service, handled.operation),
            )
        requests, durations = counted
        requests.inc()
        durations.observe(seconds)
        fields = {
            "request_id": handled.request_id,
            "method": http.method,
            "service": handled.service,
            "operation": handled.operation,
            "caller": handled.caller,
            "source_address": http.remote_address,
            "status": handled.response.status,
            "error_code": handled.error_code,
            "failure": handled.failure,
            "milliseconds": round(seconds * 1000, 3),
        }
        if handled.response.status >= SERVER_FAULT and handled.defect:
            self._log.error("request failed", defect=handled.defect, **fields)
        else:
            self._log.info("request", **fields)

    def render_metrics(self) -> bytes:
        """Return the metrics in Prometheus's text format."""
        if self._shared_folder is None:
            return generate_latest(self._registry)
        everyones = CollectorRegistry()
        MultiProcessCollector(everyones, path=str(self._shared_folder))
        return generate_latest(everyones)

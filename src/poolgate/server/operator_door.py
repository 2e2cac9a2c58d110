"""`/_poolgate/`: health, readiness and metrics; in `--dev` also the outbox and the clock."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

import msgspec

from poolgate.delivery.queue import StoredMessage, list_messages
from poolgate.foundation.addresses import is_loopback
from poolgate.foundation.clock import MovableClock
from poolgate.server.observations import METRICS_CONTENT_TYPE, Observer
from poolgate.store import installation as decided
from poolgate.web.handled import Handled
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.wire.dev_pages import verify_own_machine
from poolgate.wire.installation import Installation
from poolgate.wire.refusals import FORBIDDEN, Refusal

OK, BAD_REQUEST, NOT_FOUND, NOT_ALLOWED, UNAVAILABLE = 200, 400, 404, 405, 503
Page = Callable[[HttpRequest], HttpResponse]
_TOO_FAR_SECONDS = 100 * 366 * 86400.0


class _Advance(msgspec.Struct, forbid_unknown_fields=True):
    advance_seconds: float


class OperatorDoor:
    """Answers the operator's own paths."""

    def __init__(
        self, installation: Installation, observer: Observer, *, metrics_peers: frozenset[str]
    ) -> None:
        self._installation = installation
        self._observer = observer
        self._metrics_peers = metrics_peers
        self._pages: Mapping[tuple[str, str], Page] = {
            ("GET", "health"): self._health,
            ("GET", "ready"): self._ready,
            ("GET", "metrics"): self._metrics,
        }
        if installation.dev:
            self._pages = {
                **self._pages,
                ("GET", "outbox"): self._own(self._outbox),
                ("GET", "clock"): self._own(self._clock),
                ("POST", "clock"): self._own(self._advance_clock),
            }

    def handle(self, http: HttpRequest) -> Handled:
        """Answer one request for a path below `/_poolgate/`."""
        name = http.path.rpartition("/")[2]
        page = self._pages.get((http.method, name))
        if page is None or http.path != f"/_poolgate/{name}":
            known = any(known == name for _, known in self._pages)
            return Handled(_plain(NOT_ALLOWED if known else NOT_FOUND, "not found\n"), "")
        return Handled(page(http), "", service="poolgate", operation=name)

    def _own(self, page: Page) -> Page:
        """Return the page for this machine's own programs and pages."""

        def shown(http: HttpRequest) -> HttpResponse:
            try:
                verify_own_machine(self._installation, http)
            except Refusal as refusal:
                return _plain(FORBIDDEN, refusal.message + "\n")
            return page(http)

        return shown

    def _health(self, _http: HttpRequest) -> HttpResponse:
        return _plain(OK, "ok\n")

    def _ready(self, _http: HttpRequest) -> HttpResponse:
        try:
            with self._installation.db.reading() as transaction:
                decided.find(transaction, "account_id")
        except Exception:  # noqa: BLE001 - whatever keeps the database away, the answer is the same
            return _plain(UNAVAILABLE, "database unavailable\n")
        return _plain(OK, "ready\n")

    def _metrics(self, http: HttpRequest) -> HttpResponse:
        # SPEC security.md Z10: metrics are not for the public listener.
        if not is_loopback(http.remote_address) and http.remote_address not in self._metrics_peers:
            return _plain(NOT_FOUND, "not found\n")
        return HttpResponse(
            OK, {"content-type": METRICS_CONTENT_TYPE}, self._observer.render_metrics()
        )

    def _outbox(self, http: HttpRequest) -> HttpResponse:
        asked = parse_qs(http.query)
        stored = list_messages(
            self._installation.db,
            self._installation.vault,
            pool_id=next(iter(asked.get("pool", ())), None),
            recipient=next(iter(asked.get("recipient", ())), None),
        )
        return _json({"messages": [_shown(message) for message in stored]})

    def _clock(self, _http: HttpRequest) -> HttpResponse:
        return _json({"now": self._installation.clock.now().isoformat()})

    def _advance_clock(self, http: HttpRequest) -> HttpResponse:
        clock = self._installation.clock
        try:
            seconds = msgspec.json.decode(http.body, type=_Advance).advance_seconds
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _plain(BAD_REQUEST, 'send {"advance_seconds": n}\n')
        if not isinstance(clock, MovableClock) or not 0 <= seconds <= _TOO_FAR_SECONDS:
            return _plain(BAD_REQUEST, "the clock only moves forward, by at most a century\n")
        return _json({"now": clock.advance(seconds).isoformat()})


def _shown(stored: StoredMessage) -> dict[str, object]:
    message = stored.message
    return {
        "id": stored.message_id,
        "pool_id": message.pool_id,
        "medium": message.medium,
        "recipient": message.recipient,
        "subject": message.subject,
        "body": message.body,
        "purpose": message.purpose,
        "code": message.code,
        "created_at": stored.created_at,
    }


def _plain(status: int, text: str) -> HttpResponse:
    return HttpResponse(status, {"content-type": "text/plain; charset=utf-8"}, text.encode())


def _json(value: object) -> HttpResponse:
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return HttpResponse(OK, headers, msgspec.json.encode(value))

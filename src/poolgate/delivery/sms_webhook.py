"""SMS by an HTTP webhook: whatever can take a POST can send the text on."""

from dataclasses import dataclass

import httpx2
import msgspec

from poolgate.credentials.webhook_signatures import sign_webhook
from poolgate.delivery.media import DeliveryFailed
from poolgate.delivery.queue import Message
from poolgate.foundation.clock import Clock
from poolgate.foundation.secret import Secret

# The receiver says that it will never take this message.
_PERMANENT_STATUSES = frozenset({400, 410, 413, 422})


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsWebhookSettings:
    """Where texts go. With `signing_secret` the receiver can tell that they come from here."""

    url: str
    signing_secret: Secret | None = None
    timeout_seconds: float = 10


class SmsWebhook:
    """Posts `{"message_id", "pool_id", "recipient", "body", "purpose"}` as JSON.

    With a signing secret it is signed as `credentials.webhook_signatures` says.
    """

    def __init__(self, settings: SmsWebhookSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        # Only the configured address is ever called: no redirects, no proxy from the environment.
        self._http_client = httpx2.Client(
            timeout=settings.timeout_seconds, follow_redirects=False, trust_env=False
        )

    def send(self, message_id: str, message: Message) -> None:
        """Hand one text over; any 2xx answer takes it."""
        body = msgspec.json.encode(
            {
                "message_id": message_id,
                "pool_id": message.pool_id,
                "recipient": message.recipient,
                "body": message.body,
                "purpose": message.purpose,
            }
        )
        headers = {"Content-Type": "application/json", **self._signature(body)}
        try:
            response = self._http_client.post(self._settings.url, content=body, headers=headers)
        except httpx2.HTTPError as error:
            raise DeliveryFailed(f"{type(error).__name__}: {error}") from error
        if not response.is_success:
            raise DeliveryFailed(
                f"HTTP status {response.status_code}",
                permanent=response.status_code in _PERMANENT_STATUSES,
            )

    def rest(self) -> None:
        """Keep the connections: the client drops idle ones by itself."""

    def _signature(self, body: bytes) -> dict[str, str]:
        secret = self._settings.signing_secret
        if secret is None:
            return {}
        return sign_webhook(secret, body, self._clock.now())

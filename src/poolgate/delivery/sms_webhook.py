"""SMS by an HTTP webhook: whatever can take a POST can send the text on."""

import hashlib
import hmac
from dataclasses import dataclass

import httpx2
import msgspec

from poolgate.delivery.media import DeliveryFailed
from poolgate.delivery.queue import Message
from poolgate.foundation.clock import Clock, epoch_seconds
from poolgate.foundation.secret import Secret

SIGNATURE_HEADER = "Poolgate-Signature"
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

    The signature header is `t=SECONDS,v1=HEX`, HEX being HMAC-SHA256 of `SECONDS.` and the body.
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
        seconds = str(epoch_seconds(self._clock.now()))
        signed = seconds.encode() + b"." + body
        digest = hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest()
        return {SIGNATURE_HEADER: f"t={seconds},v1={digest}"}

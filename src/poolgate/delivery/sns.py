"""SMS by the SNS API at a configured endpoint: AWS itself, or what speaks like it."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import httpx2

from poolgate.delivery.media import DeliveryFailed
from poolgate.delivery.queue import Message
from poolgate.foundation.clock import Clock
from poolgate.foundation.secret import Secret
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import sign

_VERSION = "2010-03-31"
_CODE = re.compile(rb"<Code>([A-Za-z.]{1,100})</Code>")
_LONGEST_ERROR = 64 * 1024
# AWS SNS API_Publish: this text will not be taken for this number, however often it is offered.
_PERMANENT_CODES = frozenset(
    {"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationException"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnsSettings:
    """Where the SNS API is, and the access key that may publish there."""

    url: str
    region: str
    access_key_id: str
    secret_access_key: Secret
    timeout_seconds: float = 10


class SnsPublisher:
    """Publishes each text to its phone number, as a transactional message."""

    def __init__(self, settings: SnsSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        # Only the configured address is ever called: no redirects, no proxy from the environment.
        self._http_client = httpx2.Client(
            timeout=settings.timeout_seconds, follow_redirects=False, trust_env=False
        )

    def send(self, _message_id: str, message: Message) -> None:
        """Hand one text over; raise DeliveryFailed with the error's name."""
        body = urlencode(
            {
                "Action": "Publish",
                "Version": _VERSION,
                "PhoneNumber": message.recipient,
                "Message": message.body,
                # AWS SNS "Publishing SMS messages": for texts such as one-time codes.
                "MessageAttributes.entry.1.Name": "AWS.SNS.SMS.SMSType",
                "MessageAttributes.entry.1.Value.DataType": "String",
                "MessageAttributes.entry.1.Value.StringValue": "Transactional",
            }
        ).encode()
        place = urlsplit(self._settings.url)
        path = f"{place.path}/"
        url = f"{place.scheme}://{place.netloc}{path}"
        try:
            response = self._http_client.post(
                url, content=body, headers=self._headers(place.netloc, path, body)
            )
        except httpx2.HTTPError as error:
            raise DeliveryFailed(f"{type(error).__name__}: {error}") from error
        if not response.is_success:
            raise _failure(response.status_code, response.content[:_LONGEST_ERROR])

    def rest(self) -> None:
        """Keep the connections: the client drops idle ones by itself."""

    def _headers(self, host: str, path: str, body: bytes) -> dict[str, str]:
        headers = {
            "Host": host,
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        }
        parts = RequestParts(
            method="POST", path=path, query="", headers=tuple(headers.items()), body=body
        )
        signature = sign(
            parts,
            access_key_id=self._settings.access_key_id,
            secret_access_key=self._settings.secret_access_key,
            session_token=None,
            region=self._settings.region,
            service="sns",
            now=self._clock.now(),
        )
        return {**headers, **dict(signature)}


def _failure(status: int, body: bytes) -> DeliveryFailed:
    found = _CODE.search(body)
    error_code = found[1].decode() if found else ""
    reason = f"HTTP status {status} {error_code}".rstrip()
    return DeliveryFailed(reason, permanent=error_code in _PERMANENT_CODES)

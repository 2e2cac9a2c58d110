"""SMS by the SNS API."""

import re
from urllib.parse import urlencode

from poolgate.delivery.media import DeliveryFailed
from poolgate.delivery.queue import Message
from poolgate.delivery.signed_posts import Answered, EndpointSettings, SignedPosts
from poolgate.foundation.clock import Clock

_VERSION = "2010-03-31"
_CODE = re.compile(rb"<Code>([A-Za-z.]{1,100})</Code>")
_LONGEST_ERROR = 64 * 1024
# AWS SNS API_Publish: this text will not be taken for this number, however often it is offered.
_PERMANENT_CODES = frozenset(
    {"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationException"}
)


class SnsPublisher:
    """Publishes each text to its phone number, as a transactional message."""

    def __init__(self, settings: EndpointSettings, region: str, clock: Clock) -> None:
        self._posts = SignedPosts(settings, "sns", clock)
        self._region = region

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
        form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        answered = self._posts.post(self._region, form, body)
        if not answered.is_success:
            raise _failure(answered)

    def rest(self) -> None:
        """Keep the connections: the client drops idle ones by itself."""


def _failure(answered: Answered) -> DeliveryFailed:
    found = _CODE.search(answered.body[:_LONGEST_ERROR])
    error_code = found[1].decode() if found else ""
    reason = f"HTTP status {answered.status} {error_code}".rstrip()
    return DeliveryFailed(reason, permanent=error_code in _PERMANENT_CODES)

"""Messages that a function of the pool sends: it is told to whom, what and why.

The code travels encrypted, as AWS does it, under a key of KMS or of this installation.
"""

import base64
import html

import msgspec

from poolgate.credentials.encryption_sdk import encrypt
from poolgate.delivery.keyrings import Keyring
from poolgate.delivery.media import DeliveryFailed
from poolgate.delivery.queue import Message
from poolgate.store.call import Functions
from poolgate.triggers.targets import FunctionFailed, NotInvoked


class FunctionSender:
    """Asks functions to send; whatever they answer, they took the message."""

    def __init__(self, functions: Functions, keyring: Keyring) -> None:
        self._functions = functions
        self._keyring = keyring

    def send(self, _message_id: str, message: Message) -> None:
        """Tell the function; raise DeliveryFailed when it failed or could not be asked."""
        handover = message.handover
        if handover is None:
            raise DeliveryFailed("no function was named", permanent=True)
        event = msgspec.json.decode(handover.event)
        event["request"]["code"] = self._encrypted(message, handover.key_name)
        try:
            self._functions.invoke(handover.function_arn, msgspec.json.encode(event))
        except FunctionFailed as failure:
            # Its own words may repeat what it was told, the code among it.
            raise DeliveryFailed("the function ended with an error") from failure
        except NotInvoked as failure:
            raise DeliveryFailed(str(failure.facts["reason"])) from failure

    def rest(self) -> None:
        """Keep the connections: the functions' clients drop idle ones by themselves."""

    def _encrypted(self, message: Message, key_name: str) -> str | None:
        if message.code is None:
            return None
        # OBSERVED in events that AWS sent: the pool is named in the encryption context.
        context = {"userpool-id": message.pool_id}
        data_key = self._keyring.new_data_key(key_name, context)
        # AWS Custom email sender Lambda trigger: reserved characters of temporary passwords are
        # escaped as in HTML.
        sealed = encrypt(html.escape(message.code).encode(), data_key, context)
        return base64.b64encode(sealed).decode()

"""What a way of sending promises."""

from typing import Protocol

from poolgate.delivery.queue import Message
from poolgate.foundation.failure import Failure


class DeliveryFailed(Failure):
    """The message was not taken. Facts: reason.

    `permanent` means that trying again would meet the same answer.
    """

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason=reason)
        self.reason = reason
        self.permanent = permanent


class Sender(Protocol):
    """Sends messages of one medium."""

    def send(self, message_id: str, message: Message) -> None:
        """Hand the message over, or raise DeliveryFailed; it may come again after a crash."""
        ...

    def rest(self) -> None:
        """Let go of what is only worth keeping between two messages in a row."""
        ...

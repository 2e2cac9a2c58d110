"""The custom sender triggers: a function sends a pool's e-mails or SMS instead of this server.

It is asked from the message queue, after the change that the message tells of was committed, until
it took the message; its answer says nothing. Codes reach it encrypted (decision 0010).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec

from poolgate.delivery.queue import Handover, Medium, require_medium
from poolgate.foundation.ids import ClientId
from poolgate.store.call import Call
from poolgate.userpools.pools import UserPool
from poolgate.userpools.triggers import Occasion, Trigger, attributes_of, render_event
from poolgate.userpools.users import User

_TRIGGER_OF: Mapping[Medium, Trigger] = {
    Medium.EMAIL: Trigger.CUSTOM_EMAIL_SENDER,
    Medium.SMS: Trigger.CUSTOM_SMS_SENDER,
}
_REQUEST_TYPE: Mapping[Medium, str] = {
    Medium.EMAIL: "customEmailSenderRequestV1",
    Medium.SMS: "customSMSSenderRequestV1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomSender:
    """The function that sends one kind of message to one user by one medium."""

    medium: Medium
    occasion: Occasion
    attributes: Mapping[str, str]

    def handover(self, attribute: str, address: str) -> Handover:
        """Return what the function is told of a message to `address`."""
        pool = self.occasion.pool
        request = {
            "type": _REQUEST_TYPE[self.medium],
            "code": None,
            "clientMetadata": self.occasion.client_metadata,
            # An address that waits for its verification is not among the user's own yet.
            "userAttributes": {**self.attributes, attribute: address},
        }
        return Handover(
            function_arn=pool.triggers[_TRIGGER_OF[self.medium]],
            key_name=pool.custom_sender_key_arn or "",
            event=msgspec.Raw(render_event(self.occasion, request)),
        )


def custom_senders(
    pool: UserPool,
    user: User,
    kind: str,
    *,
    client_id: ClientId | None,
    client_metadata: Mapping[str, str] | None,
) -> Mapping[Medium, CustomSender]:
    """Return the functions that send messages of a kind (`SignUp`, ...) to the user, by medium."""
    return {
        medium: CustomSender(
            medium=medium,
            occasion=Occasion(
                pool=pool,
                source=f"{trigger}_{kind}",
                username=user.username,
                client_id=client_id,
                client_metadata=client_metadata,
            ),
            attributes=attributes_of(user),
        )
        for medium, trigger in _TRIGGER_OF.items()
        if trigger in pool.triggers
    }


def all_are_custom(pool: UserPool, media: Collection[Medium]) -> bool:
    """Tell whether functions send by every one of the media."""
    return all(_TRIGGER_OF[medium] in pool.triggers for medium in media)


def require_sender(call: Call, pool: UserPool, medium: Medium) -> None:
    """Raise NoSenderConfigured when neither the pool nor this server can send by `medium`."""
    if _TRIGGER_OF[medium] not in pool.triggers:
        require_medium(call, medium)

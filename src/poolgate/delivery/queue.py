"""The queue of messages: written in the transaction that needs them, sent afterwards.

A message is stored together with the change it tells of, so neither exists without the other; a
server that is killed in between sends it after the next start.
"""

import itertools
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa

from poolgate.credentials.sealing import Vault
from poolgate.delivery.tables import messages
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.foundation.randomness import random_uuid
from poolgate.store.call import Call
from poolgate.store.database import Database, Transaction

_PURPOSE = "message"
_INSERT = sa.insert(messages)
# Orders the messages that one process queues in the same millisecond.
_sequence = itertools.count()
_WITHDRAW = sa.delete(messages).where(messages.c.message_id == sa.bindparam("message_id"))
_BY_POOL_AND_RECIPIENT = (
    sa.select(messages)
    .where(
        sa.or_(
            sa.bindparam("pool_id", type_=sa.Text) == sa.null(),
            messages.c.pool_id == sa.bindparam("pool_id"),
        ),
        sa.or_(
            sa.bindparam("recipient", type_=sa.Text) == sa.null(),
            messages.c.recipient == sa.bindparam("recipient"),
        ),
    )
    .order_by(messages.c.created_at, messages.c.message_id)
)


class Medium(StrEnum):
    """How a message travels."""

    EMAIL = "EMAIL"
    SMS = "SMS"


class Carrier(StrEnum):
    """What takes a message from the queue."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    FUNCTION = "FUNCTION"


class NoSenderConfigured(Failure):
    """This server has no way to send a message by the wanted medium."""


class Handover(msgspec.Struct, frozen=True):
    """The function that sends a message instead of this server.

    `event` is what it is told, without the code: that is encrypted for `key_name` when it is asked.
    """

    function_arn: str
    key_name: str
    event: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person; `code` repeats the code inside the body for the dev outbox.

    An e-mail's body is plain text, or HTML when `body_is_html`: then whatever was put into the
    template has been escaped. `from_address` and `reply_to` are the pool's own wishes.
    """

    pool_id: PoolId
    medium: Medium
    recipient: str
    subject: str
    body: str
    purpose: str
    code: str | None = None
    body_is_html: bool = False
    from_address: str | None = None
    reply_to: str | None = None
    handover: Handover | None = None

    @property
    def carrier(self) -> Carrier:
        """What takes the message."""
        return Carrier(self.medium) if self.handover is None else Carrier.FUNCTION


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message in the queue."""

    message_id: str
    message: Message
    created_at: int
    delivered_at: int | None


class _Content(msgspec.Struct, omit_defaults=True):
    subject: str
    body: str
    purpose: str
    code: str | None
    body_is_html: bool = False
    from_address: str | None = None
    reply_to: str | None = None
    handover: Handover | None = None


def require_medium(call: Call, medium: Medium) -> None:
    """Raise NoSenderConfigured when nothing here can send by `medium`."""
    if medium not in call.media:
        raise NoSenderConfigured(medium=medium)


def enqueue(transaction: Transaction, call: Call, message: Message) -> None:
    """Store `message` for sending, as part of the caller's transaction."""
    _insert(transaction, call, message)


def rehearse(transaction: Transaction, call: Call, message: Message) -> None:
    """Take the time that `enqueue` takes and leave nothing; for messages that nobody gets."""
    message_id = _insert(transaction, call, message)
    transaction.run(_WITHDRAW, {"message_id": message_id})


def _insert(transaction: Transaction, call: Call, message: Message) -> str:
    message_id = f"{next(_sequence):010d}-{random_uuid()}"
    content = _Content(
        subject=message.subject,
        body=message.body,
        purpose=message.purpose,
        code=message.code,
        body_is_html=message.body_is_html,
        from_address=message.from_address,
        reply_to=message.reply_to,
        handover=message.handover,
    )
    transaction.run(
        _INSERT,
        {
            "message_id": message_id,
            "pool_id": message.pool_id,
            "medium": message.medium,
            "carrier": message.carrier,
            "recipient": message.recipient,
            "sealed_content": call.vault.seal(
                msgspec.json.encode(content), purpose=_PURPOSE, bound_to=message_id
            ),
            "created_at": call.now_millis,
            "attempts": 0,
            "due_at": call.now_millis,
            "delivered_at": None,
            "last_error": None,
        },
    )
    return message_id


def list_messages(
    db: Database, vault: Vault, *, pool_id: str | None = None, recipient: str | None = None
) -> tuple[StoredMessage, ...]:
    """Return stored messages, oldest first, of one pool and recipient where given."""
    with db.reading() as transaction:
        rows = transaction.rows(
            _BY_POOL_AND_RECIPIENT, {"pool_id": pool_id, "recipient": recipient}
        )
    return tuple(_stored(vault, row) for row in rows)


def opened_message(vault: Vault, row: Any) -> Message:  # noqa: ANN401 - a row of the messages table
    """Return the message in a row of the queue."""
    content = msgspec.json.decode(
        vault.unseal(row.sealed_content, purpose=_PURPOSE, bound_to=row.message_id), type=_Content
    )
    return Message(
        pool_id=row.pool_id,
        medium=Medium(row.medium),
        recipient=row.recipient,
        subject=content.subject,
        body=content.body,
        purpose=content.purpose,
        code=content.code,
        body_is_html=content.body_is_html,
        from_address=content.from_address,
        reply_to=content.reply_to,
        handover=content.handover,
    )


def _stored(vault: Vault, row: Any) -> StoredMessage:  # noqa: ANN401 - as above
    return StoredMessage(
        message_id=row.message_id,
        message=opened_message(vault, row),
        created_at=row.created_at,
        delivered_at=row.delivered_at,
    )

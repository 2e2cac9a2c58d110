"""Codes sent as second factor: made for one auth session, kept as a keyed digest inside it.

A wrong one is counted for the lock-out and leaves the auth session as it is; the right one ends it.
Codes that are a first factor are in `first_factor_codes`; they are made and sent here, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from poolgate.credentials.confirmation_codes import (
    CODE_DIGITS,
    WrongCode,
    digest_code,
    verify_code,
)
from poolgate.delivery.queue import enqueue, rehearse
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import Sub
from poolgate.foundation.randomness import DIGITS, random_text
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import attempt_limits, messages
from poolgate.userpools.attempt_limits import Attempt
from poolgate.userpools.auth_sessions import AuthSessionInvalid, SentCode
from poolgate.userpools.custom_senders import require_sender
from poolgate.userpools.messages import Delivery, Wording
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User

_KEY = "mfa code"


class WrongMfaCode(Failure):
    """The code is not the one that was sent for this auth session."""


@dataclass(frozen=True, slots=True)
class CodeToSend:
    """A code on its way: its message, and what the auth session keeps of it."""

    delivery: Delivery
    code: Secret
    sent_code: SentCode

    @property
    def parameters(self) -> Mapping[str, str]:
        """Where the code goes, as a challenge tells it."""
        return {
            "CODE_DELIVERY_DELIVERY_MEDIUM": self.delivery.medium,
            "CODE_DELIVERY_DESTINATION": self.delivery.masked_address,
        }


def make(
    call: Call, pool: UserPool, user: User, attribute: str, *, new_address: str | None = None
) -> CodeToSend:
    """Return a fresh code for the user's address, or for a new one that is to become the user's.

    Raises NoSenderConfigured.
    """
    address = new_address or user.attributes[attribute]
    delivery = Delivery(attribute, address)
    require_sender(call, pool, delivery.medium)
    code = Secret(random_text(DIGITS, CODE_DIGITS))
    sent_code = SentCode(
        attribute=attribute,
        address=address,
        digest=digest_code(code, mac_key=call.vault.derived_key(_KEY), bound_to=_place(user)),
        is_new_address=new_address is not None,
    )
    return CodeToSend(delivery, code, sent_code)


def send(
    transaction: Transaction, call: Call, wording: Wording, sub: Sub, to_send: CodeToSend
) -> None:
    """Queue the message; raise AttemptLimitExceeded when the user got too many this hour."""
    _count(transaction, call, wording, sub)
    enqueue(transaction, call, messages.authentication(wording, to_send.delivery, to_send.code))


def simulate(
    transaction: Transaction, call: Call, wording: Wording, stand_in: Sub, to_send: CodeToSend
) -> None:
    """Do for a name that nobody has what `send` does for a user, except that nothing is sent."""
    _count(transaction, call, wording, stand_in)
    rehearse(transaction, call, messages.authentication(wording, to_send.delivery, to_send.code))


def _count(transaction: Transaction, call: Call, wording: Wording, sub: Sub) -> None:
    attempt_limits.count(
        transaction, wording.pool.pool_id, sub, Attempt.SEND_MFA_CODE, call.now_millis
    )


def verify(
    call: Call, pool: UserPool, user: User, sent_code: SentCode | None, submitted: Secret
) -> User:
    """Return the user, whose address is verified by the right code.

    Raises WrongMfaCode, and AuthSessionInvalid when the address is no longer the user's.
    """
    if sent_code is None:
        raise AuthSessionInvalid
    attribute, address = sent_code.attribute, sent_code.address
    if not sent_code.is_new_address and user.attributes.get(attribute) != address:
        raise AuthSessionInvalid
    try:
        verify_code(
            submitted,
            sent_code.digest,
            mac_key=call.vault.derived_key(_KEY),
            bound_to=_place(user),
        )
    except WrongCode as error:
        raise WrongMfaCode from error
    # A verified address may be a name to sign in with, which somebody else can hold by now. That
    # must not keep its owner out; such an address is verified by VerifyUserAttribute only.
    if attribute in pool.alias_attributes and not sent_code.is_new_address:
        return user
    return with_verified(call, user, attribute, address)


def with_verified(call: Call, user: User, attribute: str, address: str) -> User:
    """Return the user with that address, verified."""
    proven = {attribute: address, f"{attribute}_verified": "true"}
    if proven.items() <= user.attributes.items():
        return user
    return replace(user, attributes={**user.attributes, **proven}, modified_at=call.now_millis)


def _place(user: User) -> str:
    return f"{user.pool_id}/{user.sub}"

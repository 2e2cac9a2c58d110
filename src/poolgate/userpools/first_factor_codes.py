"""Codes that a sign-in begins with: who reads the mailbox or the phone needs no password.

Guesses are counted by user or name, whichever auth session they are for, and before they are looked
at; the lock-out for wrong passwords is another one.
"""

from dataclasses import replace

from poolgate.credentials.confirmation_codes import (
    CODE_DIGITS,
    WrongCode,
    digest_code,
    verify_code,
)
from poolgate.foundation.randomness import DIGITS, random_text
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import account_events, attempt_limits, log_delivery, messages, users
from poolgate.userpools.attempt_limits import Attempt
from poolgate.userpools.auth_sessions import AuthSessionInvalid, SentCode
from poolgate.userpools.custom_senders import require_sender
from poolgate.userpools.messages import Delivery
from poolgate.userpools.mfa_codes import CodeToSend, WrongMfaCode, with_verified
from poolgate.userpools.pools import UserPool
from poolgate.userpools.situations import Situation
from poolgate.userpools.users import User, UserStatus

_KEY = "first factor code"


def make(call: Call, situation: Situation, attribute: str) -> CodeToSend:
    """Return a fresh code for the user's address, or for one that nobody has.

    Raises NoSenderConfigured.
    """
    delivery = _delivery(situation, attribute)
    require_sender(call, situation.pool, delivery.medium)
    code = Secret(random_text(DIGITS, CODE_DIGITS))
    digest = digest_code(
        code, mac_key=call.vault.derived_key(_KEY), bound_to=_place(situation, delivery)
    )
    return CodeToSend(delivery, code, SentCode(attribute=attribute, address="", digest=digest))


def verify(call: Call, situation: Situation, sent_code: SentCode | None, submitted: Secret) -> User:
    """Return the user as the right code leaves it; raise WrongMfaCode or AttemptLimitExceeded.

    A replaced address is a wrong code. Nobody's code is always wrong, at the same cost.
    """
    if sent_code is None:
        raise AuthSessionInvalid
    with call.db.writing() as transaction:
        attempt_limits.count(
            transaction,
            situation.pool.pool_id,
            situation.stand_in,
            Attempt.ANSWER_FIRST_FACTOR,
            call.now_millis,
        )
    delivery = _delivery(situation, sent_code.attribute)
    try:
        verify_code(
            submitted,
            sent_code.digest,
            mac_key=call.vault.derived_key(_KEY),
            bound_to=_place(situation, delivery),
        )
    except WrongCode as error:
        _record_refusal(call, situation)
        raise WrongMfaCode from error
    if situation.user is None:
        raise WrongMfaCode
    return confirmed_by(call, situation.pool, situation.user, delivery)


def _record_refusal(call: Call, situation: Situation) -> None:
    if not situation.pool.watches_risks:
        return
    with call.db.writing() as transaction:
        event = account_events.record_refusal(transaction, call, situation, is_password=False)
    log_delivery.tell(call, situation.pool, situation.user, event)


def confirmed_by(call: Call, pool: UserPool, user: User, delivery: Delivery) -> User:
    """Return the user whom a message reached: its address is verified, the account confirmed.

    An address that is a name to sign in with stays as it is where somebody else holds it: that must
    not keep its owner out.
    """
    if delivery.attribute not in pool.alias_attributes or _is_free(call, pool, user, delivery):
        user = with_verified(call, user, delivery.attribute, delivery.address)
    # AWS Developer Guide, "Passwordless sign-in with one-time passwords": imported users without a
    # password need not set one first.
    has_no_password = user.status is UserStatus.RESET_REQUIRED and user.password is None
    if user.status is UserStatus.UNCONFIRMED or has_no_password:
        return replace(user, status=UserStatus.CONFIRMED, modified_at=call.now_millis)
    return user


def _is_free(call: Call, pool: UserPool, user: User, delivery: Delivery) -> bool:
    with call.db.reading() as transaction:
        holder = users.find(transaction, pool, delivery.address)
    return holder is None or holder.sub == user.sub


def _delivery(situation: Situation, attribute: str) -> Delivery:
    if situation.user is not None:
        return Delivery(attribute, situation.user.attributes.get(attribute, ""))
    simulated = messages.simulated_delivery((attribute,), situation.login_name, situation.stand_in)
    return simulated or messages.made_up_delivery(attribute, situation.stand_in)


def _place(situation: Situation, delivery: Delivery) -> str:
    return f"{situation.pool.pool_id}/{situation.stand_in}/{delivery.attribute}/{delivery.address}"

"""Choosing a new password without the old one: a code to a verified address proves the user.

Where an app client hides who has an account, everybody who cannot recover (nobody, a disabled user,
one without an address) is answered like somebody who can: a masked address, codes that are wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId, Username
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import (
    account_events,
    account_triggers,
    attempt_limits,
    confirmation_codes,
    log_delivery,
    messages,
    password_history,
    passwords,
    pools,
    refresh_tokens,
    situations,
    users,
)
from poolgate.userpools.attempt_limits import Attempt
from poolgate.userpools.auth_events import EventResponse, EventType
from poolgate.userpools.confirmation_codes import (
    CodeExpired,
    CodeKey,
    Purpose,
    Refused,
)
from poolgate.userpools.custom_messages import FORGOT_PASSWORD, worded
from poolgate.userpools.custom_senders import require_sender
from poolgate.userpools.messages import Delivery, Wording
from poolgate.userpools.password_history import PasswordUsedBefore
from poolgate.userpools.pools import UserPool
from poolgate.userpools.risk_configuration import PasswordUse
from poolgate.userpools.situations import NameNotFoundForClient, Situation
from poolgate.userpools.stored_passwords import StoredPassword
from poolgate.userpools.triggers import Occasion
from poolgate.userpools.user_migration import Wanted, with_migrated_user
from poolgate.userpools.users import User, UserDisabled, UserStatus


class RecoveryDisabledUser(UserDisabled):
    """A disabled user recovers nothing; recovery words it in its own way."""


class RecoveryByAdministratorOnly(Failure):
    """The pool lets only administrators reset passwords."""


class NotResettable(Failure):
    """The user's state has no password to recover."""


class NoRecoveryAddress(Failure):
    """The user has no verified address that the pool recovers by."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """The new password as it is to be kept, and whether the user's history refuses it.

    `is_compromised` where others know it, too, and it is only noted.
    """

    kept: StoredPassword
    is_used: bool
    is_compromised: bool


_RESETTABLE = frozenset({UserStatus.CONFIRMED, UserStatus.RESET_REQUIRED, UserStatus.UNCONFIRMED})
_ADMIN_RESETTABLE = frozenset({UserStatus.CONFIRMED, UserStatus.RESET_REQUIRED})


def begin(
    call: Call,
    client_id: ClientId,
    login_name: str,
    *,
    secret_hash: str | None,
    at_pages: bool = False,
    client_metadata: Mapping[str, str] | None = None,
) -> Delivery:
    """Send a code and return where it went."""
    situation = situations.read(call, client_id, login_name=login_name, at_pages=at_pages)
    situations.verify_client(situation, login_name, secret_hash)
    pool = situation.pool
    account_events.verify_address_allowed(call, pool, situation.app_client)
    if pool.recovery_mechanisms == ("admin_only",):
        raise RecoveryByAdministratorOnly
    wanted = Wanted(source="UserMigration_ForgotPassword", client_metadata=client_metadata)
    situation = with_migrated_user(call, situation, wanted)
    user, delivery = _recipient(situation)
    require_sender(call, pool, delivery.medium)
    text = Wording(pool)
    if user is not None:
        text = worded(
            call,
            pool,
            user,
            FORGOT_PASSWORD,
            media=(delivery.medium,),
            client_id=client_id,
            client_metadata=client_metadata,
        )
    with call.db.writing() as transaction:
        _count(transaction, call, situation)
        key = CodeKey(pool.pool_id, situation.stand_in, Purpose.PASSWORD_RESET)
        if user is not None:
            confirmation_codes.issue(transaction, call, text, key, delivery)
        else:
            confirmation_codes.simulate(transaction, call, text, key, delivery)
        event = account_events.record(
            transaction,
            call,
            EventType.FORGOT_PASSWORD,
            pool=pool,
            app_client=situation.app_client,
            user=user,
        )
    log_delivery.tell(call, pool, user, event)
    return delivery


def finish(
    call: Call,
    client_id: ClientId,
    login_name: str,
    code: Secret,
    new_password: Secret,
    *,
    secret_hash: str | None,
    at_pages: bool = False,
    client_metadata: Mapping[str, str] | None = None,
) -> None:
    """Set the new password and end every session, given the right code.

    Raises PasswordUnfit before the code is looked at, CodeMismatch, CodeExpired or CodeWornOut.
    PasswordUsedBefore is told only to whoever has the right code, which stays usable then.
    """
    situation = situations.read(call, client_id, login_name=login_name, at_pages=at_pages)
    situations.verify_client(situation, login_name, secret_hash)
    account_events.verify_address_allowed(call, situation.pool, situation.app_client)
    pool, user = situation.pool, _recoverable(situation)
    passwords.verify_fit(pool.password_policy, new_password)
    is_compromised = account_events.looks_compromised(
        call, pool, client_id, new_password, PasswordUse.PASSWORD_CHANGE
    )
    # Kept for nobody as well: what a refusal costs does not tell who has an account.
    sub = situation.stand_in
    kept = passwords.keep(call, pool, sub, user.username if user else Username(sub), new_password)
    replacement = Replacement(
        kept,
        is_used=password_history.is_used(call, pool, user, new_password),
        is_compromised=is_compromised,
    )
    try:
        recovered = _finish(call, situation, user, code, replacement)
    except PasswordUsedBefore:
        # The code was not consumed, and neither was the try counted.
        with call.db.writing() as transaction:
            _count(transaction, call, situation)
        raise
    if isinstance(recovered, Refused):
        raise recovered.failure
    occasion = Occasion(
        pool=pool,
        source="PostConfirmation_ConfirmForgotPassword",
        username=recovered.username,
        client_id=client_id,
        client_metadata=client_metadata,
    )
    account_triggers.tell_confirmed(call, occasion, recovered)


def _finish(
    call: Call, situation: Situation, user: User | None, code: Secret, replacement: Replacement
) -> User | Refused:
    with call.db.writing() as transaction:
        _count(transaction, call, situation)
        recovered: User | Refused = Refused(CodeExpired())
        if user is not None:
            recovered = _finish_with(
                transaction, call, situation.pool, user, code, replacement=replacement
            )
        if isinstance(recovered, Refused) and isinstance(recovered.failure, CodeExpired):
            key = CodeKey(situation.pool.pool_id, situation.stand_in, Purpose.PASSWORD_RESET)
            recovered = confirmation_codes.simulated_refusal(transaction, call, key)
        is_refused = isinstance(recovered, Refused)
        event = account_events.record(
            transaction,
            call,
            EventType.PASSWORD_CHANGE,
            EventResponse.FAIL if is_refused else EventResponse.PASS,
            pool=situation.pool,
            app_client=situation.app_client,
            user=user,
            is_compromised=replacement.is_compromised,
        )
    log_delivery.tell(call, situation.pool, user, event)
    return recovered


def reset_by_administrator(
    call: Call,
    pool_id: PoolId,
    login_name: str,
    *,
    client_metadata: Mapping[str, str] | None = None,
) -> None:
    """Make the user choose a new password with a code that is sent now."""
    with call.db.reading() as transaction:
        pool = pools.get(transaction, pool_id)
        user = users.get(transaction, pool, login_name)
    text = worded(
        call,
        pool,
        user,
        FORGOT_PASSWORD,
        media=(_delivery_of_reset(call, pool, user).medium,),
        client_id=None,
        client_metadata=client_metadata,
    )
    with call.db.writing() as transaction:
        former = users.get_to_change(transaction, pool_id, user.sub)
        delivery = _delivery_of_reset(call, pool, former)
        reset = replace(former, status=UserStatus.RESET_REQUIRED, modified_at=call.now_millis)
        users.update(transaction, pool, reset, former)
        key = CodeKey(pool_id, user.sub, Purpose.PASSWORD_RESET)
        confirmation_codes.issue(transaction, call, text, key, delivery)


def _delivery_of_reset(call: Call, pool: UserPool, user: User) -> Delivery:
    """Return where the code of a user goes whose password an administrator may reset."""
    if not user.enabled:
        raise RecoveryDisabledUser
    if user.status not in _ADMIN_RESETTABLE:
        raise NotResettable
    deliveries = messages.recovery_deliveries(pool, user)
    if not deliveries:
        raise NoRecoveryAddress
    require_sender(call, pool, deliveries[0].medium)
    return deliveries[0]


def _recoverable(situation: Situation) -> User | None:
    """Return the user, or None where it must look as if there might be one."""
    user = situation.user
    if user is None:
        if not situation.hides_user_existence:
            raise NameNotFoundForClient
        return None
    if not user.enabled:
        if not situation.hides_user_existence:
            raise RecoveryDisabledUser
        return None
    return user


def _recipient(situation: Situation) -> tuple[User | None, Delivery]:
    """Return whom to send a code and where; without a user only what to say."""
    user = _recoverable(situation)
    if user is not None:
        if user.status in _RESETTABLE:
            deliveries = messages.recovery_deliveries(situation.pool, user)
            if deliveries:
                return user, deliveries[0]
        if not situation.hides_user_existence:
            raise NoRecoveryAddress if user.status in _RESETTABLE else NotResettable
    return None, _simulated_delivery(situation)


def _simulated_delivery(situation: Situation) -> Delivery:
    recovering = messages.recovery_attributes(situation.pool)
    # Most users have an e-mail address and fewer a verified phone number.
    likely: Sequence[str] = sorted(recovering)
    delivery = messages.simulated_delivery(likely, situation.login_name, situation.stand_in)
    if delivery is None:
        raise NoRecoveryAddress
    return delivery


def _count(transaction: Transaction, call: Call, situation: Situation) -> None:
    attempt_limits.count(
        transaction,
        situation.pool.pool_id,
        situation.stand_in,
        Attempt.PASSWORD_RESET,
        call.now_millis,
    )


def _finish_with(
    transaction: Transaction,
    call: Call,
    pool: UserPool,
    user: User,
    code: Secret,
    *,
    replacement: Replacement,
) -> User | Refused:
    sub = user.sub
    key = CodeKey(pool.pool_id, sub, Purpose.PASSWORD_RESET)
    taken = confirmation_codes.consume(transaction, call, key, code)
    if isinstance(taken, Refused):
        return taken
    former = users.get_to_change(transaction, pool.pool_id, sub)
    if former.status not in _RESETTABLE or not former.enabled:
        return Refused(CodeExpired())
    password_history.verify_unchanged(pool, user, former)
    if replacement.is_used:
        raise PasswordUsedBefore
    attribute = taken.attribute
    is_same = former.attributes.get(attribute) == taken.address
    verified = {f"{attribute}_verified": "true"} if is_same else {}
    recovered = replace(
        former,
        status=UserStatus.CONFIRMED,
        password=replacement.kept,
        attributes={**former.attributes, **verified},
        modified_at=call.now_millis,
    )
    users.update(transaction, pool, recovered, former)
    refresh_tokens.revoke_all_of_user(transaction, pool.pool_id, sub, call.now_millis)
    return recovered

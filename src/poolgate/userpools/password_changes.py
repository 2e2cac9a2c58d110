"""Changing one's own password, with the old one."""

from dataclasses import replace

from poolgate.credentials.passwords import WrongPassword
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import (
    account_events,
    attempt_limits,
    lockout,
    log_delivery,
    password_history,
    passwords,
    users,
)
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.attempt_limits import Attempt
from poolgate.userpools.auth_events import EventResponse, EventType
from poolgate.userpools.auth_flows import ParameterMissing
from poolgate.userpools.lockout import FailureCount
from poolgate.userpools.risk_configuration import PasswordUse


def change(
    call: Call, signed_in: SignedIn, previous_password: Secret | None, new_password: Secret
) -> None:
    """Replace the user's password; every session stays.

    A wrong previous password counts for the lock-out. Raises WrongPassword, LockedOut,
    PasswordUnfit, PasswordUsedBefore or AttemptLimitExceeded.
    """
    pool, user = signed_in.pool, signed_in.user
    lockout.verify_open(FailureCount(user.failed_attempts, user.last_failure_at), call.now_millis)
    with call.db.writing() as transaction:
        attempt_limits.count(
            transaction, pool.pool_id, user.sub, Attempt.CHANGE_PASSWORD, call.now_millis
        )
    account_events.verify_address_allowed(call, pool, signed_in.app_client)
    if user.password is not None:
        _verify_previous(call, signed_in, previous_password)
    passwords.verify_fit(pool.password_policy, new_password)
    is_compromised = account_events.looks_compromised(
        call, pool, signed_in.app_client.client_id, new_password, PasswordUse.PASSWORD_CHANGE
    )
    password_history.verify_unused(call, pool, user, new_password)
    kept = passwords.keep(call, pool, user.sub, user.username, new_password)
    with call.db.writing() as transaction:
        former = users.get_to_change(transaction, pool.pool_id, user.sub)
        lockout.verify_open(
            FailureCount(former.failed_attempts, former.last_failure_at), call.now_millis
        )
        # INVARIANT: what was proven is the password that is replaced.
        if former.password != user.password:
            raise WrongPassword
        changed = replace(former, password=kept, modified_at=call.now_millis)
        users.update(transaction, pool, changed, former)
        event = account_events.record(
            transaction,
            call,
            EventType.PASSWORD_CHANGE,
            pool=pool,
            app_client=signed_in.app_client,
            user=user,
            is_compromised=is_compromised,
        )
    log_delivery.tell(call, pool, user, event)


def _verify_previous(call: Call, signed_in: SignedIn, previous_password: Secret | None) -> None:
    pool, user = signed_in.pool, signed_in.user
    if previous_password is None:
        raise ParameterMissing(name="PreviousPassword")
    try:
        passwords.verify(call, pool, user, previous_password)
    except WrongPassword:
        with call.db.writing() as transaction:
            lockout.count_failure(transaction, pool.pool_id, user.sub, call.now_millis)
            event = account_events.record(
                transaction,
                call,
                EventType.PASSWORD_CHANGE,
                EventResponse.FAIL,
                pool=pool,
                app_client=signed_in.app_client,
                user=user,
            )
        log_delivery.tell(call, pool, user, event)
        raise

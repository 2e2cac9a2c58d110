"""Changing one's own password, with the old one."""

from dataclasses import replace

from poolgate.credentials.passwords import WrongPassword
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import attempt_limits, lockout, password_history, passwords, users
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.attempt_limits import Attempt
from poolgate.userpools.auth_flows import ParameterMissing
from poolgate.userpools.lockout import FailureCount


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
    if user.password is not None:
        _verify_previous(call, signed_in, previous_password)
    passwords.verify_fit(pool.password_policy, new_password)
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


def _verify_previous(call: Call, signed_in: SignedIn, previous_password: Secret | None) -> None:
    pool, user = signed_in.pool, signed_in.user
    if previous_password is None:
        raise ParameterMissing(name="PreviousPassword")
    try:
        passwords.verify(call, pool, user, previous_password)
    except WrongPassword:
        with call.db.writing() as transaction:
            lockout.count_failure(transaction, pool.pool_id, user.sub, call.now_millis)
        raise

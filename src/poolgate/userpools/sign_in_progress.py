"""How far a sign-in has come, and the writing that ends each of its steps."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from poolgate.credentials.passwords import WrongPassword
from poolgate.foundation.failure import Failure
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import (
    account_events,
    auth_sessions,
    lockout,
    log_delivery,
    passkeys,
    software_tokens,
    spent_proofs,
    threat_protection,
    users,
)
from poolgate.userpools.auth_events import AuthEvent, EventResponse
from poolgate.userpools.auth_sessions import Door, PresentedAuthSession, SignInRisk
from poolgate.userpools.challenges import Factor
from poolgate.userpools.custom_states import CustomState
from poolgate.userpools.lockout import FailureCount
from poolgate.userpools.passkeys import PasskeyUse
from poolgate.userpools.situations import Situation
from poolgate.userpools.software_tokens import MatchedCode
from poolgate.userpools.spent_proofs import SpentProof
from poolgate.userpools.stored_passwords import is_same_password
from poolgate.userpools.threat_protection import Judgement
from poolgate.userpools.users import User, UserDisabled, UserStatus


class PasswordResetRequired(Failure):
    """The password was reset, or never set, and the user has not chosen a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sign-in has come, and what this step uses up or changes.

    `user` is as the step leaves it; `situation.user` is as the step found it. With `custom` the
    pool's functions have a say, too.
    """

    situation: Situation
    user: User
    door: Door
    proven: frozenset[Factor]
    spent_proof: SpentProof | None = None
    answered: PresentedAuthSession | None = None
    matched_code: MatchedCode | None = None
    custom: CustomState | None = None
    # What was typed, where it was; the judgement of this step, and what is known of the risk.
    password: Secret | None = None
    judgement: Judgement | None = None
    risk: SignInRisk | None = None
    passkey_use: PasskeyUse | None = None


def proven_user(
    call: Call,
    situation: Situation,
    prove: Callable[[], None],
    *,
    spent_proof: SpentProof | None = None,
) -> User:
    """Return the user whose password `prove` accepts; a wrong one is counted."""
    try:
        prove()
    except WrongPassword:
        with call.db.writing() as transaction:
            if spent_proof is not None:
                spent_proofs.consume(transaction, spent_proof)
            count_failure(transaction, call, situation)
            event = account_events.record_refusal(transaction, call, situation)
        log_delivery.tell(call, situation.pool, situation.user, event)
        _verify_has_password(situation)
        raise
    if situation.user is None:
        raise WrongPassword
    return situation.user


def _verify_has_password(situation: Situation) -> None:
    """Raise PasswordResetRequired for a user who cannot know a password yet, if that may be told.

    AWS Developer Guide, "Requiring imported users to reset their passwords": at any password.
    """
    user = situation.user
    if user is None or user.password is not None or situation.hides_user_existence:
        return
    if user.enabled and user.status is UserStatus.RESET_REQUIRED:
        raise PasswordResetRequired


def count_failure(transaction: Transaction, call: Call, situation: Situation) -> None:
    """Count a wrong password or code; raise LockedOut when the lock holds by now."""
    pool_id = situation.pool.pool_id
    if situation.user is not None:
        lockout.count_failure(transaction, pool_id, situation.user.sub, call.now_millis)
    else:
        lockout.count_failure_of_name(transaction, pool_id, situation.stand_in, call.now_millis)


def settle(transaction: Transaction, call: Call, progress: Progress) -> None:
    """Use up what the step rests on and store what it changed.

    INVARIANT: the step counts only if the user is still as the proof found it. Of steps that rest
    on the same proof or auth session, one gets here.
    """
    found = progress.situation.user
    former = users.get_to_change(transaction, progress.user.pool_id, progress.user.sub)
    lockout.verify_open(
        FailureCount(former.failed_attempts, former.last_failure_at), call.now_millis
    )
    if found is None or not _is_as_found(former, found):
        raise WrongPassword
    if not former.enabled:
        raise UserDisabled
    if progress.spent_proof is not None and not spent_proofs.consume(
        transaction, progress.spent_proof
    ):
        raise WrongPassword
    if progress.answered is not None:
        auth_sessions.consume(transaction, progress.answered, call.now_millis)
    if progress.matched_code is not None:
        software_tokens.take_step(transaction, former, progress.matched_code)
    if progress.passkey_use is not None:
        passkeys.take_use(transaction, former, progress.passkey_use)
    if progress.user is not found:
        changed = _without_needless_password(progress.user, found, former)
        users.update(transaction, progress.situation.pool, changed, former)


def record_risk(
    transaction: Transaction, call: Call, progress: Progress, response: EventResponse
) -> AuthEvent | None:
    """Keep how far a sign-in has come, where the pool watches; return what is to be logged."""
    if progress.risk is None:
        return None
    return threat_protection.record(
        transaction,
        call,
        progress.situation,
        progress.user,
        risk=progress.risk,
        judgement=progress.judgement,
        proven=progress.proven,
        response=response,
    )


def _without_needless_password(changed: User, found: User, former: User) -> User:
    """Return what to store when another sign-in has kept the imported password anew already.

    Its verifier stays: a sign-in that has begun with it must not find it replaced.
    """
    if former.password != found.password and is_same_password(changed.password, found.password):
        return replace(changed, password=former.password)
    return changed


def _is_as_found(former: User, found: User) -> bool:
    """Tell whether what the proofs of a sign-in rest on is unchanged."""
    return is_same_password(former.password, found.password) and (former.status, former.mfa) == (
        found.status,
        found.mfa,
    )

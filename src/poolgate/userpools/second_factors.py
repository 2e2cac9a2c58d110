"""Answers to the challenges of a second factor: a code, a choice, a factor set up just now.

A factor may be proven only while it is one that is owed: what changed since the challenge was
issued (a factor turned on, an address replaced) counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from poolgate.foundation.failure import Failure
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import (
    attributes,
    authentication_levels,
    lockout,
    log_delivery,
    mfa_codes,
    software_tokens,
    threat_protection,
)
from poolgate.userpools.auth_sessions import AuthSessionInvalid
from poolgate.userpools.challenge_answers import Answer, Resumed, resume
from poolgate.userpools.challenges import (
    SECOND_FACTORS,
    Challenge,
    Factor,
    Owed,
    may_answer,
    may_be_asked,
)
from poolgate.userpools.mfa_codes import WrongMfaCode
from poolgate.userpools.mfa_settings import MfaFactor
from poolgate.userpools.sign_in_progress import Progress, count_failure
from poolgate.userpools.situations import Situation
from poolgate.userpools.software_tokens import SoftwareTokenNotSetUp, WrongSoftwareTokenCode
from poolgate.userpools.users import UserDisabled

CODE_MEMBERS: Mapping[Challenge, str] = {
    Challenge.SMS_MFA: "SMS_MFA_CODE",
    Challenge.EMAIL_OTP: "EMAIL_OTP_CODE",
    Challenge.SOFTWARE_TOKEN_MFA: "SOFTWARE_TOKEN_MFA_CODE",
}


class NotAmongChoices(Failure):
    """The factor chosen is none of those that were offered."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The challenge that an answer asks for, and how far the sign-in has come.

    `new_address` is an e-mail address that the user gives as a new factor.
    """

    progress: Progress
    owed: Owed
    new_address: str | None = None


def prove(call: Call, asker: Situation, answer: Answer) -> Progress:
    """Return the sign-in with its second factor proven; a wrong code is counted.

    The auth session stays usable after a wrong code. Raises LockedOut, WrongMfaCode,
    WrongSoftwareTokenCode, SoftwareTokenCodeUsed or AuthSessionInvalid.
    """
    challenge = Challenge(answer.challenge)
    resumed = resume(call, asker, answer)
    lockout.verify_open(resumed.situation.failures, call.now_millis)
    _verify_owed(resumed, challenge)
    submitted = Secret(answer.responses[CODE_MEMBERS[challenge]])
    try:
        progress = _PROVE[challenge](call, resumed, submitted)
    except (WrongMfaCode, WrongSoftwareTokenCode):
        with call.db.writing() as transaction:
            count_failure(transaction, call, resumed.situation)
            event = threat_protection.record_wrong_code(
                transaction, resumed.situation, resumed.user, resumed.risk
            )
        log_delivery.tell(call, resumed.situation.pool, resumed.user, event)
        raise
    custom = resumed.custom
    return replace(
        progress,
        proven=resumed.proven | {Factor(challenge)},
        custom=custom and custom.after(challenge, succeeded=True),
    )


def choose(call: Call, asker: Situation, answer: Answer) -> Chosen:
    """Return the challenge of the factor that the user chose; raise NotAmongChoices."""
    resumed = resume(call, asker, answer)
    owed = owed_by(resumed)
    if owed is None or owed.challenge is not Challenge.SELECT_MFA_TYPE:
        raise AuthSessionInvalid
    if answer.responses["ANSWER"] not in owed.choices:
        raise NotAmongChoices
    return Chosen(resumed.progress(), Owed(Challenge(answer.responses["ANSWER"])))


def finish_setup(call: Call, asker: Situation, answer: Answer) -> Progress | Chosen:
    """Return the sign-in after its factor was set up, or the code that sets e-mail up.

    Raises SoftwareTokenNotSetUp where the auth session is not that of a verified app.
    """
    resumed = resume(call, asker, answer)
    if resumed.proven & SECOND_FACTORS:
        return resumed.progress()
    address = answer.responses.get("EMAIL") or answer.responses.get("email")
    if not address:
        raise SoftwareTokenNotSetUp
    owed = verify_setup_owed(resumed)
    if MfaFactor.EMAIL_OTP not in owed.choices:
        raise NotAmongChoices
    situation = resumed.situation
    attributes.verify_changes(situation.pool, {"email": address}, writer=situation.app_client)
    return Chosen(resumed.progress(), Owed(Challenge.EMAIL_OTP), new_address=address)


def owed_by(resumed: Resumed) -> Owed | None:
    """Return what is owed by now."""
    return authentication_levels.owed(
        resumed.user,
        resumed.situation.pool,
        resumed.proven,
        resumed.demand,
        resumed.situation.target_level,
    )


def verify_setup_owed(resumed: Resumed) -> Owed:
    """Return the set-up that is owed; raise where a factor is there already, or UserDisabled.

    INVARIANT: who knows only the password sets up a factor only where there is none to ask for.
    """
    owed = owed_by(resumed)
    if owed is None or owed.challenge is not Challenge.MFA_SETUP:
        raise AuthSessionInvalid
    if not resumed.user.enabled:
        raise UserDisabled
    return owed


def _verify_owed(resumed: Resumed, challenge: Challenge) -> None:
    sent_code = resumed.presented.auth_session.sent_code
    if sent_code is not None and sent_code.is_new_address:
        if MfaFactor.EMAIL_OTP not in verify_setup_owed(resumed).choices:
            raise AuthSessionInvalid
        return
    if _is_wanted_by_function(resumed, challenge):
        return
    if not may_answer(owed_by(resumed), challenge):
        raise AuthSessionInvalid


def _is_wanted_by_function(resumed: Resumed, challenge: Challenge) -> bool:
    """Tell whether a function chose the factor, beyond what is owed, and it can still be asked."""
    is_chosen = resumed.custom is not None and resumed.custom.chosen == challenge
    pool, factor = resumed.situation.pool, MfaFactor(challenge)
    return is_chosen and may_be_asked(resumed.user, pool, factor)


def _prove_by_message(call: Call, resumed: Resumed, submitted: Secret) -> Progress:
    sent_code = resumed.presented.auth_session.sent_code
    user = mfa_codes.verify(call, resumed.situation.pool, resumed.user, sent_code, submitted)
    return replace(resumed.progress(), user=user)


def _prove_by_software_token(call: Call, resumed: Resumed, submitted: Secret) -> Progress:
    matched_code = software_tokens.verify_code(call, resumed.user, submitted)
    return replace(resumed.progress(), matched_code=matched_code)


_PROVE: Mapping[Challenge, Callable[[Call, Resumed, Secret], Progress]] = {
    Challenge.SMS_MFA: _prove_by_message,
    Challenge.EMAIL_OTP: _prove_by_message,
    Challenge.SOFTWARE_TOKEN_MFA: _prove_by_software_token,
}

"""CUSTOM_AUTH: the pool's functions choose the challenges and say when it is enough.

    begin ──> define ──> a challenge ──> its answer ──> define ──> ... ──> tokens, or a refusal

A password on the way brings along whatever it owes (a new password, a second factor) before the
functions are asked again. A custom challenge takes one answer, right or wrong: its auth session is
used up before a function looks at the answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

import msgspec

from poolgate.credentials.passwords import WrongPassword
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import (
    auth_sessions,
    begun_sign_in,
    custom_triggers,
    device_proofs,
    issued_challenges,
    lockout,
    password_proofs,
    srp_proofs,
)
from poolgate.userpools.auth_flows import SRP_A, Attempt, AuthFlow, is_enabled
from poolgate.userpools.auth_sessions import AuthSessionInvalid, Door
from poolgate.userpools.begun_sign_in import Begun
from poolgate.userpools.challenge_answers import Answer
from poolgate.userpools.challenges import Challenge, Factor, Owed, may_be_asked
from poolgate.userpools.custom_states import CustomState
from poolgate.userpools.issued_challenges import ChallengeIssued, Step
from poolgate.userpools.mfa_settings import MfaFactor
from poolgate.userpools.sign_in_progress import Progress
from poolgate.userpools.situations import Situation
from poolgate.userpools.triggers import TriggerAnswerUnreadable

# A sign-in before or after the password was proven.
_SignIn: TypeAlias = Begun | Progress


def begin(call: Call, situation: Situation, attempt: Attempt) -> Step:
    """Ask the pool's function what a sign-in begins with."""
    state = CustomState(login_name=attempt.login_name)
    if attempt.challenge_name == SRP_A:
        state = msgspec.structs.replace(state, srp_a=attempt.srp_a).after(SRP_A, succeeded=True)
    return go_on(call, Begun(situation=situation, door=attempt.door, custom=state))


def answer_challenge(call: Call, asker: Situation, answer: Answer) -> Step:
    """Let the pool's functions judge the answer, and go on with what they say."""
    begun = begun_sign_in.resume(
        call, asker, answer, challenges=frozenset({Challenge.CUSTOM_CHALLENGE})
    )
    state, presented = begun.custom, begun.answered
    if state is None or presented is None:
        raise AuthSessionInvalid
    # INVARIANT: one answer for each challenge, also of answers that come side by side and of those
    # that end the sign-in.
    with call.db.writing() as transaction:
        auth_sessions.consume(transaction, presented, call.now_millis)
    situation = begun.situation
    is_right = custom_triggers.is_right(call, situation, state, answer.responses["ANSWER"])
    state = state.after(Challenge.CUSTOM_CHALLENGE, succeeded=is_right, metadata=state.metadata)
    proven = frozenset(map(Factor, presented.auth_session.proven))
    if not proven:
        return go_on(call, replace(begun, answered=None, custom=state))
    if situation.user is None:
        raise AuthSessionInvalid
    return go_on(
        call,
        Progress(
            situation=situation,
            user=situation.user,
            door=begun.door,
            proven=proven,
            custom=state,
            risk=presented.auth_session.risk,
        ),
    )


def answer_password(call: Call, asker: Situation, answer: Answer) -> Progress:
    """Return the sign-in with the password proven that a backend was asked for."""
    begun = begun_sign_in.resume(
        call, asker, answer, challenges=frozenset({Challenge.ADMIN_NO_SRP_AUTH})
    )
    if begun.custom is None:
        raise AuthSessionInvalid
    lockout.verify_open(begun.situation.failures, call.now_millis)
    progress = password_proofs.prove(
        call,
        begun.situation,
        Secret(answer.responses["PASSWORD"]),
        door=begun.door,
        answered=begun.answered,
    )
    custom = begun.custom.after(Challenge.ADMIN_NO_SRP_AUTH, succeeded=True)
    return replace(progress, custom=custom)


def go_on(call: Call, sign_in: _SignIn) -> Step:
    """Ask the pool's function what comes next, and do it.

    Raises WrongPassword where it ends the sign-in, TriggerAnswerUnreadable where it asks for what
    cannot be asked now.
    """
    situation, state = sign_in.situation, _state_of(sign_in)
    decision = custom_triggers.define(call, situation, state)
    if decision.fail_authentication:
        raise WrongPassword
    if decision.issue_tokens:
        return _completed(sign_in)
    if not decision.challenge_name:
        raise WrongPassword
    ask_for = _QUESTIONS.get(decision.challenge_name)
    if ask_for is None:
        raise TriggerAnswerUnreadable
    return ask_for(call, sign_in, Challenge(decision.challenge_name))


def _completed(sign_in: _SignIn) -> Progress:
    """Return the sign-in of which the pool's functions say that it is enough."""
    if isinstance(sign_in, Progress):
        return replace(sign_in, proven=sign_in.proven | {Factor.CUSTOM_CHALLENGE})
    # No function signs in a name that nobody has.
    if sign_in.situation.user is None:
        raise WrongPassword
    return Progress(
        situation=sign_in.situation,
        user=sign_in.situation.user,
        door=sign_in.door,
        proven=frozenset({Factor.CUSTOM_CHALLENGE}),
        answered=sign_in.answered,
        custom=sign_in.custom,
    )


def _ask_custom(call: Call, sign_in: _SignIn, challenge: Challenge) -> ChallengeIssued:
    situation, state = sign_in.situation, _state_of(sign_in)
    question = custom_triggers.create(call, situation, state, challenge)
    return _issue(
        call,
        sign_in,
        challenge,
        {**question.public_parameters, "USERNAME": srp_proofs.user_id_of(situation)},
        msgspec.structs.replace(
            state,
            chosen=challenge,
            private_parameters=question.private_parameters,
            metadata=question.metadata,
        ),
    )


def _ask_srp(call: Call, sign_in: _SignIn, challenge: Challenge) -> ChallengeIssued:
    # AWS "Use SRP password verification in custom authentication flow": it begins with SRP_A.
    state = _state_of(sign_in)
    if isinstance(sign_in, Progress) or state.srp_a is None:
        raise TriggerAnswerUnreadable
    begun = srp_proofs.challenge(call, sign_in.situation, state.srp_a, is_part=True)
    state = msgspec.structs.replace(state, chosen=challenge, block_digest=begun.block_digest)
    return _issue(call, sign_in, challenge, begun.parameters, state)


def _ask_password(call: Call, sign_in: _SignIn, challenge: Challenge) -> ChallengeIssued:
    situation = sign_in.situation
    may_ask = sign_in.door is Door.ADMIN and is_enabled(
        situation.app_client, AuthFlow.ADMIN_USER_PASSWORD_AUTH
    )
    if isinstance(sign_in, Progress) or not may_ask:
        raise TriggerAnswerUnreadable
    state = msgspec.structs.replace(_state_of(sign_in), chosen=challenge)
    named = {"USERNAME": srp_proofs.user_id_of(situation)}
    return _issue(call, sign_in, challenge, named, state)


def _ask_second_factor(call: Call, sign_in: _SignIn, challenge: Challenge) -> ChallengeIssued:
    """Ask for a factor that the function wants, after the password."""
    if isinstance(sign_in, Begun) or Factor(challenge) in sign_in.proven:
        raise TriggerAnswerUnreadable
    if not may_be_asked(sign_in.user, sign_in.situation.pool, MfaFactor(challenge)):
        raise TriggerAnswerUnreadable
    state = msgspec.structs.replace(_state_of(sign_in), chosen=challenge)
    return issued_challenges.issue(call, replace(sign_in, custom=state), Owed(challenge))


def _ask_device(call: Call, sign_in: _SignIn, challenge: Challenge) -> ChallengeIssued:
    """Ask for the remembered device, which comes last anyway."""
    device = device_proofs.named_device(call, sign_in) if isinstance(sign_in, Progress) else None
    if isinstance(sign_in, Begun) or device is None or not device.remembered:
        raise TriggerAnswerUnreadable
    state = msgspec.structs.replace(_state_of(sign_in), chosen=challenge)
    return issued_challenges.issue(call, replace(sign_in, custom=state), Owed(challenge))


# The challenges that a function may choose, and how each is asked.
_QUESTIONS: Mapping[str, Callable[[Call, _SignIn, Challenge], ChallengeIssued]] = {
    Challenge.CUSTOM_CHALLENGE: _ask_custom,
    Challenge.PASSWORD_VERIFIER: _ask_srp,
    Challenge.ADMIN_NO_SRP_AUTH: _ask_password,
    Challenge.SMS_MFA: _ask_second_factor,
    Challenge.SOFTWARE_TOKEN_MFA: _ask_second_factor,
    Challenge.EMAIL_OTP: _ask_second_factor,
    Challenge.DEVICE_SRP_AUTH: _ask_device,
}


def _issue(
    call: Call,
    sign_in: _SignIn,
    challenge: Challenge,
    parameters: Mapping[str, str],
    state: CustomState,
) -> ChallengeIssued:
    if isinstance(sign_in, Progress):
        return issued_challenges.issue(
            call, replace(sign_in, custom=state), Owed(challenge), parameters=parameters
        )
    return begun_sign_in.issue(call, replace(sign_in, custom=state), challenge, parameters)


def _state_of(sign_in: _SignIn) -> CustomState:
    if sign_in.custom is None:
        raise AuthSessionInvalid
    return sign_in.custom

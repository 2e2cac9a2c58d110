"""USER_AUTH: a sign-in that begins with a first factor of the user's choice.

    begin ── the session of a confirmed sign-up ───────────────────────────> proven
      ├───── the preferred factor, if it is offered ─────────> its challenge ──> proven
      └───── SELECT_CHALLENGE ── a choice, or its answer ───────────┘

A name that nobody has is offered what a user of the pool could be, and none of it can be answered.
Wrong answers use no auth session up.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import (
    auth_sessions,
    begun_sign_in,
    first_factor_codes,
    lockout,
    passkey_sign_in,
    password_proofs,
    sign_up_sessions,
    situations,
    step_up,
)
from poolgate.userpools.auth_flows import Attempt
from poolgate.userpools.auth_sessions import AuthSessionInvalid, Door
from poolgate.userpools.authentication_levels import reachable
from poolgate.userpools.begun_sign_in import Begun
from poolgate.userpools.challenge_answers import Answer
from poolgate.userpools.challenges import Challenge, Factor
from poolgate.userpools.first_factors import ADDRESS_OF, CODE_MEMBERS, PROVEN_BY, offered
from poolgate.userpools.issued_challenges import Step
from poolgate.userpools.passkeys import Passkey
from poolgate.userpools.sign_in_progress import Progress
from poolgate.userpools.situations import Situation


class FirstFactorNotOffered(Failure):
    """The factor chosen is none of those that the user may begin with."""


@dataclass(frozen=True, slots=True)
class Given:
    """What came along with the choice of a factor, and the passkeys that could be chosen."""

    password: Secret | None = None
    srp_a: str | None = None
    credential: str | None = None
    passkeys: Sequence[Passkey] = ()


def begin(call: Call, situation: Situation, attempt: Attempt) -> Step:
    """Begin with the factor that the attempt prefers, or let the user choose."""
    if attempt.auth_session is not None:
        after_sign_up = _prove_by_sign_up(call, situation, attempt, attempt.auth_session)
        if after_sign_up is not None:
            return after_sign_up
    begun = Begun(situation=situation, door=attempt.door)
    held = passkey_sign_in.held(call, situation)
    choices = offered(situation.pool, situation.user, has_passkey=bool(held))
    aim = step_up.aim_of(call, situation, attempt, choices)
    if aim.level:
        situation = replace(situation, target_level=aim.level)
        begun = replace(begun, situation=situation)
        choices = _leading_to(aim.level, situation, choices)
    if aim.credit and situation.user is not None:
        return Progress(
            situation=situation, user=situation.user, door=attempt.door, proven=aim.credit
        )
    for challenge in choices:
        if challenge.value == attempt.preferred_challenge:
            given = Given(attempt.password, attempt.srp_a, passkeys=held)
            return _FIRST_STEPS[challenge](call, begun, given)
    # AWS API_RespondToAuthChallenge: a passkey may be answered with the choice, so what it is to
    # sign comes before.
    asked = passkey_sign_in.ask(situation, held if Challenge.WEB_AUTHN in choices else ())
    return begun_sign_in.issue(
        call,
        begun,
        Challenge.SELECT_CHALLENGE,
        asked.parameters,
        available=choices,
        passkey_challenge=asked.challenge,
    )


def _leading_to(
    level: int, situation: Situation, choices: tuple[Challenge, ...]
) -> tuple[Challenge, ...]:
    """Return the choices that can reach the level; all of them where none may be told."""
    pool, user = situation.pool, situation.user
    if user is None:
        return choices
    return tuple(first for first in choices if reachable(pool, user, first) >= level) or choices


def _prove_by_sign_up(
    call: Call, situation: Situation, attempt: Attempt, auth_session: Secret
) -> Progress | None:
    """Return the sign-in of somebody who confirmed an account just now.

    None where the user may not begin with a code to that address. Raises AuthSessionInvalid,
    -Expired or -Used.
    """
    presented = auth_sessions.open_presented(
        call,
        situation.app_client,
        auth_session,
        door=Door.PUBLIC,
        challenges=frozenset({sign_up_sessions.SIGN_IN}),
    )
    begun = begun_sign_in.of_presented(call, situation, presented, attempt.login_name)
    found, user = begun.situation, begun.situation.user
    if user is None or begun.answered is None:
        raise AuthSessionInvalid
    may_prove = {PROVEN_BY.get(challenge) for challenge in offered(found.pool, user)}
    proven = frozenset(map(Factor, begun.answered.auth_session.proven))
    if not proven or not proven <= may_prove:
        return None
    return Progress(
        situation=found,
        user=user,
        door=attempt.door,
        proven=proven,
        answered=begun.answered,
    )


def passkey_options(
    call: Call, client_id: ClientId, login_name: str, auth_session: Secret
) -> str | None:
    """Return what a passkey is to sign while a sign-in of the pages waits for a choice, if any.

    Raises AuthSessionInvalid, -Expired or -Used.
    """
    asker = situations.read(call, client_id, at_pages=True)
    presented = auth_sessions.open_presented(
        call,
        asker.app_client,
        auth_session,
        door=Door.PAGES,
        challenges=frozenset({Challenge.SELECT_CHALLENGE}),
    )
    challenge = presented.auth_session.passkey_challenge
    situation = begun_sign_in.of_presented(call, asker, presented, login_name).situation
    held = passkey_sign_in.held(call, situation)
    if not (challenge and held):
        return None
    return passkey_sign_in.render_options(
        situation.pool,
        held[0].relying_party_id,
        held,
        challenge,
        asker.app_client.auth_session_seconds * 1000,
    )


def answer_choice(call: Call, asker: Situation, answer: Answer) -> Step:
    """Go on with the factor that was chosen; raise FirstFactorNotOffered."""
    begun = begun_sign_in.resume(
        call, asker, answer, challenges=frozenset({Challenge.SELECT_CHALLENGE})
    )
    return _go_on_with(call, begun, answer.responses["ANSWER"], answer)


def answer_password(call: Call, asker: Situation, answer: Answer) -> Step:
    """Go on with the password, or the client's half of an SRP exchange.

    AWS Developer Guide, "Choice-based sign-in with SRP": the choice itself may be left out.
    """
    begun = begun_sign_in.resume(
        call, asker, answer, challenges=frozenset({answer.challenge, Challenge.SELECT_CHALLENGE})
    )
    return _go_on_with(call, begun, answer.challenge, answer)


def answer_passkey(call: Call, asker: Situation, answer: Answer) -> Step:
    """Return the sign-in with the passkey proven; raise PasskeyRefused."""
    begun = begun_sign_in.resume(call, asker, answer, challenges=frozenset({Challenge.WEB_AUTHN}))
    return _go_on_with(call, begun, answer.challenge, answer)


def prove_by_code(call: Call, asker: Situation, answer: Answer) -> Progress:
    """Return the sign-in with the code proven; raise WrongMfaCode or AttemptLimitExceeded."""
    challenge = Challenge(answer.challenge)
    begun = begun_sign_in.resume(call, asker, answer, challenges=frozenset({challenge}))
    situation = begun.situation
    if begun.answered is None or challenge not in offered(situation.pool, situation.user):
        raise AuthSessionInvalid
    user = first_factor_codes.verify(
        call,
        situation,
        begun.answered.auth_session.sent_code,
        Secret(answer.responses[CODE_MEMBERS[challenge]]),
    )
    return Progress(
        situation=situation,
        user=user,
        door=begun.door,
        proven=frozenset({PROVEN_BY[challenge]}),
        answered=begun.answered,
    )


def _go_on_with(call: Call, begun: Begun, chosen: str, answer: Answer) -> Step:
    situation = begun.situation
    lockout.verify_open(situation.failures, call.now_millis)
    password = answer.responses.get("PASSWORD")
    held = passkey_sign_in.held(call, situation)
    given = Given(
        Secret(password) if password else None,
        answer.responses.get("SRP_A"),
        answer.responses.get("CREDENTIAL"),
        passkeys=held,
    )
    for challenge in offered(situation.pool, situation.user, has_passkey=bool(held)):
        if challenge.value == chosen:
            return _FIRST_STEPS[challenge](call, begun, given)
    raise FirstFactorNotOffered


def _begin_with_password(call: Call, begun: Begun, given: Given) -> Step:
    if given.password is None:
        return begun_sign_in.issue(call, begun, Challenge.PASSWORD, {})
    return password_proofs.prove(
        call, begun.situation, given.password, door=begun.door, answered=begun.answered
    )


def _begin_with_srp(call: Call, begun: Begun, given: Given) -> Step:
    if given.srp_a is None:
        return begun_sign_in.issue(call, begun, Challenge.PASSWORD_SRP, {})
    issued = password_proofs.begin_srp(call, begun.situation, given.srp_a)
    if begun.answered is not None:
        with call.db.writing() as transaction:
            auth_sessions.consume(transaction, begun.answered, call.now_millis)
    return issued


def _begin_with_email_code(call: Call, begun: Begun, _given: Given) -> Step:
    return _begin_with_code(call, begun, Challenge.EMAIL_OTP)


def _begin_with_sms_code(call: Call, begun: Begun, _given: Given) -> Step:
    return _begin_with_code(call, begun, Challenge.SMS_OTP)


def _begin_with_code(call: Call, begun: Begun, challenge: Challenge) -> Step:
    to_send = first_factor_codes.make(call, begun.situation, ADDRESS_OF[challenge])
    return begun_sign_in.issue(
        call,
        begun,
        challenge,
        to_send.parameters,
        # OBSERVED: a challenge that is issued at once names itself.
        available=(challenge,),
        to_send=to_send,
    )


def _begin_with_passkey(call: Call, begun: Begun, given: Given) -> Step:
    if given.credential is not None and begun.answered is not None:
        return passkey_sign_in.prove(
            call,
            begun.situation,
            given.passkeys,
            given.credential,
            door=begun.door,
            challenge=begun.answered.auth_session.passkey_challenge,
            answered=begun.answered,
        )
    asked = passkey_sign_in.ask(begun.situation, given.passkeys)
    return begun_sign_in.issue(
        call,
        begun,
        Challenge.WEB_AUTHN,
        asked.parameters,
        available=(Challenge.WEB_AUTHN,),
        passkey_challenge=asked.challenge,
    )


# For whatever `first_factors.offered` can return.
_FIRST_STEPS: Mapping[Challenge, Callable[[Call, Begun, Given], Step]] = {
    Challenge.PASSWORD: _begin_with_password,
    Challenge.PASSWORD_SRP: _begin_with_srp,
    Challenge.EMAIL_OTP: _begin_with_email_code,
    Challenge.SMS_OTP: _begin_with_sms_code,
    Challenge.WEB_AUTHN: _begin_with_passkey,
}

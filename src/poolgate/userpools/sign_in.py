"""Signing in: what is owed, and the walk from the first proof to tokens.

    begin ──> challenge ──> continue_ ──> challenge ──> ... ──> tokens
      └───────────────────────────────────────────────────────> tokens

`challenges.challenge_owed` alone decides what stands between a user and tokens. Each step reads,
proves (slow, outside transactions) and ends in one writing transaction that looks again at what may
have changed meanwhile: the lock, the password, whether the user may sign in at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import (
    account_events,
    auth_sessions,
    authentication_levels,
    choice_sign_in,
    completed_sign_ins,
    custom_sign_in,
    device_proofs,
    discovered_passkeys,
    issued_challenges,
    lockout,
    log_delivery,
    new_password_challenge,
    password_proofs,
    passwords,
    second_factors,
    sign_in_triggers,
    sign_up_sessions,
    situations,
    step_up,
    threat_protection,
    tokens,
)
from poolgate.userpools.auth_events import EventResponse
from poolgate.userpools.auth_flows import (
    Attempt,
    AuthFlow,
    ParameterMissing,
    sends_password,
    verify_flow_allowed,
    verify_parameters_given,
)
from poolgate.userpools.auth_sessions import Door
from poolgate.userpools.browser_sessions import BrowserSignIn
from poolgate.userpools.challenge_answers import Answer, of_presented, opened, resume
from poolgate.userpools.challenges import (
    Challenge,
    Factor,
    Owed,
    owed_on_device,
)
from poolgate.userpools.discovered_passkeys import Found
from poolgate.userpools.issued_challenges import ChallengeIssued, Step
from poolgate.userpools.mfa_settings import MfaDemand
from poolgate.userpools.pools import UserPool
from poolgate.userpools.second_factors import Chosen
from poolgate.userpools.sign_in_progress import (
    PasswordResetRequired,
    Progress,
    record_risk,
    settle,
)
from poolgate.userpools.situations import SecretHashMissing, Situation
from poolgate.userpools.threat_protection import SignInBlocked
from poolgate.userpools.tokens import TokenSet
from poolgate.userpools.user_migration import Wanted, with_migrated_user
from poolgate.userpools.users import User, UserDisabled, UserStatus


class UserNotConfirmed(Failure):
    """The user signed up but has not confirmed it.

    At the login pages there is an auth session, to confirm it and be signed in.
    """

    def __init__(self, auth_session: Secret | None = None) -> None:
        super().__init__()
        self.auth_session = auth_session


# The last one is what the login pages get, and nobody else.
Outcome: TypeAlias = ChallengeIssued | TokenSet | BrowserSignIn


def begin(
    call: Call, client_id: ClientId, attempt: Attempt, *, pool_id: PoolId | None = None
) -> Outcome:
    """Begin a sign-in, or refresh one."""
    situation = situations.read(
        call,
        client_id,
        pool_id=pool_id,
        login_name=attempt.login_name,
        for_sign_in=True,
        at_pages=attempt.door is Door.PAGES,
    ).naming_device(attempt.device_key)
    for check in BEGIN_CHECKS[attempt.flow is AuthFlow.REFRESH_TOKEN_AUTH]:
        check(call, situation, attempt)
    if attempt.flow is not AuthFlow.REFRESH_TOKEN_AUTH:
        situation = _with_migrated_user(call, situation, attempt)
        password_proofs.verify_known(situation)
        sign_in_triggers.ask_before_sign_in(call, situation, attempt.client_metadata)
    return _go_on(call, _FIRST_STEPS[attempt.flow](call, situation, attempt))


def begin_with_passkey(call: Call, found: Found) -> Outcome:
    """Begin a sign-in of the login pages with a passkey that said whose it is."""
    situation = found.situation
    account_events.verify_address_allowed(call, situation.pool, situation.app_client)
    lockout.verify_open(situation.failures, call.now_millis)
    sign_in_triggers.ask_before_sign_in(call, situation, None)
    return _go_on(call, discovered_passkeys.prove(call, found))


def continue_(
    call: Call, client_id: ClientId, answer: Answer, *, pool_id: PoolId | None = None
) -> Outcome:
    """Take the answer to a challenge."""
    asker = situations.read(call, client_id, pool_id=pool_id, at_pages=answer.door is Door.PAGES)
    asker = replace(asker, client_metadata=answer.client_metadata)
    asker = asker.naming_device(answer.responses.get("DEVICE_KEY"))
    rule = _ANSWER_RULES[answer.challenge]
    for name in rule.needs:
        if not answer.responses.get(name):
            raise ParameterMissing(name=name)
    situations.verify_client(
        asker,
        answer.responses["USERNAME"],
        answer.responses.get("SECRET_HASH"),
        missing=SecretHashMissing,
    )
    _verify_address(call, asker)
    return _go_on(call, rule.step(call, asker, answer))


def continue_after_sign_up(call: Call, client_id: ClientId, auth_session: Secret) -> Outcome:
    """Go on at the login pages with what was proven to make and confirm an account."""
    asker = situations.read(call, client_id, at_pages=True)
    presented = auth_sessions.open_presented(
        call,
        asker.app_client,
        auth_session,
        door=Door.PAGES,
        challenges=frozenset({sign_up_sessions.SIGN_IN}),
    )
    _verify_address(call, asker)
    return _go_on(call, of_presented(call, asker, presented).progress())


# ---- checks before the first proof ----------------------------------------------------------


def _verify_flow(_call: Call, situation: Situation, attempt: Attempt) -> None:
    verify_flow_allowed(situation.app_client, attempt)


def _verify_parameters(_call: Call, _situation: Situation, attempt: Attempt) -> None:
    verify_parameters_given(attempt)


def _verify_client(_call: Call, situation: Situation, attempt: Attempt) -> None:
    situations.verify_client(
        situation, attempt.login_name, attempt.secret_hash, missing=SecretHashMissing
    )


def _verify_open(call: Call, situation: Situation, _attempt: Attempt) -> None:
    lockout.verify_open(situation.failures, call.now_millis)


def _verify_address(call: Call, situation: Situation, _attempt: Attempt | None = None) -> None:
    account_events.verify_address_allowed(call, situation.pool, situation.app_client)


Check = Callable[[Call, Situation, Attempt], None]
# The order in which AWS tells what is wrong. A refresh proves its user by the refresh token, so
# that its secret hash is checked once the owner is known.
BEGIN_CHECKS: Mapping[bool, tuple[Check, ...]] = {
    False: (
        _verify_flow,
        _verify_parameters,
        _verify_client,
        _verify_address,
        _verify_open,
    ),
    True: (_verify_flow, _verify_parameters),
}


def _with_migrated_user(call: Call, situation: Situation, attempt: Attempt) -> Situation:
    if situation.user is not None or attempt.password is None or not sends_password(attempt):
        return situation
    wanted = Wanted(
        source="UserMigration_Authentication",
        password=attempt.password,
        validation=attempt.client_metadata,
    )
    return replace(with_migrated_user(call, situation, wanted), device=situation.device)


# ---- first steps ----------------------------------------------------------------------------


def _begin_by_password(call: Call, situation: Situation, attempt: Attempt) -> Step:
    password = attempt.password or Secret("")
    if attempt.door is Door.PAGES:
        level = step_up.level_at_pages(situation, attempt, (Challenge.PASSWORD,))
        situation = replace(situation, target_level=level)
    return password_proofs.prove(call, situation, password, door=attempt.door)


def _begin_by_srp(call: Call, situation: Situation, attempt: Attempt) -> Step:
    return password_proofs.begin_srp(call, situation, attempt.srp_a or "")


def _begin_custom(call: Call, situation: Situation, attempt: Attempt) -> Step:
    # What would end the sign-in anyway is told before functions ask anything, unless it must not
    # show that there is such a user.
    if situation.user is not None and not situation.hides_user_existence:
        verify_may_sign_in(call, situation.pool, situation.user, frozenset())
    return custom_sign_in.begin(call, situation, attempt)


def _refresh(call: Call, situation: Situation, attempt: Attempt) -> TokenSet:
    def verify_owner(user: User) -> None:
        situations.verify_client(
            situation, user.username, attempt.secret_hash, missing=SecretHashMissing
        )

    return tokens.refresh(
        call,
        situation.app_client,
        situation.pool,
        attempt.refresh_token or Secret(""),
        verify_owner=verify_owner,
        device_key=attempt.device_key,
    )


_FIRST_STEPS: Mapping[AuthFlow, Callable[[Call, Situation, Attempt], Step | TokenSet]] = {
    AuthFlow.USER_PASSWORD_AUTH: _begin_by_password,
    AuthFlow.ADMIN_USER_PASSWORD_AUTH: _begin_by_password,
    AuthFlow.USER_SRP_AUTH: _begin_by_srp,
    AuthFlow.USER_AUTH: choice_sign_in.begin,
    AuthFlow.CUSTOM_AUTH: _begin_custom,
    AuthFlow.REFRESH_TOKEN_AUTH: _refresh,
}


# ---- answers --------------------------------------------------------------------------------


def _answer_new_password(call: Call, asker: Situation, answer: Answer) -> Step:
    resumed = resume(call, asker, answer)
    situation = resumed.situation
    changed = new_password_challenge.answered(
        call, situation.pool, situation.app_client, resumed.user, answer.responses
    )
    return replace(resumed.progress(), user=changed)


def _answer_email_code(call: Call, asker: Situation, answer: Answer) -> Step:
    """Take the code as what it was sent for: the first factor, or the second."""
    presented = opened(call, asker, answer, challenges=frozenset({answer.challenge}))
    prove = second_factors.prove if presented.auth_session.proven else choice_sign_in.prove_by_code
    return prove(call, asker, answer)


def _answer_choice(call: Call, asker: Situation, answer: Answer) -> Step:
    return _issue_chosen(call, second_factors.choose(call, asker, answer))


def _answer_setup(call: Call, asker: Situation, answer: Answer) -> Step:
    finished = second_factors.finish_setup(call, asker, answer)
    return _issue_chosen(call, finished) if isinstance(finished, Chosen) else finished


def _answer_device(call: Call, asker: Situation, answer: Answer) -> Step:
    return ChallengeIssued(
        challenge=Challenge.DEVICE_PASSWORD_VERIFIER,
        parameters=device_proofs.begin(call, asker, answer),
    )


@dataclass(frozen=True, slots=True)
class _AnswerRule:
    needs: tuple[str, ...]
    step: Callable[[Call, Situation, Answer], Step]


_SRP_CLAIM = ("PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP")
_ANSWER_RULES: Mapping[str, _AnswerRule] = {
    Challenge.PASSWORD_VERIFIER: _AnswerRule(
        ("USERNAME", *_SRP_CLAIM),
        password_proofs.prove_by_srp,
    ),
    Challenge.NEW_PASSWORD_REQUIRED: _AnswerRule(
        ("USERNAME", "NEW_PASSWORD"), _answer_new_password
    ),
    **{
        challenge: _AnswerRule(("USERNAME", member), second_factors.prove)
        for challenge, member in second_factors.CODE_MEMBERS.items()
    },
    Challenge.SELECT_CHALLENGE: _AnswerRule(("USERNAME", "ANSWER"), choice_sign_in.answer_choice),
    Challenge.PASSWORD: _AnswerRule(("USERNAME", "PASSWORD"), choice_sign_in.answer_password),
    Challenge.PASSWORD_SRP: _AnswerRule(("USERNAME", "SRP_A"), choice_sign_in.answer_password),
    Challenge.EMAIL_OTP: _AnswerRule(("USERNAME", "EMAIL_OTP_CODE"), _answer_email_code),
    Challenge.CUSTOM_CHALLENGE: _AnswerRule(
        ("USERNAME", "ANSWER"), custom_sign_in.answer_challenge
    ),
    Challenge.ADMIN_NO_SRP_AUTH: _AnswerRule(
        ("USERNAME", "PASSWORD"), custom_sign_in.answer_password
    ),
    Challenge.SMS_OTP: _AnswerRule(("USERNAME", "SMS_OTP_CODE"), choice_sign_in.prove_by_code),
    Challenge.WEB_AUTHN: _AnswerRule(("USERNAME", "CREDENTIAL"), choice_sign_in.answer_passkey),
    Challenge.SELECT_MFA_TYPE: _AnswerRule(("USERNAME", "ANSWER"), _answer_choice),
    Challenge.MFA_SETUP: _AnswerRule(("USERNAME",), _answer_setup),
    Challenge.DEVICE_SRP_AUTH: _AnswerRule(("USERNAME", "DEVICE_KEY", "SRP_A"), _answer_device),
    Challenge.DEVICE_PASSWORD_VERIFIER: _AnswerRule(
        ("USERNAME", "DEVICE_KEY", *_SRP_CLAIM), device_proofs.prove
    ),
}


# ---- the end of every step ------------------------------------------------------------------


def _go_on(call: Call, step: Step | TokenSet) -> Outcome:
    return _proceed(call, step) if isinstance(step, Progress) else step


def _proceed(call: Call, progress: Progress) -> Outcome:
    """Issue the challenge that is owed, or tokens when none is.

    INVARIANT: a custom sign-in gets them only after the pool's functions said that it is enough.
    """
    situation, user = progress.situation, progress.user
    if progress.door is Door.PAGES:
        _verify_confirmed_at_pages(call, progress)
    verify_may_sign_in(call, situation.pool, user, progress.proven)
    progress = _judged(call, progress)
    demand = progress.risk.demand if progress.risk else MfaDemand.NONE
    device = device_proofs.named_device(call, progress)
    owed = authentication_levels.owed(
        user, situation.pool, progress.proven, demand, situation.target_level
    )
    # What a risk demands or a level takes, no remembered device makes up for.
    is_demanded = owed is not None and (demand is not MfaDemand.NONE or situation.target_level > 0)
    if device is not None and device.remembered and not is_demanded:
        owed = owed_on_device(owed, situation.pool, progress.proven)
    if _is_for_functions(progress, owed):
        return _go_on(call, custom_sign_in.go_on(call, progress))
    if owed is not None:
        return issued_challenges.issue(call, progress, owed)
    return completed_sign_ins.complete(call, progress, device)


def _is_for_functions(progress: Progress, owed: Owed | None) -> bool:
    """Tell whether the pool's functions are asked now: after all that is owed but the device."""
    if progress.custom is None or Factor.CUSTOM_CHALLENGE in progress.proven:
        return False
    return owed is None or owed.challenge is Challenge.DEVICE_SRP_AUTH


def _judged(call: Call, progress: Progress) -> Progress:
    """Return the sign-in with what is made of its risk; raise SignInBlocked.

    A refusal uses up what the step rests on, like any other outcome.
    """
    if progress.risk is not None:
        return progress
    situation, user = progress.situation, progress.user
    judgement = threat_protection.judge(
        call,
        situation,
        user,
        progress.proven,
        password=progress.password,
        is_custom=progress.custom is not None,
    )
    if judgement is None:
        return progress
    judged = replace(progress, judgement=judgement, risk=judgement.risk)
    if not judgement.verdict.is_refused:
        return judged
    left = threat_protection.user_after(judgement.verdict, user, call.now_millis)
    with call.db.writing() as transaction:
        settle(transaction, call, replace(judged, user=left))
        event = record_risk(transaction, call, judged, EventResponse.FAIL)
    log_delivery.tell(call, situation.pool, user, event)
    raise SignInBlocked


def _issue_chosen(call: Call, chosen: Chosen) -> ChallengeIssued:
    progress = chosen.progress
    verify_may_sign_in(call, progress.situation.pool, progress.user, progress.proven)
    return issued_challenges.issue(call, progress, chosen.owed, new_address=chosen.new_address)


def _verify_confirmed_at_pages(call: Call, progress: Progress) -> None:
    """Raise UserNotConfirmed with what was proven, so that nothing has to be typed again."""
    user = progress.user
    if not user.enabled or user.status is not UserStatus.UNCONFIRMED:
        return
    following = sign_up_sessions.at_pages_after(
        call, progress.situation.app_client, user, progress.proven
    )
    with call.db.writing() as transaction:
        sign_up_sessions.store(transaction, following)
    raise UserNotConfirmed(following.sealed.text)


def verify_may_sign_in(call: Call, pool: UserPool, user: User, proven: frozenset[Factor]) -> None:
    """Raise what a user who proved as much may be told about why it does not help."""
    if not user.enabled:
        raise UserDisabled
    if user.status is UserStatus.UNCONFIRMED:
        raise UserNotConfirmed
    if user.status is UserStatus.RESET_REQUIRED:
        raise PasswordResetRequired
    if user.status is UserStatus.FORCE_CHANGE_PASSWORD and Factor.PASSWORD in proven:
        passwords.verify_still_valid(call, pool, user)

"""Signing in: what is owed, and the walk from the first proof to tokens.

    begin ──> challenge ──> continue_ ──> challenge ──> ... ──> tokens
      └───────────────────────────────────────────────────────> tokens

`challenge_owed` alone decides what stands between a user and tokens. Each step reads, proves
(slow, outside transactions) and ends in one writing transaction that looks again at what may have
changed meanwhile: the lock, the password, whether the user may sign in at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from poolgate.credentials.passwords import WrongPassword
from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.foundation.randomness import random_uuid
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import (
    auth_sessions,
    lockout,
    new_password_challenge,
    passwords,
    sign_in_triggers,
    situations,
    srp_proofs,
    tokens,
    users,
)
from poolgate.userpools.auth_flows import (
    Attempt,
    AuthFlow,
    ParameterMissing,
    verify_flow_allowed,
    verify_parameters_given,
)
from poolgate.userpools.auth_sessions import (
    AuthSession,
    AuthSessionInvalid,
    Door,
    PresentedAuthSession,
)
from poolgate.userpools.pools import UserPool
from poolgate.userpools.sign_in_progress import Factor, Progress, SpentProof, proven_user, settle
from poolgate.userpools.situations import SecretHashMissing, Situation
from poolgate.userpools.tokens import SignIn, TokenSet
from poolgate.userpools.users import User, UserDisabled, UserNotFound, UserStatus


class UserNotConfirmed(Failure):
    """The user signed up but has not confirmed it."""


class PasswordResetRequired(Failure):
    """An administrator reset the password and the user has not chosen a new one."""


class ChallengeNotBuilt(Failure):
    """Poolgate does not have this challenge yet. Facts: challenge."""


class Challenge(StrEnum):
    """What a user must still do, in AWS's words."""

    PASSWORD_VERIFIER = "PASSWORD_VERIFIER"  # noqa: S105 - a challenge's name
    NEW_PASSWORD_REQUIRED = "NEW_PASSWORD_REQUIRED"  # noqa: S105 - a challenge's name


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeIssued:
    """What the user must do next; `auth_session` is absent where the parameters carry the state."""

    challenge: Challenge
    parameters: Mapping[str, str]
    auth_session: Secret | None = None


Outcome: TypeAlias = ChallengeIssued | TokenSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A challenge's answer, as it was sent."""

    door: Door
    challenge: str
    responses: Mapping[str, str]
    auth_session: Secret | None = None
    client_metadata: Mapping[str, str] | None = None


def challenge_owed(user: User, _pool: UserPool, proven: frozenset[Factor]) -> Challenge | None:
    """Return the challenge still owed, or None when the sign-in is complete."""
    if Factor.PASSWORD not in proven:
        return Challenge.PASSWORD_VERIFIER
    if user.status is UserStatus.FORCE_CHANGE_PASSWORD:
        return Challenge.NEW_PASSWORD_REQUIRED
    return None


def begin(
    call: Call, client_id: ClientId, attempt: Attempt, *, pool_id: PoolId | None = None
) -> Outcome:
    """Begin a sign-in, or refresh one."""
    situation = situations.read(
        call, client_id, pool_id=pool_id, login_name=attempt.login_name, for_sign_in=True
    )
    for check in BEGIN_CHECKS[attempt.flow is AuthFlow.REFRESH_TOKEN_AUTH]:
        check(call, situation, attempt)
    if attempt.flow is not AuthFlow.REFRESH_TOKEN_AUTH:
        sign_in_triggers.ask_before_sign_in(call, situation, attempt.client_metadata)
    return _FIRST_STEPS[attempt.flow](call, situation, attempt)


def continue_(
    call: Call, client_id: ClientId, answer: Answer, *, pool_id: PoolId | None = None
) -> Outcome:
    """Take the answer to a challenge."""
    asker = situations.read(call, client_id, pool_id=pool_id)
    asker = replace(asker, client_metadata=answer.client_metadata)
    rule = _ANSWER_RULES.get(answer.challenge)
    if rule is None:
        raise ChallengeNotBuilt(challenge=answer.challenge)
    for name in rule.needs:
        if not answer.responses.get(name):
            raise ParameterMissing(name=name)
    situations.verify_client(
        asker,
        answer.responses["USERNAME"],
        answer.responses.get("SECRET_HASH"),
        missing=SecretHashMissing,
    )
    return rule.step(call, asker, answer)


# ---- checks before the first proof ----------------------------------------------------------


def _verify_flow(_call: Call, situation: Situation, attempt: Attempt) -> None:
    verify_flow_allowed(situation.app_client, attempt)


def _verify_parameters(_call: Call, _situation: Situation, attempt: Attempt) -> None:
    verify_parameters_given(attempt)


def _verify_client(_call: Call, situation: Situation, attempt: Attempt) -> None:
    situations.verify_client(
        situation, attempt.login_name, attempt.secret_hash, missing=SecretHashMissing
    )


def _verify_open(call: Call, situation: Situation, _attempt: Attempt | None = None) -> None:
    lockout.verify_open(situation.failures, call.now_millis)


def _verify_known(_call: Call, situation: Situation, _attempt: Attempt | None = None) -> None:
    """Raise for a missing or disabled user, unless that must not show before the password is."""
    if situation.hides_user_existence:
        return
    if situation.user is None:
        raise UserNotFound
    if not situation.user.enabled:
        raise UserDisabled


Check = Callable[[Call, Situation, Attempt], None]
# The order in which AWS tells what is wrong. A refresh proves its user by the refresh token, so
# that its secret hash is checked once the owner is known.
BEGIN_CHECKS: Mapping[bool, tuple[Check, ...]] = {
    False: (_verify_flow, _verify_parameters, _verify_client, _verify_open, _verify_known),
    True: (_verify_flow, _verify_parameters),
}


# ---- first steps ----------------------------------------------------------------------------


def _begin_by_password(call: Call, situation: Situation, attempt: Attempt) -> Outcome:
    password = attempt.password or Secret("")
    user = proven_user(
        call, situation, lambda: passwords.verify(call, situation.pool, situation.user, password)
    )
    return _proceed(
        call,
        Progress(
            situation=situation,
            user=user,
            door=attempt.door,
            proven=frozenset({Factor.PASSWORD}),
        ),
    )


def _begin_by_srp(call: Call, situation: Situation, attempt: Attempt) -> Outcome:
    return ChallengeIssued(
        challenge=Challenge.PASSWORD_VERIFIER,
        parameters=srp_proofs.challenge(call, situation, attempt.srp_a or ""),
    )


def _refresh(call: Call, situation: Situation, attempt: Attempt) -> Outcome:
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
    )


_FIRST_STEPS: Mapping[AuthFlow, Callable[[Call, Situation, Attempt], Outcome]] = {
    AuthFlow.USER_PASSWORD_AUTH: _begin_by_password,
    AuthFlow.ADMIN_USER_PASSWORD_AUTH: _begin_by_password,
    AuthFlow.USER_SRP_AUTH: _begin_by_srp,
    AuthFlow.REFRESH_TOKEN_AUTH: _refresh,
}


# ---- answers --------------------------------------------------------------------------------


def _answer_password_verifier(call: Call, asker: Situation, answer: Answer) -> Outcome:
    responses = answer.responses
    claim = srp_proofs.Claim(
        signature=responses["PASSWORD_CLAIM_SIGNATURE"],
        secret_block=responses["PASSWORD_CLAIM_SECRET_BLOCK"],
        timestamp=responses["TIMESTAMP"],
    )
    block = srp_proofs.open_block(call, asker, claim.secret_block)
    situation = situations.about(call, asker, block.exchange.sub or asker.stand_in)
    _verify_open(call, situation)
    _verify_known(call, situation)
    lifetime = situation.app_client.auth_session_seconds * 1000
    spent_proof = SpentProof(block.digest, block.exchange.begun_at + lifetime)
    user = proven_user(
        call,
        situation,
        lambda: srp_proofs.verify(call, situation, block, claim),
        spent_proof=spent_proof,
    )
    if not _means(situation.pool, user, responses["USERNAME"]):
        raise WrongPassword
    return _proceed(
        call,
        Progress(
            situation=situation,
            user=user,
            door=answer.door,
            proven=frozenset({Factor.PASSWORD}),
            spent_proof=spent_proof,
        ),
    )


def _answer_new_password(call: Call, asker: Situation, answer: Answer) -> Outcome:
    presented, situation, user = _resume(call, asker, answer)
    changed = new_password_challenge.answered(
        call, situation.pool, situation.app_client, user, answer.responses
    )
    return _proceed(
        call,
        Progress(
            situation=situation,
            user=changed,
            door=answer.door,
            proven=frozenset(map(Factor, presented.auth_session.proven)),
            answered=presented,
        ),
    )


def _resume(
    call: Call, asker: Situation, answer: Answer
) -> tuple[PresentedAuthSession, Situation, User]:
    """Return the auth session that the answer goes on with, and the user it belongs to."""
    if answer.auth_session is None:
        raise ParameterMissing(name="Session")
    presented = auth_sessions.open_presented(
        call,
        asker.app_client,
        answer.auth_session,
        door=answer.door,
        challenge=answer.challenge,
    )
    with call.db.reading() as transaction:
        auth_sessions.verify_unused(transaction, presented)
    situation = situations.about(call, asker, presented.auth_session.sub)
    user = situation.user
    if user is None or not _means(situation.pool, user, answer.responses["USERNAME"]):
        raise AuthSessionInvalid
    if presented.auth_session.password_set_at != _password_set_at(user):
        raise AuthSessionInvalid
    return presented, situation, user


@dataclass(frozen=True, slots=True)
class _AnswerRule:
    needs: tuple[str, ...]
    step: Callable[[Call, Situation, Answer], Outcome]


_ANSWER_RULES: Mapping[str, _AnswerRule] = {
    Challenge.PASSWORD_VERIFIER: _AnswerRule(
        ("USERNAME", "PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"),
        _answer_password_verifier,
    ),
    Challenge.NEW_PASSWORD_REQUIRED: _AnswerRule(
        ("USERNAME", "NEW_PASSWORD"), _answer_new_password
    ),
}


# ---- the end of every step ------------------------------------------------------------------


def _proceed(call: Call, progress: Progress) -> Outcome:
    """Issue the challenge that is owed, or tokens when none is."""
    situation, user = progress.situation, progress.user
    verify_may_sign_in(call, situation.pool, user)
    owed = challenge_owed(user, situation.pool, progress.proven)
    if owed is not None:
        return _issue_challenge(call, progress, owed)
    sign_in_triggers.ask_after_sign_in(call, situation, user)
    plan = tokens.plan(
        call,
        SignIn(
            user=user,
            pool=situation.pool,
            app_client=situation.app_client,
            auth_time=epoch_seconds(call.now),
            groups=situation.groups,
            event_id=random_uuid(),
        ),
    )
    with call.db.writing() as transaction:
        settle(transaction, call, progress)
        if situation.failures.failures:
            lockout.forgive(transaction, situation.pool.pool_id, user.sub)
        tokens.store(transaction, plan)
    return plan.token_set


def _issue_challenge(call: Call, progress: Progress, owed: Challenge) -> ChallengeIssued:
    situation, user = progress.situation, progress.user
    auth_session = AuthSession(
        pool_id=situation.pool.pool_id,
        client_id=situation.app_client.client_id,
        sub=user.sub,
        door=progress.door,
        challenge=owed,
        proven=frozenset(progress.proven),
        password_set_at=_password_set_at(user),
        expires_at=call.now_millis + situation.app_client.auth_session_seconds * 1000,
    )
    sealed = auth_sessions.seal(call, auth_session)
    with call.db.writing() as transaction:
        settle(transaction, call, progress)
        auth_sessions.store(transaction, auth_session, sealed)
    return ChallengeIssued(
        challenge=owed,
        parameters=new_password_challenge.parameters(situation.pool, situation.app_client, user),
        auth_session=sealed,
    )


def verify_may_sign_in(call: Call, pool: UserPool, user: User) -> None:
    """Raise what a user who proved the password may be told about why it does not help."""
    if not user.enabled:
        raise UserDisabled
    if user.status is UserStatus.UNCONFIRMED:
        raise UserNotConfirmed
    if user.status is UserStatus.RESET_REQUIRED:
        raise PasswordResetRequired
    if user.status is UserStatus.FORCE_CHANGE_PASSWORD:
        passwords.verify_still_valid(call, pool, user)


def _means(pool: UserPool, user: User, name: str) -> bool:
    """Tell whether `name` is one of the user's names."""
    key = users.username_key(pool, name)
    return (
        name == user.sub
        or key == users.username_key(pool, user.username)
        or key in users.aliases_of(pool, user).values()
    )


def _password_set_at(user: User) -> int | None:
    return user.password.set_at if user.password else None

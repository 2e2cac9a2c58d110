"""Threat protection: what is made of the risk of a sign-in, and what is kept of it.

    right first factor ──> signals ──> level ──> action ──> tokens, a second factor, or refusal

A pool in AUDIT mode notes what it sees; in ENFORCED mode it acts as its risk configuration says.
Pools without threat protection pay nothing for it: everything here returns at once for them. A
sign-in is judged once, right after its first factor; what it then owes travels in its auth session.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from poolgate.delivery.queue import Message
from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_uuid
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import (
    auth_events,
    known_places,
    log_delivery,
    risk_configuration,
    risk_notices,
)
from poolgate.userpools.auth_events import (
    AuthEvent,
    ChallengeResult,
    EventResponse,
    EventType,
    RiskDecision,
)
from poolgate.userpools.auth_sessions import SignInRisk
from poolgate.userpools.challenges import SECOND_FACTORS, Factor, factor_at_risk
from poolgate.userpools.mfa_settings import MfaDemand
from poolgate.userpools.pool_settings import ThreatMode
from poolgate.userpools.pools import UserPool
from poolgate.userpools.risk import RiskLevel, Signals, assess
from poolgate.userpools.risk_configuration import (
    NO_ACTION,
    PasswordUse,
    RiskConfiguration,
    TakeoverAction,
    TakeoverReaction,
)
from poolgate.userpools.situations import Situation
from poolgate.userpools.surroundings import surroundings_of
from poolgate.userpools.users import User, UserStatus


class SignInBlocked(Failure):
    """The sign-in is too risky, or its password is known to others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is made of a sign-in: its risk, what it owes, or that it is refused."""

    level: RiskLevel | None = None
    action: TakeoverAction = NO_ACTION
    is_compromised: bool = False
    is_refused: bool = False
    demand: MfaDemand = MfaDemand.NONE

    @property
    def decision(self) -> RiskDecision:
        """The verdict in AWS's words."""
        if self.is_refused:
            return RiskDecision.BLOCK
        return RiskDecision.NO_RISK if self.level is None else RiskDecision.ACCOUNT_TAKEOVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict with what it leads to: the event to keep, the notice to send."""

    verdict: Verdict
    event: AuthEvent
    notice: Message | None

    @property
    def risk(self) -> SignInRisk:
        """What the rest of the sign-in must know of it."""
        return SignInRisk(self.event.event_id, self.verdict.demand)


_PASSWORD, _MFA = "Password", "Mfa"
_DEMANDS = {
    TakeoverReaction.MFA_IF_CONFIGURED: MfaDemand.IF_POSSIBLE,
    TakeoverReaction.MFA_REQUIRED: MfaDemand.REQUIRED,
}


def decide(
    mode: ThreatMode,
    configuration: RiskConfiguration,
    level: RiskLevel | None,
    *,
    is_compromised: bool,
    has_factor: bool,
) -> Verdict:
    """Return what is made of a risk; only ENFORCED mode makes anything of it.

    `has_factor` tells whether the user could be asked for a second factor.
    """
    seen = Verdict(level=level, is_compromised=is_compromised)
    if mode is not ThreatMode.ENFORCED:
        return seen
    action = risk_configuration.action_at(configuration, level)
    refuses_password = is_compromised and risk_configuration.blocks_compromised(configuration)
    lacks_factor = action.reaction is TakeoverReaction.MFA_REQUIRED and not has_factor
    is_refused = refuses_password or action.reaction is TakeoverReaction.BLOCK or lacks_factor
    if lacks_factor:
        # The notice tells what was done.
        action = TakeoverAction(TakeoverReaction.BLOCK, notifies=action.notifies)
    return replace(
        seen,
        action=action,
        is_refused=is_refused,
        demand=_DEMANDS.get(action.reaction, MfaDemand.NONE),
    )


def mode_of(pool: UserPool, *, is_custom: bool = False) -> ThreatMode:
    """Return what a pool does about the risks of a sign-in; the custom flow has its own mode."""
    mode = pool.custom_auth_security_mode if is_custom else pool.advanced_security_mode
    return mode or ThreatMode.OFF


def judge(
    call: Call,
    situation: Situation,
    user: User,
    proven: frozenset[Factor],
    *,
    password: Secret | None,
    is_custom: bool,
) -> Judgement | None:
    """Judge a sign-in whose first factor was right; None where the pool does not watch.

    `password` is what was typed, where it was. Slow: not inside a transaction.
    """
    mode = mode_of(situation.pool, is_custom=is_custom)
    if mode is ThreatMode.OFF:
        return None
    pool_id, app_client = situation.pool.pool_id, situation.app_client
    surroundings = surroundings_of(call, app_client)
    with call.db.reading() as transaction:
        configuration = risk_configuration.of_client(transaction, pool_id, app_client.client_id)
        known = known_places.familiarity(
            transaction, pool_id, user.sub, surroundings, call.now_millis
        )
        refusals = known_places.refusals(
            transaction, pool_id, user.sub, surroundings.address, call.now_millis
        )
    signals = Signals(
        has_history=known.has_history,
        is_known_device=known.is_known_device,
        is_known_address=known.is_known_address,
        is_reported=known.is_reported,
        addresses_lately=known.addresses_lately,
        wrong_passwords=situation.failures.failures,
        failures_of_address=refusals.failures,
        others_refused_at_address=refusals.others,
    )
    is_skipped = risk_configuration.is_skipped(configuration, surroundings.address)
    verdict = decide(
        mode,
        configuration,
        None if is_skipped else assess(signals).level,
        is_compromised=_signs_in_compromised(call, configuration, user, password),
        has_factor=bool(proven & SECOND_FACTORS)
        or factor_at_risk(user, situation.pool, proven) is not None,
    )
    event = AuthEvent(
        event_id=random_uuid(),
        pool_id=pool_id,
        sub=user.sub,
        created_at=call.now_millis,
        event_type=EventType.SIGN_IN,
        response=EventResponse.FAIL if verdict.is_refused else EventResponse.IN_PROGRESS,
        surroundings=surroundings,
        client_id=app_client.client_id,
        risk_level=verdict.level,
        decision=verdict.decision,
        is_compromised=verdict.is_compromised,
    )
    sent = None
    if verdict.level is not None:
        settings = configuration.takeover.notices if configuration.takeover else None
        sent = risk_notices.notice(
            call, situation.pool, user, event, verdict.action, settings=settings
        )
    return Judgement(verdict=verdict, event=event, notice=sent)


def user_after(verdict: Verdict, user: User, now_millis: int) -> User:
    """Return the user as a verdict leaves it: a compromised password that is refused is reset."""
    # AWS Developer Guide, "Working with compromised-credentials detection": "it sets the user's
    # UserStatus to RESET_REQUIRED".
    resets = verdict.is_refused and verdict.is_compromised
    if not resets or user.status is not UserStatus.CONFIRMED:
        return user
    return replace(user, status=UserStatus.RESET_REQUIRED, modified_at=now_millis)


def record(
    transaction: Transaction,
    call: Call,
    situation: Situation,
    user: User,
    *,
    risk: SignInRisk,
    judgement: Judgement | None,
    proven: frozenset[Factor],
    response: EventResponse,
) -> AuthEvent | None:
    """Keep how far a judged sign-in has come; return the event where the pool logs it.

    `judgement` is there in the step that judged; its notice is queued. The places of a
    complete sign-in are known from now on.
    """
    challenges = tuple(_results(proven))
    if judgement is not None:
        event = replace(judgement.event, response=response, challenges=challenges)
        auth_events.record(transaction, event)
        risk_notices.send(transaction, call, user, judgement.notice)
    else:
        auth_events.progress(
            transaction,
            risk.event_id,
            user.pool_id,
            user.sub,
            response=response,
            challenges=challenges,
        )
    if response is EventResponse.PASS:
        known_places.remember(
            transaction,
            user.pool_id,
            user.sub,
            surroundings_of(call, situation.app_client),
            call.now_millis,
        )
    return _logged(transaction, situation, user, risk)


def record_wrong_code(
    transaction: Transaction, situation: Situation, user: User, risk: SignInRisk | None
) -> AuthEvent | None:
    """Keep that a second factor was wrong; return the event where the pool logs it."""
    if risk is None:
        return None
    challenges = (
        ChallengeResult(_PASSWORD, succeeded=True),
        ChallengeResult(_MFA, succeeded=False),
    )
    auth_events.progress(
        transaction,
        risk.event_id,
        user.pool_id,
        user.sub,
        response=EventResponse.IN_PROGRESS,
        challenges=challenges,
    )
    return _logged(transaction, situation, user, risk)


def _results(proven: frozenset[Factor]) -> Iterator[ChallengeResult]:
    if Factor.PASSWORD in proven:
        yield ChallengeResult(_PASSWORD, succeeded=True)
    if proven & SECOND_FACTORS:
        yield ChallengeResult(_MFA, succeeded=True)


def _signs_in_compromised(
    call: Call, configuration: RiskConfiguration, user: User, password: Secret | None
) -> bool:
    """Tell whether the password that was typed is known to others.

    A temporary one is about to be replaced anyway.
    """
    return (
        password is not None
        and user.status is UserStatus.CONFIRMED
        and risk_configuration.looks_for_compromised(configuration, PasswordUse.SIGN_IN)
        and call.breached_passwords.contains(password)
    )


def _logged(
    transaction: Transaction, situation: Situation, user: User, risk: SignInRisk
) -> AuthEvent | None:
    if not log_delivery.logs_events(situation.pool):
        return None
    return auth_events.find(transaction, user.pool_id, user.sub, risk.event_id)

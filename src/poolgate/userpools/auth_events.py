"""The history of what users did to sign in, kept where a pool watches for risks.

Of each user the newest events are kept: refused ones apart from the others, so that guesses do not
push the user's own sign-ins out. Old events are forgotten by housekeeping.

For a name that nobody has an event is written and taken back: the time must not tell.
"""

import itertools
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId, Sub
from poolgate.foundation.paging import Page
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools.risk import RiskLevel
from poolgate.userpools.tables import auth_events

KEPT_MILLIS = 180 * 24 * 60 * 60 * 1000
KEPT_OF_A_KIND = 250


class AuthEventNotFound(Failure):
    """The user has no such event. Facts: event_id."""


class EventType(StrEnum):
    """What a user did."""

    SIGN_IN = "SignIn"
    SIGN_UP = "SignUp"
    FORGOT_PASSWORD = "ForgotPassword"  # noqa: S105 - an event's name
    PASSWORD_CHANGE = "PasswordChange"  # noqa: S105 - an event's name
    RESEND_CODE = "ResendCode"


class EventResponse(StrEnum):
    """How it ended, so far."""

    PASS = "Pass"  # noqa: S105 - a response, not a password
    FAIL = "Fail"
    IN_PROGRESS = "InProgress"


class RiskDecision(StrEnum):
    """What was made of the risk."""

    NO_RISK = "NoRisk"
    ACCOUNT_TAKEOVER = "AccountTakeover"
    BLOCK = "Block"


class FeedbackValue(StrEnum):
    """Whether the user did it: an event that was not the user's is invalid."""

    VALID = "Valid"
    INVALID = "Invalid"


class ChallengeResult(msgspec.Struct, frozen=True, array_like=True):
    """One proof that was asked for: `Password` or `Mfa`, and whether it was given."""

    name: str
    succeeded: bool


class Surroundings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whence and with what it was done, as the request told it."""

    address: str
    device_name: str
    timezone: str | None = None
    # Tells devices apart; derived from what the app client sent of the device. One that gave no
    # identity is told by its kind, which others share.
    device_key: str = ""
    is_identified: bool = False


class Feedback(msgspec.Struct, frozen=True):
    """What somebody said about an event afterwards; `given_at` is in milliseconds."""

    value: FeedbackValue
    provider: str
    given_at: int


class _Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    event_type: EventType
    surroundings: Surroundings
    client_id: ClientId | None = None
    risk_level: RiskLevel | None = None
    decision: RiskDecision = RiskDecision.NO_RISK
    is_compromised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthEvent:
    """One event of a user; `created_at` is in milliseconds."""

    event_id: str
    pool_id: PoolId
    sub: Sub
    created_at: int
    event_type: EventType
    response: EventResponse
    surroundings: Surroundings
    client_id: ClientId | None = None
    risk_level: RiskLevel | None = None
    decision: RiskDecision = RiskDecision.NO_RISK
    is_compromised: bool = False
    challenges: tuple[ChallengeResult, ...] = ()
    feedback: Feedback | None = field(default=None)

    @property
    def is_refused(self) -> bool:
        """Whether it ended in a refusal."""
        return self.response is EventResponse.FAIL


# Orders the events that one process records in the same millisecond.
_sequence = itertools.count()
_INSERT = sa.insert(auth_events)
_OF_USER = sa.and_(
    auth_events.c.pool_id == sa.bindparam("of_pool"), auth_events.c.sub == sa.bindparam("of_sub")
)
_OF_KIND = sa.and_(_OF_USER, auth_events.c.is_refused == sa.bindparam("of_kind"))
_FORGET_OLDEST = sa.delete(auth_events).where(
    _OF_KIND,
    auth_events.c.position
    <= sa.select(auth_events.c.position)
    .where(_OF_KIND)
    .order_by(auth_events.c.position.desc())
    .limit(1)
    .offset(KEPT_OF_A_KIND)
    .scalar_subquery(),
)
_WITHDRAW = sa.delete(auth_events).where(auth_events.c.event_id == sa.bindparam("of_event"))
_OF_EVENT = sa.and_(_OF_USER, auth_events.c.event_id == sa.bindparam("of_event"))
_GET = sa.select(auth_events).where(_OF_EVENT)
_PROGRESS = (
    sa.update(auth_events)
    .where(_OF_EVENT, auth_events.c.response == EventResponse.IN_PROGRESS.value)
    .values(response=sa.bindparam("new_response"), challenges=sa.bindparam("new_challenges"))
)
_GIVE_FEEDBACK = (
    sa.update(auth_events).where(_OF_EVENT).values(feedback=sa.bindparam("new_feedback"))
)
_LIST = (
    sa.select(auth_events)
    .where(
        auth_events.c.pool_id == sa.bindparam("pool_id"),
        auth_events.c.sub == sa.bindparam("sub"),
        auth_events.c.position < sa.bindparam("before"),
        auth_events.c.created_at > sa.bindparam("oldest"),
    )
    .order_by(auth_events.c.position.desc())
    .limit(sa.bindparam("limit"))
)
_PURGE = sa.delete(auth_events).where(auth_events.c.created_at <= sa.bindparam("oldest"))
# Behind every position, which begins with a digit.
_NEWEST = "~"


def record(transaction: Transaction, event: AuthEvent) -> None:
    """Keep the event; the oldest of the user's events of its kind make room for it."""
    _insert(transaction, event)
    transaction.run(
        _FORGET_OLDEST,
        {"of_pool": event.pool_id, "of_sub": event.sub, "of_kind": event.is_refused},
    )


def rehearse(transaction: Transaction, event: AuthEvent) -> None:
    """Take the time that `record` takes and leave nothing; for names that nobody has."""
    _insert(transaction, event)
    transaction.run(_WITHDRAW, {"of_event": event.event_id})


def progress(
    transaction: Transaction,
    event_id: str,
    pool_id: PoolId,
    sub: Sub,
    *,
    response: EventResponse,
    challenges: tuple[ChallengeResult, ...],
) -> None:
    """Tell how an event in progress went on; one that was forgotten meanwhile stays so."""
    transaction.run(
        _PROGRESS,
        {
            "of_pool": pool_id,
            "of_sub": sub,
            "of_event": event_id,
            "new_response": response.value,
            "new_challenges": msgspec.json.encode(challenges),
        },
    )


def find(transaction: Transaction, pool_id: PoolId, sub: Sub, event_id: str) -> AuthEvent | None:
    """Return an event of the user, or None."""
    row = transaction.one(_GET, {"of_pool": pool_id, "of_sub": sub, "of_event": event_id})
    return None if row is None else _event_of(row)


def get(transaction: Transaction, pool_id: PoolId, sub: Sub, event_id: str) -> AuthEvent:
    """Return an event of the user; raise AuthEventNotFound."""
    event = find(transaction, pool_id, sub, event_id)
    if event is None:
        raise AuthEventNotFound(event_id=event_id)
    return event


def give_feedback(transaction: Transaction, event: AuthEvent, feedback: Feedback) -> None:
    """Keep what somebody says about the event, in the place of what was said before."""
    transaction.run(
        _GIVE_FEEDBACK,
        {
            "of_pool": event.pool_id,
            "of_sub": event.sub,
            "of_event": event.event_id,
            "new_feedback": msgspec.json.encode(feedback),
        },
    )


def list_events(
    transaction: Transaction, call: Call, pool_id: PoolId, sub: Sub, *, after: str, limit: int
) -> Page[AuthEvent]:
    """Return the user's events, newest first, from behind `after`."""
    rows = transaction.rows(
        _LIST,
        {
            "pool_id": pool_id,
            "sub": sub,
            "before": after or _NEWEST,
            "oldest": call.now_millis - KEPT_MILLIS,
            "limit": limit + 1,
        },
    )
    page = rows[:limit]
    position = page[-1].position if len(rows) > limit else None
    return Page(tuple(map(_event_of, page)), position)


def purge(transaction: Transaction, now_millis: int) -> int:
    """Forget events that are too old."""
    return transaction.run(_PURGE, {"oldest": now_millis - KEPT_MILLIS})


def _insert(transaction: Transaction, event: AuthEvent) -> None:
    content = _Content(
        event_type=event.event_type,
        surroundings=event.surroundings,
        client_id=event.client_id,
        risk_level=event.risk_level,
        decision=event.decision,
        is_compromised=event.is_compromised,
    )
    transaction.run(
        _INSERT,
        {
            "event_id": event.event_id,
            "pool_id": event.pool_id,
            "sub": event.sub,
            "position": f"{event.created_at:015d}-{next(_sequence):010d}-{event.event_id}",
            "created_at": event.created_at,
            "is_refused": event.is_refused,
            "response": event.response.value,
            "content": msgspec.json.encode(content),
            "challenges": msgspec.json.encode(event.challenges),
            "feedback": None,
        },
    )


def _event_of(row: Any) -> AuthEvent:  # noqa: ANN401 - a row of the auth_events table
    content = msgspec.json.decode(row.content, type=_Content)
    return AuthEvent(
        event_id=row.event_id,
        pool_id=row.pool_id,
        sub=row.sub,
        created_at=row.created_at,
        event_type=content.event_type,
        response=EventResponse(row.response),
        surroundings=content.surroundings,
        client_id=content.client_id,
        risk_level=content.risk_level,
        decision=content.decision,
        is_compromised=content.is_compromised,
        challenges=msgspec.json.decode(row.challenges, type=tuple[ChallengeResult, ...]),
        feedback=(
            None if row.feedback is None else msgspec.json.decode(row.feedback, type=Feedback)
        ),
    )

"""Answers to challenges: the auth session that one goes on with, and whose sign-in it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import auth_sessions, custom_states, situations, users
from poolgate.userpools.auth_flows import ParameterMissing
from poolgate.userpools.auth_sessions import (
    AuthSessionInvalid,
    Door,
    PresentedAuthSession,
    SignInRisk,
)
from poolgate.userpools.challenges import Factor
from poolgate.userpools.custom_states import CustomState
from poolgate.userpools.mfa_settings import MfaDemand
from poolgate.userpools.pools import UserPool
from poolgate.userpools.sign_in_progress import Progress
from poolgate.userpools.situations import Situation
from poolgate.userpools.users import User

# No moment of a password, and sealed as long as one: who has none must not show.
_NEVER = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A challenge's answer, as it was sent."""

    door: Door
    challenge: str
    responses: Mapping[str, str]
    auth_session: Secret | None = None
    client_metadata: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """A sign-in that goes on: the auth session presented, and the user it belongs to."""

    presented: PresentedAuthSession
    situation: Situation
    user: User

    @property
    def proven(self) -> frozenset[Factor]:
        """What was proven so far."""
        return frozenset(map(Factor, self.presented.auth_session.proven))

    @property
    def custom(self) -> CustomState | None:
        """What the pool's functions made of the sign-in, if they have a say."""
        return custom_states.decode(self.presented.auth_session.custom_state)

    @property
    def risk(self) -> SignInRisk | None:
        """What was made of the risk of the sign-in, where the pool watches for risks."""
        return self.presented.auth_session.risk

    @property
    def demand(self) -> MfaDemand:
        """The second factor that the risk asks for."""
        return self.risk.demand if self.risk else MfaDemand.NONE

    def progress(self) -> Progress:
        """Return the progress of a step that uses the auth session up and changes nothing else."""
        return Progress(
            situation=self.situation,
            user=self.user,
            door=self.presented.auth_session.door,
            proven=self.proven,
            answered=self.presented,
            custom=self.custom,
            risk=self.risk,
        )


def resume(call: Call, asker: Situation, answer: Answer) -> Resumed:
    """Return the sign-in that the answer goes on with; raise AuthSessionInvalid or -Expired."""
    presented = opened(call, asker, answer, challenges=frozenset({answer.challenge}))
    resumed = of_presented(call, asker, presented)
    if not means(resumed.situation.pool, resumed.user, answer.responses["USERNAME"]):
        raise AuthSessionInvalid
    return resumed


def opened(
    call: Call, asker: Situation, answer: Answer, *, challenges: frozenset[str]
) -> PresentedAuthSession:
    """Return the auth session that an answer presents; raise ParameterMissing without one."""
    if answer.auth_session is None:
        raise ParameterMissing(name="Session")
    return auth_sessions.open_presented(
        call, asker.app_client, answer.auth_session, door=answer.door, challenges=challenges
    )


def of_presented(call: Call, asker: Situation, presented: PresentedAuthSession) -> Resumed:
    """Return the sign-in of an opened auth session; raise AuthSessionInvalid or -Used.

    A changed password ends the sign-ins that were begun with the former one.
    """
    with call.db.reading() as transaction:
        presented = auth_sessions.verify_unused(transaction, call, presented)
    situation = situations.about(call, asker, presented.auth_session.sub).carrying_device(
        presented.auth_session.device_key
    )
    situation = replace(situation, target_level=presented.auth_session.target_level)
    user = situation.user
    if user is None or presented.auth_session.password_set_at != password_set_at(user):
        raise AuthSessionInvalid
    return Resumed(presented=presented, situation=situation, user=user)


def means(pool: UserPool, user: User, name: str) -> bool:
    """Tell whether `name` is one of the user's names."""
    key = users.username_key(pool, name)
    return (
        name == user.sub
        or key == users.username_key(pool, user.username)
        or key in users.aliases_of(pool, user).values()
    )


def password_set_at(user: User | None) -> int:
    """Return which of the user's passwords it is, as auth sessions remember it."""
    return user.password.set_at if user and user.password else _NEVER

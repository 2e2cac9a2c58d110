"""Signing in at once after signing up: the auth session that leads from one to the other.

    SignUp ── a session ──> ConfirmSignUp ── another ──> InitiateAuth (USER_AUTH) ──> tokens

ConfirmSignUp takes the first one if it is presented, and does without it.
The code that confirmed the account stands for the first factor that would send one to the same
address. App clients without USER_AUTH get none.
"""

from dataclasses import dataclass

from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import auth_sessions
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.auth_flows import AuthFlow, is_enabled
from poolgate.userpools.auth_sessions import (
    AuthSession,
    AuthSessionExpired,
    AuthSessionInvalid,
    Door,
    PresentedAuthSession,
    SealedAuthSession,
)
from poolgate.userpools.challenge_answers import password_set_at
from poolgate.userpools.challenges import Factor
from poolgate.userpools.first_factors import ADDRESS_OF, PROVEN_BY
from poolgate.userpools.messages import Delivery
from poolgate.userpools.users import User

# What the sessions wait for; no challenges of AWS, so no answer to one takes them.
_CONFIRMATION = "CONFIRM_SIGN_UP"
SIGN_IN = "SIGN_IN_AFTER_SIGN_UP"
_FACTOR_OF = {attribute: PROVEN_BY[challenge] for challenge, attribute in ADDRESS_OF.items()}


@dataclass(frozen=True, slots=True)
class Following:
    """An auth session for the next operation, not kept yet."""

    auth_session: AuthSession
    sealed: SealedAuthSession


def after_sign_up(call: Call, app_client: AppClient, user: User) -> Following | None:
    """Return the auth session that ConfirmSignUp takes, where the app client can use it."""
    if not is_enabled(app_client, AuthFlow.USER_AUTH):
        return None
    return _following(call, app_client, user, _CONFIRMATION, frozenset())


def after_confirmation(
    call: Call, app_client: AppClient, user: User, delivery: Delivery
) -> Following | None:
    """Return the auth session that InitiateAuth takes: whoever reads that address holds it."""
    if not is_enabled(app_client, AuthFlow.USER_AUTH):
        return None
    factors: frozenset[Factor] = frozenset({_FACTOR_OF[delivery.attribute]})
    return _following(call, app_client, user, SIGN_IN, factors)


def store(transaction: Transaction, following: Following | None) -> None:
    """Keep the auth session, if there is one."""
    if following is not None:
        auth_sessions.store(transaction, following.auth_session, following.sealed)


def open_for_confirmation(
    call: Call, app_client: AppClient, user: User | None, presented: Secret | None
) -> PresentedAuthSession | None:
    """Return the auth session of the sign-up; None without one, and for one that is too old.

    Raises AuthSessionInvalid for one of somebody else. An account is confirmed later, too: only the
    way on is closed then.
    """
    if presented is None:
        return None
    try:
        opened = auth_sessions.open_presented(
            call, app_client, presented, door=None, challenges=frozenset({_CONFIRMATION})
        )
    except AuthSessionExpired:
        return None
    if user is None or opened.auth_session.sub != user.sub:
        raise AuthSessionInvalid
    return opened


def _following(
    call: Call, app_client: AppClient, user: User, challenge: str, proven: frozenset[Factor]
) -> Following:
    auth_session = AuthSession(
        pool_id=user.pool_id,
        client_id=app_client.client_id,
        sub=user.sub,
        door=Door.PUBLIC,
        challenge=challenge,
        proven=frozenset(proven),
        password_set_at=password_set_at(user),
        expires_at=call.now_millis + app_client.auth_session_seconds * 1000,
    )
    return Following(auth_session, auth_sessions.seal(call, auth_session))

"""Signing in at once after signing up: the auth session that leads from one to the other.

    SignUp ── a session ──> ConfirmSignUp ── another ──> InitiateAuth (USER_AUTH) ──> tokens

ConfirmSignUp takes the first one if it is presented, and does without it.
The code that confirmed the account stands for the first factor that would send one to the same
address. App clients without USER_AUTH get none.

    /signup, or /login ── a session ──> /confirm ── another ──> signed in

At the login pages the first one is given for a password, by whoever typed it, and the code is the
second factor: the two were proven in one go.
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
# The time that a person has to find the code: the pages remember no longer than that.
PAGES_SECONDS = 900
_FACTOR_OF = {attribute: PROVEN_BY[challenge] for challenge, attribute in ADDRESS_OF.items()}


@dataclass(frozen=True, slots=True)
class Following:
    """An auth session for the next operation, not kept yet."""

    auth_session: AuthSession
    sealed: SealedAuthSession


def after_sign_up(
    call: Call, app_client: AppClient, user: User, *, at_pages: bool = False
) -> Following | None:
    """Return the auth session that ConfirmSignUp takes, where the app client can use it."""
    if at_pages:
        return at_pages_after(call, app_client, user, frozenset({Factor.PASSWORD}))
    if not is_enabled(app_client, AuthFlow.USER_AUTH):
        return None
    return _following(call, app_client, user, _CONFIRMATION, frozenset())


def at_pages_after(
    call: Call, app_client: AppClient, user: User, proven: frozenset[Factor]
) -> Following:
    """Return the auth session that the page takes which confirms the account."""
    return _following(call, app_client, user, _CONFIRMATION, proven, door=Door.PAGES)


def after_confirmation(
    call: Call,
    app_client: AppClient,
    user: User,
    delivery: Delivery,
    presented: PresentedAuthSession | None,
) -> Following | None:
    """Return the auth session that goes on: whoever reads that address holds it.

    At the login pages there is one only for whoever presented what was proven before.
    """
    if presented is not None and presented.auth_session.door is Door.PAGES:
        proven = frozenset(map(Factor, presented.auth_session.proven)) | {Factor.SIGN_UP_CODE}
        return _following(call, app_client, user, SIGN_IN, proven, door=Door.PAGES)
    if not is_enabled(app_client, AuthFlow.USER_AUTH):
        return None
    factors: frozenset[Factor] = frozenset({_FACTOR_OF[delivery.attribute]})
    return _following(call, app_client, user, SIGN_IN, factors)


def store(transaction: Transaction, following: Following | None) -> None:
    """Keep the auth session, if there is one."""
    if following is not None:
        auth_sessions.store(transaction, following.auth_session, following.sealed)


def open_for_confirmation(
    call: Call,
    app_client: AppClient,
    user: User | None,
    presented: Secret | None,
    *,
    at_pages: bool = False,
) -> PresentedAuthSession | None:
    """Return the auth session of the sign-up; None without one, and for one that is too old.

    Raises AuthSessionInvalid for one of somebody else. An account is confirmed later, too: only the
    way on is closed then.
    """
    if presented is None:
        return None
    try:
        opened = auth_sessions.open_presented(
            call,
            app_client,
            presented,
            door=Door.PAGES if at_pages else Door.PUBLIC,
            challenges=frozenset({_CONFIRMATION}),
        )
    except AuthSessionExpired:
        return None
    if user is None or opened.auth_session.sub != user.sub:
        raise AuthSessionInvalid
    return opened


def _following(
    call: Call,
    app_client: AppClient,
    user: User,
    challenge: str,
    proven: frozenset[Factor],
    *,
    door: Door = Door.PUBLIC,
) -> Following:
    lifetime_seconds = app_client.auth_session_seconds
    if door is Door.PAGES:
        lifetime_seconds = PAGES_SECONDS
    auth_session = AuthSession(
        pool_id=user.pool_id,
        client_id=app_client.client_id,
        sub=user.sub,
        door=door,
        challenge=challenge,
        proven=frozenset(proven),
        password_set_at=password_set_at(user),
        expires_at=call.now_millis + lifetime_seconds * 1000,
    )
    return Following(auth_session, auth_sessions.seal(call, auth_session))

"""The events of accounts besides sign-ins that succeed, and what is refused before anything else.

For a name that nobody has the same work is done as for a user, and nothing is kept of it.
"""

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, Sub
from poolgate.foundation.randomness import random_uuid
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import auth_events, known_places, risk_configuration
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.auth_events import AuthEvent, ChallengeResult, EventResponse, EventType
from poolgate.userpools.pool_settings import ThreatMode
from poolgate.userpools.pools import UserPool
from poolgate.userpools.risk_configuration import PasswordUse
from poolgate.userpools.situations import Situation
from poolgate.userpools.surroundings import surroundings_of
from poolgate.userpools.users import User

_WRONG_PASSWORD = (ChallengeResult("Password", succeeded=False),)


class RequestBlocked(Failure):
    """Requests of this address are always refused."""


class PasswordCompromised(Failure):
    """The password that is to be set is known to others."""


def verify_address_allowed(call: Call, pool: UserPool, app_client: AppClient) -> None:
    """Raise RequestBlocked for an address that the risk configuration always refuses."""
    if not pool.acts_on_risks:
        return
    with call.db.reading() as transaction:
        configuration = risk_configuration.of_client(
            transaction, pool.pool_id, app_client.client_id
        )
    if risk_configuration.is_blocked(configuration, surroundings_of(call, app_client).address):
        raise RequestBlocked


def looks_compromised(
    call: Call, pool: UserPool, client_id: ClientId, password: Secret, use: PasswordUse
) -> bool:
    """Tell whether a password that is to be set is known to others.

    Raises PasswordCompromised where such are refused. Slow: not inside a transaction.
    """
    mode = pool.advanced_security_mode or ThreatMode.OFF
    if mode is ThreatMode.OFF:
        return False
    with call.db.reading() as transaction:
        configuration = risk_configuration.of_client(transaction, pool.pool_id, client_id)
    if not risk_configuration.looks_for_compromised(configuration, use):
        return False
    is_known = call.breached_passwords.contains(password)
    refuses = mode is ThreatMode.ENFORCED and risk_configuration.blocks_compromised(configuration)
    if is_known and refuses:
        raise PasswordCompromised
    return is_known


def record(
    transaction: Transaction,
    call: Call,
    event_type: EventType,
    response: EventResponse = EventResponse.PASS,
    *,
    pool: UserPool,
    app_client: AppClient,
    user: User | None,
    is_compromised: bool = False,
    challenges: tuple[ChallengeResult, ...] = (),
) -> AuthEvent | None:
    """Keep what a user did, where the pool watches; for nobody only take the time.

    Returns what was kept.
    """
    if not pool.watches_risks:
        return None
    event = AuthEvent(
        event_id=random_uuid(),
        pool_id=pool.pool_id,
        sub=user.sub if user else Sub(""),
        created_at=call.now_millis,
        event_type=event_type,
        response=response,
        surroundings=surroundings_of(call, app_client),
        client_id=app_client.client_id,
        is_compromised=is_compromised,
        challenges=challenges,
    )
    if user is None:
        auth_events.rehearse(transaction, event)
        return None
    auth_events.record(transaction, event)
    return event


def record_refusal(
    transaction: Transaction, call: Call, situation: Situation, *, is_password: bool = True
) -> AuthEvent | None:
    """Keep a wrong first factor of a sign-in, and count it at its address."""
    event = record(
        transaction,
        call,
        EventType.SIGN_IN,
        EventResponse.FAIL,
        pool=situation.pool,
        app_client=situation.app_client,
        user=situation.user,
        challenges=_WRONG_PASSWORD if is_password else (),
    )
    if situation.pool.watches_risks:
        known_places.count_refusal(
            transaction,
            situation.pool.pool_id,
            situation.stand_in,
            surroundings_of(call, situation.app_client).address,
            call.now_millis,
        )
    return event

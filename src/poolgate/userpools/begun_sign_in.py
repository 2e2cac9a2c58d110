"""A sign-in in which nothing is proven yet, of a user or of a name that nobody has.

Where it must not show who has an account, both get the same challenges at the same cost.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from poolgate.store.call import Call
from poolgate.userpools import auth_sessions, custom_states, mfa_codes, situations, users
from poolgate.userpools.auth_sessions import (
    AuthSession,
    AuthSessionInvalid,
    Door,
    PresentedAuthSession,
)
from poolgate.userpools.challenge_answers import Answer, means, opened, password_set_at
from poolgate.userpools.challenges import Challenge
from poolgate.userpools.custom_messages import AUTHENTICATION, worded
from poolgate.userpools.custom_states import CustomState
from poolgate.userpools.issued_challenges import ChallengeIssued
from poolgate.userpools.messages import Wording
from poolgate.userpools.mfa_codes import CodeToSend
from poolgate.userpools.pools import UserPool
from poolgate.userpools.situations import Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Whose sign-in it is, and the auth session that the step uses up."""

    situation: Situation
    door: Door
    answered: PresentedAuthSession | None = None
    custom: CustomState | None = None


def resume(call: Call, asker: Situation, answer: Answer, *, challenges: frozenset[str]) -> Begun:
    """Return the sign-in that the answer goes on with; raise AuthSessionInvalid or -Expired."""
    return of_presented(
        call,
        asker,
        opened(call, asker, answer, challenges=challenges),
        answer.responses["USERNAME"],
    )


def of_presented(call: Call, asker: Situation, presented: PresentedAuthSession, name: str) -> Begun:
    """Return the sign-in of an opened auth session; raise AuthSessionInvalid or -Used."""
    with call.db.reading() as transaction:
        presented = auth_sessions.verify_unused(transaction, call, presented)
    auth_session = presented.auth_session
    custom = custom_states.decode(auth_session.custom_state)
    situation = situations.about(call, asker, auth_session.sub)
    situation = situation.carrying_device(auth_session.device_key)
    situation = replace(situation, target_level=auth_session.target_level)
    user = situation.user
    if user is None:
        is_meant = name == auth_session.sub or (
            _digest(situation.pool, name) == auth_session.name_digest
        )
    else:
        is_meant = means(situation.pool, user, name)
    if not is_meant or (user and auth_session.password_set_at != password_set_at(user)):
        raise AuthSessionInvalid
    return Begun(
        situation=replace(situation, login_name=custom.login_name if custom else name),
        door=auth_session.door,
        answered=presented,
        custom=custom,
    )


def issue(
    call: Call,
    begun: Begun,
    challenge: Challenge,
    parameters: Mapping[str, str],
    *,
    available: tuple[Challenge, ...] = (),
    to_send: CodeToSend | None = None,
    passkey_challenge: bytes = b"",
) -> ChallengeIssued:
    """Issue the challenge, sending the code; nobody's code is made and stays unsent."""
    situation = begun.situation
    pool, user = situation.pool, situation.user
    auth_session = AuthSession(
        pool_id=pool.pool_id,
        client_id=situation.app_client.client_id,
        sub=situation.stand_in,
        door=begun.door,
        challenge=challenge,
        proven=frozenset(),
        password_set_at=password_set_at(user),
        expires_at=call.now_millis + situation.app_client.auth_session_seconds * 1000,
        sent_code=to_send.sent_code if to_send else None,
        name_digest=_digest(pool, situation.login_name),
        device_key=situation.device_key,
        custom_state=custom_states.encode(begun.custom),
        target_level=situation.target_level,
        passkey_challenge=passkey_challenge,
    )
    sealed = auth_sessions.seal(call, auth_session)
    wording = Wording(pool)
    if to_send is not None and user is not None:
        wording = worded(
            call,
            pool,
            user,
            AUTHENTICATION,
            media=(to_send.delivery.medium,),
            client_id=situation.app_client.client_id,
            client_metadata=situation.client_metadata,
        )
    with call.db.writing() as transaction:
        if begun.answered is not None:
            auth_sessions.consume(transaction, begun.answered, call.now_millis)
        auth_sessions.store(transaction, auth_session, sealed)
        if to_send is not None:
            send = mfa_codes.send if user else mfa_codes.simulate
            send(transaction, call, wording, situation.stand_in, to_send)
    return ChallengeIssued(
        challenge=challenge,
        parameters=parameters,
        auth_session=sealed.text,
        available=available,
    )


def _digest(pool: UserPool, name: str) -> bytes:
    return hashlib.sha256(users.username_key(pool, name).encode()).digest()

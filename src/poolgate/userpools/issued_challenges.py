"""Challenges on their way to the user: their parameters, their codes, their auth session."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import (
    auth_sessions,
    custom_states,
    device_proofs,
    log_delivery,
    mfa_codes,
    new_password_challenge,
)
from poolgate.userpools.auth_events import EventResponse
from poolgate.userpools.auth_sessions import AuthSession, SentCode
from poolgate.userpools.challenge_answers import password_set_at
from poolgate.userpools.challenges import ATTRIBUTE_OF, Challenge, Factor, Owed, render_choices
from poolgate.userpools.custom_messages import AUTHENTICATION, worded
from poolgate.userpools.messages import Delivery, Wording
from poolgate.userpools.mfa_codes import CodeToSend
from poolgate.userpools.mfa_settings import MfaFactor
from poolgate.userpools.pools import UserPool
from poolgate.userpools.sign_in_progress import Progress, record_risk, settle
from poolgate.userpools.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeIssued:
    """What the user must do next; `auth_session` is absent where the parameters carry the state.

    `available` lists what the sign-in could go on with, while it begins by choice.
    """

    challenge: Challenge
    parameters: Mapping[str, str]
    auth_session: Secret | None = None
    available: tuple[Challenge, ...] = ()


# What a step leads to: the next challenge, or something proven that `sign_in` judges.
Step: TypeAlias = ChallengeIssued | Progress


def issue(
    call: Call,
    progress: Progress,
    owed: Owed,
    *,
    new_address: str | None = None,
    parameters: Mapping[str, str] | None = None,
) -> ChallengeIssued:
    """Issue the challenge, sending a code where it asks for one.

    `new_address` is where an e-mail factor that is being set up gets its first code; `parameters`
    are those of a challenge that a function made.
    """
    situation, user = progress.situation, progress.user
    to_send = _code_to_send(call, situation.pool, user, owed.challenge, new_address)
    auth_session = session_after(
        call, progress, owed.challenge, sent_code=to_send.sent_code if to_send else None
    )
    sealed = auth_sessions.seal(call, auth_session)
    if owed.challenge is Challenge.DEVICE_SRP_AUTH:
        parameters = device_proofs.parameters(user, auth_session)
    text = Wording(situation.pool)
    if to_send is not None:
        text = worded(
            call,
            situation.pool,
            user,
            AUTHENTICATION,
            media=(to_send.delivery.medium,),
            client_id=situation.app_client.client_id,
            client_metadata=situation.client_metadata,
        )
    with call.db.writing() as transaction:
        settle(transaction, call, progress)
        event = record_risk(transaction, call, progress, EventResponse.IN_PROGRESS)
        auth_sessions.store(transaction, auth_session, sealed)
        if owed.challenge is Challenge.DEVICE_SRP_AUTH:
            device_proofs.keep_step(transaction, call, user, auth_session, sealed.text)
        if to_send is not None:
            mfa_codes.send(transaction, call, text, user.sub, to_send)
    log_delivery.tell(call, situation.pool, user, event)
    return ChallengeIssued(
        challenge=owed.challenge,
        parameters=parameters or _parameters(progress, owed, to_send),
        auth_session=sealed.text,
    )


def session_after(
    call: Call,
    progress: Progress,
    challenge: Challenge,
    *,
    sent_code: SentCode | None = None,
    totp_secret: bytes | None = None,
) -> AuthSession:
    """Return the auth session that the sign-in goes on with."""
    app_client = progress.situation.app_client
    return AuthSession(
        pool_id=progress.user.pool_id,
        client_id=app_client.client_id,
        sub=progress.user.sub,
        door=progress.door,
        challenge=challenge,
        proven=frozenset(progress.proven - {Factor.DEVICE}),
        password_set_at=password_set_at(progress.user),
        expires_at=call.now_millis + app_client.auth_session_seconds * 1000,
        sent_code=sent_code,
        totp_secret=totp_secret,
        device_key=progress.situation.device_key,
        custom_state=custom_states.encode(progress.custom),
        target_level=progress.situation.target_level,
        risk=progress.risk,
    )


def _code_to_send(
    call: Call, pool: UserPool, user: User, challenge: Challenge, new_address: str | None
) -> CodeToSend | None:
    if challenge not in {Challenge.SMS_MFA, Challenge.EMAIL_OTP}:
        return None
    attribute = ATTRIBUTE_OF[MfaFactor(challenge)]
    return mfa_codes.make(call, pool, user, attribute, new_address=new_address)


def _parameters(progress: Progress, owed: Owed, to_send: CodeToSend | None) -> Mapping[str, str]:
    situation, user = progress.situation, progress.user
    named = {"USER_ID_FOR_SRP": user.username}
    match owed.challenge:
        case Challenge.NEW_PASSWORD_REQUIRED:
            return new_password_challenge.parameters(situation.pool, situation.app_client, user)
        case Challenge.SOFTWARE_TOKEN_MFA:
            name = user.mfa.software_token_name
            return {**named, **({"FRIENDLY_DEVICE_NAME": name} if name else {})}
        case Challenge.SELECT_MFA_TYPE:
            return {"MFAS_CAN_CHOOSE": render_choices(owed), **_destination(user, owed)}
        case Challenge.MFA_SETUP:
            return {**named, "MFAS_CAN_SETUP": render_choices(owed)}
        case Challenge.SMS_MFA:
            return {**named, **_delivery(to_send)}
        case _:
            return _delivery(to_send)


def _delivery(to_send: CodeToSend | None) -> Mapping[str, str]:
    return {} if to_send is None else to_send.parameters


def _destination(user: User, owed: Owed) -> Mapping[str, str]:
    """Return where the first message among the choices would go."""
    for factor in owed.choices:
        if factor in ATTRIBUTE_OF:
            attribute = ATTRIBUTE_OF[factor]
            delivery = Delivery(attribute, user.attributes[attribute])
            return {"CODE_DELIVERY_DESTINATION": delivery.masked_address}
    return {}

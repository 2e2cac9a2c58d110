"""Signing in to a user pool's API: with a password, or as the pool offers, and what it asks then.

    begin ── challenge ──> a step asks the person and answers ── challenge ──> ... ──> tokens

The same with Poolgate and with AWS.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, assert_never

from poolgate.client import prompts, user_pool_calls
from poolgate.client.challenge_steps import STEPS, SignInRefused, asked_password
from poolgate.client.conversations import Asked, Conversation
from poolgate.client.devices import DeviceCache, KnownDevice
from poolgate.client.failures import AwsRefused
from poolgate.client.oauth_calls import shown
from poolgate.client.profiles import Profile
from poolgate.client.prompts import Prompts
from poolgate.client.token_sets import Door, KeptSignIn, TokenSet
from poolgate.credentials.srp_client import Identity, SrpServerValueRefused, new_device_verifier
from poolgate.foundation.clock import Clock
from poolgate.foundation.secret import Secret

__all__ = ["Flow", "SignInRefused", "sign_in"]

# No pool asks for more than a dozen; one that goes on is not asking in good faith.
_CHALLENGES_MOST: Final = 20
_DEVICE_NAME: Final = "poolgate at a terminal"


class Flow(StrEnum):
    """How a person is proven first; CHOICE is as the pool offers, also without a password."""

    SRP = "USER_SRP_AUTH"
    PASSWORD = "USER_PASSWORD_AUTH"  # noqa: S105 - a flow
    CHOICE = "USER_AUTH"


def sign_in(
    profile: Profile,
    username: str,
    password: Secret | None,
    prompts: Prompts,
    clock: Clock,
    *,
    flow: Flow = Flow.SRP,
    client_secret: Secret | None = None,
    devices: DeviceCache | None = None,
) -> KeptSignIn:
    """Return the sign-in of a person who answers the prompts, also for the password if it is None.

    `devices` keeps what the pool knows this machine by, where it tracks devices; without it the
    machine is unknown each time.

    Raises SignInRefused where the pool refuses, ServerUnreachable where it does not answer, and
    whatever the prompts raise.
    """
    if profile.pool_id is None:
        raise SignInRefused(f"{profile.issuer} is not the issuer of a user pool")
    conversation = Conversation(
        profile=profile,
        prompts=prompts,
        clock=clock,
        username=username,
        password=password,
        client_secret=client_secret,
        device=devices.find(username) if devices is not None else None,
    )
    try:
        told = _proven(conversation, flow, devices)
        return _kept(conversation, username, told, devices)
    except AwsRefused as refused:
        raise SignInRefused(_sentence(refused, flow)) from refused
    except SrpServerValueRefused as refused:
        raise SignInRefused("the server's challenge is not one of a user pool") from refused


def _proven(
    conversation: Conversation, flow: Flow, devices: DeviceCache | None
) -> Mapping[str, Any]:
    """Return the AuthenticationResult; begin anew where that can mend a refusal, once for each."""
    mendable: dict[str, Callable[[Conversation], bool]] = {
        "PasswordResetRequiredException": _reset_password,
        # AWS "Working with user devices": a device that the pool forgot is a new one again.
        "ResourceNotFoundException": lambda told: _forget_device(told, devices),
    }
    while True:
        try:
            return _answered(conversation, flow)
        except AwsRefused as refused:
            mend = mendable.pop(refused.error_code, None)
            if mend is None or not mend(conversation):
                raise


def _answered(conversation: Conversation, flow: Flow) -> Mapping[str, Any]:
    """Answer every challenge and return the AuthenticationResult."""
    answered = _begin(conversation, flow)
    for _ in range(_CHALLENGES_MOST):
        if "AuthenticationResult" in answered:
            told: Mapping[str, Any] = answered["AuthenticationResult"]
            return told
        asked = Asked(
            str(answered.get("ChallengeName")),
            answered.get("Session"),
            answered.get("ChallengeParameters") or {},
            tuple(answered.get("AvailableChallenges") or ()),
        )
        if asked.name not in STEPS:
            raise SignInRefused(
                f"Unexpected auth challenge encountered: '{shown(asked.name)}'."
                " poolgate login without --password uses the browser."
            )
        # Later answers name the user as the pool does.
        conversation.username = asked.parameters.get("USER_ID_FOR_SRP", conversation.username)
        answered = STEPS[asked.name](conversation, asked)
    raise SignInRefused("the user pool asks without end")


def _begin(conversation: Conversation, flow: Flow) -> dict[str, Any]:
    match flow:
        case Flow.SRP:
            return conversation.begin(flow.value, {"SRP_A": conversation.begin_exchange()})
        case Flow.PASSWORD:
            proof = {"PASSWORD": conversation.known_password().reveal()}
            return conversation.begin(flow.value, proof)
        case Flow.CHOICE:
            return conversation.begin(flow.value, {})
        case _:
            assert_never(flow)


def _forget_device(conversation: Conversation, devices: DeviceCache | None) -> bool:
    if conversation.device is None:
        return False
    conversation.device = None
    if devices is not None:
        devices.delete()
    return True


def _reset_password(conversation: Conversation) -> bool:
    conversation.prompts.tell(prompts.RESET_REQUIRED)
    confirmation_code = conversation.prompts.ask(prompts.CONFIRMATION_CODE).strip()
    new_password = asked_password(conversation, prompts.CHOSEN_PASSWORD)
    conversation.call(
        "ConfirmForgotPassword",
        ClientId=conversation.profile.client_id,
        SecretHash=conversation.secret_hash(),
        Username=conversation.username,
        ConfirmationCode=confirmation_code,
        Password=new_password.reveal(),
    )
    conversation.password = new_password
    return True


def _kept(
    conversation: Conversation,
    username: str,
    told: Mapping[str, Any],
    devices: DeviceCache | None,
) -> KeptSignIn:
    tokens = user_pool_calls.token_set(told, conversation.clock)
    device_key = conversation.device.device_key if conversation.device is not None else None
    new_device = told.get("NewDeviceMetadata")
    if isinstance(new_device, Mapping):
        device_key = str(new_device.get("DeviceKey"))
        if devices is not None:
            identity = Identity(str(new_device.get("DeviceGroupKey")), device_key)
            devices.put(_confirmed(conversation, username, identity, tokens))
    return KeptSignIn(
        issuer=conversation.profile.issuer,
        client_id=conversation.profile.client_id,
        door=Door.API,
        tokens=tokens,
        client_secret=conversation.client_secret,
        device_key=device_key,
    )


def _confirmed(
    conversation: Conversation, username: str, identity: Identity, tokens: TokenSet
) -> KnownDevice:
    """Tell the pool a verifier of this machine and return what proves it at the next sign-in."""
    made = new_device_verifier(identity)
    conversation.call(
        "ConfirmDevice",
        AccessToken=tokens.access_token.reveal(),
        DeviceKey=identity.name,
        DeviceName=_DEVICE_NAME,
        DeviceSecretVerifierConfig={"PasswordVerifier": made.verifier, "Salt": made.salt},
    )
    return KnownDevice(
        client_id=conversation.profile.client_id,
        username=username,
        device_key=identity.name,
        group_key=identity.group,
        secret=made.secret,
    )


def _sentence(refused: AwsRefused, flow: Flow) -> str:
    told = refused.message or refused.error_code
    if refused.error_code == "InvalidParameterException" and "enabled" in refused.message:
        other = next(each for each in Flow if each is not flow)
        return f"{told} (--auth-flow {other.value} is the other way)"
    return told

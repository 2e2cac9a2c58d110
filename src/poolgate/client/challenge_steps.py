"""The challenges of a user pool that a person at a terminal can answer, one row in `STEPS` each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from poolgate.client import prompts
from poolgate.client.conversations import Asked, Conversation
from poolgate.client.failures import AwsRefused, ClientFailure
from poolgate.client.prompts import Choice
from poolgate.credentials.srp_client import Identity
from poolgate.credentials.srp_numbers import pool_name_of
from poolgate.foundation.ids import PoolId
from poolgate.foundation.secret import Secret

Answered: TypeAlias = dict[str, Any]
Step: TypeAlias = Callable[[Conversation, Asked], Answered]

_TRIES: Final = 3
# A code that is too short to be one is an invalid parameter.
_CODES_WRONG: Final = frozenset(
    {
        "CodeMismatchException",
        "EnableSoftwareTokenMFAException",
        "InvalidParameterException",
    }
)
_PASSWORDS_UNFIT: Final = frozenset({"InvalidPasswordException"})
_ATTRIBUTE: Final = "userAttributes."


class SignInRefused(ClientFailure):
    """The user pool does not let this person in, or asks what cannot be answered here."""


def prove_password(conversation: Conversation, asked: Asked) -> Answered:
    """Answer PASSWORD_VERIFIER."""
    pool_id = conversation.profile.pool_id or PoolId("")
    identity = Identity(pool_name_of(pool_id), conversation.username)
    claim = conversation.claim(asked, identity, conversation.known_password())
    return conversation.respond(asked, claim)


def choose_proof(conversation: Conversation, asked: Asked) -> Answered:
    """Answer SELECT_CHALLENGE: how the person is to be proven first."""
    offered: list[str] = [each for each in _FIRST_PROOFS if each in asked.available]
    if not offered:
        raise SignInRefused("the user pool takes nothing that can be proven at a terminal")
    # Where the pool takes a proof of the password, the password itself does not leave the machine.
    if "PASSWORD_SRP" in offered and "PASSWORD" in offered:
        offered.remove("PASSWORD")
    chosen = offered[0]
    if len(offered) > 1:
        chosen = conversation.prompts.choose(prompts.FIRST_PROOF, _choices(offered))
    return conversation.respond(asked, {"ANSWER": chosen, **_first_proof(conversation, chosen)})


def give_first_proof(conversation: Conversation, asked: Asked) -> Answered:
    """Answer PASSWORD or PASSWORD_SRP."""
    return conversation.respond(asked, _first_proof(conversation, asked.name))


def begin_device_proof(conversation: Conversation, asked: Asked) -> Answered:
    """Answer DEVICE_SRP_AUTH."""
    return conversation.respond(asked, {"SRP_A": conversation.begin_exchange()})


def prove_device(conversation: Conversation, asked: Asked) -> Answered:
    """Answer DEVICE_PASSWORD_VERIFIER."""
    device = conversation.device
    if device is None:
        raise SignInRefused("the user pool asks for a device that this machine is not")
    return conversation.respond(asked, conversation.claim(asked, device.identity, device.secret))


def give_new_password(conversation: Conversation, asked: Asked) -> Answered:
    """Answer NEW_PASSWORD_REQUIRED, with the attributes that the pool lacks."""
    required = [name.removeprefix(_ATTRIBUTE) for name in asked.listed("requiredAttributes")]
    given = {
        f"{_ATTRIBUTE}{name}": conversation.prompts.ask(prompts.attribute(name))
        for name in required
    }

    def answered() -> Answered:
        new_password = asked_password(conversation, prompts.NEW_PASSWORD)
        return conversation.respond(asked, {"NEW_PASSWORD": new_password.reveal(), **given})

    return _tried(conversation, answered, _PASSWORDS_UNFIT)


def give_code(conversation: Conversation, asked: Asked) -> Answered:
    """Answer a challenge for a code that was sent or that an app shows."""
    member, question = _CODES[asked.name]
    if destination := asked.parameters.get("CODE_DELIVERY_DESTINATION"):
        conversation.prompts.tell(prompts.code_sent(destination))

    def answered() -> Answered:
        return conversation.respond(asked, {member: conversation.prompts.ask(question).strip()})

    return _tried(conversation, answered, _CODES_WRONG)


def choose_factor(conversation: Conversation, asked: Asked) -> Answered:
    """Answer SELECT_MFA_TYPE."""
    factors = _choices(asked.listed("MFAS_CAN_CHOOSE"))
    chosen = conversation.prompts.choose(prompts.SECOND_FACTOR, factors)
    return conversation.respond(asked, {"ANSWER": chosen})


def set_factor_up(conversation: Conversation, asked: Asked) -> Answered:
    """Answer MFA_SETUP with an authenticator app or an e-mail address."""
    offered = [each for each in asked.listed("MFAS_CAN_SETUP") if each in _SETUPS]
    if not offered:
        raise SignInRefused("a second factor has to be set up first, with the browser")
    chosen = offered[0]
    if len(offered) > 1:
        chosen = conversation.prompts.choose(prompts.SETUP, _choices(offered))
    return _SETUPS[chosen](conversation, asked)


def asked_password(conversation: Conversation, question: str) -> Secret:
    """Return a password that was typed twice alike."""
    while True:
        typed = conversation.prompts.ask_hidden(question)
        if typed == conversation.prompts.ask_hidden(prompts.AGAIN):
            return typed
        conversation.prompts.tell(prompts.PASSWORDS_DIFFER)


def _first_proof(conversation: Conversation, chosen: str) -> dict[str, str]:
    match chosen:
        case "PASSWORD_SRP":
            return {"SRP_A": conversation.begin_exchange()}
        case "PASSWORD":
            return {"PASSWORD": conversation.known_password().reveal()}
        case _:
            return {}


def _set_address_up(conversation: Conversation, asked: Asked) -> Answered:
    address = conversation.prompts.ask(prompts.EMAIL_ADDRESS).strip()
    return conversation.respond(asked, {"EMAIL": address})


def _set_app_up(conversation: Conversation, asked: Asked) -> Answered:
    # AWS API_AssociateSoftwareToken, API_VerifySoftwareToken: each gives the next session.
    begun = conversation.call("AssociateSoftwareToken", Session=asked.auth_session)
    totp_secret = str(begun["SecretCode"])
    label = quote(f"{conversation.profile.name}:{conversation.username}")
    issuer = quote(conversation.profile.name, safe="")
    conversation.prompts.tell(prompts.app_key(totp_secret))
    conversation.prompts.tell(f"otpauth://totp/{label}?secret={totp_secret}&issuer={issuer}")

    def verified() -> Answered:
        return conversation.call(
            "VerifySoftwareToken",
            Session=begun.get("Session"),
            UserCode=conversation.prompts.ask(prompts.APP_CODE).strip(),
        )

    verification = _tried(conversation, verified, _CODES_WRONG)
    return conversation.respond(asked, {}, auth_session=verification.get("Session"))


def _tried(
    conversation: Conversation, answer: Callable[[], Answered], may_be_wrong: frozenset[str]
) -> Answered:
    """Return what the pool says to an answer; a wrong one may be given anew, twice."""
    for _ in range(_TRIES - 1):
        try:
            return answer()
        except AwsRefused as refused:
            if refused.error_code not in may_be_wrong:
                raise
            is_code = refused.error_code in _CODES_WRONG
            conversation.prompts.tell(prompts.CODE_WRONG if is_code else refused.message)
    return answer()


def _choices(factors: Sequence[str]) -> list[Choice]:
    return [Choice(each, prompts.FACTOR_NAMES.get(each, each)) for each in factors]


_CODES: Final[Mapping[str, tuple[str, str]]] = {
    "SMS_MFA": ("SMS_MFA_CODE", prompts.SMS_CODE),
    "SMS_OTP": ("SMS_OTP_CODE", prompts.SMS_CODE),
    "EMAIL_OTP": ("EMAIL_OTP_CODE", prompts.EMAIL_CODE),
    "SOFTWARE_TOKEN_MFA": ("SOFTWARE_TOKEN_MFA_CODE", prompts.APP_CODE),
}
# The best first; passkeys need a browser.
_FIRST_PROOFS: Final = ("PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP")
_SETUPS: Final[Mapping[str, Step]] = {
    "SOFTWARE_TOKEN_MFA": _set_app_up,
    "EMAIL_OTP": _set_address_up,
}
STEPS: Final[Mapping[str, Step]] = {
    "SELECT_CHALLENGE": choose_proof,
    "PASSWORD": give_first_proof,
    "PASSWORD_SRP": give_first_proof,
    "PASSWORD_VERIFIER": prove_password,
    "NEW_PASSWORD_REQUIRED": give_new_password,
    "SELECT_MFA_TYPE": choose_factor,
    "MFA_SETUP": set_factor_up,
    "DEVICE_SRP_AUTH": begin_device_proof,
    "DEVICE_PASSWORD_VERIFIER": prove_device,
    **dict.fromkeys(_CODES, give_code),
}

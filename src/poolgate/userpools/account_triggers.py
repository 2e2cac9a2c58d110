"""The triggers of an account's beginning: before it is stored, and once it is confirmed."""

from collections.abc import Mapping

import msgspec

from poolgate.store.call import Call
from poolgate.userpools.triggers import (
    NoAnswer,
    Occasion,
    Trigger,
    TriggerAnswerUnreadable,
    ask,
    attributes_of,
)
from poolgate.userpools.users import User

CONFIRMED = "PostConfirmation_ConfirmSignUp"


class Welcome(msgspec.Struct, rename="camel"):
    """What a pre sign-up function decides about a new user."""

    auto_confirm_user: bool | None = False
    auto_verify_email: bool | None = False
    auto_verify_phone: bool | None = False


def ask_before_sign_up(
    call: Call,
    occasion: Occasion,
    attributes: Mapping[str, str],
    validation: Mapping[str, str] | None,
) -> Welcome:
    """Return what the pool's function decides; without one nothing is confirmed or verified.

    Raises TriggerAnswerUnreadable when an address is to be verified that is not there.
    """
    if Trigger.PRE_SIGN_UP not in occasion.pool.triggers:
        return Welcome()
    welcome = ask(
        call,
        Trigger.PRE_SIGN_UP,
        occasion,
        {"userAttributes": attributes, "validationData": validation},
        Welcome,
        response={"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    )
    # AWS Pre sign-up Lambda trigger: the attribute "must be valid and non-null ... otherwise an
    # error occurs and the user is unable to complete sign-up".
    if welcome.auto_verify_email and not attributes.get("email"):
        raise TriggerAnswerUnreadable
    if welcome.auto_verify_phone and not attributes.get("phone_number"):
        raise TriggerAnswerUnreadable
    return welcome


def verified_by(welcome: Welcome) -> dict[str, str]:
    """Return the flags of the addresses that the function vouches for."""
    flags = {
        "email_verified": welcome.auto_verify_email,
        "phone_number_verified": welcome.auto_verify_phone,
    }
    return {name: "true" for name, vouched_for in flags.items() if vouched_for}


def tell_confirmed(call: Call, occasion: Occasion, user: User) -> None:
    """Tell the pool's function that a user was confirmed or has a new password.

    That stays so whatever the function answers, even where its error reaches the caller.
    """
    if Trigger.POST_CONFIRMATION in occasion.pool.triggers:
        request = {"userAttributes": attributes_of(user)}
        ask(call, Trigger.POST_CONFIRMATION, occasion, request, NoAnswer)

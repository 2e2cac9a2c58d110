"""What stands between a user and tokens: one pure decision over pool, user and what is proven.

    password ──> new password (temporary ones) ──> second factor ──> device ──> tokens
    another first factor ────────────────────────> second factor ──> device ──> tokens
    functions of the pool alone (CUSTOM_AUTH) ─────────────────────> device ──> tokens

The second factor follows AWS's table (Developer Guide, "Adding MFA to a user pool"):

    MFA OFF        nothing
    MFA OPTIONAL   the user's active factors: the preferred one, the only one, or a choice
    MFA ON         the preferred factor; else TOTP, as a choice with the eligible messages; else
                   the eligible messages: a choice, the only one, or a factor to be set up

A message is eligible when the pool uses it, the user has its address, and the address is not the
one that the pool recovers passwords by: who reads that mailbox must not hold both factors.

A remembered device that a sign-in names proves itself last. Where the pool says so, it does that
instead of a second factor that the user has; it never stands for one that is to be set up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from poolgate.foundation.failure import Failure
from poolgate.userpools.mfa_settings import MfaDemand, MfaFactor, MfaMode
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User, UserStatus


class NoSecondFactorPossible(Failure):
    """The pool demands a second factor and this user can have none."""


class Factor(StrEnum):
    """What a user has proven during a sign-in; a code counts as first factor or as second."""

    PASSWORD = "PASSWORD"  # noqa: S105 - a factor's name
    SMS_MFA = "SMS_MFA"
    SOFTWARE_TOKEN_MFA = "SOFTWARE_TOKEN_MFA"  # noqa: S105 - a factor's name
    EMAIL_OTP = "EMAIL_OTP"
    FIRST_EMAIL_OTP = "FIRST_EMAIL_OTP"
    FIRST_SMS_OTP = "FIRST_SMS_OTP"
    # Counts in the step that proves it only: auth sessions do not carry it.
    DEVICE = "DEVICE"
    CUSTOM_CHALLENGE = "CUSTOM_CHALLENGE"
    WEB_AUTHN = "WEB_AUTHN"
    # The code that confirmed the account, in the sign-in that goes on from there.
    SIGN_UP_CODE = "SIGN_UP_CODE"
    # By the authenticator of a passkey that may count as two factors.
    USER_VERIFICATION = "USER_VERIFICATION"


FIRST_FACTORS = frozenset(
    {
        Factor.PASSWORD,
        Factor.FIRST_EMAIL_OTP,
        Factor.FIRST_SMS_OTP,
        Factor.WEB_AUTHN,
        Factor.CUSTOM_CHALLENGE,
    }
)
# AWS "Adding MFA to a user pool": "The second authentication factor when your user signs in for the
# first time is their confirmation of the verification message".
SECOND_FACTORS = frozenset(
    {
        Factor.SMS_MFA,
        Factor.SOFTWARE_TOKEN_MFA,
        Factor.EMAIL_OTP,
        Factor.USER_VERIFICATION,
        Factor.SIGN_UP_CODE,
    }
)
_SAME_MEANS = {
    Factor.FIRST_EMAIL_OTP: MfaFactor.EMAIL_OTP,
    Factor.FIRST_SMS_OTP: MfaFactor.SMS_MFA,
}


class Challenge(StrEnum):
    """What a user must still do, in AWS's words."""

    PASSWORD_VERIFIER = "PASSWORD_VERIFIER"  # noqa: S105 - a challenge's name
    NEW_PASSWORD_REQUIRED = "NEW_PASSWORD_REQUIRED"  # noqa: S105 - a challenge's name
    SMS_MFA = "SMS_MFA"
    SOFTWARE_TOKEN_MFA = "SOFTWARE_TOKEN_MFA"  # noqa: S105 - a challenge's name
    EMAIL_OTP = "EMAIL_OTP"
    SELECT_MFA_TYPE = "SELECT_MFA_TYPE"
    SELECT_CHALLENGE = "SELECT_CHALLENGE"
    PASSWORD = "PASSWORD"  # noqa: S105 - a challenge's name
    PASSWORD_SRP = "PASSWORD_SRP"  # noqa: S105 - a challenge's name
    SMS_OTP = "SMS_OTP"
    CUSTOM_CHALLENGE = "CUSTOM_CHALLENGE"
    ADMIN_NO_SRP_AUTH = "ADMIN_NO_SRP_AUTH"
    WEB_AUTHN = "WEB_AUTHN"
    MFA_SETUP = "MFA_SETUP"
    DEVICE_SRP_AUTH = "DEVICE_SRP_AUTH"
    DEVICE_PASSWORD_VERIFIER = "DEVICE_PASSWORD_VERIFIER"  # noqa: S105 - a challenge's name


@dataclass(frozen=True, slots=True)
class Owed:
    """A challenge that is owed, and the factors to choose from where it leaves a choice."""

    challenge: Challenge
    choices: tuple[MfaFactor, ...] = ()


# In the order in which choices are shown.
ATTRIBUTE_OF: Mapping[MfaFactor, str] = {
    MfaFactor.SMS_MFA: "phone_number",
    MfaFactor.EMAIL_OTP: "email",
}
_FACTOR_OF = {attribute: factor for factor, attribute in ATTRIBUTE_OF.items()}


def challenge_owed(
    user: User,
    pool: UserPool,
    proven: frozenset[Factor],
    demand: MfaDemand = MfaDemand.NONE,
) -> Owed | None:
    """Return the challenge still owed, or None when the sign-in is complete.

    `demand` is what the sign-in's risk asks for. Raises NoSecondFactorPossible where a factor is
    demanded and nothing can be asked.
    """
    if not proven & FIRST_FACTORS:
        return Owed(Challenge.PASSWORD_VERIFIER)
    owed = None
    # OBSERVED aws-amplify/amplify-js#12887: MFA hangs on the password in a custom sign-in; one
    # without a password is complete when the pool's functions say so.
    if not proven - SECOND_FACTORS <= {Factor.CUSTOM_CHALLENGE, Factor.DEVICE}:
        if user.status is UserStatus.FORCE_CHANGE_PASSWORD:
            return Owed(Challenge.NEW_PASSWORD_REQUIRED)
        if not proven & SECOND_FACTORS:
            owed = second_factor_owed(user, pool)
    if owed is not None or proven & SECOND_FACTORS or demand is MfaDemand.NONE:
        return owed
    return _owed_at_risk(user, pool, proven, demand)


def _owed_at_risk(
    user: User, pool: UserPool, proven: frozenset[Factor], demand: MfaDemand
) -> Owed | None:
    owed = factor_at_risk(user, pool, proven)
    if owed is None and demand is MfaDemand.REQUIRED:
        raise NoSecondFactorPossible
    return owed


def factor_at_risk(user: User, pool: UserPool, proven: frozenset[Factor]) -> Owed | None:
    """Return the factor that a user can be asked for because of a risk, or None.

    AWS AccountTakeoverActionType: an address or a registered app is enough, turned on or not. A
    factor is never set up on such an occasion: whoever signs in may be somebody else. Neither is
    the mailbox or phone asked for that the sign-in began with.
    """
    factors = possible_second_factors(user, pool, proven)
    if user.mfa.preferred in factors:
        return Owed(Challenge(user.mfa.preferred))
    return one_or_choice(factors) if factors else None


def possible_second_factors(
    user: User, pool: UserPool, proven: frozenset[Factor]
) -> tuple[MfaFactor, ...]:
    """Return the factors that a user can be asked for beyond what is owed, turned on or not.

    The mailbox or phone that the sign-in began with is none of them.
    """
    if pool.mfa_mode is MfaMode.OFF:
        return ()
    spent = {_SAME_MEANS[factor] for factor in proven if factor in _SAME_MEANS}
    has_app = user.mfa.has_software_token and MfaFactor.SOFTWARE_TOKEN_MFA in pool.mfa_factors
    possible = {*active_factors(user, pool), *_eligible_messages(user, pool)} - spent
    if has_app:
        possible.add(MfaFactor.SOFTWARE_TOKEN_MFA)
    return tuple(factor for factor in MfaFactor if factor in possible)


SECOND_FACTOR_CHALLENGES = frozenset(
    {
        Challenge.SMS_MFA,
        Challenge.SOFTWARE_TOKEN_MFA,
        Challenge.EMAIL_OTP,
        Challenge.SELECT_MFA_TYPE,
    }
)


def owed_on_device(owed: Owed | None, pool: UserPool, proven: frozenset[Factor]) -> Owed | None:
    """Return what is owed on a remembered device, where `owed` would be without it.

    INVARIANT: nothing but a second factor after a first one is left out for a device.
    """
    if owed is not None and not _is_replaced(owed, pool, proven):
        return owed
    return None if Factor.DEVICE in proven else Owed(Challenge.DEVICE_SRP_AUTH)


def _is_replaced(owed: Owed, pool: UserPool, proven: frozenset[Factor]) -> bool:
    if pool.device_tracking is None or not pool.device_tracking.replaces_mfa:
        return False
    return bool(proven & FIRST_FACTORS) and owed.challenge in SECOND_FACTOR_CHALLENGES


def second_factor_owed(user: User, pool: UserPool) -> Owed | None:
    """Return what the user must prove besides the password, or None."""
    if pool.mfa_mode is MfaMode.OFF:
        return None
    active = active_factors(user, pool)
    if user.mfa.preferred in active:
        return Owed(Challenge(user.mfa.preferred))
    if pool.mfa_mode is MfaMode.OPTIONAL:
        return one_or_choice(active) if active else None
    messages = _eligible_messages(user, pool)
    if MfaFactor.SOFTWARE_TOKEN_MFA in active:
        return one_or_choice((MfaFactor.SOFTWARE_TOKEN_MFA, *messages))
    if messages:
        return one_or_choice(messages)
    return _setup_owed(user, pool)


def active_factors(user: User, pool: UserPool) -> tuple[MfaFactor, ...]:
    """Return the factors that the user turned on and that the pool can ask for."""
    return tuple(
        factor
        for factor in MfaFactor
        if factor in user.mfa.enabled and factor in pool.mfa_factors and _has_means(user, factor)
    )


def may_be_asked(user: User, pool: UserPool, factor: MfaFactor) -> bool:
    """Tell whether the pool uses the factor and the user has what it takes, turned on or not."""
    return factor in pool.mfa_factors and _has_means(user, factor)


def may_answer(owed: Owed | None, challenge: Challenge) -> bool:
    """Tell whether answering `challenge` is one of the ways on when `owed` is owed."""
    if owed is None:
        return False
    return owed.challenge is challenge or (
        owed.challenge is Challenge.SELECT_MFA_TYPE and challenge.value in owed.choices
    )


def may_passkey_count_twice(user: User, pool: UserPool) -> bool:
    """Tell whether a passkey with user verification is both factors of the user."""
    # AWS WebAuthnMfaSettingsType: the user turns it on, where the pool allows it.
    return user.mfa.passkeys and pool.passkeys is not None and pool.passkeys.counts_as_both_factors


def addresses_of_factors(user: User, pool: UserPool) -> frozenset[str]:
    """Return the attributes whose addresses serve as second factor, so may not reset passwords.

    AWS API_CreateUserPool, AccountRecoverySetting: SMS does not recover where SMS MFA is active,
    e-mail not where it would be asked for. A pool without that setting keeps the older rule, by
    which a phone may do both.
    """
    if pool.mfa_mode is MfaMode.OFF:
        return frozenset()
    factors: set[str] = set()
    if MfaFactor.SMS_MFA in active_factors(user, pool):
        factors.add(MfaFactor.SMS_MFA)
    try:
        owed = second_factor_owed(user, pool)
    except NoSecondFactorPossible:
        owed = None
    if owed is not None and owed.challenge is not Challenge.MFA_SETUP:
        factors |= {owed.challenge, *owed.choices}
    if pool.recovery_mechanisms is None:
        factors.discard(MfaFactor.SMS_MFA)
    return frozenset(attribute for attribute, factor in _FACTOR_OF.items() if factor in factors)


def _setup_owed(user: User, pool: UserPool) -> Owed:
    """Return the set-up of a first factor, for a user whom the pool can ask for none."""
    addresses = [attribute for attribute in _FACTOR_OF if user.attributes.get(attribute)]
    is_for_recovery = any(_FACTOR_OF[attribute] in pool.mfa_factors for attribute in addresses)
    if len(addresses) == 1 and is_for_recovery:
        raise NoSecondFactorPossible
    if addresses:
        possible = pool.mfa_factors & {MfaFactor.SOFTWARE_TOKEN_MFA}
    else:
        possible = pool.mfa_factors - {_FACTOR_OF.get(_primary_recovery(pool) or "")}
    if not possible:
        raise NoSecondFactorPossible
    return Owed(Challenge.MFA_SETUP, tuple(factor for factor in MfaFactor if factor in possible))


def _eligible_messages(user: User, pool: UserPool) -> tuple[MfaFactor, ...]:
    return tuple(
        factor
        for factor, attribute in ATTRIBUTE_OF.items()
        if factor in pool.mfa_factors
        and user.attributes.get(attribute)
        and attribute != _primary_recovery(pool)
    )


def _primary_recovery(pool: UserPool) -> str | None:
    """Return the attribute that passwords are recovered by first; None where none is set."""
    first = next(iter(pool.recovery_mechanisms or ()), "")
    return first.removeprefix("verified_") if first.startswith("verified_") else None


def _has_means(user: User, factor: MfaFactor) -> bool:
    if factor is MfaFactor.SOFTWARE_TOKEN_MFA:
        return user.mfa.has_software_token
    return bool(user.attributes.get(ATTRIBUTE_OF[factor]))


def one_or_choice(factors: tuple[MfaFactor, ...]) -> Owed:
    """Return the only factor as what is owed, or a choice among several."""
    if len(factors) == 1:
        return Owed(Challenge(factors[0]))
    return Owed(Challenge.SELECT_MFA_TYPE, factors)


def render_choices(owed: Owed) -> str:
    """Return the choices as a challenge's parameter lists them."""
    return msgspec.json.encode(owed.choices).decode()

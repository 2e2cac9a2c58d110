"""The sign-in policy of a pool: with which proofs a sign-in by choice (USER_AUTH) may begin."""

from enum import StrEnum

from poolgate.userpools.mfa_settings import MfaMode
from poolgate.userpools.pool_settings import InvalidPoolSettings, PoolSettings


class FirstFactor(StrEnum):
    """What a sign-in can begin with, in AWS's words."""

    PASSWORD = "PASSWORD"  # noqa: S105 - a factor's name
    EMAIL_OTP = "EMAIL_OTP"
    SMS_OTP = "SMS_OTP"
    WEB_AUTHN = "WEB_AUTHN"


CODES = frozenset({FirstFactor.EMAIL_OTP, FirstFactor.SMS_OTP})


def verify(settings: PoolSettings, *, passkeys_count_twice: bool) -> None:
    """Raise unless the pool may begin sign-ins with these factors.

    `passkeys_count_twice` where a passkey with user verification satisfies MFA.
    """
    factors = set(settings.first_factors)
    if unknown := factors - set(FirstFactor):
        raise InvalidPoolSettings(fault=f"{min(unknown)} is not supported as a first auth factor.")
    # OBSERVED 2026: AWS refuses to leave the password out.
    if FirstFactor.PASSWORD not in factors:
        raise InvalidPoolSettings(
            fault="Password should be configured as one of the allowed first auth factors"
        )
    # OBSERVED 2026-08-19: with OPTIONAL they go together.
    single = CODES if passkeys_count_twice else CODES | {FirstFactor.WEB_AUTHN}
    if factors & single and settings.mfa_mode is MfaMode.ON:
        raise InvalidPoolSettings(
            fault="Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor "
            "if MFA is enabled"
        )


def allows_passwordless(settings: PoolSettings) -> bool:
    """Tell whether users of the pool need no password."""
    return not CODES.isdisjoint(settings.first_factors)

"""The words of multi-factor authentication: modes, factors, what a user and a pool have set."""

from enum import StrEnum

import msgspec


class MfaMode(StrEnum):
    """Whether a pool's users prove a second factor, in AWS's words."""

    OFF = "OFF"
    OPTIONAL = "OPTIONAL"
    ON = "ON"


class MfaFactor(StrEnum):
    """A second factor; the words of UserMFASettingList, in the order in which they are shown."""

    SMS_MFA = "SMS_MFA"
    SOFTWARE_TOKEN_MFA = "SOFTWARE_TOKEN_MFA"  # noqa: S105 - a factor's name
    EMAIL_OTP = "EMAIL_OTP"


class MfaDemand(StrEnum):
    """What a risk demands of a sign-in, beside what pool and user want anyway."""

    NONE = "none"
    IF_POSSIBLE = "if possible"
    REQUIRED = "required"


class UserMfa(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A user's second factors: a verified authenticator app, what is turned on, what comes first.

    `preferred` is always one of `enabled`. `passkeys` lets a passkey with user verification count
    as both factors, where the pool allows it.
    """

    has_software_token: bool = False
    software_token_name: str | None = None
    enabled: frozenset[MfaFactor] = frozenset()
    preferred: MfaFactor | None = None
    passkeys: bool = False


NO_MFA = UserMfa()


class EmailMfa(msgspec.Struct, frozen=True, omit_defaults=True):
    """The text of the e-mails that carry a second factor; None while the default applies."""

    message: str | None = None
    subject: str | None = None

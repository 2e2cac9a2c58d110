"""A pool's second factors: what SetUserPoolMfaConfig changes, and which settings go together."""

import msgspec

from poolgate.userpools import sign_in_policy
from poolgate.userpools.mfa_settings import EmailMfa, MfaMode
from poolgate.userpools.passkey_settings import PasskeySettings
from poolgate.userpools.pool_settings import InvalidPoolSettings, SmsConfiguration
from poolgate.userpools.user_pool import UserPool


class MfaChange(msgspec.Struct, frozen=True, kw_only=True):
    """What SetUserPoolMfaConfig sets: factors it leaves out are no longer used.

    A mode of None leaves the mode as it is: what protects users is not taken away in passing.
    """

    mode: MfaMode | None = None
    sms_configuration: SmsConfiguration | None = None
    sms_message: str | None = None
    software_token: bool | None = None
    email: EmailMfa | None = None
    passkeys: PasskeySettings | None = None


def with_mfa(pool: UserPool, change: MfaChange, now_millis: int) -> UserPool:
    """Return the pool changed; raise unless its settings go together."""
    changed = msgspec.structs.replace(
        pool,
        mfa_mode=pool.mfa_mode if change.mode is None else change.mode,
        sms_mfa=change.sms_configuration is not None,
        sms_configuration=change.sms_configuration or pool.sms_configuration,
        mfa_sms_message=change.sms_message or pool.mfa_sms_message,
        software_token_mfa=change.software_token,
        email_mfa=change.email,
        passkeys=change.passkeys,
        modified_at=now_millis,
    )
    verify_mfa(changed)
    return changed


def with_sms_mfa(pool: UserPool) -> UserPool:
    """Return the pool with SMS as its factor where it asks for one and can ask for no other.

    Without an SMS configuration there is no SMS factor either.
    """
    asks_for_sms = pool.mfa_mode is not MfaMode.OFF and not pool.mfa_factors
    is_used = pool.sms_configuration is not None and (pool.sms_mfa or asks_for_sms)
    return msgspec.structs.replace(pool, sms_mfa=is_used)


def verify_mfa(pool: UserPool) -> None:
    """Raise unless the factors of sign-ins and of MFA go together."""
    count_twice = pool.passkeys is not None and pool.passkeys.counts_as_both_factors
    sign_in_policy.verify(pool, passkeys_count_twice=count_twice)
    if pool.mfa_mode is not MfaMode.OFF and not pool.mfa_factors:
        raise InvalidPoolSettings(
            fault="SMS configuration and Auto verification for phone_number are required when MFA "
            "is required/optional"
        )

"""What a user pool is: all its settings as one value."""

from poolgate.foundation.ids import PoolId, Region
from poolgate.userpools.mfa_settings import EmailMfa, MfaFactor
from poolgate.userpools.passkey_settings import PasskeySettings
from poolgate.userpools.pool_settings import LogConfiguration, PoolSettings
from poolgate.userpools.schema import SchemaAttribute


class UserPool(PoolSettings, frozen=True, kw_only=True, omit_defaults=True):
    """A user pool with all its settings; stored as one value, so a read is one row.

    `argon2_only` pools keep passwords as Argon2id hashes and never allow SRP (decision 0002).
    """

    pool_id: PoolId
    region: Region
    name: str
    created_at: int
    modified_at: int
    tier: str = "ESSENTIALS"
    argon2_only: bool = False
    schema: tuple[SchemaAttribute, ...] = ()
    alias_attributes: tuple[str, ...] = ()
    username_attributes: tuple[str, ...] = ()
    case_sensitive: bool = True
    # AWS shows UsernameConfiguration only to those who set it.
    case_sensitivity_given: bool = False
    # Set by an operation of their own, so they outlive updates of the pool.
    session_tracking: bool = False
    max_token_sessions: int = 20
    # The second factors that sign-in may ask for. They outlive updates; `software_token_mfa` is
    # None until it was set, since AWS shows it only then.
    sms_mfa: bool = False
    software_token_mfa: bool | None = None
    email_mfa: EmailMfa | None = None
    log_configurations: tuple[LogConfiguration, ...] = ()
    passkeys: PasskeySettings | None = None

    @property
    def mfa_factors(self) -> frozenset[MfaFactor]:
        """The second factors that the pool uses, whether or not it asks for one now."""
        used = {
            MfaFactor.SMS_MFA: self.sms_mfa,
            MfaFactor.SOFTWARE_TOKEN_MFA: self.software_token_mfa,
            MfaFactor.EMAIL_OTP: self.email_mfa is not None,
        }
        return frozenset(factor for factor, is_used in used.items() if is_used)

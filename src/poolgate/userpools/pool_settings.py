"""The settings of a pool that can change after its creation, and which of them go together.

UpdateUserPool resets every setting that its request leaves out, so the defaults here are also what
an empty update leads to.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from poolgate.foundation.failure import Failure
from poolgate.userpools.mfa_settings import MfaMode

MAX_TAGS = 50
PASSWORD_STORAGE_TAG = "poolgate:password-storage"  # noqa: S105 - a tag's name


class InvalidPoolSettings(Failure):
    """Settings that do not go together. Facts: fault."""


class TagInvalid(Failure):
    """A tag that cannot be set, or removed. Facts: fault."""


class FeatureAboveTier(Failure):
    """The pool's tier does not include a feature. Facts: feature, tier."""


class ThreatMode(StrEnum):
    """What is done about risks: nothing, note them, or act on them."""

    OFF = "OFF"
    AUDIT = "AUDIT"
    ENFORCED = "ENFORCED"


class PasswordPolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a password must have."""

    minimum_length: int = 8
    require_uppercase: bool = True
    require_lowercase: bool = True
    require_numbers: bool = True
    require_symbols: bool = True
    password_history_size: int = 0
    temporary_password_validity_days: int = 7


class EmailConfiguration(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who a pool's e-mails come from."""

    sending_account: str = "COGNITO_DEFAULT"
    from_address: str | None = None
    reply_to: str | None = None
    source_arn: str | None = None
    configuration_set: str | None = None

    @property
    def sender_address(self) -> str | None:
        """Who e-mails are from, or None where the server's own sender is."""
        if self.from_address is not None:
            return self.from_address
        # AWS EmailConfigurationType, SourceArn: "the ARN of a verified email address".
        identity = (self.source_arn or "").partition(":identity/")[2]
        return identity if "@" in identity else None


class SmsConfiguration(msgspec.Struct, frozen=True, omit_defaults=True):
    """What AWS needs to send SMS; kept to be shown, this server has its own sender."""

    sns_caller_arn: str | None = None
    external_id: str | None = None
    sns_region: str | None = None


class LogConfiguration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One kind of activity that the pool logs; AWS's destinations are kept to be shown."""

    source: str
    level: str
    log_group_arn: str | None = None
    bucket_arn: str | None = None
    stream_arn: str | None = None


class RecoveryMechanism(msgspec.Struct, frozen=True):
    """One way to recover an account; the lowest priority is tried first."""

    name: str
    priority: int


class DeviceTracking(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a pool tracks the devices of its users.

    `replaces_mfa`: the proof of a remembered device stands for the second factor. `asks_user`: a
    device is remembered only once its user wants it to be.
    """

    replaces_mfa: bool = False
    asks_user: bool = False


class PoolSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What UpdateUserPool replaces as a whole.

    Message templates are None while the default texts apply. Settings that AWS shows only after
    they were set are None until then.
    """

    password_policy: PasswordPolicy = PasswordPolicy()
    # The pool's own names of authentication levels, by "Level1" to "Level4".
    acr_values: Mapping[str, str] = {}
    # Values of `userpools.sign_in_policy.FirstFactor`.
    first_factors: tuple[str, ...] = ("PASSWORD",)
    deletion_protection: bool = False
    auto_verified_attributes: tuple[str, ...] = ()
    verify_before_update: tuple[str, ...] = ()
    attribute_updates_given: bool = False
    admin_create_user_only: bool = False
    # None: nothing was set, so AWS's older rule applies (phone first, then e-mail).
    account_recovery: tuple[RecoveryMechanism, ...] | None = None
    verification_sms_message: str | None = None
    verification_email_subject: str | None = None
    verification_email_message: str | None = None
    # Sign-ups are confirmed by links in e-mails, not by codes.
    confirms_by_link: bool = False
    link_email_subject: str | None = None
    link_email_message: str | None = None
    mfa_mode: MfaMode = MfaMode.OFF
    mfa_sms_message: str | None = None
    invitation_sms_message: str | None = None
    invitation_email_subject: str | None = None
    invitation_email_message: str | None = None
    email_configuration: EmailConfiguration = EmailConfiguration()
    sms_configuration: SmsConfiguration | None = None
    # None: devices are not tracked.
    device_tracking: DeviceTracking | None = None
    # Whether sign-ins are watched for risks, and those of the custom flow.
    advanced_security_mode: ThreatMode | None = None
    custom_auth_security_mode: ThreatMode | None = None
    key_type: str | None = None
    issuer_type: str | None = None
    tags: Mapping[str, str] = {}
    # Functions by the names of `userpools.triggers.Trigger`.
    triggers: Mapping[str, str] = {}
    pre_token_version: str = "V1_0"  # noqa: S105 - a version
    # Names the key by which custom senders read codes.
    custom_sender_key_arn: str | None = None

    @property
    def acr_names(self) -> tuple[str, ...]:
        """The names of the authentication levels, the lowest first."""
        return tuple(
            self.acr_values.get(f"Level{level}", f"urn:cognito:loa:{level}")
            for level in range(1, 5)
        )

    @property
    def recovery_mechanisms(self) -> tuple[str, ...] | None:
        """The ways to recover an account, first choice first; None while nothing was set."""
        if self.account_recovery is None:
            return None
        by_priority = sorted(self.account_recovery, key=lambda way: way.priority)
        return tuple(way.name for way in by_priority)

    @property
    def watches_risks(self) -> bool:
        """Whether sign-ins of any kind are watched for risks."""
        modes = {self.advanced_security_mode, self.custom_auth_security_mode}
        return not modes <= {None, ThreatMode.OFF}

    @property
    def acts_on_risks(self) -> bool:
        """Whether anything is refused or demanded because of a risk."""
        modes = {self.advanced_security_mode, self.custom_auth_security_mode}
        return ThreatMode.ENFORCED in modes


def verify_settings(settings: PoolSettings) -> None:
    """Raise unless the settings go together."""
    unverified = set(settings.verify_before_update) - set(settings.auto_verified_attributes)
    if unverified:
        raise InvalidPoolSettings(
            fault="AttributesRequireVerificationBeforeUpdate must be a subset of "
            "AutoVerifiedAttributes."
        )
    _verify_recovery(settings.account_recovery or ())
    _verify_invitation(settings)
    mail = settings.email_configuration
    if mail.sending_account == "DEVELOPER" and mail.source_arn is None:
        raise InvalidPoolSettings(
            fault="SourceArn is required when EmailSendingAccount is DEVELOPER."
        )
    # AWS "Configuring ACR level names": unique, default names included.
    if len(set(settings.acr_names)) < len(settings.acr_names):
        raise InvalidPoolSettings(fault="Each AcrValue must be unique across all levels.")
    verify_tags(settings.tags)


def verify_tags(tags: Mapping[str, str]) -> None:
    """Raise unless these can be all the tags of a pool."""
    # AWS API_TagResource: "A user pool can have as many as 50 tags."
    if len(tags) > MAX_TAGS:
        raise TagInvalid(fault=f"A user pool can have as many as {MAX_TAGS} tags.")
    if any(name.lower().startswith("aws:") for name in tags):
        raise TagInvalid(fault="Tag keys that start with aws: are reserved.")


def _verify_recovery(mechanisms: tuple[RecoveryMechanism, ...]) -> None:
    names = [way.name for way in mechanisms]
    if "admin_only" in names and len(names) > 1:
        raise InvalidPoolSettings(
            fault="Account Recovery Setting cannot use admin_only setting with any other "
            "recovery mechanisms."
        )
    if len(set(names)) < len(names) or len({way.priority for way in mechanisms}) < len(names):
        raise InvalidPoolSettings(
            fault="Each recovery mechanism must have a name and a priority of its own."
        )


def _verify_invitation(settings: PoolSettings) -> None:
    # AWS MessageTemplateType: the placeholders for the username and the temporary password.
    for template in (settings.invitation_sms_message, settings.invitation_email_message):
        if template is not None and not ("{username}" in template and "{####}" in template):
            raise InvalidPoolSettings(
                fault="An invitation message must contain {username} and {####}."
            )

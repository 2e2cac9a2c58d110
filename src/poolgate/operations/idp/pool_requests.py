"""The settings in a CreateUserPool or UpdateUserPool request, as the domain's values."""

from poolgate.operations.idp.lambda_configs import pre_token_version_of, triggers_of
from poolgate.operations.idp.unbuilt import refuse_if
from poolgate.operations.shapes.idp import (
    CreateUserPoolRequest,
    EmailConfigurationType,
    PasswordPolicyType,
    SmsConfigurationType,
    UpdateUserPoolRequest,
)
from poolgate.userpools.mfa_settings import MfaMode
from poolgate.userpools.pool_settings import (
    DeviceTracking,
    EmailConfiguration,
    InvalidPoolSettings,
    PasswordPolicy,
    PoolSettings,
    RecoveryMechanism,
    SmsConfiguration,
    ThreatMode,
)

PoolRequest = CreateUserPoolRequest | UpdateUserPoolRequest
_DEFAULT_VALIDITY_DAYS = 7
_BY_LINK = "CONFIRM_WITH_LINK"


def pool_settings_of(request: PoolRequest) -> PoolSettings:
    """Return the request's settings; what it leaves out has its default."""
    refuse_unbuilt(request)
    invitation_config = request.get("AdminCreateUserConfig", {})
    invitation = invitation_config.get("InviteMessageTemplate", {})
    verification = request.get("VerificationMessageTemplate", {})
    functions = request.get("LambdaConfig", {})
    updates = request.get("UserAttributeUpdateSettings", {})
    add_ons = request.get("UserPoolAddOns", {})
    return PoolSettings(
        password_policy=_password_policy(request),
        first_factors=_first_factors(request),
        acr_values={
            level: named["AcrValue"] for level, named in request.get("AcrConfiguration", {}).items()
        },
        deletion_protection=request.get("DeletionProtection") == "ACTIVE",
        auto_verified_attributes=tuple(request.get("AutoVerifiedAttributes", ())),
        verify_before_update=tuple(updates.get("AttributesRequireVerificationBeforeUpdate", ())),
        attribute_updates_given="UserAttributeUpdateSettings" in request,
        admin_create_user_only=invitation_config.get("AllowAdminCreateUserOnly", False),
        account_recovery=_account_recovery(request),
        verification_sms_message=_one_of(
            verification.get("SmsMessage"), request.get("SmsVerificationMessage")
        ),
        verification_email_subject=_one_of(
            verification.get("EmailSubject"), request.get("EmailVerificationSubject")
        ),
        verification_email_message=_one_of(
            verification.get("EmailMessage"), request.get("EmailVerificationMessage")
        ),
        confirms_by_link=verification.get("DefaultEmailOption") == _BY_LINK,
        link_email_subject=verification.get("EmailSubjectByLink"),
        link_email_message=verification.get("EmailMessageByLink"),
        mfa_mode=MfaMode(request.get("MfaConfiguration", "OFF")),
        mfa_sms_message=request.get("SmsAuthenticationMessage"),
        invitation_sms_message=invitation.get("SMSMessage"),
        invitation_email_subject=invitation.get("EmailSubject"),
        invitation_email_message=invitation.get("EmailMessage"),
        email_configuration=_email_configuration(request.get("EmailConfiguration", {})),
        sms_configuration=sms_configuration_of(request.get("SmsConfiguration")),
        device_tracking=_device_tracking(request),
        advanced_security_mode=_threat_mode(add_ons.get("AdvancedSecurityMode")),
        custom_auth_security_mode=_threat_mode(
            add_ons.get("AdvancedSecurityAdditionalFlows", {}).get("CustomAuthMode")
        ),
        key_type=request.get("KeyConfiguration", {}).get("KeyType"),
        issuer_type=request.get("IssuerConfiguration", {}).get("Type"),
        tags=request.get("UserPoolTags", {}),
        triggers=triggers_of(functions),
        pre_token_version=pre_token_version_of(functions),
        custom_sender_key_arn=functions.get("KMSKeyID"),
    )


def refuse_unbuilt(request: PoolRequest) -> None:
    """Raise for senders and token forms that this server does not have yet."""
    refuse_if(request.get("SmsConfiguration", {}).get("EumsSms"), "EumsSms")
    registration = request.get("DcrConfiguration", {})
    opened = registration.get("OpenDcrEnabled", False)
    refuse_if(opened or registration.get("EnableStatus") == "Enabled", "DcrConfiguration")
    encryption = request.get("KeyConfiguration", {})
    refuse_if(encryption.get("KeyType") == "CUSTOMER_MANAGED_KEY", "KeyConfiguration")
    refuse_if("KmsKeyArn" in encryption, "KeyConfiguration")
    refuse_if(
        request.get("IssuerConfiguration", {}).get("Type") == "UPDATED", "IssuerConfiguration"
    )


def _password_policy(request: PoolRequest) -> PasswordPolicy:
    policy: PasswordPolicyType = request.get("Policies", {}).get("PasswordPolicy", {})
    older_days = request.get("AdminCreateUserConfig", {}).get("UnusedAccountValidityDays")
    days = policy.get("TemporaryPasswordValidityDays")
    if older_days and days and older_days != days:
        raise InvalidPoolSettings(
            fault="Please use TemporaryPasswordValidityDays in PasswordPolicy instead of "
            "UnusedAccountValidityDays"
        )
    return PasswordPolicy(
        minimum_length=policy.get("MinimumLength", 8),
        require_uppercase=policy.get("RequireUppercase", True),
        require_lowercase=policy.get("RequireLowercase", True),
        require_numbers=policy.get("RequireNumbers", True),
        require_symbols=policy.get("RequireSymbols", True),
        password_history_size=policy.get("PasswordHistorySize", 0),
        # AWS PasswordPolicyType: 0 means the default.
        temporary_password_validity_days=days or older_days or _DEFAULT_VALIDITY_DAYS,
    )


def _first_factors(request: PoolRequest) -> tuple[str, ...]:
    sign_in_policy = request.get("Policies", {}).get("SignInPolicy", {})
    # Each once: AWS's answers never repeat one.
    return tuple(dict.fromkeys(sign_in_policy.get("AllowedFirstAuthFactors", ("PASSWORD",))))


def _account_recovery(request: PoolRequest) -> tuple[RecoveryMechanism, ...] | None:
    mechanisms = request.get("AccountRecoverySetting", {}).get("RecoveryMechanisms")
    if not mechanisms:
        return None
    return tuple(RecoveryMechanism(way["Name"], way["Priority"]) for way in mechanisms)


def _device_tracking(request: PoolRequest) -> DeviceTracking | None:
    # AWS DeviceConfigurationType: any of its properties activates it, so an empty one does not.
    configuration = request.get("DeviceConfiguration")
    if not configuration:
        return None
    return DeviceTracking(
        replaces_mfa=configuration.get("ChallengeRequiredOnNewDevice", False),
        asks_user=configuration.get("DeviceOnlyRememberedOnUserPrompt", False),
    )


def _email_configuration(shape: EmailConfigurationType) -> EmailConfiguration:
    return EmailConfiguration(
        sending_account=shape.get("EmailSendingAccount", "COGNITO_DEFAULT"),
        from_address=shape.get("From"),
        reply_to=shape.get("ReplyToEmailAddress"),
        source_arn=shape.get("SourceArn"),
        configuration_set=shape.get("ConfigurationSet"),
    )


def sms_configuration_of(shape: SmsConfigurationType | None) -> SmsConfiguration | None:
    """Return the SMS settings of a request."""
    if shape is None:
        return None
    return SmsConfiguration(
        sns_caller_arn=shape.get("SnsCallerArn"),
        external_id=shape.get("ExternalId"),
        sns_region=shape.get("SnsRegion"),
    )


def _threat_mode(mode: str | None) -> ThreatMode | None:
    return None if mode is None else ThreatMode(mode)


def _one_of(template: str | None, older_member: str | None) -> str | None:
    """Return the one text that two members of the request mean."""
    if template is not None and older_member is not None and template != older_member:
        raise InvalidPoolSettings(
            fault="VerificationMessageTemplate and the older verification message parameters "
            "must not differ."
        )
    return older_member if template is None else template

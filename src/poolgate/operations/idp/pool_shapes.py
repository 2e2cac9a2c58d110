"""A user pool as AWS describes it: defaults filled in, what was set echoed."""

from collections.abc import Sequence
from typing import Any

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import pool_arn
from poolgate.operations.idp.lambda_configs import lambda_config_type
from poolgate.operations.idp.schema_shapes import schema_attribute_type
from poolgate.operations.shapes.idp import (
    AdminCreateUserConfigType,
    EmailConfigurationType,
    MessageTemplateType,
    SmsConfigurationType,
    UserPoolDescriptionType,
    UserPoolPolicyType,
    UserPoolType,
    VerificationMessageTemplateType,
)
from poolgate.store.call import Call
from poolgate.userpools.domains import UserPoolDomain
from poolgate.userpools.pool_settings import SmsConfiguration
from poolgate.userpools.pools import UserPool


def user_pool_type(
    call: Call,
    pool: UserPool,
    *,
    number_of_users: int,
    domains: Sequence[UserPoolDomain] = (),
) -> UserPoolType:
    """Return the pool in full."""
    shape = UserPoolType(
        Id=pool.pool_id,
        Name=pool.name,
        Policies=_policies(pool),
        DeletionProtection="ACTIVE" if pool.deletion_protection else "INACTIVE",
        LambdaConfig=lambda_config_type(pool),
        LastModifiedDate=from_epoch_millis(pool.modified_at),
        CreationDate=from_epoch_millis(pool.created_at),
        SchemaAttributes=[schema_attribute_type(attribute) for attribute in pool.schema],
        VerificationMessageTemplate=_verification(pool),
        MfaConfiguration=pool.mfa_mode,
        EstimatedNumberOfUsers=number_of_users,
        EmailConfiguration=_email(pool),
        UserPoolTags=dict(pool.tags),
        AdminCreateUserConfig=_invitation(pool),
        Arn=pool_arn(call.account_id, pool.pool_id),
        UserPoolTier=pool.tier,
    )
    _add_sign_in_names(shape, pool)
    _add_messages(shape, pool)
    _add_what_was_set(shape, pool)
    for domain in domains:
        shape["CustomDomain" if domain.is_custom else "Domain"] = domain.domain
    return shape


def user_pool_description(pool: UserPool) -> UserPoolDescriptionType:
    """Return the pool as a listing shows it."""
    return UserPoolDescriptionType(
        Id=pool.pool_id,
        Name=pool.name,
        LambdaConfig=lambda_config_type(pool),
        LastModifiedDate=from_epoch_millis(pool.modified_at),
        CreationDate=from_epoch_millis(pool.created_at),
    )


def sms_configuration_type(sms: SmsConfiguration) -> SmsConfigurationType:
    """Return the SMS settings as they were set."""
    shape = SmsConfigurationType()
    _put(shape, "SnsCallerArn", sms.sns_caller_arn)
    _put(shape, "ExternalId", sms.external_id)
    _put(shape, "SnsRegion", sms.sns_region)
    return shape


def _policies(pool: UserPool) -> UserPoolPolicyType:
    rules = pool.password_policy
    shape = UserPoolPolicyType(
        PasswordPolicy={
            "MinimumLength": rules.minimum_length,
            "RequireUppercase": rules.require_uppercase,
            "RequireLowercase": rules.require_lowercase,
            "RequireNumbers": rules.require_numbers,
            "RequireSymbols": rules.require_symbols,
            "TemporaryPasswordValidityDays": rules.temporary_password_validity_days,
        }
    )
    # AWS PasswordPolicyType: "isn't displayed in DescribeUserPool responses when ... 0".
    if rules.password_history_size:
        shape["PasswordPolicy"]["PasswordHistorySize"] = rules.password_history_size
    # OBSERVED 2025-07: every pool that can choose its first factors is described with them.
    if pool.tier != "LITE":
        shape["SignInPolicy"] = {"AllowedFirstAuthFactors": list(pool.first_factors)}
    return shape


def _verification(pool: UserPool) -> VerificationMessageTemplateType:
    shape = VerificationMessageTemplateType()
    _put(shape, "SmsMessage", pool.verification_sms_message)
    _put(shape, "EmailMessage", pool.verification_email_message)
    _put(shape, "EmailSubject", pool.verification_email_subject)
    _put(shape, "EmailMessageByLink", pool.link_email_message)
    _put(shape, "EmailSubjectByLink", pool.link_email_subject)
    shape["DefaultEmailOption"] = (
        "CONFIRM_WITH_LINK" if pool.confirms_by_link else "CONFIRM_WITH_CODE"
    )
    return shape


def _email(pool: UserPool) -> EmailConfigurationType:
    mail = pool.email_configuration
    shape = EmailConfigurationType(EmailSendingAccount=mail.sending_account)
    _put(shape, "SourceArn", mail.source_arn)
    _put(shape, "ReplyToEmailAddress", mail.reply_to)
    _put(shape, "From", mail.from_address)
    _put(shape, "ConfigurationSet", mail.configuration_set)
    return shape


def _invitation(pool: UserPool) -> AdminCreateUserConfigType:
    template = MessageTemplateType()
    _put(template, "SMSMessage", pool.invitation_sms_message)
    _put(template, "EmailMessage", pool.invitation_email_message)
    _put(template, "EmailSubject", pool.invitation_email_subject)
    shape = AdminCreateUserConfigType(
        AllowAdminCreateUserOnly=pool.admin_create_user_only,
        UnusedAccountValidityDays=pool.password_policy.temporary_password_validity_days,
    )
    if template:
        shape["InviteMessageTemplate"] = template
    return shape


def _add_sign_in_names(shape: UserPoolType, pool: UserPool) -> None:
    if pool.alias_attributes:
        shape["AliasAttributes"] = list(pool.alias_attributes)
    if pool.username_attributes:
        shape["UsernameAttributes"] = list(pool.username_attributes)
    if pool.auto_verified_attributes:
        shape["AutoVerifiedAttributes"] = list(pool.auto_verified_attributes)
    if pool.case_sensitivity_given:
        shape["UsernameConfiguration"] = {"CaseSensitive": pool.case_sensitive}


def _add_messages(shape: UserPoolType, pool: UserPool) -> None:
    # AWS describes the verification texts twice, under their older names too.
    _put(shape, "SmsVerificationMessage", pool.verification_sms_message)
    _put(shape, "EmailVerificationMessage", pool.verification_email_message)
    _put(shape, "EmailVerificationSubject", pool.verification_email_subject)
    _put(shape, "SmsAuthenticationMessage", pool.mfa_sms_message)
    if pool.sms_configuration is not None:
        shape["SmsConfiguration"] = sms_configuration_type(pool.sms_configuration)


def _add_what_was_set(shape: UserPoolType, pool: UserPool) -> None:
    if pool.attribute_updates_given:
        shape["UserAttributeUpdateSettings"] = {
            "AttributesRequireVerificationBeforeUpdate": list(pool.verify_before_update)
        }
    if pool.account_recovery is not None:
        shape["AccountRecoverySetting"] = {
            "RecoveryMechanisms": [
                {"Priority": way.priority, "Name": way.name} for way in pool.account_recovery
            ]
        }
    if pool.device_tracking is not None:
        shape["DeviceConfiguration"] = {
            "ChallengeRequiredOnNewDevice": pool.device_tracking.replaces_mfa,
            "DeviceOnlyRememberedOnUserPrompt": pool.device_tracking.asks_user,
        }
    if pool.advanced_security_mode is not None:
        shape["UserPoolAddOns"] = {"AdvancedSecurityMode": pool.advanced_security_mode.value}
        if pool.custom_auth_security_mode is not None:
            shape["UserPoolAddOns"]["AdvancedSecurityAdditionalFlows"] = {
                "CustomAuthMode": pool.custom_auth_security_mode.value
            }
    if pool.acr_values:
        shape["AcrConfiguration"] = {
            f"Level{number}": {"AcrValue": name} for number, name in enumerate(pool.acr_names, 1)
        }
    if pool.key_type is not None:
        shape["KeyConfiguration"] = {"KeyType": pool.key_type}
    if pool.issuer_type is not None:
        shape["IssuerConfiguration"] = {"Type": pool.issuer_type}


def _put(shape: Any, member: str, value: str | None) -> None:  # noqa: ANN401 - any shape with optional text members
    if value is not None:
        shape[member] = value

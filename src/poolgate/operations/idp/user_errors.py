"""How cognito-idp words the failures of users: their accounts, sign-up, sign-in and recovery."""

from collections.abc import Mapping

from poolgate.credentials.passwords import WrongPassword
from poolgate.credentials.secret_hash import WrongSecretHash
from poolgate.credentials.srp import SrpPublicValueRefused
from poolgate.delivery import queue
from poolgate.foundation.failure import Failure
from poolgate.operations.errors import AwsError
from poolgate.operations.idp import user_shapes
from poolgate.userpools import (
    account_events,
    attempt_limits,
    attribute_updates,
    auth_flows,
    auth_sessions,
    authentication_levels,
    choice_sign_in,
    confirmation_codes,
    confirmation_links,
    custom_triggers,
    first_factors,
    lockout,
    new_password_challenge,
    password_history,
    password_recovery,
    passwords,
    sign_in,
    sign_in_progress,
    sign_up,
    situations,
    step_up,
    threat_protection,
    user_administration,
    usernames,
    users,
)

INVALID_PARAMETER = "InvalidParameterException"
NOT_AUTHORIZED = "NotAuthorizedException"
USER_NOT_FOUND = "UserNotFoundException"
USERNAME_EXISTS = "UsernameExistsException"
INVALID_PASSWORD = "InvalidPasswordException"  # noqa: S105 - an error's name

USER_ERRORS: Mapping[type[Failure], AwsError] = {
    users.UserNotFound: AwsError(USER_NOT_FOUND, "User does not exist."),
    users.UserDisabled: AwsError(NOT_AUTHORIZED, "User is disabled."),
    users.UsernameTaken: AwsError(USERNAME_EXISTS, "User already exists"),
    users.AddressTaken: AwsError(
        USERNAME_EXISTS, "An account with the given {attribute} already exists."
    ),
    users.AliasTaken: AwsError(
        "AliasExistsException", "An account with the given {attribute} already exists."
    ),
    user_administration.AccountExists: AwsError(USERNAME_EXISTS, "User account already exists"),
    user_administration.NotInvited: AwsError(
        "UnsupportedUserStateException",
        "Resend not possible. {username} status is not FORCE_CHANGE_PASSWORD",
    ),
    user_administration.CannotConfirm: AwsError(
        NOT_AUTHORIZED, "User cannot be confirmed. Current status is {status}"
    ),
    user_administration.NoAddressForInvitation: AwsError(
        INVALID_PARAMETER, "No {address} provided but desired delivery medium was {medium}"
    ),
    user_shapes.AttributeValueMissing: AwsError(
        INVALID_PARAMETER, "Attribute value for {name} must not be null"
    ),
    usernames.UsernameNotAddress: AwsError(INVALID_PARAMETER, "Username should be {expected}."),
    usernames.UsernameLikeAlias: AwsError(
        INVALID_PARAMETER,
        "Username cannot be of {alias} format, since user pool is configured for {alias} alias.",
    ),
    usernames.UsernameNotAttribute: AwsError(
        INVALID_PARAMETER, "Username and the attribute {attribute} are not the same."
    ),
    confirmation_links.LinkNeedsDomain: AwsError(
        "CodeDeliveryFailureException", "The user pool has no domain for confirmation links."
    ),
    queue.NoSenderConfigured: AwsError(
        "CodeDeliveryFailureException", "No sender for {medium} messages is configured."
    ),
}

SIGN_IN_ERRORS: Mapping[type[Failure], AwsError] = {
    WrongPassword: AwsError(NOT_AUTHORIZED, "Incorrect username or password."),
    WrongSecretHash: AwsError(
        NOT_AUTHORIZED, "Unable to verify secret hash for client {client_id}"
    ),
    SrpPublicValueRefused: AwsError(INVALID_PARAMETER, "SRP_A is not a valid SRP public value."),
    situations.SecretHashMissing: AwsError(
        NOT_AUTHORIZED,
        "Client {client_id} is configured with secret but SECRET_HASH was not received",
    ),
    situations.NameNotFoundForClient: AwsError(
        USER_NOT_FOUND, "Username/client id combination not found."
    ),
    auth_flows.PasswordFlowNotEnabled: AwsError(
        INVALID_PARAMETER, "USER_PASSWORD_AUTH flow not enabled for this client"
    ),
    auth_flows.SrpFlowNotEnabled: AwsError(
        INVALID_PARAMETER, "USER_SRP_AUTH is not enabled for the client."
    ),
    auth_flows.CustomFlowNotEnabled: AwsError(
        INVALID_PARAMETER, "CUSTOM_AUTH is not enabled for the client."
    ),
    auth_flows.RefreshFlowNotEnabled: AwsError(
        INVALID_PARAMETER, "Refresh Token flow not enabled for this client"
    ),
    auth_flows.FlowNotEnabled: AwsError(INVALID_PARAMETER, "Auth flow not enabled for this client"),
    auth_flows.FlowNotForDoor: AwsError(INVALID_PARAMETER, "Initiate Auth method not supported."),
    step_up.LevelUnknown: AwsError(
        INVALID_PARAMETER, "TARGET_ACR_VALUES names no level of the user pool."
    ),
    step_up.LevelReachedAlready: AwsError(
        INVALID_PARAMETER, "The access token already meets the requested level."
    ),
    step_up.MaxAgeInvalid: AwsError(
        INVALID_PARAMETER, "MAX_AGE must be a number of seconds that is not negative."
    ),
    authentication_levels.LevelOutOfReach: AwsError(
        NOT_AUTHORIZED, "The user has no factors that satisfy a requested level."
    ),
    auth_flows.ParameterMissing: AwsError(INVALID_PARAMETER, "Missing required parameter {name}"),
    auth_sessions.AuthSessionInvalid: AwsError(NOT_AUTHORIZED, "Invalid session for the user."),
    auth_sessions.AuthSessionExpired: AwsError(
        NOT_AUTHORIZED, "Invalid session for the user, session is expired."
    ),
    auth_sessions.AuthSessionUsed: AwsError(
        NOT_AUTHORIZED, "Invalid session for the user, session can only be used once."
    ),
    lockout.LockedOut: AwsError(NOT_AUTHORIZED, "Password attempts exceeded"),
    account_events.RequestBlocked: AwsError(
        NOT_AUTHORIZED, "Request not allowed due to security reasons."
    ),
    account_events.PasswordCompromised: AwsError(
        INVALID_PASSWORD, "Provided password cannot be used for security reasons."
    ),
    threat_protection.SignInBlocked: AwsError(
        NOT_AUTHORIZED, "Unable to login because of security reasons."
    ),
    sign_in.UserNotConfirmed: AwsError("UserNotConfirmedException", "User is not confirmed."),
    sign_in_progress.PasswordResetRequired: AwsError(
        "PasswordResetRequiredException", "Password reset required for the user"
    ),
    custom_triggers.CustomTriggerMissing: AwsError(
        INVALID_PARAMETER,
        "Custom auth lambda trigger is not configured for the user pool.",
    ),
    first_factors.AddressForCodesMissing: AwsError(
        INVALID_PARAMETER,
        "A user without a password needs an address that sign-in codes can go to.",
    ),
    choice_sign_in.FirstFactorNotOffered: AwsError(
        INVALID_PARAMETER, "The challenge is not one of those to choose from."
    ),
    new_password_challenge.AttributeAlreadyProvided: AwsError(
        NOT_AUTHORIZED, "Cannot modify an already provided {attribute}"
    ),
    passwords.PasswordUnfit: AwsError(
        INVALID_PASSWORD, "Password did not conform with policy: {reason}"
    ),
    passwords.TemporaryPasswordUnfit: AwsError(
        INVALID_PASSWORD, "Password did not conform with password policy: {reason}"
    ),
    password_history.PasswordUsedBefore: AwsError(
        "PasswordHistoryPolicyViolationException", "Password has been used before."
    ),
    password_history.PasswordChangedMeanwhile: AwsError(
        "TooManyRequestsException", "The password was changed by another request. Try again."
    ),
    passwords.TemporaryPasswordExpired: AwsError(
        NOT_AUTHORIZED,
        "Temporary password has expired and must be reset by an administrator.",
    ),
}

_TRY_LATER = "Attempt limit exceeded, please try after some time."
_EXPIRED = "Invalid code provided, please request a code again."
RECOVERY_ERRORS: Mapping[type[Failure], AwsError] = {
    sign_up.SignUpClosed: AwsError(NOT_AUTHORIZED, "SignUp is not permitted for this user pool"),
    sign_up.AliasAtSignUp: AwsError(
        INVALID_PARAMETER,
        "The attribute {attribute} is an alias and can only be set after confirmation.",
    ),
    sign_up.NotUnconfirmed: AwsError(
        NOT_AUTHORIZED, "User cannot be confirmed. Current status is {status}"
    ),
    sign_up.AlreadyConfirmed: AwsError(INVALID_PARAMETER, "User is already confirmed."),
    sign_up.NothingToVerify: AwsError(
        NOT_AUTHORIZED, "Cannot resend codes. Auto verification not turned on."
    ),
    sign_up.AliasHeldByAnother: AwsError(
        "AliasExistsException", "An account with the {attribute} already exists."
    ),
    confirmation_codes.CodeMismatch: AwsError(
        "CodeMismatchException", "Invalid verification code provided, please try again."
    ),
    confirmation_codes.CodeExpired: AwsError("ExpiredCodeException", _EXPIRED),
    confirmation_codes.CodeWornOut: AwsError("TooManyFailedAttemptsException", _TRY_LATER),
    attempt_limits.AttemptLimitExceeded: AwsError("LimitExceededException", _TRY_LATER),
    password_recovery.RecoveryDisabledUser: AwsError(NOT_AUTHORIZED, "User is disabled"),
    password_recovery.RecoveryByAdministratorOnly: AwsError(
        NOT_AUTHORIZED, "Contact administrator to reset password."
    ),
    password_recovery.NotResettable: AwsError(
        NOT_AUTHORIZED, "User password cannot be reset in the current state."
    ),
    password_recovery.NoRecoveryAddress: AwsError(
        INVALID_PARAMETER,
        "Cannot reset password for the user as there is no registered/verified email or "
        "phone_number",
    ),
    attribute_updates.NotVerifiable: AwsError(
        INVALID_PARAMETER,
        "Invalid attribute name. Only phone_number and email can be verified.",
    ),
    attribute_updates.NothingToVerifyThere: AwsError(
        INVALID_PARAMETER, "The user has no value of the attribute {attribute}."
    ),
}

"""How cognito-idp words the failures of its operations; one section a topic."""

from collections.abc import Mapping

from poolgate.credentials import secret_hash
from poolgate.credentials.srp import SrpVerifierRefused
from poolgate.foundation.failure import Failure
from poolgate.foundation.paging import PageTokenInvalid
from poolgate.operations.errors import AwsError, ErrorTable
from poolgate.operations.idp.import_errors import IMPORT_ERRORS
from poolgate.operations.idp.lambda_configs import FunctionArnInvalid
from poolgate.operations.idp.login_errors import LOGIN_ERRORS
from poolgate.operations.idp.mfa_errors import MFA_ERRORS
from poolgate.operations.idp.passkey_errors import PASSKEY_ERRORS
from poolgate.operations.idp.provisioned_limits import InvalidLimitDefinition
from poolgate.operations.idp.tags import ResourceArnInvalid
from poolgate.operations.idp.unbuilt import SettingNotBuilt
from poolgate.operations.idp.user_errors import RECOVERY_ERRORS, SIGN_IN_ERRORS, USER_ERRORS
from poolgate.operations.idp.user_search import AttributeNotOnEveryUser
from poolgate.userpools import (
    access_tokens,
    app_clients,
    attributes,
    auth_events,
    client_proofs,
    client_secrets,
    client_settings,
    client_tokens,
    devices,
    groups,
    log_delivery,
    pool_settings,
    pool_tiers,
    pools,
    provisioned_limits,
    refresh_tokens,
    resource_servers,
    risk_configuration,
    risk_notices,
    schema,
    signing_keys,
    token_exchange,
    triggers,
    user_search,
    user_sessions,
)

INVALID_PARAMETER = "InvalidParameterException"
NOT_AUTHORIZED = "NotAuthorizedException"
NOT_FOUND = "ResourceNotFoundException"
LIMIT_EXCEEDED = "LimitExceededException"
ABOVE_TIER = "FeatureUnavailableInTierException"

_LIMITS: Mapping[type[Failure], AwsError] = {
    InvalidLimitDefinition: AwsError(
        INVALID_PARAMETER, "Attributes of LimitDefinition must be Category and nothing else."
    ),
    provisioned_limits.CategoryNotFound: AwsError(NOT_FOUND, "Limit {category} does not exist."),
    provisioned_limits.LimitNotAdjustable: AwsError(
        INVALID_PARAMETER, "The limit of {category} cannot be provisioned."
    ),
    provisioned_limits.LimitTooLow: AwsError(
        INVALID_PARAMETER, "RequestedLimitValue must not be less than {free}."
    ),
    # AWS protocol: the words of throttling, which SDKs answer with another attempt.
    provisioned_limits.RateExceeded: AwsError("TooManyRequestsException", "Rate exceeded"),
}

_POOLS: Mapping[type[Failure], AwsError] = {
    pools.UserPoolNotFound: AwsError(NOT_FOUND, "User pool {pool_id} does not exist."),
    pools.PoolIsProtected: AwsError(
        INVALID_PARAMETER,
        "The user pool cannot be deleted because deletion protection is activated. "
        "Deletion protection must be inactivated first.",
    ),
    # OBSERVED terraform-provider-aws issue 16479.
    pools.PoolHasDomain: AwsError(
        INVALID_PARAMETER,
        "User pool cannot be deleted. It has a domain configured that should be deleted first.",
    ),
    pools.TooManyPools: AwsError(LIMIT_EXCEEDED, "Maximum number of user pools exceeded."),
    pool_settings.InvalidPoolSettings: AwsError(INVALID_PARAMETER, "{fault}"),
    pool_tiers.TierChangeRefused: AwsError(
        "TierChangeNotAllowedException",
        "The user pool uses {feature}, which is not available in the {tier} tier.",
    ),
    pool_settings.FeatureAboveTier: AwsError(
        ABOVE_TIER, "{feature} is not available in the {tier} tier."
    ),
    pool_settings.TagInvalid: AwsError(INVALID_PARAMETER, "{fault}"),
    schema.InvalidSchema: AwsError(INVALID_PARAMETER, "{fault}"),
    schema.TooManyCustomAttributes: AwsError(
        INVALID_PARAMETER, "A user pool can have at most 50 custom attributes."
    ),
    SettingNotBuilt: AwsError(INVALID_PARAMETER, "{member} is not supported by this server yet."),
    ResourceArnInvalid: AwsError(INVALID_PARAMETER, "Invalid resource ARN."),
    PageTokenInvalid: AwsError(INVALID_PARAMETER, "Invalid pagination token."),
}

_APP_CLIENTS: Mapping[type[Failure], AwsError] = {
    app_clients.AppClientNotFound: AwsError(
        NOT_FOUND, "User pool client {client_id} does not exist."
    ),
    app_clients.AppClientIsPublic: AwsError(
        INVALID_PARAMETER, "A client secret can only be added to an app client that has one."
    ),
    app_clients.TooManyAppClients: AwsError(
        LIMIT_EXCEEDED, "Maximum number of user pool clients exceeded."
    ),
    client_settings.InvalidClientSettings: AwsError(INVALID_PARAMETER, "{fault}"),
    client_settings.InvalidOAuthFlow: AwsError("InvalidOAuthFlowException", "{fault}"),
    client_settings.ScopeNotFound: AwsError(
        "ScopeDoesNotExistException", "Scope {scope} does not exist."
    ),
    client_secrets.TooManyClientSecrets: AwsError(
        LIMIT_EXCEEDED, "An app client can have at most 2 client secrets."
    ),
    client_secrets.ClientSecretNotFound: AwsError(NOT_FOUND, "Client secret does not exist."),
    client_secrets.LastClientSecret: AwsError(
        INVALID_PARAMETER, "The last client secret of an app client cannot be deleted."
    ),
}

_ATTRIBUTES: Mapping[type[Failure], AwsError] = {
    attributes.SchemaMismatch: AwsError(
        INVALID_PARAMETER, "Attributes did not conform to the schema: {faults}"
    ),
    attributes.AttributeImmutable: AwsError(
        INVALID_PARAMETER, "user.{name}: Attribute cannot be updated."
    ),
    attributes.AttributeNotWritable: AwsError(
        NOT_AUTHORIZED, "A client attempted to write unauthorized attribute"
    ),
    attributes.EmailMalformed: AwsError(INVALID_PARAMETER, "Invalid email address format."),
    attributes.PhoneNumberMalformed: AwsError(INVALID_PARAMETER, "Invalid phone number format."),
    attributes.BirthdateMalformed: AwsError(
        INVALID_PARAMETER, "Invalid attributes given, birthdate must be in the format YYYY-MM-DD"
    ),
    attributes.AttributesNotRemovable: AwsError(
        INVALID_PARAMETER, "Invalid user attributes: {faults}"
    ),
}

_GROUPS: Mapping[type[Failure], AwsError] = {
    groups.GroupNotFound: AwsError(NOT_FOUND, "Group not found."),
    groups.GroupExists: AwsError("GroupExistsException", "A group with the name already exists"),
    groups.TooManyGroups: AwsError(LIMIT_EXCEEDED, "Maximum number of groups exceeded."),
    groups.TooManyGroupsOfUser: AwsError(
        LIMIT_EXCEEDED, "Maximum number of groups for the user exceeded."
    ),
}

_RESOURCE_SERVERS: Mapping[type[Failure], AwsError] = {
    resource_servers.ResourceServerNotFound: AwsError(
        NOT_FOUND, "Resource server {identifier} does not exist."
    ),
    resource_servers.ResourceServerExists: AwsError(
        INVALID_PARAMETER, "{identifier} already exists in user pool {pool_id}."
    ),
    resource_servers.TooManyResourceServers: AwsError(
        LIMIT_EXCEEDED, "Maximum number of resource servers exceeded."
    ),
    resource_servers.ScopeNamedTwice: AwsError(
        INVALID_PARAMETER, "Scope {name} is defined more than once."
    ),
}

_SESSIONS: Mapping[type[Failure], AwsError] = {
    pools.SessionTrackingDisabled: AwsError(
        "OperationNotEnabledException", "Session tracking is not enabled for this user pool."
    ),
    user_sessions.SessionNotFound: AwsError(NOT_FOUND, "Session does not exist."),
    user_sessions.OwnSessionRefused: AwsError(
        INVALID_PARAMETER, "The current session cannot be revoked."
    ),
}

_DEVICES: Mapping[type[Failure], AwsError] = {
    devices.DeviceTrackingOff: AwsError(
        "InvalidUserPoolConfigurationException", "The user pool is not configured to track devices."
    ),
    devices.DeviceNotFound: AwsError(NOT_FOUND, "Device does not exist."),
    devices.DeviceKeyRefused: AwsError(INVALID_PARAMETER, "Invalid device key given."),
    devices.DeviceExists: AwsError("DeviceKeyExistsException", "Device key already exists."),
    devices.DeviceSecretMissing: AwsError(
        INVALID_PARAMETER, "DeviceSecretVerifierConfig needs a PasswordVerifier and a Salt."
    ),
    SrpVerifierRefused: AwsError(INVALID_PARAMETER, "Invalid device secret verifier."),
}

_THREATS: Mapping[type[Failure], AwsError] = {
    risk_configuration.ThreatProtectionOff: AwsError(
        "UserPoolAddOnNotEnabledException",
        "Threat protection is not enabled for this user pool.",
    ),
    risk_configuration.InvalidRiskConfiguration: AwsError(INVALID_PARAMETER, "{fault}"),
    auth_events.AuthEventNotFound: AwsError(NOT_FOUND, "Event {event_id} does not exist."),
    risk_notices.FeedbackTokenInvalid: AwsError(NOT_AUTHORIZED, "Invalid feedback token."),
    log_delivery.InvalidLogConfiguration: AwsError(INVALID_PARAMETER, "{fault}"),
}

_CLIENT_TOKENS: Mapping[type[Failure], AwsError] = {
    client_tokens.ScopeUnknown: AwsError(INVALID_PARAMETER, "Scope {scope} does not exist."),
    client_tokens.ScopeNotAllowed: AwsError(
        NOT_AUTHORIZED, "Scope {scope} is not allowed for this client."
    ),
    client_tokens.NoScopeToGrant: AwsError(INVALID_PARAMETER, "There is no scope to authorize."),
}

_TOKEN_EXCHANGE: Mapping[type[Failure], AwsError] = {
    token_exchange.ExchangeRefused: AwsError(INVALID_PARAMETER, "{fault}"),
    token_exchange.PresentedTokenRefused: AwsError(NOT_AUTHORIZED, "{role} token {fault}."),
}

_USER_SEARCH: Mapping[type[Failure], AwsError] = {
    user_search.FilterUnreadable: AwsError(INVALID_PARAMETER, "Error while parsing filter"),
    user_search.AttributeNotSearchable: AwsError(
        INVALID_PARAMETER, "Invalid search attribute: {attribute}"
    ),
    AttributeNotOnEveryUser: AwsError(
        INVALID_PARAMETER, "Attribute {attribute} is not set for every user."
    ),
}

_TOKENS: Mapping[type[Failure], AwsError] = {
    access_tokens.AccessTokenInvalid: AwsError(NOT_AUTHORIZED, "Invalid Access Token"),
    access_tokens.AccessTokenExpired: AwsError(NOT_AUTHORIZED, "Access Token has expired"),
    access_tokens.AccessTokenRevoked: AwsError(NOT_AUTHORIZED, "Access Token has been revoked"),
    access_tokens.ScopeMissing: AwsError(
        NOT_AUTHORIZED, "Access Token does not have required scopes"
    ),
    refresh_tokens.RefreshTokenInvalid: AwsError(NOT_AUTHORIZED, "Invalid Refresh Token"),
    refresh_tokens.RefreshTokenRevoked: AwsError(NOT_AUTHORIZED, "Refresh Token has been revoked"),
    refresh_tokens.RefreshTokenExpired: AwsError(NOT_AUTHORIZED, "Refresh Token has expired"),
    refresh_tokens.RefreshTokenReused: AwsError(
        "RefreshTokenReuseException", "Refresh Token has been used before."
    ),
    refresh_tokens.NotARefreshToken: AwsError(
        "UnsupportedTokenTypeException", "Only refresh tokens can be revoked."
    ),
    refresh_tokens.RevocationNotEnabled: AwsError(
        "UnsupportedOperationException", "Token revocation is not enabled for this client."
    ),
    refresh_tokens.RefreshTokenOfAnotherClient: AwsError(
        "UnauthorizedException", "The token was not issued to this client."
    ),
    refresh_tokens.ClientSecretMissing: AwsError(
        NOT_AUTHORIZED,
        "Client {client_id} is configured for secret but secret was not received",
    ),
    client_proofs.ClientSecretRefused: AwsError(
        NOT_AUTHORIZED, "Unable to verify secret for client {client_id}"
    ),
    secret_hash.WrongClientSecret: AwsError(
        "UnauthorizedException", "Unable to verify secret for client {client_id}"
    ),
    signing_keys.SigningKeysMissing: AwsError(NOT_FOUND, "User pool {pool_id} does not exist."),
}

_TRIGGERS: Mapping[type[Failure], AwsError] = {
    FunctionArnInvalid: AwsError(INVALID_PARAMETER, "Invalid Lambda function ARN {arn}."),
    triggers.TriggerRefused: AwsError(
        "UserLambdaValidationException", "{trigger} failed with error {text}."
    ),
    triggers.TriggerNotInvoked: AwsError(
        "UnexpectedLambdaException", "{trigger} invocation failed due to error {reason}."
    ),
    triggers.TriggerAnswerUnreadable: AwsError(
        "InvalidLambdaResponseException", "Unrecognizable lambda output"
    ),
}

IDP_ERRORS: ErrorTable = {
    **_LIMITS,
    **_POOLS,
    **_APP_CLIENTS,
    **_ATTRIBUTES,
    **_GROUPS,
    **_RESOURCE_SERVERS,
    **_SESSIONS,
    **_DEVICES,
    **_THREATS,
    **_CLIENT_TOKENS,
    **_TOKEN_EXCHANGE,
    **_USER_SEARCH,
    **USER_ERRORS,
    **SIGN_IN_ERRORS,
    **RECOVERY_ERRORS,
    **MFA_ERRORS,
    **PASSKEY_ERRORS,
    **_TOKENS,
    **_TRIGGERS,
    **LOGIN_ERRORS,
    **IMPORT_ERRORS,
}

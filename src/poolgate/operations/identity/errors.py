"""How cognito-identity words the failures of its operations."""

from poolgate.foundation.paging import PageTokenInvalid
from poolgate.identitypools import (
    developer_identities,
    identities,
    identity_pools,
    issuers,
    logins,
    pool_credentials,
)
from poolgate.operations.errors import AwsError, ErrorTable
from poolgate.operations.identity.requests import (
    ClassicFlowDisabled,
    ClassicFlowWithMappings,
    RequestInvalid,
)

_NOT_FOUND = "ResourceNotFoundException"
_NOT_AUTHORIZED = "NotAuthorizedException"
_CONFLICT = "ResourceConflictException"
_INVALID = "InvalidParameterException"

IDENTITY_ERRORS: ErrorTable = {
    identity_pools.IdentityPoolNotFound: AwsError(
        _NOT_FOUND, "IdentityPool '{pool_id}' not found."
    ),
    identity_pools.DeveloperProviderFixed: AwsError(
        _INVALID, "The developer provider name cannot be changed once it is set."
    ),
    identity_pools.TooManyIdentityPools: AwsError(
        "LimitExceededException", "The account has as many identity pools as it may."
    ),
    identity_pools.TooManyPoolTags: AwsError(
        _INVALID, "An identity pool can have up to {limit} tags."
    ),
    identities.IdentityNotFound: AwsError(_NOT_FOUND, "Identity '{identity_id}' not found."),
    identities.GuestsNotAllowed: AwsError(
        _NOT_AUTHORIZED,
        "Unauthenticated access is not supported for this identity pool.",
    ),
    identities.LoginsDiffer: AwsError(
        _NOT_AUTHORIZED,
        "Logins don't match. Please include at least one valid login for this identity or identity"
        " pool.",
    ),
    identities.LoginsLinkedElsewhere: AwsError(
        _CONFLICT, "Logins are already linked to a different identity."
    ),
    identities.AccessToIdentityForbidden: AwsError(
        _NOT_AUTHORIZED, "Access to Identity '{identity_id}' is forbidden."
    ),
    identities.TooManyLinkedLogins: AwsError(
        "LimitExceededException", "The identity has as many linked logins as it may."
    ),
    logins.LoginRefused: AwsError(_NOT_AUTHORIZED, "{reason}"),
    issuers.IssuerUnreachable: AwsError(
        "ExternalServiceException", "The keys of {issuer} could not be read."
    ),
    pool_credentials.PoolRolesUnusable: AwsError(
        "InvalidIdentityPoolConfigurationException",
        "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
    ),
    developer_identities.DeveloperProviderNotGiven: AwsError(
        _INVALID, "Please provide the developer provider of this identity pool."
    ),
    developer_identities.DeveloperUserRegistered: AwsError(
        "DeveloperUserAlreadyRegisteredException",
        "Developer user identifier is already registered to another identity.",
    ),
    developer_identities.DeveloperUserNotFound: AwsError(
        _NOT_FOUND, "Developer user identifier not found."
    ),
    developer_identities.LookUpNotPossible: AwsError(
        _INVALID, "Please provide an identity id or a developer user identifier."
    ),
    ClassicFlowDisabled: AwsError(
        _INVALID, "Basic (classic) flow is not enabled, please use enhanced flow."
    ),
    ClassicFlowWithMappings: AwsError(
        _INVALID,
        "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.",
    ),
    RequestInvalid: AwsError(_INVALID, "{reason}"),
    PageTokenInvalid: AwsError(_INVALID, "Invalid pagination token."),
}

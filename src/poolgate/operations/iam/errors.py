"""How iam words the failures of its operations."""

from poolgate.foundation.paging import PageTokenInvalid
from poolgate.iam import (
    access_keys,
    account_aliases,
    attachments,
    credential_report,
    groups,
    inline_policies,
    managed_policies,
    mfa_devices,
    oidc_providers,
    outbound_federation,
    roles,
    saml_providers,
    service_access,
    service_linked_roles,
    simulation,
    tags,
    trust_policies,
    users,
)
from poolgate.operations.errors import AwsError, ErrorTable
from poolgate.operations.iam.owners import UserNameRequired
from poolgate.operations.iam.requests import StatusNotSettable
from poolgate.operations.iam.simulation import ContextEntryIncomplete, NotSimulated
from poolgate.policy.documents import MalformedPolicy
from poolgate.saml.metadata import MetadataUnreadable

NOT_FOUND = 404
CONFLICT = 409
FORBIDDEN = 403
GONE = 410


def _not_found(message: str) -> AwsError:
    return AwsError("NoSuchEntity", message, NOT_FOUND)


def _exists(message: str) -> AwsError:
    return AwsError("EntityAlreadyExists", message, CONFLICT)


def _over_quota(message: str) -> AwsError:
    return AwsError("LimitExceeded", message, CONFLICT)


def _still_used(what: str) -> AwsError:
    return AwsError("DeleteConflict", f"Cannot delete entity, must {what} first.", CONFLICT)


_USERS: ErrorTable = {
    users.IamUserNotFound: _not_found("The user with name {name} cannot be found."),
    users.IamUserExists: _exists("User with name {name} already exists."),
    users.TooManyIamUsers: _over_quota("Cannot exceed quota for UsersPerAccount: {limit}"),
    users.IamUserHasAccessKeys: _still_used("delete access keys"),
    users.IamUserHasMfaDevices: _still_used("deactivate all MFA devices"),
    users.IamUserHasPolicies: _still_used("delete policies"),
    users.IamUserHasAttachedPolicies: _still_used("detach all policies"),
    users.IamUserInGroups: _still_used("remove users from group"),
    credential_report.NoCredentialReport: AwsError(
        "ReportNotPresent",
        "The account has no credential report; GenerateCredentialReport makes one.",
        GONE,
    ),
    service_access.AccessJobNotFound: _not_found("The report {job_id} cannot be found."),
    outbound_federation.OutboundFederationEnabled: AwsError(
        "FeatureEnabled",
        "Outbound identity federation is already enabled for this account.",
        CONFLICT,
    ),
    outbound_federation.OutboundFederationDisabled: AwsError(
        "FeatureDisabled",
        "Outbound identity federation is not enabled for this account.",
        NOT_FOUND,
    ),
    access_keys.AccessKeyNotFound: _not_found(
        "The Access Key with id {access_key_id} cannot be found."
    ),
    access_keys.TooManyAccessKeys: _over_quota(
        "Cannot exceed quota for AccessKeysPerUser: {limit}"
    ),
    StatusNotSettable: AwsError("InvalidInput", "An access key cannot be set to {status}."),
    UserNameRequired: AwsError(
        "ValidationError", "Must specify userName when calling with non-User credentials"
    ),
    mfa_devices.MfaDeviceExists: _exists(
        "MFADevice entity at the same path and name already exists."
    ),
    mfa_devices.MfaDeviceNameTooLong: AwsError(
        "ValidationError", "The device name must have length less than or equal to {limit}"
    ),
    mfa_devices.MfaDeviceNotFound: _not_found(
        "VirtualMFADevice with serial number {serial_number} doesn't exist."
    ),
    mfa_devices.MfaDeviceInUse: AwsError(
        "DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.", CONFLICT
    ),
    mfa_devices.MfaDeviceNotEnabled: _not_found(
        "Device with serial number {serial_number} is not enabled for user {name}."
    ),
    mfa_devices.TooManyMfaDevices: _over_quota(
        "Cannot exceed quota for MFADevicesPerUser: {limit}"
    ),
    mfa_devices.WrongMfaCodes: AwsError(
        "InvalidAuthenticationCode",
        "Authentication code for device is not valid.",
        FORBIDDEN,
    ),
}

_GROUPS_AND_ROLES: ErrorTable = {
    groups.IamGroupNotFound: _not_found("The group with name {name} cannot be found."),
    groups.IamGroupExists: _exists("Group with name {name} already exists."),
    groups.TooManyIamGroups: _over_quota("Cannot exceed quota for GroupsPerAccount: {limit}"),
    groups.TooManyGroupsOfUser: _over_quota("Cannot exceed quota for GroupsPerUser: {limit}"),
    groups.IamGroupHasMembers: _still_used("remove users from group"),
    groups.IamGroupHasPolicies: _still_used("delete policies"),
    groups.IamGroupHasAttachedPolicies: _still_used("detach all policies"),
    roles.RoleNotFound: _not_found("The role with name {name} cannot be found."),
    roles.RoleExists: _exists("Role with name {name} already exists."),
    roles.TooManyRoles: _over_quota("Cannot exceed quota for RolesPerAccount: {limit}"),
    roles.RoleHasPolicies: _still_used("remove referenced objects"),
    roles.ServiceLinkedRoleFixed: AwsError(
        "UnmodifiableEntity",
        "Cannot perform the operation on the protected role '{name}' - this role is only"
        " modifiable by AWS",
    ),
    service_linked_roles.ServiceUnknown: AwsError(
        "InvalidInput", "Invalid service principal: {service}"
    ),
    service_linked_roles.SuffixRefused: AwsError(
        "InvalidInput", "Custom suffix is not allowed for {service}"
    ),
    service_linked_roles.ServiceLinkedRoleExists: AwsError(
        "InvalidInput",
        "Service role name {name} has been taken in this account, please try a different suffix.",
    ),
    service_linked_roles.DeletionTaskNotFound: _not_found("Deletion task {task_id} was not found."),
    trust_policies.TrustPolicyTooLarge: _over_quota(
        "Cannot exceed quota for ACLSizePerRole: {limit}"
    ),
    oidc_providers.OidcProviderNotFound: _not_found(
        "OpenIDConnect Provider not found for arn {arn}"
    ),
    oidc_providers.OidcProviderExists: _exists("Provider with url {url} already exists."),
    oidc_providers.OidcProviderUrlInvalid: AwsError(
        "ValidationError", "Invalid Open ID Connect Provider URL"
    ),
    oidc_providers.TooManyOidcProviders: _over_quota(
        "Cannot exceed quota for OpenIdConnectProvidersPerAccount: {limit}"
    ),
    oidc_providers.TooManyClientIds: _over_quota(
        "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {limit}"
    ),
    oidc_providers.TooManyThumbprints: AwsError(
        "InvalidInput", "Thumbprint list must contain fewer than 5 entries."
    ),
}

_SAML_PROVIDERS: ErrorTable = {
    # AWS troubleshoot_saml: "Could not parse metadata."
    MetadataUnreadable: AwsError("InvalidInput", "Could not parse metadata"),
    saml_providers.SamlProviderNotFound: _not_found("Manifest not found for arn {arn}"),
    saml_providers.SamlProviderExists: _exists("Provider with name {name} already exists."),
    saml_providers.TooManySamlProviders: _over_quota(
        "Cannot exceed quota for SAMLProvidersPerAccount: {limit}"
    ),
    saml_providers.PrivateKeyUnusable: AwsError("InvalidInput", "Private key is not valid."),
    saml_providers.PrivateKeyNotFound: _not_found(
        "The private key with id {key_id} cannot be found."
    ),
    saml_providers.TooManyPrivateKeys: _over_quota(
        "Cannot exceed quota for PrivateKeysPerSAMLProvider: {limit}"
    ),
    saml_providers.EncryptionWithoutKey: AwsError(
        "InvalidInput", "A private key is required when assertion encryption is required."
    ),
}

_POLICIES: ErrorTable = {
    inline_policies.InlinePolicyNotFound: _not_found(
        "The {kind} policy with name {name} cannot be found."
    ),
    inline_policies.InlinePoliciesTooLarge: _over_quota(
        "Maximum policy size of {limit} bytes exceeded for {kind} {name}"
    ),
    managed_policies.ManagedPolicyNotFound: _not_found("Policy {arn} was not found."),
    managed_policies.ManagedPolicyExists: _exists(
        "A policy called {name} already exists. Duplicate names are not allowed."
    ),
    managed_policies.TooManyManagedPolicies: _over_quota(
        "Cannot exceed quota for PoliciesPerAccount: {limit}"
    ),
    managed_policies.ManagedPolicyTooLarge: _over_quota(
        "Cannot exceed quota for PolicySize: {limit}"
    ),
    managed_policies.PolicyVersionNotFound: _not_found(
        "Policy {arn} version {version} does not exist or is not attachable."
    ),
    managed_policies.TooManyPolicyVersions: _over_quota(
        "A managed policy can have up to {limit} versions. Before you create a new version, you"
        " must delete an existing version."
    ),
    managed_policies.DefaultVersionInUse: AwsError(
        "DeleteConflict", "Cannot delete the default version of a policy.", CONFLICT
    ),
    managed_policies.ManagedPolicyAttached: AwsError(
        "DeleteConflict", "Cannot delete a policy attached to entities.", CONFLICT
    ),
    managed_policies.ManagedPolicyHasVersions: AwsError(
        "DeleteConflict",
        "This policy has more than one version. Before you delete a policy, you must delete the"
        " policy's versions. The default version is deleted with the policy.",
        CONFLICT,
    ),
    managed_policies.AwsManagedPolicyFixed: AwsError(
        "AccessDenied", "Policy {arn} belongs to AWS and cannot be changed.", FORBIDDEN
    ),
    attachments.PolicyArnMalformed: AwsError(
        "ValidationError", "Invalid ARN:  Could not be parsed!"
    ),
    attachments.PolicyNotAttachable: _not_found(
        "Policy {arn} does not exist or is not attachable."
    ),
    attachments.PolicyNotAttached: _not_found("Policy {arn} was not found."),
    attachments.TooManyAttachedPolicies: _over_quota(
        "Cannot exceed quota for PoliciesPer{kind}: {limit}"
    ),
    attachments.BoundaryNotFound: _not_found(
        "Scope ARN: {arn} does not exist or is not attachable."
    ),
    attachments.BoundaryNotSet: _not_found("The {kind} {name} has no permissions boundary."),
    MalformedPolicy: AwsError("MalformedPolicyDocument", "{detail}"),
}

_SIMULATION: ErrorTable = {
    simulation.EntityArnUnclear: AwsError(
        "InvalidInput",
        "Invalid Entity Arn: {arn} does not clearly define entity type and name.",
    ),
    simulation.SimulatedPolicyMalformed: AwsError("InvalidInput", "{detail}"),
    simulation.TooManyBoundaries: AwsError(
        "InvalidInput", "Only one permissions boundary policy can be simulated."
    ),
    simulation.CallerNotNamed: AwsError(
        "InvalidInput", "A resource policy is simulated for a user, whom CallerArn names."
    ),
    simulation.ResourceOwnerUnclear: AwsError(
        "InvalidInput", "The resource owner {arn} is not the ARN of an account."
    ),
    simulation.ResourcesMissing: AwsError(
        "InvalidInput", "Resources of {option} are missing: {resources}."
    ),
    simulation.ActionNotSimulated: AwsError("InvalidInput", "Invalid action name: {action}"),
    simulation.ResourceNotSimulated: AwsError("InvalidInput", "Invalid resource: {resource}"),
    NotSimulated: AwsError("InvalidInput", "{member} is not supported here."),
    ContextEntryIncomplete: AwsError("InvalidInput", "A context entry must name its key."),
}

_COMMON: ErrorTable = {
    account_aliases.AccountAliasExists: _exists("The account alias {alias} already exists."),
    account_aliases.AccountAliasNotFound: _not_found("The account alias {alias} cannot be found."),
    tags.DuplicateTagKeys: AwsError(
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    ),
    tags.TooManyTags: _over_quota("Cannot exceed quota for TagsPerUser: {limit}"),
    tags.ReservedTagKey: AwsError(
        "InvalidInput", "Tag keys that begin with aws: are reserved: {tag_key}"
    ),
    PageTokenInvalid: AwsError("ValidationError", "Invalid Marker."),
}

IAM_ERRORS: ErrorTable = {
    **_USERS,
    **_GROUPS_AND_ROLES,
    **_SAML_PROVIDERS,
    **_POLICIES,
    **_SIMULATION,
    **_COMMON,
}

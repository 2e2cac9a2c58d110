"""How secretsmanager words the failures of its operations."""

from poolgate.foundation.paging import PageTokenInvalid
from poolgate.operations.errors import AwsError, ErrorTable
from poolgate.operations.secretsmanager.requests import ParameterInvalid, RequestTokenMissing
from poolgate.policy.documents import MalformedPolicy
from poolgate.secrets import (
    changes,
    contents,
    labels,
    random_passwords,
    resource_policies,
    stored_secrets,
    versions,
)

_NOT_FOUND = "ResourceNotFoundException"
_EXISTS = "ResourceExistsException"
_PARAMETER = "InvalidParameterException"
_REQUEST = "InvalidRequestException"
_LIMIT = "LimitExceededException"

SECRETS_ERRORS: ErrorTable = {
    stored_secrets.SecretNameInvalid: AwsError(
        "ValidationException",
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the"
        " following: -/_+=.@!",
    ),
    stored_secrets.SecretNotFound: AwsError(
        _NOT_FOUND, "Secrets Manager can't find the specified secret."
    ),
    stored_secrets.SecretExists: AwsError(
        _EXISTS, "The operation failed because the secret {name} already exists."
    ),
    stored_secrets.SecretNameMarkedForDeletion: AwsError(
        _REQUEST,
        "You can't create this secret because a secret with this name is already scheduled for"
        " deletion.",
    ),
    stored_secrets.SecretMarkedForDeletion: AwsError(
        _REQUEST,
        "You can't perform this operation on the secret because it was marked for deletion.",
    ),
    stored_secrets.TooManySecretTags: AwsError(_PARAMETER, "A secret can have up to {limit} tags."),
    stored_secrets.SecretTagReserved: AwsError(
        _PARAMETER, "Tag keys can't start with the prefix aws: as {tag_key} does."
    ),
    contents.ContentMissing: AwsError(
        _REQUEST, "You must provide either SecretString or SecretBinary."
    ),
    contents.ContentAmbiguous: AwsError(
        _PARAMETER, "You can't specify both SecretString and SecretBinary."
    ),
    contents.ContentTooLong: AwsError(_PARAMETER, "A secret value has at most {limit} bytes."),
    labels.LabelAttachedElsewhere: AwsError(
        _PARAMETER,
        "The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently"
        " attached to version {version_id}, so you must explicitly reference that version in"
        " RemoveFromVersionId.",
    ),
    labels.LabelNotAttached: AwsError(
        _PARAMETER, "Staging label {label} is not attached to version {version_id}."
    ),
    labels.CurrentLabelRemoved: AwsError(
        _PARAMETER, "You can only move staging label AWSCURRENT to a different secret version."
    ),
    labels.NothingToMove: AwsError(
        _PARAMETER, "You must provide MoveToVersionId, RemoveFromVersionId or both."
    ),
    labels.TooManyLabels: AwsError(_LIMIT, "A version can have up to {limit} staging labels."),
    versions.VersionNotFound: AwsError(
        _NOT_FOUND,
        "Secrets Manager can't find the specified secret value for VersionId: {version_id}",
    ),
    versions.LabelNotFound: AwsError(
        _NOT_FOUND,
        "Secrets Manager can't find the specified secret value for staging label: {label}",
    ),
    versions.VersionLacksLabel: AwsError(
        _REQUEST,
        "You provided a VersionStage that is not associated to the provided VersionId.",
    ),
    versions.RequestTokenInUse: AwsError(
        _EXISTS,
        "You can't use ClientRequestToken {version_id} because that value is already in use for a"
        " version of secret {arn}.",
    ),
    changes.RecoveryWindowInvalid: AwsError(
        _PARAMETER,
        "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
    ),
    random_passwords.NoPasswordPossible: AwsError(
        _PARAMETER, "No password of this length can be made of the characters that are left."
    ),
    resource_policies.PolicyIsPublic: AwsError(
        "PublicPolicyException",
        "The resource policy allows broad access to the secret and was blocked.",
    ),
    MalformedPolicy: AwsError("MalformedPolicyDocumentException", "{detail}"),
    RequestTokenMissing: AwsError(
        _REQUEST, "You must provide a ClientRequestToken value. We recommend a UUID-type value."
    ),
    ParameterInvalid: AwsError(_PARAMETER, "{reason}"),
    PageTokenInvalid: AwsError("InvalidNextTokenException", "Invalid NextToken."),
}

"""How secretsmanager words the failures of its operations."""

from poolgate.foundation.paging import PageTokenInvalid
from poolgate.operations.errors import AwsError, ErrorTable
from poolgate.operations.secretsmanager.requests import (
    NO_REQUEST_ID_TEXT,
    ParameterInvalid,
    RequestTokenMissing,
)
from poolgate.policy.documents import MalformedPolicy
from poolgate.secrets import (
    changes,
    contents,
    labels,
    random_passwords,
    replication,
    resource_policies,
    rotation_schedules,
    rotations,
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
    stored_secrets.ReplicaNotWritable: AwsError(
        _REQUEST,
        "Operation not permitted on a replica secret. Call must be made in primary secret's"
        " region.",
    ),
    replication.ReplicaRegionInvalid: AwsError(_PARAMETER, "Invalid replica region."),
    replication.ReplicaRegionUnknown: AwsError(
        _PARAMETER, "The secret isn't replicated to the region {region}."
    ),
    replication.NotAReplica: AwsError(_REQUEST, "The secret isn't a replica."),
    replication.SecretHasReplicas: AwsError(
        _REQUEST, "You can't delete secret {name} that still has replica regions."
    ),
    rotations.NoRotationFunction: AwsError(
        _REQUEST, "No Lambda rotation function ARN is associated with this secret."
    ),
    rotations.RotationFunctionUnknown: AwsError(
        "AccessDeniedException",
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function"
        " policy grants access to the principal secretsmanager.amazonaws.com.",
    ),
    rotations.RotationInProgress: AwsError(
        _REQUEST, "A previous rotation isn't complete. That rotation will be reattempted."
    ),
    rotation_schedules.RotationScheduleInvalid: AwsError(_PARAMETER, "{reason}"),
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
    RequestTokenMissing: AwsError(_REQUEST, NO_REQUEST_ID_TEXT),
    ParameterInvalid: AwsError(_PARAMETER, "{reason}"),
    PageTokenInvalid: AwsError("InvalidNextTokenException", "Invalid NextToken."),
}

"""How iam words the failures of its operations."""

from poolgate.foundation.paging import PageTokenInvalid
from poolgate.iam import access_keys, user_policies, users
from poolgate.operations.errors import AwsError, ErrorTable
from poolgate.operations.iam.owners import UserNameRequired
from poolgate.operations.iam.requests import BoundaryNotFound, StatusNotSettable
from poolgate.policy.documents import MalformedPolicy

NOT_FOUND = 404
CONFLICT = 409

IAM_ERRORS: ErrorTable = {
    users.IamUserNotFound: AwsError(
        "NoSuchEntity", "The user with name {name} cannot be found.", NOT_FOUND
    ),
    users.IamUserExists: AwsError(
        "EntityAlreadyExists", "User with name {name} already exists.", CONFLICT
    ),
    users.TooManyIamUsers: AwsError(
        "LimitExceeded", "Cannot exceed quota for UsersPerAccount: {limit}", CONFLICT
    ),
    users.IamUserHasAccessKeys: AwsError(
        "DeleteConflict", "Cannot delete entity, must delete access keys first.", CONFLICT
    ),
    users.IamUserHasPolicies: AwsError(
        "DeleteConflict", "Cannot delete entity, must delete policies first.", CONFLICT
    ),
    users.DuplicateTagKeys: AwsError(
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    ),
    users.TooManyTags: AwsError(
        "LimitExceeded", "Cannot exceed quota for TagsPerUser: {limit}", CONFLICT
    ),
    users.ReservedTagKey: AwsError(
        "InvalidInput", "Tag keys that begin with aws: are reserved: {tag_key}"
    ),
    BoundaryNotFound: AwsError(
        "NoSuchEntity", "Scope ARN: {arn} does not exist or is not attachable.", NOT_FOUND
    ),
    access_keys.AccessKeyNotFound: AwsError(
        "NoSuchEntity", "The Access Key with id {access_key_id} cannot be found.", NOT_FOUND
    ),
    access_keys.TooManyAccessKeys: AwsError(
        "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: {limit}", CONFLICT
    ),
    StatusNotSettable: AwsError("InvalidInput", "An access key cannot be set to {status}."),
    user_policies.UserPolicyNotFound: AwsError(
        "NoSuchEntity", "The user policy with name {name} cannot be found.", NOT_FOUND
    ),
    user_policies.UserPoliciesTooLarge: AwsError(
        "LimitExceeded", "Maximum policy size of {limit} bytes exceeded for user {name}", CONFLICT
    ),
    MalformedPolicy: AwsError("MalformedPolicyDocument", "{detail}"),
    UserNameRequired: AwsError(
        "ValidationError", "Must specify userName when calling with non-User credentials"
    ),
    PageTokenInvalid: AwsError("ValidationError", "Invalid Marker."),
}

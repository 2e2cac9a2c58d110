"""How sts words the failures of its operations."""

from poolgate.iam.access_keys import AccessKeyNotFound
from poolgate.operations.errors import AwsError, ErrorTable

STS_ERRORS: ErrorTable = {
    AccessKeyNotFound: AwsError(
        "ValidationError", "The access key {access_key_id} does not exist."
    ),
}

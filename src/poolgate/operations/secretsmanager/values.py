"""Values: read one or several, put new ones, move labels, list versions."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.failure import Failure
from poolgate.iam.authorization import AccessDenied, authorize
from poolgate.operations.registry import Authentication, any_resource
from poolgate.operations.secretsmanager.errors import SECRETS_ERRORS
from poolgate.operations.secretsmanager.listing import filters_of, listed
from poolgate.operations.secretsmanager.paging import Paging
from poolgate.operations.secretsmanager.registrar import asked_of_value, registrar
from poolgate.operations.secretsmanager.requests import (
    ParameterInvalid,
    refuse_members,
    request_token,
)
from poolgate.operations.secretsmanager.secret_shapes import content_required, value_entry
from poolgate.operations.shapes import secretsmanager as shapes
from poolgate.secrets import changes, stored_secrets, versions
from poolgate.secrets.labels import CURRENT
from poolgate.secrets.listings import Listing
from poolgate.store.call import Call

_VERSIONS_PER_PAGE = 100
_VALUES_PER_PAGE = 20
_READ = "secretsmanager:GetSecretValue"
_MARKED_DELETED = (
    "You can't perform this operation on the secret because it's currently marked deleted."
)


@registrar.operation("GetSecretValue", authentication=Authentication.SIGV4, asked_of=asked_of_value)
def get_secret_value(
    call: Call, request: shapes.GetSecretValueRequest
) -> shapes.GetSecretValueResponse:
    """Return the value of a version, of the current one unless another is named."""
    with call.db.reading() as transaction:
        owner = stored_secrets.get_live(transaction, call, request["SecretId"])
        found = versions.read(
            transaction,
            call,
            owner,
            version_id=request.get("VersionId"),
            label=request.get("VersionStage"),
        )
    versions.note_access(call, found)
    return shapes.GetSecretValueResponse(**value_entry(found))


@registrar.operation(
    "BatchGetSecretValue", authentication=Authentication.SIGV4, resource_of=any_resource
)
def batch_get_secret_value(
    call: Call, request: shapes.BatchGetSecretValueRequest
) -> shapes.BatchGetSecretValueResponse:
    """Return the current values of several secrets; what cannot be read is told beside them."""
    by_filter = "Filters" in request
    if by_filter is ("SecretIdList" in request):
        raise ParameterInvalid("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
    if not by_filter and ("MaxResults" in request or "NextToken" in request):
        raise ParameterInvalid("'MaxResults' and 'NextToken' are used with 'Filters' only.")
    answer: shapes.BatchGetSecretValueResponse = {"SecretValues": [], "Errors": []}
    secret_ids = request.get("SecretIdList", [])
    if by_filter:
        authorize(call, action="secretsmanager:ListSecrets", resource="*")
        paging = Paging(call, request, f"values {request['Filters']}", default=_VALUES_PER_PAGE)
        page, next_page = listed(call, Listing(filters_of(request["Filters"])), paging)
        secret_ids = [stored.arn for stored in page]
        if "NextToken" in next_page:
            answer["NextToken"] = next_page["NextToken"]
    for secret_id in secret_ids:
        try:
            answer["SecretValues"].append(_current_value(call, secret_id))
        except Failure as failure:
            answer["Errors"].append(_error_entry(secret_id, failure))
    return answer


@registrar.operation("PutSecretValue", authentication=Authentication.SIGV4)
def put_secret_value(
    call: Call, request: shapes.PutSecretValueRequest
) -> shapes.PutSecretValueResponse:
    """Add a version; it becomes the current one unless other labels are given."""
    refuse_members(request, "RotationToken")
    changed = changes.put_value(
        call,
        request["SecretId"],
        request_token=request_token(request),
        content=content_required(request),
        labels=request.get("VersionStages", [CURRENT]),
    )
    return {
        "ARN": changed.owner.arn,
        "Name": changed.owner.name,
        "VersionId": changed.version_id or "",
        "VersionStages": list(changed.labels),
    }


@registrar.operation("UpdateSecretVersionStage", authentication=Authentication.SIGV4)
def update_secret_version_stage(
    call: Call, request: shapes.UpdateSecretVersionStageRequest
) -> shapes.UpdateSecretVersionStageResponse:
    """Move a label from one version to another, attach it or take it away."""
    owner = changes.move_label(
        call,
        request["SecretId"],
        request["VersionStage"],
        taken_from=request.get("RemoveFromVersionId"),
        put_to=request.get("MoveToVersionId"),
    )
    return {"ARN": owner.arn, "Name": owner.name}


@registrar.operation("ListSecretVersionIds", authentication=Authentication.SIGV4)
def list_secret_version_ids(
    call: Call, request: shapes.ListSecretVersionIdsRequest
) -> shapes.ListSecretVersionIdsResponse:
    """List the versions that have labels, or all."""
    with_unlabelled = request.get("IncludeDeprecated", False)
    with call.db.reading() as transaction:
        owner = stored_secrets.get(transaction, call, request["SecretId"])
        found = versions.of_secret(transaction, owner, with_unlabelled=with_unlabelled)
    listing = f"versions {owner.arn} {with_unlabelled}"
    paging = Paging(call, request, listing, default=_VERSIONS_PER_PAGE)
    later = [version for version in found if version.number > int(paging.after or 0)]
    shown = later[: paging.limit]
    answer: shapes.ListSecretVersionIdsResponse = {
        "Versions": [_version_entry(version) for version in shown],
        "ARN": owner.arn,
        "Name": owner.name,
    }
    if len(later) > len(shown):
        answer["NextToken"] = paging.next_page(str(shown[-1].number))["NextToken"]
    return answer


def _version_entry(version: versions.Version) -> shapes.SecretVersionsListEntry:
    shape: shapes.SecretVersionsListEntry = {
        "VersionId": version.version_id,
        "CreatedDate": from_epoch_millis(version.created_at),
        "KmsKeyIds": ["DefaultEncryptionKey"],
    }
    if version.labels:
        shape["VersionStages"] = list(version.labels)
    if version.accessed_on is not None:
        shape["LastAccessedDate"] = from_epoch_millis(version.accessed_on)
    return shape


def _current_value(call: Call, secret_id: str) -> shapes.SecretValueEntry:
    """Return one value of a batch; the caller must be allowed to read each by itself."""
    asked = asked_of_value(call, {"SecretId": secret_id})
    authorize(
        call,
        action=_READ,
        resource=asked.resource,
        context=asked.context,
        resource_policy=asked.resource_policy,
    )
    with call.db.reading() as transaction:
        owner = stored_secrets.get_live(transaction, call, secret_id)
        found = versions.read(transaction, call, owner)
    versions.note_access(call, found)
    return value_entry(found)


def _error_entry(secret_id: str, failure: Failure) -> shapes.APIErrorType:
    """Return a failure as one entry of a batch; raise it again where it is none of the caller's."""
    if isinstance(failure, AccessDenied):
        code, message = "AccessDeniedException", failure.facts["message"]
    elif isinstance(failure, stored_secrets.SecretMarkedForDeletion):
        code, message = "InvalidRequestException", _MARKED_DELETED
    elif type(failure) in SECRETS_ERRORS:
        error = SECRETS_ERRORS[type(failure)]
        code, message = error.code, error.worded(failure)
    else:
        raise failure
    return {"SecretId": secret_id, "ErrorCode": code, "Message": message}

"""Secrets as a whole: created, described, listed, changed, deleted, restored, tagged."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.iam.authorization import authorize
from poolgate.operations.registry import Authentication, any_resource
from poolgate.operations.secretsmanager.listing import filters_of, listed
from poolgate.operations.secretsmanager.paging import Paging
from poolgate.operations.secretsmanager.registrar import policy_of, registrar, stored_context
from poolgate.operations.secretsmanager.requests import (
    ParameterInvalid,
    refuse_members,
    request_token,
)
from poolgate.operations.secretsmanager.secret_shapes import (
    content_of,
    description,
    list_entry,
    read_details,
    replication_status,
    wanted_replicas,
)
from poolgate.operations.shapes import secretsmanager as shapes
from poolgate.secrets import changes, random_passwords, stored_secrets
from poolgate.secrets.listings import Listing, Order
from poolgate.secrets.stored_secrets import StoredSecret, merged_tags
from poolgate.store.call import Call

_SECRETS_PER_PAGE = 100
_DEFAULT_LENGTH = 32


@registrar.operation("CreateSecret", authentication=Authentication.SIGV4)
def create_secret(call: Call, request: shapes.CreateSecretRequest) -> shapes.CreateSecretResponse:
    """Create a secret, with a first version if there is a value."""
    refuse_members(request, "Type", "CrossAccountPrimaryARN")
    changed = changes.create(
        call,
        name=request["Name"],
        request_token=request_token(request),
        content=content_of(request),
        description=request.get("Description"),
        kms_key_id=request.get("KmsKeyId"),
        tags=dict(_tag_pairs(request.get("Tags", []))),
        replicas=wanted_replicas(request.get("AddReplicaRegions", [])),
        overwrite_replicas=request.get("ForceOverwriteReplicaSecret", False),
    )
    answer: shapes.CreateSecretResponse = {"ARN": changed.owner.arn, "Name": changed.owner.name}
    if changed.version_id is not None:
        answer["VersionId"] = changed.version_id
    if request.get("AddReplicaRegions"):
        answer["ReplicationStatus"] = replication_status(call, changed.owner)
    return answer


@registrar.operation("DescribeSecret", authentication=Authentication.SIGV4)
def describe_secret(
    call: Call, request: shapes.DescribeSecretRequest
) -> shapes.DescribeSecretResponse:
    """Describe a secret, one that is marked for deletion too."""
    with call.db.reading() as transaction:
        found = stored_secrets.get(transaction, call, request["SecretId"])
        details = read_details(transaction, found)
    return description(details)


@registrar.operation("ListSecrets", authentication=Authentication.SIGV4, resource_of=any_resource)
def list_secrets(call: Call, request: shapes.ListSecretsRequest) -> shapes.ListSecretsResponse:
    """List secrets, by filters and in an order of the caller's choice."""
    given = request.get("Filters", [])
    marked_too = request.get("IncludePlannedDeletion", False)
    order, direction = request.get("SortBy", "created-date"), request.get("SortOrder", "asc")
    listing = f"secrets {given} {marked_too} {order} {direction}"
    page, next_page = listed(
        call,
        Listing(filters_of(given), marked_too, Order(order), newest_first=direction == "desc"),
        Paging(call, request, listing, default=_SECRETS_PER_PAGE),
    )
    with call.db.reading() as transaction:
        entries = [list_entry(read_details(transaction, stored)) for stored in page]
    answer: shapes.ListSecretsResponse = {"SecretList": entries}
    if "NextToken" in next_page:
        answer["NextToken"] = next_page["NextToken"]
    return answer


@registrar.operation("UpdateSecret", authentication=Authentication.SIGV4)
def update_secret(call: Call, request: shapes.UpdateSecretRequest) -> shapes.UpdateSecretResponse:
    """Change description, key and value as far as they are given."""
    refuse_members(request, "Type")
    changed = changes.update(
        call,
        request["SecretId"],
        request_token=request_token(request),
        content=content_of(request),
        description=request.get("Description"),
        kms_key_id=request.get("KmsKeyId"),
    )
    answer: shapes.UpdateSecretResponse = {"ARN": changed.owner.arn, "Name": changed.owner.name}
    if changed.version_id is not None:
        answer["VersionId"] = changed.version_id
    return answer


@registrar.operation("DeleteSecret", authentication=Authentication.SIGV4)
def delete_secret(call: Call, request: shapes.DeleteSecretRequest) -> shapes.DeleteSecretResponse:
    """Mark a secret for deletion, or delete it at once."""
    forced = request.get("ForceDeleteWithoutRecovery", False)
    if forced and "RecoveryWindowInDays" in request:
        raise ParameterInvalid(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
        )
    if not forced:
        days = request.get("RecoveryWindowInDays", changes.LONGEST_WINDOW_DAYS)
        marked = changes.mark_for_deletion(call, request["SecretId"], window_days=days)
        gone_at = from_epoch_millis(marked.purge_at or call.now_millis)
        return {"ARN": marked.arn, "Name": marked.name, "DeletionDate": gone_at}
    deleted = changes.delete_now(call, request["SecretId"])
    if deleted is None:
        return {"Name": request["SecretId"], "DeletionDate": call.now}
    return {"ARN": deleted.arn, "Name": deleted.name, "DeletionDate": call.now}


@registrar.operation("RestoreSecret", authentication=Authentication.SIGV4)
def restore_secret(
    call: Call, request: shapes.RestoreSecretRequest
) -> shapes.RestoreSecretResponse:
    """Take the mark of deletion away."""
    restored = changes.restore(call, request["SecretId"])
    return {"ARN": restored.arn, "Name": restored.name}


@registrar.operation("TagResource", authentication=Authentication.SIGV4)
def tag_resource(call: Call, request: shapes.TagResourceRequest) -> None:
    """Add or replace tags; refused if the caller could not do it any more then."""
    tagged = _writable(call, request["SecretId"])
    new_tags = merged_tags(tagged.tags or {}, _tag_pairs(request["Tags"]))
    _verify_keeps_access(call, "TagResource", tagged, dict(new_tags))
    stored_secrets.set_tags(call, tagged.arn, new_tags)


@registrar.operation("UntagResource", authentication=Authentication.SIGV4)
def untag_resource(call: Call, request: shapes.UntagResourceRequest) -> None:
    """Remove tags; refused if the caller could not do it any more then."""
    tagged = _writable(call, request["SecretId"])
    kept = {
        tag_key: value
        for tag_key, value in (tagged.tags or {}).items()
        if tag_key not in request["TagKeys"]
    }
    _verify_keeps_access(call, "UntagResource", tagged, kept)
    if kept != (tagged.tags or {}):
        stored_secrets.set_tags(call, tagged.arn, kept)


@registrar.operation(
    "GetRandomPassword", authentication=Authentication.SIGV4, resource_of=any_resource
)
def get_random_password(
    _call: Call, request: shapes.GetRandomPasswordRequest
) -> shapes.GetRandomPasswordResponse:
    """Return a random password that is stored nowhere."""
    excluded_kinds = {
        random_passwords.LOWERCASE: request.get("ExcludeLowercase", False),
        random_passwords.UPPERCASE: request.get("ExcludeUppercase", False),
        random_passwords.NUMBERS: request.get("ExcludeNumbers", False),
        random_passwords.PUNCTUATION: request.get("ExcludePunctuation", False),
    }
    password = random_passwords.make(
        request.get("PasswordLength", _DEFAULT_LENGTH),
        [kind for kind, is_excluded in excluded_kinds.items() if not is_excluded],
        excluded=request.get("ExcludeCharacters", ""),
        space=request.get("IncludeSpace", False),
        each_kind=request.get("RequireEachIncludedType", True),
    )
    return {"RandomPassword": password}


def _writable(call: Call, secret_id: str) -> StoredSecret:
    with call.db.reading() as transaction:
        return stored_secrets.get_writable(transaction, call, secret_id)


def _tag_pairs(tags: list[shapes.Tag]) -> list[tuple[str, str]]:
    if any("Key" not in tag for tag in tags):
        raise ParameterInvalid("Every tag has a Key.")
    return [(tag.get("Key", ""), tag.get("Value", "")) for tag in tags]


def _verify_keeps_access(
    call: Call, operation_name: str, tagged: StoredSecret, tags: dict[str, str]
) -> None:
    """Raise AccessDenied where other tags would take the caller's own right away.

    # AWS TagResource "losing your permissions for this secret"
    """
    authorize(
        call,
        action=f"secretsmanager:{operation_name}",
        resource=tagged.arn,
        context=stored_context(tagged, tags)
        | {f"aws:RequestTag/{tag_key}": (value,) for tag_key, value in tags.items()},
        resource_policy=policy_of(tagged),
    )

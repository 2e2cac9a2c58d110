"""Secrets and their values as answers show them."""

from collections.abc import Mapping

from poolgate.foundation.clock import from_epoch_millis
from poolgate.operations.shapes import secretsmanager as shapes
from poolgate.secrets.contents import Content, ContentMissing, read_content
from poolgate.secrets.stored_secrets import StoredSecret
from poolgate.secrets.versions import ReadVersion


def content_of(request: Mapping[str, object]) -> Content | None:
    """Return the value that a request gives, None where it gives none."""
    text, octets = request.get("SecretString"), request.get("SecretBinary")
    return read_content(
        text if isinstance(text, str) else None, octets if isinstance(octets, bytes) else None
    )


def content_required(request: Mapping[str, object]) -> Content:
    """Return the value that a request gives; raise ContentMissing."""
    content = content_of(request)
    if content is None:
        raise ContentMissing
    return content


def tag_list(tags: Mapping[str, str]) -> list[shapes.Tag]:
    """Return tags as answers list them."""
    return [{"Key": tag_key, "Value": value} for tag_key, value in tags.items()]


def list_entry(stored: StoredSecret, stages: Mapping[str, list[str]]) -> shapes.SecretListEntry:
    """Return a secret as ListSecrets shows it: nothing of what is empty."""
    shape: shapes.SecretListEntry = {
        "ARN": stored.arn,
        "Name": stored.name,
        "CreatedDate": from_epoch_millis(stored.created_at),
        "LastChangedDate": from_epoch_millis(stored.changed_at),
    }
    if stored.description:
        shape["Description"] = stored.description
    if stored.kms_key_id:
        shape["KmsKeyId"] = stored.kms_key_id
    if stored.accessed_on is not None:
        shape["LastAccessedDate"] = from_epoch_millis(stored.accessed_on)
    if stored.purge_at is not None:
        shape["DeletedDate"] = from_epoch_millis(stored.purge_at)
    if stored.tags is not None:
        shape["Tags"] = tag_list(stored.tags)
    if stages:
        shape["SecretVersionsToStages"] = dict(stages)
    return shape


def description(
    stored: StoredSecret, stages: Mapping[str, list[str]]
) -> shapes.DescribeSecretResponse:
    """Return a secret as DescribeSecret shows it."""
    entry = list_entry(stored, {})
    shape = shapes.DescribeSecretResponse(**entry)  # type: ignore[typeddict-item] # without stages, every member is one of both
    if stages:
        shape["VersionIdsToStages"] = dict(stages)
    return shape


def value_entry(found: ReadVersion) -> shapes.SecretValueEntry:
    """Return a version with its value."""
    shape: shapes.SecretValueEntry = {
        "ARN": found.owner.arn,
        "Name": found.owner.name,
        "VersionId": found.version.version_id,
        "VersionStages": list(found.version.labels),
        "CreatedDate": from_epoch_millis(found.version.created_at),
    }
    if found.content.is_binary:
        shape["SecretBinary"] = found.content.octets
    else:
        shape["SecretString"] = found.content.octets.decode()
    return shape

"""Secrets and their values as answers show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from poolgate.foundation.clock import from_epoch_millis
from poolgate.operations.secretsmanager.requests import ParameterInvalid
from poolgate.operations.shapes import secretsmanager as shapes
from poolgate.secrets import replication, rotations, versions
from poolgate.secrets.contents import Content, ContentMissing, read_content
from poolgate.secrets.replication import Replica, WantedReplica
from poolgate.secrets.rotations import Rotation
from poolgate.secrets.stored_secrets import StoredSecret
from poolgate.secrets.versions import ReadVersion
from poolgate.store.call import Call
from poolgate.store.database import Transaction


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


@dataclass(frozen=True, slots=True)
class Details:
    """A secret with everything that is shown of it but its values."""

    stored: StoredSecret
    stages: Mapping[str, list[str]]
    rotation: Rotation | None
    replicas: Sequence[Replica]


def read_details(transaction: Transaction, stored: StoredSecret) -> Details:
    """Return what is shown of a secret."""
    return Details(
        stored,
        versions.stages_of(transaction, stored),
        rotations.find(transaction, stored),
        replication.of_primary(transaction, stored),
    )


def list_entry(details: Details) -> shapes.SecretListEntry:
    """Return a secret as ListSecrets shows it: nothing of what is empty."""
    shape = _shared_members(details)
    if details.stages:
        shape["SecretVersionsToStages"] = dict(details.stages)
    return shape


def description(details: Details) -> shapes.DescribeSecretResponse:
    """Return a secret as DescribeSecret shows it."""
    shape = shapes.DescribeSecretResponse(**_shared_members(details))  # type: ignore[typeddict-item] # without stages, every member is one of both
    if details.stages:
        shape["VersionIdsToStages"] = dict(details.stages)
    if details.replicas:
        shape["ReplicationStatus"] = _replication_status(details.replicas)
    return shape


def _shared_members(details: Details) -> shapes.SecretListEntry:
    stored = details.stored
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
    if details.replicas:
        shape["PrimaryRegion"] = stored.primary_region
    if details.rotation is not None:
        _put_rotation(shape, details.rotation)
    return shape


def _put_rotation(shape: shapes.SecretListEntry, rotation: Rotation) -> None:
    shape["RotationEnabled"] = rotation.enabled
    shape["RotationLambdaARN"] = rotation.function_arn
    rules = rotation.rules
    shown: shapes.RotationRulesType = {}
    if rules.after_days is not None:
        shown["AutomaticallyAfterDays"] = rules.after_days
    if rules.duration is not None:
        shown["Duration"] = rules.duration
    if rules.expression is not None:
        shown["ScheduleExpression"] = rules.expression
    if shown:
        shape["RotationRules"] = shown
    # AWS DescribeSecret: neither date where rotation is off
    if rotation.enabled and rotation.rotated_at is not None:
        shape["LastRotatedDate"] = from_epoch_millis(rotation.rotated_at)
    if rotation.enabled and rotation.window_end is not None:
        shape["NextRotationDate"] = from_epoch_millis(rotation.window_end)


def wanted_replicas(given: Sequence[shapes.ReplicaRegionType]) -> list[WantedReplica]:
    """Return the regions that a request asks for; raise ParameterInvalid for one without name."""
    if any("Region" not in each for each in given):
        raise ParameterInvalid("Invalid replica region.")
    return [WantedReplica(each.get("Region", ""), each.get("KmsKeyId")) for each in given]


def replication_status(call: Call, owner: StoredSecret) -> list[shapes.ReplicationStatusType]:
    """Return the replicas of a secret as its primary lists them."""
    with call.db.reading() as transaction:
        return _replication_status(replication.of_primary(transaction, owner))


def _replication_status(replicas: Sequence[Replica]) -> list[shapes.ReplicationStatusType]:
    return [_replica_shape(replica) for replica in replicas]


def _replica_shape(replica: Replica) -> shapes.ReplicationStatusType:
    shape: shapes.ReplicationStatusType = {
        "Region": replica.region,
        "Status": "InSync" if replica.exists else "Failed",
        "StatusMessage": "Replication succeeded"
        if replica.exists
        else f"Replication failed: a secret of this name is in the region {replica.region}.",
    }
    if replica.kms_key_id is not None:
        shape["KmsKeyId"] = replica.kms_key_id
    if replica.accessed_on is not None:
        shape["LastAccessedDate"] = from_epoch_millis(replica.accessed_on)
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

"""Replicas of secrets in other regions."""

from poolgate.operations.registry import Authentication
from poolgate.operations.secretsmanager.registrar import registrar
from poolgate.operations.secretsmanager.secret_shapes import replication_status, wanted_replicas
from poolgate.operations.shapes import secretsmanager as shapes
from poolgate.secrets import replication
from poolgate.store.call import Call


@registrar.operation("ReplicateSecretToRegions", authentication=Authentication.SIGV4)
def replicate_secret_to_regions(
    call: Call, request: shapes.ReplicateSecretToRegionsRequest
) -> shapes.ReplicateSecretToRegionsResponse:
    """Let a secret be read in further regions."""
    owner = replication.replicate(
        call,
        request["SecretId"],
        wanted_replicas(request["AddReplicaRegions"]),
        overwrite=request.get("ForceOverwriteReplicaSecret", False),
    )
    return {"ARN": owner.arn, "ReplicationStatus": replication_status(call, owner)}


@registrar.operation("RemoveRegionsFromReplication", authentication=Authentication.SIGV4)
def remove_regions_from_replication(
    call: Call, request: shapes.RemoveRegionsFromReplicationRequest
) -> shapes.RemoveRegionsFromReplicationResponse:
    """Delete replicas."""
    owner = replication.remove(call, request["SecretId"], request["RemoveReplicaRegions"])
    return {"ARN": owner.arn, "ReplicationStatus": replication_status(call, owner)}


@registrar.operation("StopReplicationToReplica", authentication=Authentication.SIGV4)
def stop_replication_to_replica(
    call: Call, request: shapes.StopReplicationToReplicaRequest
) -> shapes.StopReplicationToReplicaResponse:
    """Make the replica of this region a secret of its own."""
    return {"ARN": replication.promote(call, request["SecretId"])}

"""The replicas of user pools in other regions."""

from poolgate.foundation.ids import PoolId, Region, pool_arn, region_of_pool
from poolgate.foundation.paging import PageTokenInvalid
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    CreateUserPoolReplicaRequest,
    CreateUserPoolReplicaResponse,
    DeleteUserPoolReplicaRequest,
    DeleteUserPoolReplicaResponse,
    ListUserPoolReplicasRequest,
    ListUserPoolReplicasResponse,
    UpdateUserPoolReplicaRequest,
    UpdateUserPoolReplicaResponse,
    UserPoolReplicaType,
)
from poolgate.store.call import Call
from poolgate.userpools import pools, replicas
from poolgate.userpools.replicas import Replica


@registrar.operation("CreateUserPoolReplica", authentication=Authentication.SIGV4)
def create_user_pool_replica(
    call: Call, request: CreateUserPoolReplicaRequest
) -> CreateUserPoolReplicaResponse:
    """Make a pool one of another region's, too."""
    replica = replicas.create(
        call,
        PoolId(request["UserPoolId"]),
        Region(request["RegionName"]),
        request.get("UserPoolTags", {}),
    )
    return {"UserPoolReplica": _shape(call, replica)}


@registrar.operation("UpdateUserPoolReplica", authentication=Authentication.SIGV4)
def update_user_pool_replica(
    call: Call, request: UpdateUserPoolReplicaRequest
) -> UpdateUserPoolReplicaResponse:
    """Make a replica active or not."""
    replica = replicas.set_active(
        call,
        PoolId(request["UserPoolId"]),
        Region(request["RegionName"]),
        active=request["Status"] == "ACTIVE",
    )
    return {"UserPoolReplica": _shape(call, replica)}


@registrar.operation("DeleteUserPoolReplica", authentication=Authentication.SIGV4)
def delete_user_pool_replica(
    call: Call, request: DeleteUserPoolReplicaRequest
) -> DeleteUserPoolReplicaResponse:
    """Remove a replica that is not active."""
    replica = replicas.delete(call, PoolId(request["UserPoolId"]), Region(request["RegionName"]))
    return {"UserPoolReplica": _shape(call, replica, status="DELETING")}


@registrar.operation("ListUserPoolReplicas", authentication=Authentication.SIGV4)
def list_user_pool_replicas(
    call: Call, request: ListUserPoolReplicasRequest
) -> ListUserPoolReplicasResponse:
    """List all regions of a pool, the primary one first; one page holds them."""
    if "NextToken" in request:
        raise PageTokenInvalid
    pool_id = PoolId(request["UserPoolId"])
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        found = replicas.of_pool(transaction, pool_id)
    primary = UserPoolReplicaType(
        RegionName=region_of_pool(pool_id),
        Status="ACTIVE",
        Role="PRIMARY",
        UserPoolArn=pool_arn(call.account_id, pool_id),
    )
    return {"UserPoolReplicas": [primary, *(_shape(call, replica) for replica in found)]}


def _shape(call: Call, replica: Replica, *, status: str | None = None) -> UserPoolReplicaType:
    return UserPoolReplicaType(
        RegionName=replica.region,
        Status=status or ("ACTIVE" if replica.active else "INACTIVE"),
        Role="SECONDARY",
        UserPoolArn=pool_arn(call.account_id, replica.pool_id, replica.region),
    )

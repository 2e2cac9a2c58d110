"""The tags of user pools and their replicas; CreateUserPool's UserPoolTags are the same set."""

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Region, pool_arn
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    ListTagsForResourceRequest,
    ListTagsForResourceResponse,
    TagResourceRequest,
    TagResourceResponse,
    UntagResourceRequest,
    UntagResourceResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import pool_changes, pools, replicas

_REGION_PART = 3


class ResourceArnInvalid(Failure):
    """The ARN does not name a user pool of this account."""


def tagged_resource(
    _call: Call,
    request: TagResourceRequest | UntagResourceRequest | ListTagsForResourceRequest,
) -> str:
    """Return the ARN that the request names itself."""
    return request["ResourceArn"]


@registrar.operation(
    "TagResource", authentication=Authentication.SIGV4, resource_of=tagged_resource
)
def tag_resource(call: Call, request: TagResourceRequest) -> TagResourceResponse:
    """Add tags to a pool or give them new values."""
    pool_id, region = _tagged(call, request["ResourceArn"])
    if region is None:
        pool_changes.put_tags(call, pool_id, request["Tags"])
    else:
        replicas.put_tags(call, pool_id, region, request["Tags"])
    return {}


@registrar.operation(
    "UntagResource", authentication=Authentication.SIGV4, resource_of=tagged_resource
)
def untag_resource(call: Call, request: UntagResourceRequest) -> UntagResourceResponse:
    """Remove tags from a pool."""
    pool_id, region = _tagged(call, request["ResourceArn"])
    if region is None:
        pool_changes.remove_tags(call, pool_id, request["TagKeys"])
    else:
        replicas.remove_tags(call, pool_id, region, request["TagKeys"])
    return {}


@registrar.operation(
    "ListTagsForResource", authentication=Authentication.SIGV4, resource_of=tagged_resource
)
def list_tags_for_resource(
    call: Call, request: ListTagsForResourceRequest
) -> ListTagsForResourceResponse:
    """Show a pool's tags."""
    pool_id, region = _tagged(call, request["ResourceArn"])
    with call.db.reading() as transaction:
        pool = pools.get(transaction, pool_id)
        if region is None:
            return {"Tags": dict(pool.tags)}
        return {"Tags": dict(replicas.get(transaction, pool_id, region).tags)}


def _tagged(call: Call, resource_arn: str) -> tuple[PoolId, Region | None]:
    """Return the pool that an ARN names, and the region where it names a replica."""
    pool_id = PoolId(resource_arn.rpartition("/")[2])
    if pool_arn(call.account_id, pool_id) == resource_arn:
        return pool_id, None
    parts = resource_arn.split(":")
    region = Region(parts[3]) if len(parts) > _REGION_PART else Region("")
    if not region or pool_arn(call.account_id, pool_id, region) != resource_arn:
        raise ResourceArnInvalid
    return pool_id, region

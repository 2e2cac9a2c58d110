"""The tags of user pools; CreateUserPool's UserPoolTags are the same set."""

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, pool_arn
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
from poolgate.userpools import pools


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
    pools.put_tags(call, _pool_id(call, request["ResourceArn"]), request["Tags"])
    return {}


@registrar.operation(
    "UntagResource", authentication=Authentication.SIGV4, resource_of=tagged_resource
)
def untag_resource(call: Call, request: UntagResourceRequest) -> UntagResourceResponse:
    """Remove tags from a pool."""
    pools.remove_tags(call, _pool_id(call, request["ResourceArn"]), request["TagKeys"])
    return {}


@registrar.operation(
    "ListTagsForResource", authentication=Authentication.SIGV4, resource_of=tagged_resource
)
def list_tags_for_resource(
    call: Call, request: ListTagsForResourceRequest
) -> ListTagsForResourceResponse:
    """Show a pool's tags."""
    pool_id = _pool_id(call, request["ResourceArn"])
    with call.db.reading() as transaction:
        return {"Tags": dict(pools.get(transaction, pool_id).tags)}


def _pool_id(call: Call, resource_arn: str) -> PoolId:
    pool_id = PoolId(resource_arn.rpartition("/")[2])
    if pool_arn(call.account_id, pool_id) != resource_arn:
        raise ResourceArnInvalid
    return pool_id

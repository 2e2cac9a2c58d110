"""The registrar of cognito-identity, and the ARNs that policies are matched with."""

from poolgate.identitypools.identity_pools import pool_arn
from poolgate.operations.registry import Registrar, Shape, any_resource
from poolgate.store.call import Call


def named_pool_resource(call: Call, request: Shape) -> str:
    """Return the ARN of the identity pool that the request names, by id or by ARN."""
    if "ResourceArn" in request:
        arn: str = request["ResourceArn"]
        return arn
    if "IdentityPoolId" not in request:
        return any_resource(call, request)
    return pool_arn(call.account_id, request["IdentityPoolId"])


registrar = Registrar("cognito-identity", resource_of=named_pool_resource)

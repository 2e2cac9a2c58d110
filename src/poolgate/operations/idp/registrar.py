"""The registrar of cognito-idp."""

from poolgate.foundation.ids import PoolId, pool_arn
from poolgate.operations.registry import Registrar, Shape
from poolgate.store.call import Call


def pool_resource(call: Call, request: Shape) -> str:
    """Return the ARN of the request's pool, or `*` where it names none."""
    pool_id = request.get("UserPoolId")
    return pool_arn(call.account_id, PoolId(pool_id)) if pool_id else "*"


registrar = Registrar("cognito-idp", resource_of=pool_resource)

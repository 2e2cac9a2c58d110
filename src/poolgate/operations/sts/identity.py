"""Who the caller is, and whose an access key is."""

from poolgate.foundation.ids import AccessKeyId
from poolgate.iam.access_keys import verify_exists
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import sts as shapes
from poolgate.operations.sts.registrar import registrar
from poolgate.store.call import Call


# AWS API_GetCallerIdentity: no permissions are required, and a deny does not take it away.
@registrar.operation(
    "GetCallerIdentity", authentication=Authentication.SIGV4, needs_permission=False
)
def get_caller_identity(
    call: Call, _request: shapes.GetCallerIdentityRequest
) -> shapes.GetCallerIdentityResponse:
    """Tell who signed the request."""
    principal = call.principal
    if principal is None:
        raise ValueError("a signed operation has a caller")
    return {
        "UserId": principal.user_id,
        "Account": principal.account_id,
        "Arn": principal.arn,
    }


@registrar.operation("GetAccessKeyInfo", authentication=Authentication.SIGV4)
def get_access_key_info(
    call: Call, request: shapes.GetAccessKeyInfoRequest
) -> shapes.GetAccessKeyInfoResponse:
    """Tell the account that an access key belongs to, whether the key is in use or not."""
    verify_exists(call.db, AccessKeyId(request["AccessKeyId"]))
    return {"Account": call.account_id}

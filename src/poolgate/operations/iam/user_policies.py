"""Inline policies of IAM users."""

from poolgate.iam import user_policies, users
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call


@registrar.operation("PutUserPolicy", authentication=Authentication.SIGV4)
def put_user_policy(call: Call, request: shapes.PutUserPolicyRequest) -> None:
    """Add or replace an inline policy."""
    iam_policy = user_policies.UserPolicy(request["PolicyName"], request["PolicyDocument"])
    user_policies.put(call, request["UserName"], iam_policy)


@registrar.operation("GetUserPolicy", authentication=Authentication.SIGV4)
def get_user_policy(
    call: Call, request: shapes.GetUserPolicyRequest
) -> shapes.GetUserPolicyResponse:
    """Return an inline policy's document as it was given."""
    with call.db.reading() as transaction:
        user = users.get(transaction, request["UserName"])
        iam_policy = user_policies.get(transaction, user, request["PolicyName"])
    return {
        "UserName": user.name,
        "PolicyName": iam_policy.name,
        "PolicyDocument": iam_policy.document,
    }


@registrar.operation("ListUserPolicies", authentication=Authentication.SIGV4)
def list_user_policies(
    call: Call, request: shapes.ListUserPoliciesRequest
) -> shapes.ListUserPoliciesResponse:
    """List the names of a user's inline policies."""
    paging = Paging(call, request, f"policies {request['UserName']}")
    with call.db.reading() as transaction:
        user = users.get(transaction, request["UserName"])
        page = user_policies.list_page(transaction, user, after=paging.after, limit=paging.limit)
    return {"PolicyNames": list(page.rows), **paging.truncation(page.next_position)}


@registrar.operation("DeleteUserPolicy", authentication=Authentication.SIGV4)
def delete_user_policy(call: Call, request: shapes.DeleteUserPolicyRequest) -> None:
    """Delete an inline policy."""
    user_policies.delete(call, request["UserName"], request["PolicyName"])

"""IAM users and their tags."""

from typing import Any, cast

from poolgate.foundation.clock import from_epoch_millis
from poolgate.iam import users
from poolgate.operations.iam.owners import owner_named
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.iam.resources import listed_users_resource, new_user_resource
from poolgate.operations.iam.roles import boundary_shape
from poolgate.operations.iam.tag_shapes import tag_list, tag_pairs, tags_page
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call


@registrar.operation(
    "CreateUser", authentication=Authentication.SIGV4, resource_of=new_user_resource
)
def create_user(call: Call, request: shapes.CreateUserRequest) -> shapes.CreateUserResponse:
    """Create a user, who may do nothing until a policy says so."""
    user = users.create(
        call,
        name=request["UserName"],
        path=request.get("Path", "/"),
        tags=tag_pairs(request.get("Tags", ())),
        boundary_arn=request.get("PermissionsBoundary"),
    )
    return {"User": user_shape(call, user, with_tags=True)}


@registrar.operation("GetUser", authentication=Authentication.SIGV4)
def get_user(call: Call, request: shapes.GetUserRequest) -> shapes.GetUserResponse:
    """Describe the named user, or the caller."""
    with call.db.reading() as transaction:
        user = owner_named(transaction, call, request.get("UserName"))
    if user is None:
        return {"User": _root_shape(call)}
    return {"User": user_shape(call, user, with_tags=True)}


@registrar.operation(
    "ListUsers", authentication=Authentication.SIGV4, resource_of=listed_users_resource
)
def list_users(call: Call, request: shapes.ListUsersRequest) -> shapes.ListUsersResponse:
    """List users, those under a path where one is given."""
    path_prefix = request.get("PathPrefix", "/")
    paging = Paging(call, request, f"users {path_prefix}")
    with call.db.reading() as transaction:
        page = users.list_page(
            transaction, path_prefix=path_prefix, after=paging.after, limit=paging.limit
        )
    return {
        "Users": [user_shape(call, user, with_tags=False) for user in page.rows],
        **paging.truncation(page.next_position),
    }


@registrar.operation("UpdateUser", authentication=Authentication.SIGV4)
def update_user(call: Call, request: shapes.UpdateUserRequest) -> None:
    """Rename or move a user."""
    users.update(
        call,
        request["UserName"],
        new_name=request.get("NewUserName"),
        new_path=request.get("NewPath"),
    )


@registrar.operation("DeleteUser", authentication=Authentication.SIGV4)
def delete_user(call: Call, request: shapes.DeleteUserRequest) -> None:
    """Delete a user who has nothing left."""
    users.delete(call, request["UserName"])


@registrar.operation("TagUser", authentication=Authentication.SIGV4)
def tag_user(call: Call, request: shapes.TagUserRequest) -> None:
    """Add or replace tags."""
    users.tag(call, request["UserName"], tag_pairs(request["Tags"]))


@registrar.operation("UntagUser", authentication=Authentication.SIGV4)
def untag_user(call: Call, request: shapes.UntagUserRequest) -> None:
    """Remove tags."""
    users.untag(call, request["UserName"], request["TagKeys"])


@registrar.operation("ListUserTags", authentication=Authentication.SIGV4)
def list_user_tags(call: Call, request: shapes.ListUserTagsRequest) -> dict[str, Any]:
    """List a user's tags, by key."""
    paging = Paging(call, request, f"tags {request['UserName']}")
    with call.db.reading() as transaction:
        user = users.get(transaction, request["UserName"])
    return tags_page(user.tags, paging)


def user_shape(call: Call, user: users.IamUser, *, with_tags: bool) -> shapes.User:
    """Return a user as answers show it."""
    shape: shapes.User = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.user_id,
        "Arn": users.user_arn(call.account_id, user.path, user.name),
        "CreateDate": from_epoch_millis(user.created_at),
    }
    # AWS API_ListUsers: listings leave the tags and the boundary out.
    if with_tags and user.tags:
        shape["Tags"] = tag_list(user.tags)
    if with_tags and user.boundary_arn is not None:
        shape["PermissionsBoundary"] = boundary_shape(user.boundary_arn)
    return shape


def _root_shape(call: Call) -> shapes.User:
    principal = call.principal
    # AWS describes the root without name and path, which its own model calls required.
    root = {"UserId": call.account_id, "Arn": principal.arn if principal else "*"}
    return cast("shapes.User", root)

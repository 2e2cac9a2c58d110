"""IAM users and their tags."""

from collections.abc import Sequence
from typing import cast

from poolgate.foundation.clock import from_epoch_millis
from poolgate.iam import users
from poolgate.operations.iam.owners import owner_named
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import (
    listed_users_resource,
    new_user_resource,
    registrar,
)
from poolgate.operations.iam.requests import BoundaryNotFound
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call


@registrar.operation(
    "CreateUser", authentication=Authentication.SIGV4, resource_of=new_user_resource
)
def create_user(call: Call, request: shapes.CreateUserRequest) -> shapes.CreateUserResponse:
    """Create a user, who may do nothing until a policy says so."""
    boundary = request.get("PermissionsBoundary")
    if boundary is not None:
        raise BoundaryNotFound(arn=boundary)
    user = users.create(
        call,
        name=request["UserName"],
        path=request.get("Path", "/"),
        tags=_pairs(request.get("Tags", ())),
    )
    return {"User": _shape(call, user, with_tags=True)}


@registrar.operation("GetUser", authentication=Authentication.SIGV4)
def get_user(call: Call, request: shapes.GetUserRequest) -> shapes.GetUserResponse:
    """Describe the named user, or the caller."""
    with call.db.reading() as transaction:
        user = owner_named(transaction, call, request.get("UserName"))
    if user is None:
        return {"User": _root_shape(call)}
    return {"User": _shape(call, user, with_tags=True)}


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
        "Users": [_shape(call, user, with_tags=False) for user in page.rows],
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
    users.tag(call, request["UserName"], _pairs(request["Tags"]))


@registrar.operation("UntagUser", authentication=Authentication.SIGV4)
def untag_user(call: Call, request: shapes.UntagUserRequest) -> None:
    """Remove tags."""
    users.untag(call, request["UserName"], request["TagKeys"])


@registrar.operation("ListUserTags", authentication=Authentication.SIGV4)
def list_user_tags(call: Call, request: shapes.ListUserTagsRequest) -> shapes.ListUserTagsResponse:
    """List a user's tags, by key."""
    name = request["UserName"]
    paging = Paging(call, request, f"tags {name}")
    with call.db.reading() as transaction:
        user = users.get(transaction, name)
    tag_keys = sorted(key for key in user.tags if paging.after is None or key > paging.after)
    shown = tag_keys[: paging.limit]
    more = len(tag_keys) > len(shown)
    return {
        "Tags": [{"Key": key, "Value": user.tags[key]} for key in shown],
        **paging.truncation(shown[-1] if more else None),
    }


def _pairs(tags: Sequence[shapes.Tag]) -> tuple[tuple[str, str], ...]:
    return tuple((tag["Key"], tag["Value"]) for tag in tags)


def _shape(call: Call, user: users.IamUser, *, with_tags: bool) -> shapes.User:
    shape: shapes.User = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.user_id,
        "Arn": users.user_arn(call.account_id, user.path, user.name),
        "CreateDate": from_epoch_millis(user.created_at),
    }
    # AWS API_ListUsers: listings leave the tags out.
    if with_tags and user.tags:
        shape["Tags"] = [{"Key": key, "Value": value} for key, value in user.tags.items()]
    return shape


def _root_shape(call: Call) -> shapes.User:
    principal = call.principal
    # AWS describes the root without name and path, which its own model calls required.
    root = {"UserId": call.account_id, "Arn": principal.arn if principal else "*"}
    return cast("shapes.User", root)

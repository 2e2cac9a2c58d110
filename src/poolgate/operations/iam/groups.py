"""IAM groups and who is in them."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.iam import groups, users
from poolgate.iam.groups import IamGroup
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.iam.resources import (
    listed_groups_resource,
    named_group_resource,
    new_group_resource,
)
from poolgate.operations.iam.users import user_shape
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call


@registrar.operation(
    "CreateGroup", authentication=Authentication.SIGV4, resource_of=new_group_resource
)
def create_group(call: Call, request: shapes.CreateGroupRequest) -> shapes.CreateGroupResponse:
    """Create a group."""
    group = groups.create(call, name=request["GroupName"], path=request.get("Path", "/"))
    return {"Group": group_shape(call, group)}


@registrar.operation(
    "GetGroup", authentication=Authentication.SIGV4, resource_of=named_group_resource
)
def get_group(call: Call, request: shapes.GetGroupRequest) -> shapes.GetGroupResponse:
    """Describe a group and list its users."""
    paging = Paging(call, request, f"members {request['GroupName']}")
    with call.db.reading() as transaction:
        group = groups.get(transaction, request["GroupName"])
        page = groups.members(transaction, group, after=paging.after, limit=paging.limit)
    return {
        "Group": group_shape(call, group),
        "Users": [user_shape(call, user, with_tags=False) for user in page.rows],
        **paging.truncation(page.next_position),
    }


@registrar.operation(
    "ListGroups", authentication=Authentication.SIGV4, resource_of=listed_groups_resource
)
def list_groups(call: Call, request: shapes.ListGroupsRequest) -> shapes.ListGroupsResponse:
    """List groups, those under a path where one is given."""
    path_prefix = request.get("PathPrefix", "/")
    paging = Paging(call, request, f"groups {path_prefix}")
    with call.db.reading() as transaction:
        page = groups.list_page(
            transaction, path_prefix=path_prefix, after=paging.after, limit=paging.limit
        )
    return {
        "Groups": [group_shape(call, group) for group in page.rows],
        **paging.truncation(page.next_position),
    }


@registrar.operation("ListGroupsForUser", authentication=Authentication.SIGV4)
def list_groups_for_user(
    call: Call, request: shapes.ListGroupsForUserRequest
) -> shapes.ListGroupsForUserResponse:
    """List the groups that a user is in."""
    paging = Paging(call, request, f"groups of {request['UserName']}")
    with call.db.reading() as transaction:
        user = users.get(transaction, request["UserName"])
        found = groups.of_user(transaction, user.user_id)
    later = [group for group in found if group.name > (paging.after or "")]
    shown = later[: paging.limit]
    return {
        "Groups": [group_shape(call, group) for group in shown],
        **paging.truncation(shown[-1].name if len(later) > len(shown) else None),
    }


@registrar.operation(
    "UpdateGroup", authentication=Authentication.SIGV4, resource_of=named_group_resource
)
def update_group(call: Call, request: shapes.UpdateGroupRequest) -> None:
    """Rename or move a group."""
    groups.update(
        call,
        request["GroupName"],
        new_name=request.get("NewGroupName"),
        new_path=request.get("NewPath"),
    )


@registrar.operation(
    "DeleteGroup", authentication=Authentication.SIGV4, resource_of=named_group_resource
)
def delete_group(call: Call, request: shapes.DeleteGroupRequest) -> None:
    """Delete a group that has nothing left."""
    groups.delete(call, request["GroupName"])


@registrar.operation(
    "AddUserToGroup", authentication=Authentication.SIGV4, resource_of=named_group_resource
)
def add_user_to_group(call: Call, request: shapes.AddUserToGroupRequest) -> None:
    """Put a user into a group."""
    groups.add_member(call, request["GroupName"], request["UserName"])


@registrar.operation(
    "RemoveUserFromGroup", authentication=Authentication.SIGV4, resource_of=named_group_resource
)
def remove_user_from_group(call: Call, request: shapes.RemoveUserFromGroupRequest) -> None:
    """Take a user out of a group."""
    groups.remove_member(call, request["GroupName"], request["UserName"])


def group_shape(call: Call, group: IamGroup) -> shapes.Group:
    """Return a group as answers show it."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.group_id,
        "Arn": group.owner.arn(call.account_id),
        "CreateDate": from_epoch_millis(group.created_at),
    }

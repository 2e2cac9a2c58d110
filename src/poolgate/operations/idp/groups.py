"""Groups and who is in them."""

from collections.abc import Callable

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import GroupName, PoolId
from poolgate.foundation.paging import Page
from poolgate.operations.idp.paging import page_limit, page_token_of, position_of
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.idp.user_shapes import user_type
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AdminAddUserToGroupRequest,
    AdminListGroupsForUserRequest,
    AdminListGroupsForUserResponse,
    AdminRemoveUserFromGroupRequest,
    CreateGroupRequest,
    CreateGroupResponse,
    DeleteGroupRequest,
    GetGroupRequest,
    GetGroupResponse,
    GroupType,
    ListGroupsRequest,
    ListGroupsResponse,
    ListUsersInGroupRequest,
    ListUsersInGroupResponse,
    UpdateGroupRequest,
    UpdateGroupResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import groups, pools, user_search, users
from poolgate.userpools.groups import Group


@registrar.operation("CreateGroup", authentication=Authentication.SIGV4)
def create_group(call: Call, request: CreateGroupRequest) -> CreateGroupResponse:
    """Make a group."""
    group = groups.create(
        call,
        PoolId(request["UserPoolId"]),
        GroupName(request["GroupName"]),
        description=request.get("Description"),
        role_arn=request.get("RoleArn"),
        precedence=request.get("Precedence"),
    )
    return {"Group": group_type(group)}


@registrar.operation("GetGroup", authentication=Authentication.SIGV4)
def get_group(call: Call, request: GetGroupRequest) -> GetGroupResponse:
    """Show a group."""
    pool_id = PoolId(request["UserPoolId"])
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        group = groups.get(transaction, pool_id, GroupName(request["GroupName"]))
    return {"Group": group_type(group)}


@registrar.operation("UpdateGroup", authentication=Authentication.SIGV4)
def update_group(call: Call, request: UpdateGroupRequest) -> UpdateGroupResponse:
    """Change the members of a group that the request gives; omitted ones stay."""
    group = groups.update(
        call,
        PoolId(request["UserPoolId"]),
        GroupName(request["GroupName"]),
        description=request.get("Description"),
        role_arn=request.get("RoleArn"),
        precedence=request.get("Precedence"),
    )
    return {"Group": group_type(group)}


@registrar.operation("DeleteGroup", authentication=Authentication.SIGV4)
def delete_group(call: Call, request: DeleteGroupRequest) -> None:
    """Remove a group and its memberships."""
    groups.delete(call, PoolId(request["UserPoolId"]), GroupName(request["GroupName"]))


@registrar.operation("ListGroups", authentication=Authentication.SIGV4)
def list_groups(call: Call, request: ListGroupsRequest) -> ListGroupsResponse:
    """List a pool's groups by name."""
    pool_id = PoolId(request["UserPoolId"])
    listing = f"ListGroups:{pool_id}"
    after = position_of(call, listing, request.get("NextToken"))
    limit = page_limit(request.get("Limit"))
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        page = groups.list_groups(transaction, pool_id, after=after, limit=limit)
    response = ListGroupsResponse(Groups=[group_type(group) for group in page.rows])
    if page.next_position is not None:
        response["NextToken"] = page_token_of(call, listing, page.next_position)
    return response


@registrar.operation("AdminAddUserToGroup", authentication=Authentication.SIGV4)
def admin_add_user_to_group(call: Call, request: AdminAddUserToGroupRequest) -> None:
    """Put a user into a group; being in it already is no fault."""
    _change_membership(call, request, groups.add_member)


@registrar.operation("AdminRemoveUserFromGroup", authentication=Authentication.SIGV4)
def admin_remove_user_from_group(call: Call, request: AdminRemoveUserFromGroupRequest) -> None:
    """Take a user out of a group; not being in it is no fault."""
    _change_membership(call, request, groups.remove_member)


@registrar.operation("AdminListGroupsForUser", authentication=Authentication.SIGV4)
def admin_list_groups_for_user(
    call: Call, request: AdminListGroupsForUserRequest
) -> AdminListGroupsForUserResponse:
    """List the groups of a user by name."""
    pool_id = PoolId(request["UserPoolId"])
    limit = page_limit(request.get("Limit"))
    with call.db.reading() as transaction:
        user = users.get(transaction, pools.get(transaction, pool_id), request["Username"])
        listing = f"AdminListGroupsForUser:{pool_id}:{user.sub}"
        after = position_of(call, listing, request.get("NextToken"))
        page: Page[Group] = groups.list_of_user(
            transaction, pool_id, user.sub, after=after, limit=limit
        )
    response = AdminListGroupsForUserResponse(Groups=[group_type(group) for group in page.rows])
    if page.next_position is not None:
        response["NextToken"] = page_token_of(call, listing, page.next_position)
    return response


@registrar.operation("ListUsersInGroup", authentication=Authentication.SIGV4)
def list_users_in_group(call: Call, request: ListUsersInGroupRequest) -> ListUsersInGroupResponse:
    """List the users in a group."""
    pool_id, name = PoolId(request["UserPoolId"]), GroupName(request["GroupName"])
    listing = f"ListUsersInGroup:{pool_id}:{name}"
    after = position_of(call, listing, request.get("NextToken"))
    limit = page_limit(request.get("Limit"))
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        groups.get(transaction, pool_id, name)
        page = user_search.list_members(transaction, pool_id, name, after=after, limit=limit)
    response = ListUsersInGroupResponse(Users=[user_type(user) for user in page.rows])
    if page.next_position is not None:
        response["NextToken"] = page_token_of(call, listing, page.next_position)
    return response


def group_type(group: Group) -> GroupType:
    """Return the group with what was set."""
    shape = GroupType(
        GroupName=group.name,
        UserPoolId=group.pool_id,
        LastModifiedDate=from_epoch_millis(group.modified_at),
        CreationDate=from_epoch_millis(group.created_at),
    )
    if group.description is not None:
        shape["Description"] = group.description
    if group.role_arn is not None:
        shape["RoleArn"] = group.role_arn
    if group.precedence is not None:
        shape["Precedence"] = group.precedence
    return shape


def _change_membership(
    call: Call,
    request: AdminAddUserToGroupRequest | AdminRemoveUserFromGroupRequest,
    change: Callable[..., None],
) -> None:
    pool_id = PoolId(request["UserPoolId"])
    with call.db.writing() as transaction:
        user = users.get(transaction, pools.get(transaction, pool_id), request["Username"])
        change(transaction, pool_id, GroupName(request["GroupName"]), user.sub)

"""Roles, their trust policies and their tags."""

from typing import Any

from poolgate.foundation.clock import from_epoch_millis
from poolgate.iam import roles
from poolgate.iam.roles import NewRole, Role
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.iam.resources import (
    listed_roles_resource,
    named_role_resource,
    new_role_resource,
)
from poolgate.operations.iam.tag_shapes import tag_list, tag_pairs, tags_page
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call
from poolgate.store.database import Transaction

_BOUNDARY_TYPE = "Policy"


@registrar.operation(
    "CreateRole", authentication=Authentication.SIGV4, resource_of=new_role_resource
)
def create_role(call: Call, request: shapes.CreateRoleRequest) -> shapes.CreateRoleResponse:
    """Create a role, which may do nothing until a policy says so."""
    role = roles.create(
        call,
        NewRole(
            name=request["RoleName"],
            path=request.get("Path", "/"),
            trust_policy=request["AssumeRolePolicyDocument"],
            description=request.get("Description"),
            longest_session_seconds=request.get(
                "MaxSessionDuration", roles.LONGEST_SESSION_SECONDS
            ),
            tags=tag_pairs(request.get("Tags", ())),
            boundary_arn=request.get("PermissionsBoundary"),
        ),
    )
    with call.db.reading() as transaction:
        shape = role_shape(transaction, call, role)
    if role.tags:
        shape["Tags"] = tag_list(role.tags)
    # AWS recording TestIAMIntegrations::test_create_describe_role: told by GetRole and ListRoles.
    if "MaxSessionDuration" not in request:
        del shape["MaxSessionDuration"]
    return {"Role": shape}


@registrar.operation(
    "GetRole", authentication=Authentication.SIGV4, resource_of=named_role_resource
)
def get_role(call: Call, request: shapes.GetRoleRequest) -> shapes.GetRoleResponse:
    """Describe a role."""
    with call.db.reading() as transaction:
        role = roles.get(transaction, request["RoleName"])
        shape = role_shape(transaction, call, role)
    shape["RoleLastUsed"] = last_used_shape(role)
    if role.tags:
        shape["Tags"] = tag_list(role.tags)
    if role.boundary_arn is not None:
        shape["PermissionsBoundary"] = boundary_shape(role.boundary_arn)
    return {"Role": shape}


@registrar.operation(
    "ListRoles", authentication=Authentication.SIGV4, resource_of=listed_roles_resource
)
def list_roles(call: Call, request: shapes.ListRolesRequest) -> shapes.ListRolesResponse:
    """List roles, those under a path where one is given."""
    path_prefix = request.get("PathPrefix", "/")
    paging = Paging(call, request, f"roles {path_prefix}")
    with call.db.reading() as transaction:
        page = roles.list_page(
            transaction, path_prefix=path_prefix, after=paging.after, limit=paging.limit
        )
        shown = [role_shape(transaction, call, role) for role in page.rows]
    return {"Roles": shown, **paging.truncation(page.next_position)}


@registrar.operation(
    "UpdateRole", authentication=Authentication.SIGV4, resource_of=named_role_resource
)
def update_role(call: Call, request: shapes.UpdateRoleRequest) -> dict[str, Any]:
    """Change the description or how long sessions may last."""
    roles.update(
        call,
        request["RoleName"],
        description=request.get("Description"),
        longest_session_seconds=request.get("MaxSessionDuration"),
    )
    return {}


@registrar.operation(
    "UpdateRoleDescription", authentication=Authentication.SIGV4, resource_of=named_role_resource
)
def update_role_description(
    call: Call, request: shapes.UpdateRoleDescriptionRequest
) -> shapes.UpdateRoleDescriptionResponse:
    """Change the description."""
    role = roles.update(
        call, request["RoleName"], description=request["Description"], longest_session_seconds=None
    )
    with call.db.reading() as transaction:
        return {"Role": role_shape(transaction, call, role)}


@registrar.operation(
    "UpdateAssumeRolePolicy", authentication=Authentication.SIGV4, resource_of=named_role_resource
)
def update_assume_role_policy(call: Call, request: shapes.UpdateAssumeRolePolicyRequest) -> None:
    """Replace the trust policy."""
    roles.set_trust_policy(call, request["RoleName"], request["PolicyDocument"])


@registrar.operation(
    "DeleteRole", authentication=Authentication.SIGV4, resource_of=named_role_resource
)
def delete_role(call: Call, request: shapes.DeleteRoleRequest) -> None:
    """Delete a role that has no policies left; its sessions end."""
    roles.delete(call, request["RoleName"])


@registrar.operation(
    "TagRole", authentication=Authentication.SIGV4, resource_of=named_role_resource
)
def tag_role(call: Call, request: shapes.TagRoleRequest) -> None:
    """Add or replace tags."""
    roles.tag(call, request["RoleName"], tag_pairs(request["Tags"]))


@registrar.operation(
    "UntagRole", authentication=Authentication.SIGV4, resource_of=named_role_resource
)
def untag_role(call: Call, request: shapes.UntagRoleRequest) -> None:
    """Remove tags."""
    roles.untag(call, request["RoleName"], request["TagKeys"])


@registrar.operation(
    "ListRoleTags", authentication=Authentication.SIGV4, resource_of=named_role_resource
)
def list_role_tags(call: Call, request: shapes.ListRoleTagsRequest) -> dict[str, Any]:
    """List a role's tags, by key."""
    paging = Paging(call, request, f"role tags {request['RoleName']}")
    with call.db.reading() as transaction:
        role = roles.get(transaction, request["RoleName"])
    return tags_page(role.tags, paging)


def role_shape(transaction: Transaction, call: Call, role: Role) -> shapes.Role:
    """Return a role as listings show it."""
    shape: shapes.Role = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.role_id,
        "Arn": roles.role_arn(call.account_id, role.path, role.name),
        "CreateDate": from_epoch_millis(role.created_at),
        "AssumeRolePolicyDocument": roles.shown_trust_policy(transaction, call.account_id, role),
        "MaxSessionDuration": role.longest_session_seconds,
    }
    if role.description is not None:
        shape["Description"] = role.description
    return shape


def last_used_shape(role: Role) -> shapes.RoleLastUsed:
    """Return when and where a role was last assumed; nothing for one that never was."""
    if role.used_at is None:
        return {}
    return {
        "LastUsedDate": from_epoch_millis(role.used_at),
        "Region": role.used_region or "",
    }


def boundary_shape(boundary_arn: str) -> shapes.AttachedPermissionsBoundary:
    """Return a permissions boundary as entities show it."""
    return {
        "PermissionsBoundaryType": _BOUNDARY_TYPE,
        "PermissionsBoundaryArn": boundary_arn,
    }

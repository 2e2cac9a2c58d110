"""Attached policies and permission boundaries: the same operations for users, groups and roles."""

from typing import Any

from poolgate.iam import attachments
from poolgate.iam.owners import OwnerKind
from poolgate.operations.iam.owners import ENTITY_RESOURCES, owner_getter
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.registry import Authentication, Shape
from poolgate.store.call import Call


def _register_attachments(kind: OwnerKind) -> None:
    name_member = f"{kind}Name"
    find_owner = owner_getter(kind)
    resource_of = ENTITY_RESOURCES[kind]

    @registrar.operation(
        f"Attach{kind}Policy", authentication=Authentication.SIGV4, resource_of=resource_of
    )
    def attach_policy(call: Call, request: Shape) -> None:
        """Attach a managed policy."""
        attachments.attach(call, find_owner(request[name_member]), request["PolicyArn"])

    @registrar.operation(
        f"Detach{kind}Policy", authentication=Authentication.SIGV4, resource_of=resource_of
    )
    def detach_policy(call: Call, request: Shape) -> None:
        """Take an attached policy away."""
        attachments.detach(call, find_owner(request[name_member]), request["PolicyArn"])

    @registrar.operation(
        f"ListAttached{kind}Policies",
        authentication=Authentication.SIGV4,
        resource_of=resource_of,
    )
    def list_attached(call: Call, request: Shape) -> dict[str, Any]:
        """List the attached policies."""
        name, path_prefix = request[name_member], request.get("PathPrefix", "/")
        paging = Paging(call, request, f"attached {kind} {name} {path_prefix}")
        with call.db.reading() as transaction:
            page = attachments.list_page(
                transaction,
                find_owner(name)(transaction),
                path_prefix=path_prefix,
                after=paging.after,
                limit=paging.limit,
            )
        return {
            "AttachedPolicies": [
                {"PolicyName": attached.name, "PolicyArn": attached.arn} for attached in page.rows
            ],
            **paging.truncation(page.next_position),
        }


def _register_boundaries(kind: OwnerKind) -> None:
    name_member = f"{kind}Name"
    find_owner = owner_getter(kind)
    resource_of = ENTITY_RESOURCES[kind]

    @registrar.operation(
        f"Put{kind}PermissionsBoundary",
        authentication=Authentication.SIGV4,
        resource_of=resource_of,
    )
    def put_boundary(call: Call, request: Shape) -> None:
        """Limit what the policies can allow."""
        boundary_arn = request["PermissionsBoundary"]
        attachments.set_boundary(call, find_owner(request[name_member]), boundary_arn)

    @registrar.operation(
        f"Delete{kind}PermissionsBoundary",
        authentication=Authentication.SIGV4,
        resource_of=resource_of,
    )
    def delete_boundary(call: Call, request: Shape) -> None:
        """Take the limit away."""
        attachments.remove_boundary(call, find_owner(request[name_member]))


for _kind in OwnerKind:
    _register_attachments(_kind)
for _kind in (OwnerKind.USER, OwnerKind.ROLE):
    _register_boundaries(_kind)

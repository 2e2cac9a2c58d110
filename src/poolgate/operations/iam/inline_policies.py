"""Inline policies of users, groups and roles: the same four operations for each."""

from typing import Any

from poolgate.iam import inline_policies
from poolgate.iam.inline_policies import NamedDocument
from poolgate.iam.owners import OwnerKind
from poolgate.operations.iam.owners import ENTITY_RESOURCES, owner_getter
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.registry import Authentication, Shape
from poolgate.store.call import Call


def _register(kind: OwnerKind) -> None:
    name_member = f"{kind}Name"
    find_owner = owner_getter(kind)
    resource_of = ENTITY_RESOURCES[kind]

    @registrar.operation(
        f"Put{kind}Policy", authentication=Authentication.SIGV4, resource_of=resource_of
    )
    def put_policy(call: Call, request: Shape) -> None:
        """Add or replace an inline policy."""
        given = NamedDocument(request["PolicyName"], request["PolicyDocument"])
        inline_policies.put(call, find_owner(request[name_member]), given)

    @registrar.operation(
        f"Get{kind}Policy", authentication=Authentication.SIGV4, resource_of=resource_of
    )
    def get_policy(call: Call, request: Shape) -> dict[str, Any]:
        """Return an inline policy's document as it was given."""
        with call.db.reading() as transaction:
            owner = find_owner(request[name_member])(transaction)
            found = inline_policies.get(transaction, owner, request["PolicyName"])
        return {
            name_member: owner.name,
            "PolicyName": found.name,
            "PolicyDocument": found.document,
        }

    @registrar.operation(
        f"List{kind}Policies", authentication=Authentication.SIGV4, resource_of=resource_of
    )
    def list_policies(call: Call, request: Shape) -> dict[str, Any]:
        """List the names of the inline policies."""
        paging = Paging(call, request, f"policies {kind} {request[name_member]}")
        with call.db.reading() as transaction:
            owner = find_owner(request[name_member])(transaction)
            page = inline_policies.list_page(
                transaction, owner, after=paging.after, limit=paging.limit
            )
        return {"PolicyNames": list(page.rows), **paging.truncation(page.next_position)}

    @registrar.operation(
        f"Delete{kind}Policy", authentication=Authentication.SIGV4, resource_of=resource_of
    )
    def delete_policy(call: Call, request: Shape) -> None:
        """Delete an inline policy."""
        inline_policies.delete(call, find_owner(request[name_member]), request["PolicyName"])


for _kind in OwnerKind:
    _register(_kind)

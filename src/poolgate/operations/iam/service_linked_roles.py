"""Roles that belong to a service of AWS."""

from poolgate.iam import service_linked_roles
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.iam.resources import linked_role_resource, named_role_resource
from poolgate.operations.iam.roles import role_shape
from poolgate.operations.registry import Authentication, any_resource
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call


@registrar.operation(
    "CreateServiceLinkedRole",
    authentication=Authentication.SIGV4,
    resource_of=linked_role_resource,
)
def create_service_linked_role(
    call: Call, request: shapes.CreateServiceLinkedRoleRequest
) -> shapes.CreateServiceLinkedRoleResponse:
    """Make a service's role."""
    role = service_linked_roles.create(
        call,
        request["AWSServiceName"],
        suffix=request.get("CustomSuffix"),
        description=request.get("Description"),
    )
    with call.db.reading() as transaction:
        return {"Role": role_shape(transaction, call, role)}


@registrar.operation(
    "DeleteServiceLinkedRole",
    authentication=Authentication.SIGV4,
    resource_of=named_role_resource,
)
def delete_service_linked_role(
    call: Call, request: shapes.DeleteServiceLinkedRoleRequest
) -> shapes.DeleteServiceLinkedRoleResponse:
    """Delete a service's role, which is done before the answer."""
    return {"DeletionTaskId": service_linked_roles.delete(call, request["RoleName"])}


@registrar.operation(
    "GetServiceLinkedRoleDeletionStatus",
    authentication=Authentication.SIGV4,
    resource_of=any_resource,
)
def get_service_linked_role_deletion_status(
    call: Call, request: shapes.GetServiceLinkedRoleDeletionStatusRequest
) -> shapes.GetServiceLinkedRoleDeletionStatusResponse:
    """Tell that a deletion is done."""
    service_linked_roles.verify_deleted(call, request["DeletionTaskId"])
    return {"Status": "SUCCEEDED"}

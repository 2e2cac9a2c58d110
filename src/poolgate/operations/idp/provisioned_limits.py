"""The rates of requests that are let through."""

from poolgate.foundation.failure import Failure
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    GetProvisionedLimitRequest,
    GetProvisionedLimitResponse,
    LimitDefinitionType,
    LimitType,
    UpdateProvisionedLimitRequest,
    UpdateProvisionedLimitResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import provisioned_limits
from poolgate.userpools.provisioned_limits import Limit

_CLASS, _ATTRIBUTE = "API_CATEGORY", "Category"


class InvalidLimitDefinition(Failure):
    """The attributes do not name one category."""


@registrar.operation("GetProvisionedLimit", authentication=Authentication.SIGV4)
def get_provisioned_limit(
    call: Call, request: GetProvisionedLimitRequest
) -> GetProvisionedLimitResponse:
    """Show the rate of a category of operations."""
    category = _category(request["LimitDefinition"])
    with call.db.reading() as transaction:
        return {"Limit": _shape(provisioned_limits.get(transaction, category))}


@registrar.operation("UpdateProvisionedLimit", authentication=Authentication.SIGV4)
def update_provisioned_limit(
    call: Call, request: UpdateProvisionedLimitRequest
) -> UpdateProvisionedLimitResponse:
    """Set the rate of a category of operations."""
    category = _category(request["LimitDefinition"])
    limit = provisioned_limits.provision(call, category, request["RequestedLimitValue"])
    return {"Limit": _shape(limit)}


def _category(definition: LimitDefinitionType) -> str:
    attributes = definition["Attributes"]
    if set(attributes) != {_ATTRIBUTE}:
        raise InvalidLimitDefinition
    return attributes[_ATTRIBUTE]


def _shape(limit: Limit) -> LimitType:
    return LimitType(
        LimitDefinition={"LimitClass": _CLASS, "Attributes": {_ATTRIBUTE: limit.category}},
        ProvisionedLimitValue=limit.provisioned,
        FreeLimitValue=limit.free,
    )

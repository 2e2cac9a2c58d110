"""What pools and app clients do about risks: set and shown."""

from poolgate.foundation.ids import ClientId, PoolId
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.idp.risk_shapes import risk_configuration_of, risk_configuration_type
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    DescribeRiskConfigurationRequest,
    DescribeRiskConfigurationResponse,
    SetRiskConfigurationRequest,
    SetRiskConfigurationResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import risk_configuration


@registrar.operation("SetRiskConfiguration", authentication=Authentication.SIGV4)
def set_risk_configuration(
    call: Call, request: SetRiskConfigurationRequest
) -> SetRiskConfigurationResponse:
    """Set the whole risk configuration of a pool or an app client; what is left out is default."""
    pool_id, client_id = PoolId(request["UserPoolId"]), _client_id(request)
    configuration = risk_configuration.replace(
        call, pool_id, client_id, risk_configuration_of(request)
    )
    return {"RiskConfiguration": risk_configuration_type(pool_id, client_id, configuration)}


@registrar.operation("DescribeRiskConfiguration", authentication=Authentication.SIGV4)
def describe_risk_configuration(
    call: Call, request: DescribeRiskConfigurationRequest
) -> DescribeRiskConfigurationResponse:
    """Show what was set for a pool or an app client."""
    pool_id, client_id = PoolId(request["UserPoolId"]), _client_id(request)
    configuration = risk_configuration.describe(call, pool_id, client_id)
    return {"RiskConfiguration": risk_configuration_type(pool_id, client_id, configuration)}


def _client_id(
    request: SetRiskConfigurationRequest | DescribeRiskConfigurationRequest,
) -> ClientId | None:
    given = request.get("ClientId")
    return None if given is None else ClientId(given)

"""Whether the account makes web identity tokens, and its issuer."""

from poolgate.iam import outbound_federation
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.registry import Authentication, Shape, any_resource
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call


@registrar.operation(
    "EnableOutboundWebIdentityFederation",
    authentication=Authentication.SIGV4,
    resource_of=any_resource,
)
def enable_outbound_web_identity_federation(
    call: Call, _request: Shape
) -> shapes.EnableOutboundWebIdentityFederationResponse:
    """Let principals of the account ask for tokens, and tell the account's issuer."""
    return {"IssuerIdentifier": outbound_federation.enable(call).issuer(call)}


@registrar.operation(
    "DisableOutboundWebIdentityFederation",
    authentication=Authentication.SIGV4,
    resource_of=any_resource,
)
def disable_outbound_web_identity_federation(call: Call, _request: Shape) -> None:
    """Give out no more tokens; those that are out stay what they are."""
    outbound_federation.disable(call)


@registrar.operation(
    "GetOutboundWebIdentityFederationInfo",
    authentication=Authentication.SIGV4,
    resource_of=any_resource,
)
def get_outbound_web_identity_federation_info(
    call: Call, _request: Shape
) -> shapes.GetOutboundWebIdentityFederationInfoResponse:
    """Tell the account's issuer."""
    with call.db.reading() as transaction:
        found = outbound_federation.get_enabled(transaction)
    return {"IssuerIdentifier": found.issuer(call), "JwtVendingEnabled": found.enabled}

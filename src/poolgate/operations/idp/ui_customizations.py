"""The looks of the classic login pages."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import PoolId
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    GetUICustomizationRequest,
    GetUICustomizationResponse,
    SetUICustomizationRequest,
    SetUICustomizationResponse,
    UICustomizationType,
)
from poolgate.store.call import Call
from poolgate.userpools import ui_customizations
from poolgate.userpools.ui_customizations import ALL_CLIENTS, UiCustomization


@registrar.operation("SetUICustomization", authentication=Authentication.SIGV4)
def set_ui_customization(
    call: Call, request: SetUICustomizationRequest
) -> SetUICustomizationResponse:
    """Set CSS and logo of an app client's login pages, or of all others'."""
    pool_id, client_id = PoolId(request["UserPoolId"]), request.get("ClientId", ALL_CLIENTS)
    customized = ui_customizations.put(
        call, pool_id, client_id, css=request.get("CSS"), image=request.get("ImageFile")
    )
    if customized is None:
        return {"UICustomization": {"UserPoolId": pool_id, "ClientId": client_id}}
    return {"UICustomization": _shape(call, customized)}


@registrar.operation("GetUICustomization", authentication=Authentication.SIGV4)
def get_ui_customization(
    call: Call, request: GetUICustomizationRequest
) -> GetUICustomizationResponse:
    """Show the looks that an app client's login pages have; nothing set is an empty object."""
    pool_id, client_id = PoolId(request["UserPoolId"]), request.get("ClientId", ALL_CLIENTS)
    with call.db.reading() as transaction:
        ui_customizations.verify_client(transaction, pool_id, client_id)
        customized = ui_customizations.find(transaction, pool_id, client_id)
    return {"UICustomization": {} if customized is None else _shape(call, customized)}


def _shape(call: Call, customized: UiCustomization) -> UICustomizationType:
    shape = UICustomizationType(
        UserPoolId=customized.pool_id,
        ClientId=customized.client_id,
        CSSVersion=customized.css_version,
        LastModifiedDate=from_epoch_millis(customized.modified_at),
        CreationDate=from_epoch_millis(customized.created_at),
    )
    if customized.css is not None:
        shape["CSS"] = customized.css
    if customized.image_name is not None:
        place = f"{customized.pool_id}/{customized.client_id}/{customized.image_name}"
        shape["ImageUrl"] = f"{call.public_url}/images/{place}"
    return shape

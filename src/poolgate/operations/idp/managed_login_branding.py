"""The styles of managed login."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AssetType,
    CreateManagedLoginBrandingRequest,
    CreateManagedLoginBrandingResponse,
    DeleteManagedLoginBrandingRequest,
    DescribeManagedLoginBrandingByClientRequest,
    DescribeManagedLoginBrandingByClientResponse,
    DescribeManagedLoginBrandingRequest,
    DescribeManagedLoginBrandingResponse,
    ManagedLoginBrandingType,
    UpdateManagedLoginBrandingRequest,
    UpdateManagedLoginBrandingResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import managed_login_branding
from poolgate.userpools.branding_settings import default_settings, merged
from poolgate.userpools.managed_login_branding import Asset, Branding, InvalidBranding, Style


@registrar.operation("CreateManagedLoginBranding", authentication=Authentication.SIGV4)
def create_managed_login_branding(
    call: Call, request: CreateManagedLoginBrandingRequest
) -> CreateManagedLoginBrandingResponse:
    """Give an app client's login pages a style."""
    pool_id, client_id = PoolId(request["UserPoolId"]), ClientId(request["ClientId"])
    branding = managed_login_branding.create(call, pool_id, client_id, _style(request))
    return {"ManagedLoginBranding": _shape(branding)}


@registrar.operation("DescribeManagedLoginBranding", authentication=Authentication.SIGV4)
def describe_managed_login_branding(
    call: Call, request: DescribeManagedLoginBrandingRequest
) -> DescribeManagedLoginBrandingResponse:
    """Show a style, on its own or together with the defaults."""
    with call.db.reading() as transaction:
        branding = managed_login_branding.get(
            transaction, PoolId(request["UserPoolId"]), request["ManagedLoginBrandingId"]
        )
    is_merged = request.get("ReturnMergedResources", False)
    return {"ManagedLoginBranding": _shape(branding, with_defaults=is_merged)}


@registrar.operation("DescribeManagedLoginBrandingByClient", authentication=Authentication.SIGV4)
def describe_managed_login_branding_by_client(
    call: Call, request: DescribeManagedLoginBrandingByClientRequest
) -> DescribeManagedLoginBrandingByClientResponse:
    """Show an app client's style, on its own or together with the defaults."""
    with call.db.reading() as transaction:
        branding = managed_login_branding.get_of_client(
            transaction, PoolId(request["UserPoolId"]), ClientId(request["ClientId"])
        )
    is_merged = request.get("ReturnMergedResources", False)
    return {"ManagedLoginBranding": _shape(branding, with_defaults=is_merged)}


@registrar.operation("UpdateManagedLoginBranding", authentication=Authentication.SIGV4)
def update_managed_login_branding(
    call: Call, request: UpdateManagedLoginBrandingRequest
) -> UpdateManagedLoginBrandingResponse:
    """Change a style; what is left out stays."""
    # The model requires neither, though nothing can be changed without both.
    if "UserPoolId" not in request or "ManagedLoginBrandingId" not in request:
        raise InvalidBranding(fault="UserPoolId and ManagedLoginBrandingId are required.")
    branding = managed_login_branding.update(
        call,
        PoolId(request["UserPoolId"]),
        request["ManagedLoginBrandingId"],
        _style(request),
    )
    return {"ManagedLoginBranding": _shape(branding)}


@registrar.operation("DeleteManagedLoginBranding", authentication=Authentication.SIGV4)
def delete_managed_login_branding(call: Call, request: DeleteManagedLoginBrandingRequest) -> None:
    """Remove a style."""
    managed_login_branding.delete(
        call, PoolId(request["UserPoolId"]), request["ManagedLoginBrandingId"]
    )


def _style(
    request: CreateManagedLoginBrandingRequest | UpdateManagedLoginBrandingRequest,
) -> Style:
    assets = request.get("Assets")
    return Style(
        uses_defaults=request.get("UseCognitoProvidedValues"),
        settings=request.get("Settings"),
        assets=None if assets is None else [_asset(asset) for asset in assets],
    )


def _asset(shape: AssetType) -> Asset:
    return Asset(
        category=shape["Category"],
        color_mode=shape["ColorMode"],
        extension=shape["Extension"],
        resource_id=shape.get("ResourceId", ""),
        image=shape.get("Bytes"),
    )


def _asset_type(asset: Asset) -> AssetType:
    shape = AssetType(
        Category=asset.category, ColorMode=asset.color_mode, Extension=asset.extension
    )
    if asset.image is not None:
        shape["Bytes"] = asset.image
    if asset.resource_id:
        shape["ResourceId"] = asset.resource_id
    return shape


def _shape(branding: Branding, *, with_defaults: bool = False) -> ManagedLoginBrandingType:
    shape = ManagedLoginBrandingType(
        ManagedLoginBrandingId=branding.branding_id,
        UserPoolId=branding.pool_id,
        UseCognitoProvidedValues=branding.uses_defaults,
        Assets=[_asset_type(asset) for asset in branding.assets],
        CreationDate=from_epoch_millis(branding.created_at),
        LastModifiedDate=from_epoch_millis(branding.modified_at),
    )
    if with_defaults:
        shape["Settings"] = merged(default_settings(), branding.settings or {})
    elif branding.settings is not None:
        shape["Settings"] = dict(branding.settings)
    return shape

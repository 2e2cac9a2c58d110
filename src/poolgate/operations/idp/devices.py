"""A user's devices: confirm, show, list, remember, forget; by the user and by administrators."""

import binascii

from poolgate.credentials.srp import SrpVerifierRefused
from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import PoolId, device_arn
from poolgate.foundation.paging import Page
from poolgate.operations.idp.paging import page_limit, page_token_of, position_of
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AdminForgetDeviceRequest,
    AdminGetDeviceRequest,
    AdminGetDeviceResponse,
    AdminListDevicesRequest,
    AdminListDevicesResponse,
    AdminUpdateDeviceStatusRequest,
    AdminUpdateDeviceStatusResponse,
    AttributeType,
    ConfirmDeviceRequest,
    ConfirmDeviceResponse,
    DeviceType,
    ForgetDeviceRequest,
    GetDeviceRequest,
    GetDeviceResponse,
    ListDevicesRequest,
    ListDevicesResponse,
    UpdateDeviceStatusRequest,
    UpdateDeviceStatusResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import devices, pools, users
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.devices import Device, DeviceSecretMissing, DeviceToConfirm
from poolgate.userpools.users import User

# AWS's examples show `aws-sdk` and this; no device tells which it uses.
_UNKNOWN_SDK = "aws-sdk-unknown-unknown"
_AdminRequest = (
    AdminForgetDeviceRequest
    | AdminGetDeviceRequest
    | AdminListDevicesRequest
    | AdminUpdateDeviceStatusRequest
)


@registrar.operation("ConfirmDevice", authentication=Authentication.ACCESS_TOKEN)
def confirm_device(
    call: Call, request: ConfirmDeviceRequest, signed_in: SignedIn
) -> ConfirmDeviceResponse:
    """Confirm the device of this sign-in, with the verifier of its secret."""
    config = request.get("DeviceSecretVerifierConfig", {})
    salt, verifier = config.get("Salt"), config.get("PasswordVerifier")
    if not salt or not verifier:
        raise DeviceSecretMissing
    confirmed = devices.confirm(
        call,
        signed_in,
        DeviceToConfirm(
            device_key=request["DeviceKey"],
            name=request.get("DeviceName"),
            salt=_decoded(salt),
            verifier=_decoded(verifier),
        ),
    )
    return {"UserConfirmationNecessary": not confirmed.remembered}


@registrar.operation("ListDevices", authentication=Authentication.ACCESS_TOKEN)
def list_devices(
    call: Call, request: ListDevicesRequest, signed_in: SignedIn
) -> ListDevicesResponse:
    """List the devices of the user who asks."""
    devices.verify_tracked(signed_in.pool)
    return _listed(call, signed_in.user, request.get("Limit"), request.get("PaginationToken"))


@registrar.operation("AdminListDevices", authentication=Authentication.SIGV4)
def admin_list_devices(call: Call, request: AdminListDevicesRequest) -> AdminListDevicesResponse:
    """List the devices of a user."""
    user = _user_of_tracking_pool(call, request)
    return _listed(call, user, request.get("Limit"), request.get("PaginationToken"))


@registrar.operation("GetDevice", authentication=Authentication.ACCESS_TOKEN)
def get_device(call: Call, request: GetDeviceRequest, signed_in: SignedIn) -> GetDeviceResponse:
    """Show a device of the user who asks."""
    devices.verify_tracked(signed_in.pool)
    return {"Device": _shown(call, signed_in.user, request["DeviceKey"])}


@registrar.operation("AdminGetDevice", authentication=Authentication.SIGV4)
def admin_get_device(call: Call, request: AdminGetDeviceRequest) -> AdminGetDeviceResponse:
    """Show a device of a user."""
    user = _user_of_tracking_pool(call, request)
    return {"Device": _shown(call, user, request["DeviceKey"])}


@registrar.operation("UpdateDeviceStatus", authentication=Authentication.ACCESS_TOKEN)
def update_device_status(
    call: Call, request: UpdateDeviceStatusRequest, signed_in: SignedIn
) -> UpdateDeviceStatusResponse:
    """Remember a device of the user who asks, or no longer do."""
    devices.verify_tracked(signed_in.pool)
    _set_status(call, signed_in.user, request)
    return {}


@registrar.operation("AdminUpdateDeviceStatus", authentication=Authentication.SIGV4)
def admin_update_device_status(
    call: Call, request: AdminUpdateDeviceStatusRequest
) -> AdminUpdateDeviceStatusResponse:
    """Remember a device of a user, or no longer do."""
    _set_status(call, _user_of_tracking_pool(call, request), request)
    return {}


@registrar.operation("ForgetDevice", authentication=Authentication.ACCESS_TOKEN)
def forget_device(call: Call, request: ForgetDeviceRequest, signed_in: SignedIn) -> None:
    """Remove a device of the user who asks, and end the sign-ins on it."""
    devices.verify_tracked(signed_in.pool)
    devices.forget(call, signed_in.user, request["DeviceKey"])


@registrar.operation("AdminForgetDevice", authentication=Authentication.SIGV4)
def admin_forget_device(call: Call, request: AdminForgetDeviceRequest) -> None:
    """Remove a device of a user, and end the sign-ins on it."""
    devices.forget(call, _user_of_tracking_pool(call, request), request["DeviceKey"])


def _user_of_tracking_pool(call: Call, request: _AdminRequest) -> User:
    with call.db.reading() as transaction:
        pool = pools.get(transaction, PoolId(request["UserPoolId"]))
        devices.verify_tracked(pool)
        return users.get(transaction, pool, request["Username"])


def _set_status(
    call: Call, user: User, request: UpdateDeviceStatusRequest | AdminUpdateDeviceStatusRequest
) -> None:
    """Set what the request asks for; without a status the device stays as it is."""
    status = request.get("DeviceRememberedStatus")
    if status is None:
        with call.db.reading() as transaction:
            devices.get(transaction, user, request["DeviceKey"])
        return
    devices.set_remembered(call, user, request["DeviceKey"], is_remembered=status == "remembered")


def _shown(call: Call, user: User, device_key: str) -> DeviceType:
    with call.db.reading() as transaction:
        device = devices.get(transaction, user, device_key)
    return _device_type(call, user, device)


def _listed(
    call: Call, user: User, limit: int | None, page_token: str | None
) -> ListDevicesResponse:
    listing = f"ListDevices:{user.pool_id}:{user.sub}"
    after = position_of(call, listing, page_token)
    with call.db.reading() as transaction:
        page: Page[Device] = devices.list_devices(
            transaction, user, after=after, limit=page_limit(limit)
        )
    response = ListDevicesResponse(
        Devices=[_device_type(call, user, device) for device in page.rows]
    )
    if page.next_position is not None:
        response["PaginationToken"] = page_token_of(call, listing, page.next_position)
    return response


def _device_type(call: Call, user: User, device: Device) -> DeviceType:
    return DeviceType(
        DeviceKey=device.device_key,
        DeviceAttributes=_attributes(call, user, device),
        DeviceCreateDate=from_epoch_millis(device.created_at),
        DeviceLastModifiedDate=from_epoch_millis(device.modified_at),
        DeviceLastAuthenticatedDate=from_epoch_millis(device.last_signed_in_at),
    )


def _attributes(call: Call, user: User, device: Device) -> list[AttributeType]:
    # AWS API_AdminListDevices, the example: these names in this order.
    values = {
        "device_status": "valid",
        "device_name": device.name,
        "dev:device_arn": device_arn(
            call.account_id, device.pool_id, user.username, device.device_key
        ),
        "dev:device_owner": f"{user.username}.{device.pool_id}",
        "last_ip_used": device.last_address,
        "dev:device_remembered_status": "remembered" if device.remembered else "not_remembered",
        "dev:device_sdk": _UNKNOWN_SDK,
    }
    return [{"Name": name, "Value": value} for name, value in values.items() if value is not None]


def _decoded(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except ValueError as error:
        raise SrpVerifierRefused from error

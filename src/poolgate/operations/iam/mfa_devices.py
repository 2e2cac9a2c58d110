"""Virtual MFA devices."""

from typing import Any

from poolgate.foundation.clock import from_epoch_millis
from poolgate.iam import mfa_devices, users
from poolgate.iam.mfa_devices import MfaDevice
from poolgate.operations.iam.owners import owner_named
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.iam.resources import named_device_resource
from poolgate.operations.iam.tag_shapes import tag_list, tag_pairs, tags_page
from poolgate.operations.registry import Authentication, any_resource
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call

_IS_ENABLED = {"Assigned": True, "Unassigned": False, "Any": None}


@registrar.operation(
    "CreateVirtualMFADevice",
    authentication=Authentication.SIGV4,
    resource_of=named_device_resource,
)
def create_virtual_mfa_device(
    call: Call, request: shapes.CreateVirtualMFADeviceRequest
) -> dict[str, Any]:
    """Make a device; the only answer that ever holds its secret."""
    made = mfa_devices.create(
        call,
        name=request["VirtualMFADeviceName"],
        path=request.get("Path", "/"),
        tags=tag_pairs(request.get("Tags", ())),
    )
    shape: dict[str, Any] = {
        "SerialNumber": made.serial_number,
        "Base32StringSeed": made.seed.reveal().encode(),
        "QRCodePNG": mfa_devices.qr_code(call.account_id, made),
    }
    if "Tags" in request:
        shape["Tags"] = request["Tags"]
    return {"VirtualMFADevice": shape}


@registrar.operation("EnableMFADevice", authentication=Authentication.SIGV4)
def enable_mfa_device(call: Call, request: shapes.EnableMFADeviceRequest) -> None:
    """Give a device to a user who shows two codes in a row."""
    codes = (request["AuthenticationCode1"], request["AuthenticationCode2"])
    mfa_devices.enable(call, request["UserName"], request["SerialNumber"], codes)


@registrar.operation("ResyncMFADevice", authentication=Authentication.SIGV4)
def resync_mfa_device(call: Call, request: shapes.ResyncMFADeviceRequest) -> None:
    """Take two codes in a row as the device's."""
    codes = (request["AuthenticationCode1"], request["AuthenticationCode2"])
    mfa_devices.resync(call, request["UserName"], request["SerialNumber"], codes)


@registrar.operation("DeactivateMFADevice", authentication=Authentication.SIGV4)
def deactivate_mfa_device(call: Call, request: shapes.DeactivateMFADeviceRequest) -> None:
    """Take a device from its user, the caller where none is named."""
    with call.db.reading() as transaction:
        owner = owner_named(transaction, call, request.get("UserName"))
    if owner is None:
        raise users.IamUserNotFound(name="root")
    mfa_devices.disable(call, owner.name, request["SerialNumber"])


@registrar.operation(
    "DeleteVirtualMFADevice",
    authentication=Authentication.SIGV4,
    resource_of=named_device_resource,
)
def delete_virtual_mfa_device(call: Call, request: shapes.DeleteVirtualMFADeviceRequest) -> None:
    """Delete a device that nobody has."""
    mfa_devices.delete(call, request["SerialNumber"])


@registrar.operation("ListMFADevices", authentication=Authentication.SIGV4)
def list_mfa_devices(call: Call, request: shapes.ListMFADevicesRequest) -> dict[str, Any]:
    """List a user's devices, or the caller's."""
    with call.db.reading() as transaction:
        owner = owner_named(transaction, call, request.get("UserName"))
        paging = Paging(call, request, f"devices {owner.name if owner else 'root'}")
        found = mfa_devices.of_user(transaction, owner.user_id) if owner else ()
    later = [device for device in found if device.serial_number > (paging.after or "")]
    shown = later[: paging.limit]
    return {
        "MFADevices": [
            {
                "UserName": device.user_name,
                "SerialNumber": device.serial_number,
                "EnableDate": from_epoch_millis(device.enabled_at or 0),
            }
            for device in shown
        ],
        **paging.truncation(shown[-1].serial_number if len(later) > len(shown) else None),
    }


@registrar.operation(
    "ListVirtualMFADevices", authentication=Authentication.SIGV4, resource_of=any_resource
)
def list_virtual_mfa_devices(
    call: Call, request: shapes.ListVirtualMFADevicesRequest
) -> dict[str, Any]:
    """List virtual devices: all, those in use, or those that are not."""
    status = request.get("AssignmentStatus", "Any")
    paging = Paging(call, request, f"virtual devices {status}")
    with call.db.reading() as transaction:
        page = mfa_devices.list_page(
            transaction, is_enabled=_IS_ENABLED[status], after=paging.after, limit=paging.limit
        )
    return {
        "VirtualMFADevices": [_virtual_shape(call, device) for device in page.rows],
        **paging.truncation(page.next_position),
    }


@registrar.operation(
    "TagMFADevice", authentication=Authentication.SIGV4, resource_of=named_device_resource
)
def tag_mfa_device(call: Call, request: shapes.TagMFADeviceRequest) -> None:
    """Add or replace tags."""
    mfa_devices.tag(call, request["SerialNumber"], tag_pairs(request["Tags"]))


@registrar.operation(
    "UntagMFADevice", authentication=Authentication.SIGV4, resource_of=named_device_resource
)
def untag_mfa_device(call: Call, request: shapes.UntagMFADeviceRequest) -> None:
    """Remove tags."""
    mfa_devices.untag(call, request["SerialNumber"], request["TagKeys"])


@registrar.operation(
    "ListMFADeviceTags", authentication=Authentication.SIGV4, resource_of=named_device_resource
)
def list_mfa_device_tags(call: Call, request: shapes.ListMFADeviceTagsRequest) -> dict[str, Any]:
    """List a device's tags, by key."""
    paging = Paging(call, request, f"device tags {request['SerialNumber']}")
    with call.db.reading() as transaction:
        device = mfa_devices.get(transaction, request["SerialNumber"])
    return tags_page(device.tags, paging)


def _virtual_shape(call: Call, device: MfaDevice) -> dict[str, Any]:
    shape: dict[str, Any] = {"SerialNumber": device.serial_number}
    if device.user_id is not None and device.user_name is not None:
        path = device.user_path or "/"
        shape["User"] = {
            "Path": path,
            "UserName": device.user_name,
            "UserId": device.user_id,
            "Arn": users.user_arn(call.account_id, path, device.user_name),
            "CreateDate": from_epoch_millis(device.user_created_at or 0),
        }
        shape["EnableDate"] = from_epoch_millis(device.enabled_at or 0)
    if device.tags:
        shape["Tags"] = tag_list(device.tags)
    return shape

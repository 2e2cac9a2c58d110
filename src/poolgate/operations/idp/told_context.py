"""What requests tell of the user's device, for pools that watch for risks."""

from dataclasses import replace

from poolgate.operations.shapes.idp import ContextDataType, UserContextDataType
from poolgate.store.call import Call, ToldContext


def with_user_context(call: Call, shape: UserContextDataType | None) -> Call:
    """Return the call with what an app client tells without a signature."""
    if shape is None:
        return call
    told = ToldContext(
        address=shape.get("IpAddress", ""), encoded_data=shape.get("EncodedData", "")
    )
    return replace(call, told_context=told)


def with_admin_context(call: Call, shape: ContextDataType | None) -> Call:
    """Return the call with what an administrator's server tells of its user's request."""
    if shape is None:
        return call
    headers = {
        header.get("headerName", "").lower(): header.get("headerValue", "")
        for header in shape["HttpHeaders"]
    }
    told = ToldContext(
        address=shape["IpAddress"],
        encoded_data=shape.get("EncodedData", ""),
        user_agent=headers.get("user-agent", ""),
        is_signed=True,
    )
    return replace(call, told_context=told)

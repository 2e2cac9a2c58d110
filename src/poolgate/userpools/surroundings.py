"""Whence and with what a request about a user was made, as far as it is told and believed.

An administrator's server speaks for the user's device: what it sends as ContextData counts. Of what
an app client sends without a signature the address counts only where the client has a secret and is
set to propagate it; otherwise it is the address that the request came from.

What identifies a device is the app client's own word. A lie makes a device look new, or look like
one that the liar knows already; it proves nothing and only lowers or raises a risk.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping

import msgspec

from poolgate.foundation.addresses import is_address
from poolgate.store.call import Call, ToldContext
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.auth_events import Surroundings
from poolgate.userpools.session_activity import describe_device

MAX_ENCODED = 16 * 1024
_SHOWN_CHARACTERS = 128
# What tells devices apart, best first; AWS's data collection library sends them by these names.
_DEVICE_IDS = ("DeviceId", "DeviceFingerprint", "deviceFingerprint")
_DEVICE_NAMES = ("DeviceName", "DeviceModel", "deviceName")


class _Encoded(msgspec.Struct):
    payload: str


class _Payload(msgspec.Struct):
    # Whatever an app client sends; only text is looked at.
    context_data: dict[str, object] = msgspec.field(name="contextData", default_factory=dict)


def surroundings_of(call: Call, app_client: AppClient | None) -> Surroundings:
    """Return the surroundings of the user on whose behalf the call was made."""
    told = call.told_context
    device = _device_of(told.encoded_data)
    user_agent = told.user_agent or device.get("UserAgent") or call.user_agent or ""
    name = next((device[each] for each in _DEVICE_NAMES if device.get(each)), None)
    identity = next((device[each] for each in _DEVICE_IDS if device.get(each)), None)
    timezone = device.get("ClientTimezone") or None
    return Surroundings(
        address=_address(call, told, app_client),
        device_name=(name or describe_device(user_agent))[:_SHOWN_CHARACTERS],
        timezone=timezone[:_SHOWN_CHARACTERS] if timezone else None,
        device_key=_device_key(identity, user_agent),
        is_identified=identity is not None,
    )


def _address(call: Call, told: ToldContext, app_client: AppClient | None) -> str:
    # AWS Developer Guide, "Adding user device and session data to API requests": the unsigned
    # operations take the address from clients that propagate context data and prove a secret.
    propagates = app_client is not None and app_client.propagates_context
    if (told.is_signed or propagates) and is_address(told.address):
        return told.address
    return call.source_address


def _device_of(encoded_data: str) -> Mapping[str, str]:
    """Return what the data collection library tells of the device; nothing where unreadable."""
    if not encoded_data or len(encoded_data) > MAX_ENCODED:
        return {}
    try:
        encoded = msgspec.json.decode(base64.b64decode(encoded_data), type=_Encoded)
        payload = msgspec.json.decode(encoded.payload, type=_Payload)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return {}
    return {
        name: value
        for name, value in payload.context_data.items()
        if isinstance(value, str) and value
    }


def _device_key(identity: str | None, user_agent: str) -> str:
    # Versions change with every update; the kind of device stays.
    told = f"id:{identity}" if identity else f"kind:{describe_device(user_agent)}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]

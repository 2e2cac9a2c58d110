"""This machine as a device that a user pool knows: its secret, and how it is kept."""

import json
from dataclasses import dataclass
from typing import Any

from poolgate.client.profiles import Profile, Profiles
from poolgate.client.token_caches import TokenCache, cache_of
from poolgate.credentials.srp_client import Identity
from poolgate.foundation.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """What a confirmed device proves itself with, to one app client, for one user."""

    client_id: str
    username: str
    device_key: str
    group_key: str
    secret: Secret

    @property
    def identity(self) -> Identity:
        """Whom the secret belongs to, as SRP hashes it."""
        return Identity(self.group_key, self.device_key)


class DeviceCache:
    """Keeps one device for a profile; it outlives sign-ins."""

    def __init__(self, profile: Profile, profiles: Profiles) -> None:
        self._profile = profile
        self._cache: TokenCache = cache_of(profile, profiles, kept="device")

    def find(self, username: str) -> KnownDevice | None:
        """Return the device that this user confirmed here, or None."""
        text = self._cache.read()
        device = _parse(text) if text is not None else None
        if device is None or device.client_id != self._profile.client_id:
            return None
        return device if device.username == username else None

    def put(self, device: KnownDevice) -> None:
        """Keep a device in place of the former one."""
        members = {
            "client_id": device.client_id,
            "username": device.username,
            "device_key": device.device_key,
            "group_key": device.group_key,
            "secret": device.secret.reveal(),
        }
        self._cache.put(json.dumps(members))

    def delete(self) -> None:
        """Forget the device."""
        self._cache.delete()


def _parse(text: str) -> KnownDevice | None:
    try:
        members: dict[str, Any] = json.loads(text)
        return KnownDevice(**{**members, "secret": Secret(members["secret"])})
    except (ValueError, LookupError, TypeError):
        return None

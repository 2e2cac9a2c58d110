"""Where the keys come from that codes for functions are encrypted under (decision 0010)."""

from collections.abc import Mapping
from typing import Protocol

from poolgate.credentials.encryption_sdk import DataKey, wrap_new_data_key
from poolgate.credentials.sealing import Vault


class Keyring(Protocol):
    """Makes data keys that the holder of a named key can unwrap."""

    def new_data_key(self, key_name: str, context: Mapping[str, str]) -> DataKey:
        """Return a key for one message; raise DeliveryFailed."""
        ...


def sender_key(vault: Vault, key_name: str) -> bytes:
    """Return the key by which functions read the codes that are encrypted for `key_name`."""
    return vault.derived_key(f"custom sender {key_name}")


class OwnKeyring:
    """Wraps data keys under keys of this installation, which its operator can print."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def new_data_key(self, key_name: str, context: Mapping[str, str]) -> DataKey:
        """Return a key for one message."""
        return wrap_new_data_key(sender_key(self._vault, key_name), key_name, context)

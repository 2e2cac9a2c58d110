"""Sealing: secrets at rest, encrypted under keys derived from the master key.

A sealed value is `version(1) ‖ master key id(4) ‖ nonce(12) ‖ AES-256-GCM ciphertext`. Its key is
derived per purpose, and the row it belongs to is authenticated with it, so a sealed value that is
copied to another row or another column does not open.
"""

import hashlib
import hmac
import threading
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_bytes

MASTER_KEY_BYTES = 32
_VERSION = b"\x01"
_NONCE_BYTES = 12
_KEY_ID_BYTES = 4
_HEADER_BYTES = len(_VERSION) + _KEY_ID_BYTES


class UnsealingFailed(Failure):
    """A sealed value was altered, moved, or sealed under a master key that is not here."""


def new_master_key() -> bytes:
    """Return a fresh master key."""
    return random_bytes(MASTER_KEY_BYTES)


class Vault:
    """Seals and opens values; safe to share between threads.

    The first master key seals, all of them open: that is how a master key is rotated.
    """

    def __init__(self, master_keys: Sequence[bytes]) -> None:
        if not master_keys or any(len(key) != MASTER_KEY_BYTES for key in master_keys):
            raise ValueError(f"a master key has {MASTER_KEY_BYTES} bytes")
        self._master_keys = {_key_id(key): key for key in reversed(master_keys)}
        self._sealing_key_id = _key_id(master_keys[0])
        self._ciphers: dict[tuple[bytes, str], AESGCM] = {}
        self._derived_keys: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def seal(self, plaintext: bytes, *, purpose: str, bound_to: str) -> bytes:
        """Return `plaintext` encrypted for `purpose` and authenticated as part of `bound_to`."""
        nonce = random_bytes(_NONCE_BYTES)
        cipher = self._cipher(self._sealing_key_id, purpose)
        sealed = cipher.encrypt(nonce, plaintext, bound_to.encode())
        return _VERSION + self._sealing_key_id + nonce + sealed

    def unseal(self, sealed: bytes, *, purpose: str, bound_to: str) -> bytes:
        """Return the plaintext; raise UnsealingFailed unless purpose and row are the same."""
        key_id = sealed[len(_VERSION) : _HEADER_BYTES]
        if sealed[: len(_VERSION)] != _VERSION or key_id not in self._master_keys:
            raise UnsealingFailed
        nonce = sealed[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES]
        ciphertext = sealed[_HEADER_BYTES + _NONCE_BYTES :]
        try:
            return self._cipher(key_id, purpose).decrypt(nonce, ciphertext, bound_to.encode())
        except (InvalidTag, ValueError) as error:
            raise UnsealingFailed from error

    def derived_key(self, purpose: str) -> bytes:
        """Return 32 bytes for keyed hashing, the same for every process of one installation.

        INVARIANT: derived from the oldest master key, so that rotation does not change it.
        """
        derived_key = self._derived_keys.get(purpose)
        if derived_key is None:
            oldest = next(iter(self._master_keys.values()))
            derived_key = self._derived_keys[purpose] = _derive(oldest, "mac:" + purpose)
        return derived_key

    def _cipher(self, key_id: bytes, purpose: str) -> AESGCM:
        cipher = self._ciphers.get((key_id, purpose))
        if cipher is None:
            cipher = AESGCM(_derive(self._master_keys[key_id], "seal:" + purpose))
            with self._lock:
                self._ciphers[key_id, purpose] = cipher
        return cipher


def _key_id(master_key: bytes) -> bytes:
    return hashlib.sha256(b"poolgate master key id" + master_key).digest()[:_KEY_ID_BYTES]


def _derive(master_key: bytes, info: str) -> bytes:
    # SPEC RFC 5869 s2: extract with a fixed salt, expand one block.
    extracted = hmac.digest(b"poolgate", master_key, "sha256")
    return hmac.digest(extracted, info.encode() + b"\x01", "sha256")

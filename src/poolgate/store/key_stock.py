"""Where new RSA keys come from.

A key takes tens of milliseconds to make, long enough to be worth making ahead of need.
"""

import queue
import threading
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import rsa

RSA_KEY_BITS = 2048
_PUBLIC_EXPONENT = 65537


class KeyStock(Protocol):
    """Gives private keys, each one once."""

    def take(self) -> rsa.RSAPrivateKey:
        """Return a key that nobody else has."""
        ...


def new_rsa_key() -> rsa.RSAPrivateKey:
    """Make a key now."""
    return rsa.generate_private_key(_PUBLIC_EXPONENT, RSA_KEY_BITS)


class ReadyKeyStock:
    """Keeps a few keys ready; a thread refills what was taken, starting with the first take."""

    def __init__(self, *, ready: int = 4) -> None:
        self._keys: queue.SimpleQueue[rsa.RSAPrivateKey] = queue.SimpleQueue()
        self._ready = ready
        self._refilling = threading.Lock()

    def take(self) -> rsa.RSAPrivateKey:
        """Return a ready key, or make one."""
        threading.Thread(target=self._refill, daemon=True).start()
        try:
            return self._keys.get_nowait()
        except queue.Empty:
            return new_rsa_key()

    def _refill(self) -> None:
        if not self._refilling.acquire(blocking=False):
            return
        try:
            while self._keys.qsize() < self._ready:
                self._keys.put(new_rsa_key())
        finally:
            self._refilling.release()

"""What no sign-in can avoid: modular powers, RSA signatures and one durable commit."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import gmpy2
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

MODULUS_BITS = 3072
EXPONENT_BITS = 256
_MESSAGE = os.urandom(600)


def generator_power() -> Callable[[], object]:
    """Return one power of SRP's generator 2: 3072-bit modulus, 256-bit exponent."""
    return _power(gmpy2.mpz(2))


def general_power() -> Callable[[], object]:
    """Return one power of a random base of the same sizes."""
    return _power(gmpy2.mpz(int.from_bytes(os.urandom(MODULUS_BITS // 8))))


def _power(base: gmpy2.mpz) -> Callable[[], object]:
    modulus = gmpy2.mpz(int.from_bytes(os.urandom(MODULUS_BITS // 8)) | 1 | 1 << (MODULUS_BITS - 1))
    exponent = gmpy2.mpz(int.from_bytes(os.urandom(EXPONENT_BITS // 8)) | 1 << (EXPONENT_BITS - 1))
    return lambda: gmpy2.powmod(base, exponent, modulus)


class RsaLimit:
    """RSA-2048 with SHA-256, the token signature."""

    def __init__(self) -> None:
        self._private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._public_key = self._private_key.public_key()
        self._signature = self._private_key.sign(_MESSAGE, padding.PKCS1v15(), SHA256())

    def sign(self) -> None:
        """Make one signature."""
        self._private_key.sign(_MESSAGE, padding.PKCS1v15(), SHA256())

    def verify(self) -> None:
        """Verify one signature."""
        self._public_key.verify(self._signature, _MESSAGE, padding.PKCS1v15(), SHA256())


def durable_commit(folder: Path) -> Callable[[], object]:
    """Return one small change of an SQLite file that is on the disk when the call ends."""
    connection = sqlite3.connect(folder / "commit.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (content BLOB NOT NULL)")
    return lambda: connection.execute("INSERT INTO rows VALUES (?)", (_MESSAGE,))

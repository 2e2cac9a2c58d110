"""The SRP group: 3072-bit modulus, generator 2, and the number encodings around it.

The generator is raised by products from a table, five times faster than by general
exponentiation. Neither is constant-time; their exponents are fresh random numbers or made from the
password that the caller just sent, so repeated timing learns nothing that stays.
"""

import threading
from typing import Final

import gmpy2

from poolgate.credentials.srp_numbers import (
    ELEMENT_BYTES,
    EXPONENT_BYTES,
    PLAIN_MODULUS,
    PLAIN_MULTIPLIER,
)

MODULUS: Final = gmpy2.mpz(PLAIN_MODULUS)
_DIGIT_VALUES = 256

PowerTable = tuple[tuple["gmpy2.mpz", ...], ...]


MULTIPLIER: Final = gmpy2.mpz(PLAIN_MULTIPLIER)

_building = threading.Lock()
_built: list[PowerTable] = []


def generator_to(exponent: bytes) -> "gmpy2.mpz":
    """Return 2^exponent mod N for a 32-byte exponent, by one table look-up and product a byte."""
    table = _built[0] if _built else _powers_of_generator()
    power = gmpy2.mpz(1)
    for row, digit in zip(table, reversed(exponent), strict=True):
        power = power * row[digit] % MODULUS
    return power


def _powers_of_generator() -> PowerTable:
    """Return the table of 2^(digit · 256^place) mod N, made once a process (50 ms, 3 MB)."""
    with _building:
        if not _built:
            _built.append(tuple(_row(place) for place in range(EXPONENT_BYTES)))
        return _built[0]


def _row(place: int) -> tuple["gmpy2.mpz", ...]:
    step = gmpy2.powmod(2, gmpy2.mpz(_DIGIT_VALUES) ** place, MODULUS)
    powers = [gmpy2.mpz(1)]
    for _ in range(_DIGIT_VALUES - 1):
        powers.append(powers[-1] * step % MODULUS)
    return tuple(powers)


def element_bytes(element: "gmpy2.mpz") -> bytes:
    """Return a group element in fixed length, as it is stored and compared."""
    return int(element).to_bytes(ELEMENT_BYTES, "big")


def element_of(encoded: bytes) -> "gmpy2.mpz":
    """Return the group element stored as `encoded`."""
    return gmpy2.mpz(int.from_bytes(encoded, "big"))

"""The SRP group: 3072-bit modulus, generator 2, and the number encodings around it.

The generator is raised by products from a table, five times faster than by general
exponentiation. Neither is constant-time; their exponents are fresh random numbers or made from the
password that the caller just sent, so repeated timing learns nothing that stays.
"""

import hashlib
import threading
from typing import Final

import gmpy2

# SPEC RFC 5054 appendix A, 3072-bit group (the prime of RFC 3526 s4).
_MODULUS_HEX = (
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
)
MODULUS: Final = gmpy2.mpz(_MODULUS_HEX, 16)
ELEMENT_BYTES: Final = 384
EXPONENT_BYTES: Final = 32
_DIGIT_VALUES = 256

PowerTable = tuple[tuple["gmpy2.mpz", ...], ...]


def pad(number: "gmpy2.mpz") -> bytes:
    """Return the bytes of a positive number as Cognito's clients hash it.

    That is two's complement: a zero byte stands before a first byte of 0x80 or more.
    """
    return int(number).to_bytes(int(number).bit_length() // 8 + 1, "big")


# The multiplier of SRP-6a, k = H(N ‖ g).
MULTIPLIER: Final = gmpy2.mpz(
    int.from_bytes(hashlib.sha256(pad(MODULUS) + b"\x02").digest(), "big")
)

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

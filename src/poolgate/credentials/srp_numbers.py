"""What both sides of an SRP-6a exchange compute alike, in plain Python.

A client has no compiled arithmetic at hand; the server's is in `srp_group`.
"""

import hashlib
from typing import Final

from poolgate.foundation.ids import PoolId

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
PLAIN_MODULUS: Final = int(_MODULUS_HEX, 16)
GENERATOR: Final = 2
ELEMENT_BYTES: Final = 384
EXPONENT_BYTES: Final = 32
KEY_BYTES: Final = 16
KEY_LABEL: Final = b"Caldera Derived Key\x01"
# As TIMESTAMP words them, whatever the language of the machine.
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)


def pad(number: int) -> bytes:
    """Return the bytes of a positive number as Cognito's clients hash it.

    That is two's complement: a zero byte stands before a first byte of 0x80 or more.
    """
    return int(number).to_bytes(int(number).bit_length() // 8 + 1, "big")


# The multiplier of SRP-6a, k = H(N ‖ g).
PLAIN_MULTIPLIER: Final = int.from_bytes(
    hashlib.sha256(pad(PLAIN_MODULUS) + bytes([GENERATOR])).digest(), "big"
)


def pool_name_of(pool_id: PoolId) -> str:
    """Return the part of a pool id that SRP hashes, after the underscore."""
    return pool_id.rpartition("_")[2]

"""Public keys of authenticators (COSE_Key) and the signatures that they verify.

SPEC RFC 9053 section 2; WebAuthn 3 section 5.8.5. ES256 with P-256, RS256, EdDSA with Ed25519: for
each algorithm one kind of key, so that no key serves two algorithms.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from poolgate.credentials.cbor import CborValue, decode_cbor
from poolgate.foundation.failure import Failure

ES256, EDDSA, RS256 = -7, -8, -257
# AWS names the first two; in the order of preference.
ALGORITHMS = (ES256, RS256, EDDSA)

# SPEC RFC 9053 s7: what the labels of a key mean; negative ones by the key's type.
_TYPE, _ALGORITHM = 1, 3
_CURVE, _X, _Y = -1, -2, -3
_MODULUS, _EXPONENT = -1, -2
_OKP, _EC2, _RSA = 1, 2, 3
_P256, _ED25519 = 1, 6
_COORDINATE_BYTES = 32
_MODULUS_BITS = range(2048, 4097)
_MAX_EXPONENT_BYTES = 4

PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | Ed25519PublicKey
KeyMembers: TypeAlias = Mapping[int | str, CborValue]


class AlgorithmNotSupported(Failure):
    """The key is of a kind that signatures are not accepted of."""


class SignatureRefused(Failure):
    """The signature is not one of this key over this message."""


@dataclass(frozen=True, slots=True)
class CoseKey:
    """A public key, and the one algorithm that it is for."""

    algorithm: int
    public_key: PublicKey

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raise SignatureRefused unless the signature is right."""
        verify_signature(self.algorithm, self.public_key, signature, message)


def parse_cose_key(encoded: bytes) -> CoseKey:
    """Return the key; raise ValueError for a malformed one, AlgorithmNotSupported for others."""
    match decode_cbor(encoded):
        case dict(members):
            algorithm = members.get(_ALGORITHM)
        case _:
            raise ValueError("a key that is no map")
    if not isinstance(algorithm, int) or algorithm not in _READERS:
        raise AlgorithmNotSupported
    return CoseKey(algorithm, _READERS[algorithm](members))


def verify_signature(algorithm: int, public_key: object, signature: bytes, message: bytes) -> None:
    """Raise SignatureRefused unless it is the key's, AlgorithmNotSupported for a key of no use."""
    try:
        match public_key:
            case ec.EllipticCurvePublicKey() if algorithm == ES256:
                public_key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
            case rsa.RSAPublicKey() if algorithm == RS256:
                public_key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            case Ed25519PublicKey() if algorithm == EDDSA:
                public_key.verify(signature, message)
            case _:
                raise AlgorithmNotSupported
    except InvalidSignature as error:
        raise SignatureRefused from error


def _read_p256(members: KeyMembers) -> PublicKey:
    if members.get(_TYPE) != _EC2 or members.get(_CURVE) != _P256:
        raise AlgorithmNotSupported
    point = (
        b"\x04" + _bytes(members, _X, _COORDINATE_BYTES) + _bytes(members, _Y, _COORDINATE_BYTES)
    )
    # Raises ValueError for a point that is not on the curve.
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def _read_rsa(members: KeyMembers) -> PublicKey:
    if members.get(_TYPE) != _RSA:
        raise AlgorithmNotSupported
    exponent = _bytes(members, _EXPONENT)
    modulus = int.from_bytes(_bytes(members, _MODULUS), "big")
    if len(exponent) > _MAX_EXPONENT_BYTES or modulus.bit_length() not in _MODULUS_BITS:
        raise AlgorithmNotSupported
    return rsa.RSAPublicNumbers(int.from_bytes(exponent, "big"), modulus).public_key()


def _read_ed25519(members: KeyMembers) -> PublicKey:
    if members.get(_TYPE) != _OKP or members.get(_CURVE) != _ED25519:
        raise AlgorithmNotSupported
    return Ed25519PublicKey.from_public_bytes(_bytes(members, _X, _COORDINATE_BYTES))


_READERS: Mapping[int, Callable[[KeyMembers], PublicKey]] = {
    ES256: _read_p256,
    RS256: _read_rsa,
    EDDSA: _read_ed25519,
}


def _bytes(members: KeyMembers, label: int, length: int | None = None) -> bytes:
    value = members.get(label)
    if not isinstance(value, bytes) or length not in {None, len(value)}:
        raise ValueError("a part of the key is missing or has the wrong length")
    return value

"""Tokens signed with ES384 (RFC 7518 s3.4), for those few that let the caller choose it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384

from poolgate.jose.base64url import encode_base64url

ALGORITHM = "ES384"
_COORDINATE_BYTES = 48
_HASH = ec.ECDSA(SHA384())


class EllipticJwk(msgspec.Struct, frozen=True):
    """A P-384 public key as a key set holds it (RFC 7518 s6.2)."""

    kid: str
    x: str
    y: str
    alg: str = ALGORITHM
    crv: str = "P-384"
    kty: str = "EC"
    use: str = "sig"


@dataclass(frozen=True, slots=True)
class EllipticSigningKey:
    """A P-384 private key with the header that its tokens carry."""

    private_key: ec.EllipticCurvePrivateKey
    header_segment: bytes


def new_private_key() -> ec.EllipticCurvePrivateKey:
    """Make a key; it takes well under a millisecond."""
    return ec.generate_private_key(ec.SECP384R1())


def elliptic_signing_key(
    key_id: str, private_key: ec.EllipticCurvePrivateKey
) -> EllipticSigningKey:
    """Return a key ready to sign."""
    header = msgspec.json.encode({"kid": key_id, "alg": ALGORITHM, "typ": "JWT"})
    return EllipticSigningKey(private_key, encode_base64url(header))


def render_elliptic_jwk(key_id: str, public_key: ec.EllipticCurvePublicKey) -> EllipticJwk:
    """Return the key as a key set shows it."""
    numbers = public_key.public_numbers()
    return EllipticJwk(kid=key_id, x=_coordinate(numbers.x), y=_coordinate(numbers.y))


def sign_elliptic(claims: Mapping[str, Any], key: EllipticSigningKey) -> str:
    """Return the token that carries `claims`."""
    signing_input = key.header_segment + b"." + encode_base64url(msgspec.json.encode(claims))
    numbers = decode_dss_signature(key.private_key.sign(signing_input, _HASH))
    # SPEC RFC 7518 s3.4: both numbers at full length, one behind the other
    signature = b"".join(number.to_bytes(_COORDINATE_BYTES, "big") for number in numbers)
    return (signing_input + b"." + encode_base64url(signature)).decode()


def _coordinate(number: int) -> str:
    return encode_base64url(number.to_bytes(_COORDINATE_BYTES, "big")).decode()

"""JSON Web Keys and key sets (RFC 7517), for RS256 only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from poolgate.foundation.failure import Failure
from poolgate.jose.base64url import decode_base64url, encode_base64url

SMALLEST_MODULUS_BITS = 2048
_LARGEST_MODULUS_BITS = 8192
_SMALLEST_EXPONENT = 3
_LARGEST_EXPONENT = 2**32
_LARGEST_SET_BYTES = 256 * 1024
_MOST_KEYS = 100


class KeySetMalformed(Failure):
    """A document is not a JSON Web Key Set."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key that verifies RS256 signatures and nothing else (RFC 8725 s3.1)."""

    key_id: str
    public_key: rsa.RSAPublicKey


class Jwk(msgspec.Struct, frozen=True):
    """An RSA public key as a key set holds it."""

    kid: str
    n: str
    e: str
    alg: str | None = "RS256"
    kty: str = "RSA"
    use: str | None = "sig"


class _KeySet(msgspec.Struct):
    keys: list[msgspec.Raw]


KeySet = Mapping[str, VerificationKey]


def render_jwk(key_id: str, public_key: rsa.RSAPublicKey) -> Jwk:
    """Return the key as a key set shows it."""
    numbers = public_key.public_numbers()
    return Jwk(kid=key_id, n=_render_number(numbers.n), e=_render_number(numbers.e))


def render_key_set(keys: Iterable[Jwk]) -> bytes:
    """Return the key set document."""
    return msgspec.json.encode({"keys": list(keys)}, order="sorted")


def parse_key_set(document: bytes) -> KeySet:
    """Return the usable keys by id; raise KeySetMalformed when this is no key set.

    Keys of other types or purposes, without id, or too weak are left out (SPEC RFC 7517 s5).
    """
    if len(document) > _LARGEST_SET_BYTES:
        raise KeySetMalformed(private_detail="too large")
    try:
        key_set = msgspec.json.decode(document, type=_KeySet)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise KeySetMalformed from error
    if len(key_set.keys) > _MOST_KEYS:
        raise KeySetMalformed(private_detail="too many keys")
    usable: dict[str, VerificationKey] = {}
    for raw in key_set.keys:
        key = _find_usable(raw)
        if key is not None:
            usable.setdefault(key.key_id, key)
    return MappingProxyType(usable)


def verification_key(jwk: Jwk) -> VerificationKey:
    """Return the key that `jwk` describes; raise ValueError unless it is a sound RSA key."""
    modulus, exponent = _parse_number(jwk.n), _parse_number(jwk.e)
    if not SMALLEST_MODULUS_BITS <= modulus.bit_length() <= _LARGEST_MODULUS_BITS:
        raise ValueError("modulus of unusual size")
    if exponent not in range(_SMALLEST_EXPONENT, _LARGEST_EXPONENT):
        raise ValueError("exponent of unusual size")
    return VerificationKey(jwk.kid, rsa.RSAPublicNumbers(exponent, modulus).public_key())


def _find_usable(raw: msgspec.Raw) -> VerificationKey | None:
    try:
        jwk = msgspec.json.decode(raw, type=Jwk)
        is_for_us = jwk.kty == "RSA" and jwk.use in {None, "sig"} and jwk.alg in {None, "RS256"}
        return verification_key(jwk) if is_for_us else None
    except (msgspec.DecodeError, ValueError):
        return None


def _render_number(number: int) -> str:
    return encode_base64url(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode()


def _parse_number(text: str) -> int:
    return int.from_bytes(decode_base64url(text.encode()), "big")

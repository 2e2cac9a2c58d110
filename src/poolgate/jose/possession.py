"""Proofs that whoever sends a request holds a private key: DPoP, RFC 9449.

A proof is a token that carries its own public key, so it proves nothing but possession: the key's
thumbprint is the name under which tokens are bound to it. What the proof says of the request is
judged here; whether it is fresh and was never used before is for those who have a clock and a
memory.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from poolgate.jose.base64url import decode_base64url, encode_base64url
from poolgate.jose.key_sets import Jwk, verification_key
from poolgate.jose.strict_json import parse_json_object
from poolgate.jose.tokens import TokenRefused

# How far the time of a proof may be from the verifier's, in seconds.
WINDOW_SECONDS = 60
_TYPE = "dpop+jwt"
_MOST_CHARACTERS = 8192
_SEGMENTS = 3
_COORDINATE_BYTES = 32
_LONGEST_ID = 256
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Members of private and symmetric keys (RFC 7518 s6).
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MEANING_CHANGERS = frozenset({"crit", "b64", "zip", "enc", "cty"})
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


class KeyProofRefused(TokenRefused):
    """A text proves possession of no key for this request; the private detail says why."""


@dataclass(frozen=True, slots=True)
class KeyProof:
    """What was proven; `issued_at` is in seconds.

    `proof_id` is the proof's own name, `thumbprint` that of the key (RFC 7638).
    """

    thumbprint: str
    proof_id: str
    issued_at: float
    nonce: str | None


class _Claims(msgspec.Struct):
    jti: str
    htm: str
    htu: str
    iat: float
    nonce: str | None = None
    ath: str | None = None


@dataclass(frozen=True, slots=True)
class _Algorithm:
    key_type: str
    # The members that a thumbprint covers, in its order (RFC 7638 s3.2).
    members: tuple[str, ...]
    verify: Callable[[Mapping[str, str], bytes, bytes], None]


def verify_key_proof(
    text: str, *, method: str, urls: Collection[str], access_token: str | None = None
) -> KeyProof:
    """Return what the proof proves for a request with that method for one of the URLs.

    Beside an access token it must name that token. Raises KeyProofRefused.
    """
    if len(text) > _MOST_CHARACTERS:
        raise KeyProofRefused(private_detail="too long")
    try:
        header_segment, payload_segment, signature_segment = _segments(text)
        algorithm, key = _read_header(header_segment)
        algorithm.verify(
            key,
            decode_base64url(signature_segment),
            header_segment + b"." + payload_segment,
        )
        claims = msgspec.convert(parse_json_object(decode_base64url(payload_segment)), _Claims)
    except InvalidSignature as error:
        raise KeyProofRefused(private_detail="signature") from error
    except ValueError as error:
        raise KeyProofRefused(private_detail=str(error)) from error
    _verify_request(claims, method, urls, access_token)
    return KeyProof(_thumbprint(algorithm, key), claims.jti, claims.iat, claims.nonce)


def is_thumbprint(text: str) -> bool:
    """Tell whether the text has the form of a key's thumbprint."""
    return _THUMBPRINT.fullmatch(text) is not None


def bound_to(claims: Mapping[str, Any]) -> str | None:
    """Return the thumbprint of the key that a token is bound to, None for a bearer token.

    A token bound in a way that is not known is bound to no key there is (RFC 7800 s3.1).
    """
    if "cnf" not in claims:
        return None
    confirmed = claims["cnf"]
    thumbprint = confirmed.get("jkt") if isinstance(confirmed, Mapping) else None
    return thumbprint if isinstance(thumbprint, str) else ""


def confirmation(thumbprint: str) -> dict[str, str]:
    """Return the claim `cnf` of a token that is bound to the key (RFC 9449 s6.1)."""
    return {"jkt": thumbprint}


def _segments(text: str) -> tuple[bytes, bytes, bytes]:
    segments = text.encode("ascii").split(b".")
    if len(segments) != _SEGMENTS:
        raise ValueError("not three segments")
    return segments[0], segments[1], segments[2]


def _read_header(segment: bytes) -> tuple[_Algorithm, Mapping[str, str]]:
    header = parse_json_object(decode_base64url(segment))
    # SPEC RFC 9449 s4.3: the type, an asymmetric algorithm, and a public key.
    if str(header.get("typ", "")).lower() != _TYPE:
        raise ValueError("not the type of a proof")
    if not _MEANING_CHANGERS.isdisjoint(header):
        raise ValueError("header asks for an extension")
    algorithm = _ALGORITHMS.get(str(header.get("alg")))
    key = header.get("jwk")
    if algorithm is None or not isinstance(key, dict):
        raise ValueError("no accepted algorithm, or no key")
    if key.get("kty") != algorithm.key_type or not _PRIVATE.isdisjoint(key):
        raise ValueError("not a public key for the algorithm")
    return algorithm, {name: _text(key, name) for name in algorithm.members}


def _text(key: Mapping[str, object], name: str) -> str:
    value = key.get(name)
    if not isinstance(value, str) or not value.isascii():
        raise ValueError("key without a member it must have")
    return value


def _verify_es256(key: Mapping[str, str], signature: bytes, signed: bytes) -> None:
    if key["crv"] != "P-256" or len(signature) != 2 * _COORDINATE_BYTES:
        raise ValueError("not of the curve P-256")
    x, y = (_number(key[name]) for name in ("x", "y"))
    public_key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    r, s = signature[:_COORDINATE_BYTES], signature[_COORDINATE_BYTES:]
    encoded = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    public_key.verify(encoded, signed, ec.ECDSA(SHA256()))


def _number(coordinate: str) -> int:
    octets = decode_base64url(coordinate.encode())
    if len(octets) != _COORDINATE_BYTES:
        raise ValueError("coordinate of another length")
    return int.from_bytes(octets, "big")


def _verify_eddsa(key: Mapping[str, str], signature: bytes, signed: bytes) -> None:
    if key["crv"] != "Ed25519":
        raise ValueError("not of the curve Ed25519")
    public_key = ed25519.Ed25519PublicKey.from_public_bytes(decode_base64url(key["x"].encode()))
    public_key.verify(signature, signed)


def _verify_rs256(key: Mapping[str, str], signature: bytes, signed: bytes) -> None:
    public_key = verification_key(Jwk(kid="", n=key["n"], e=key["e"])).public_key
    public_key.verify(signature, signed, PKCS1v15(), SHA256())


_ALGORITHMS: Mapping[str, _Algorithm] = MappingProxyType(
    {
        "ES256": _Algorithm("EC", ("crv", "kty", "x", "y"), _verify_es256),
        "EdDSA": _Algorithm("OKP", ("crv", "kty", "x"), _verify_eddsa),
        "RS256": _Algorithm("RSA", ("e", "kty", "n"), _verify_rs256),
    }
)
ALGORITHMS = tuple(_ALGORITHMS)


def _thumbprint(algorithm: _Algorithm, key: Mapping[str, str]) -> str:
    members = {name: key[name] for name in algorithm.members}
    return encode_base64url(hashlib.sha256(msgspec.json.encode(members)).digest()).decode()


def _verify_request(
    claims: _Claims, method: str, urls: Collection[str], access_token: str | None
) -> None:
    if not 0 < len(claims.jti) <= _LONGEST_ID:
        raise KeyProofRefused(private_detail="jti")
    if claims.htm != method:
        raise KeyProofRefused(private_detail="another method")
    try:
        is_for_here = _comparable(claims.htu) in {_comparable(url) for url in urls}
    except ValueError as error:
        raise KeyProofRefused(private_detail=str(error)) from error
    if not is_for_here:
        raise KeyProofRefused(private_detail="another URL")
    if access_token is not None:
        digest = encode_base64url(hashlib.sha256(access_token.encode()).digest())
        # SPEC RFC 9449 s4.3 (12): the proof was made for this very token.
        if not hmac.compare_digest((claims.ath or "").encode(), digest):
            raise KeyProofRefused(private_detail="another access token")


def _comparable(url: str) -> tuple[str, str | None, int | None, str]:
    """Return the URL without query and fragment, in one spelling (RFC 9449 s4.3, RFC 3986 s6)."""
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return parts.scheme, parts.hostname, port, parts.path or "/"

"""JSON Web Tokens in compact form, signed with RS256 and nothing else.

A token goes through three hands, each of which may refuse it:

    text ── parse_token ──> UnverifiedToken ── verify_token, with the key of its key id ──> claims

The algorithm is a property of the key, never of the token. `kid` is an opaque name; `jku`, `x5u`,
`jwk` and `x5c` are never read. The claims are decoded only after the signature was found right.
What the claims say (issuer, times, use) is for the caller to judge.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from poolgate.foundation.failure import Failure
from poolgate.jose.base64url import decode_base64url, encode_base64url
from poolgate.jose.key_sets import VerificationKey
from poolgate.jose.strict_json import JsonObject, parse_json_object

ALGORITHM = "RS256"
LARGEST_TOKEN_CHARACTERS = 32 * 1024
_LARGEST_HEADER_CHARACTERS = 1024
_SEGMENTS = 3
_KEY_ID = re.compile(r"[!-~]{1,256}")
# Members that change what the payload means: compression, nesting, encryption, or anything at all.
_MEANING_CHANGERS = frozenset({"crit", "b64", "zip", "enc", "cty"})
_PADDING = PKCS1v15()
_HASH = SHA256()

Claims = Mapping[str, Any]


class TokenRefused(Failure):
    """A token is not acceptable; the private detail says why."""


class TokenMalformed(TokenRefused):
    """The text is not a signed token in the accepted form."""


class SignatureMismatch(TokenRefused):
    """The token was not signed by the key that its key id names."""


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A token taken apart; nothing in it is true yet."""

    key_id: str
    signing_input: bytes
    signature: bytes
    payload_segment: bytes


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with the header that its tokens carry."""

    key_id: str
    private_key: rsa.RSAPrivateKey
    header_segment: bytes


def signing_key(key_id: str, private_key: rsa.RSAPrivateKey) -> SigningKey:
    """Return a key ready to sign."""
    header = msgspec.json.encode({"kid": key_id, "alg": ALGORITHM})
    return SigningKey(key_id, private_key, encode_base64url(header))


def sign_token(claims: Claims, key: SigningKey) -> str:
    """Return the token that carries `claims`."""
    signing_input = key.header_segment + b"." + encode_base64url(msgspec.json.encode(claims))
    signature = key.private_key.sign(signing_input, _PADDING, _HASH)
    return (signing_input + b"." + encode_base64url(signature)).decode()


def parse_token(text: str) -> UnverifiedToken:
    """Take a token apart; raise TokenMalformed unless it is one signed token in compact form."""
    if len(text) > LARGEST_TOKEN_CHARACTERS:
        raise TokenMalformed(private_detail="too long")
    try:
        encoded = text.encode("ascii")
        segments = encoded.split(b".")
        if len(segments) != _SEGMENTS:
            raise TokenMalformed(private_detail="not three segments")
        header_segment, payload_segment, signature_segment = segments
        return UnverifiedToken(
            key_id=_parse_header(header_segment),
            signing_input=encoded[: -len(signature_segment) - 1],
            signature=decode_base64url(signature_segment),
            payload_segment=payload_segment,
        )
    except ValueError as error:
        raise TokenMalformed(private_detail=str(error)) from error


def verify_token(token: UnverifiedToken, key: VerificationKey) -> JsonObject:
    """Return the claims; raise SignatureMismatch or TokenMalformed."""
    if key.key_id != token.key_id:
        raise SignatureMismatch(private_detail="another key's token")
    try:
        key.public_key.verify(token.signature, token.signing_input, _PADDING, _HASH)
    except InvalidSignature as error:
        raise SignatureMismatch from error
    try:
        return parse_json_object(decode_base64url(token.payload_segment))
    except ValueError as error:
        raise TokenMalformed(private_detail=str(error)) from error


# One key's tokens share one header, so it is judged once.
@lru_cache(maxsize=256)
def _parse_header(segment: bytes) -> str:
    """Return the key id of a header; raise ValueError when the header is not acceptable."""
    if len(segment) > _LARGEST_HEADER_CHARACTERS:
        raise ValueError("header too long")
    header = parse_json_object(decode_base64url(segment))
    # SPEC RFC 8725 s3.1: only the algorithm that the key is for; `none` and HMAC never.
    if header.get("alg") != ALGORITHM:
        raise ValueError("algorithm is not RS256")
    # SPEC RFC 7515 s4.1.11: an extension that is not understood makes the token invalid.
    if not _MEANING_CHANGERS.isdisjoint(header):
        raise ValueError("header asks for an extension")
    # SPEC RFC 8725 s3.11: a type that is given must be ours; Cognito gives none.
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise ValueError("not the type of a token")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
        raise ValueError("no usable key id")
    return key_id

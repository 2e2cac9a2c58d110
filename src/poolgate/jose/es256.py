"""JSON Web Tokens signed with ES256, for others who want them so (Sign in with Apple)."""

import base64
import binascii

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from poolgate.foundation.failure import Failure
from poolgate.foundation.secret import Secret
from poolgate.jose.base64url import encode_base64url
from poolgate.jose.tokens import Claims

_COORDINATE_BYTES = 32


class PrivateKeyUnusable(Failure):
    """The text is no private key on the curve P-256."""


def sign_es256(claims: Claims, key_id: str, private_key: Secret) -> str:
    """Return the token that carries `claims`, by a PKCS #8 key with or without its PEM frame.

    Raises PrivateKeyUnusable.
    """
    header = msgspec.json.encode({"alg": "ES256", "kid": key_id})
    signing_input = encode_base64url(header) + b"." + encode_base64url(msgspec.json.encode(claims))
    signed = _loaded(private_key).sign(signing_input, ec.ECDSA(SHA256()))
    # SPEC RFC 7518 s3.4: both numbers, each as long as a coordinate.
    raw = b"".join(
        number.to_bytes(_COORDINATE_BYTES, "big") for number in decode_dss_signature(signed)
    )
    return (signing_input + b"." + encode_base64url(raw)).decode()


def _loaded(private_key: Secret) -> ec.EllipticCurvePrivateKey:
    lines = private_key.reveal().split("\n")
    body = "".join(line.strip() for line in lines if not line.startswith("-----"))
    try:
        loaded = load_der_private_key(base64.b64decode(body, validate=True), password=None)
    except (ValueError, TypeError, binascii.Error) as error:
        raise PrivateKeyUnusable from error
    if not isinstance(loaded, ec.EllipticCurvePrivateKey) or loaded.curve.name != "secp256r1":
        raise PrivateKeyUnusable
    return loaded

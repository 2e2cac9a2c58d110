"""Tokens that others want signed with ES256."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from poolgate.foundation.secret import Secret
from poolgate.jose.base64url import decode_base64url
from poolgate.jose.es256 import PrivateKeyUnusable, sign_es256

KEY = ec.generate_private_key(ec.SECP256R1())


def pem_of(private_key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    "text", [pem_of(KEY), "".join(pem_of(KEY).split("\n")[1:-2]), pem_of(KEY).replace("\n", "\r\n")]
)
def test_a_key_signs_with_or_without_its_frame(text):
    token = sign_es256({"sub": "client"}, "key-1", Secret(text))
    header, payload, signature = (part.encode() for part in token.split("."))
    assert json.loads(decode_base64url(header)) == {"alg": "ES256", "kid": "key-1"}
    assert json.loads(decode_base64url(payload)) == {"sub": "client"}
    raw = decode_base64url(signature)
    assert len(raw) == 64
    numbers = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    signed = encode_dss_signature(*numbers)
    KEY.public_key().verify(signed, header + b"." + payload, ec.ECDSA(SHA256()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "AAAA",
        "ä",
        pem_of(ec.generate_private_key(ec.SECP384R1())),
        pem_of(rsa.generate_private_key(65537, 2048)),
    ],
    ids=["none", "no base64", "no key", "no ASCII", "another curve", "another kind"],
)
def test_other_texts_are_no_keys(text):
    with pytest.raises(PrivateKeyUnusable):
        sign_es256({}, "key-1", Secret(text))

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from poolgate.jose.key_sets import VerificationKey
from poolgate.jose.tokens import SigningKey, signing_key

KEY_ID = "bWFkZSB1cCBrZXkgaWQgb2YgMzIgYnl0ZXMuLi4uLi4="


@pytest.fixture(scope="session")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def key(private_key: rsa.RSAPrivateKey) -> SigningKey:
    return signing_key(KEY_ID, private_key)


@pytest.fixture(scope="session")
def public(private_key: rsa.RSAPrivateKey) -> VerificationKey:
    return VerificationKey(KEY_ID, private_key.public_key())

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import KeySet as OtherKeySet

from poolgate.jose.key_sets import (
    KeySetMalformed,
    parse_key_set,
    render_jwk,
    render_key_set,
)
from poolgate.jose.tokens import SigningKey, sign_token


def document(*keys: object) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


@pytest.fixture
def jwk(private_key: rsa.RSAPrivateKey) -> dict[str, str]:
    shown = json.loads(render_key_set([render_jwk("k1", private_key.public_key())]))
    return shown["keys"][0]


def test_rendered_key_has_cognitos_members(jwk: dict[str, str]) -> None:
    assert set(jwk) == {"alg", "e", "kid", "kty", "n", "use"}
    assert (jwk["alg"], jwk["e"], jwk["kty"], jwk["use"]) == ("RS256", "AQAB", "RSA", "sig")


def test_rendered_key_comes_back(jwk: dict[str, str], private_key: rsa.RSAPrivateKey) -> None:
    keys = parse_key_set(document(jwk))
    assert keys["k1"].public_key == private_key.public_key()


def test_another_library_verifies_with_our_key_set(
    key: SigningKey, private_key: rsa.RSAPrivateKey
) -> None:
    from joserfc import jwt  # noqa: PLC0415 - the oracle of this test alone

    shown = json.loads(render_key_set([render_jwk(key.key_id, private_key.public_key())]))
    decoded = jwt.decode(sign_token({"sub": "a"}, key), OtherKeySet.import_key_set(shown))
    assert decoded.claims == {"sub": "a"}


def test_keys_that_cannot_verify_here_are_left_out(jwk: dict[str, str]) -> None:
    weak = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505 - weak on purpose
    shown = json.loads(render_key_set([render_jwk("weak", weak)]))["keys"][0]
    others = [
        shown,
        jwk | {"kid": "ec", "kty": "EC"},
        jwk | {"kid": "enc", "use": "enc"},
        jwk | {"kid": "ps", "alg": "PS256"},
        jwk | {"kid": "even", "e": "Ag"},
        jwk | {"kid": "one", "e": "AQ"},
        jwk | {"kid": "garbled", "n": "!!"},
        jwk | {"kid": "number", "n": 7},
        jwk | {"kid": None},
        {"kty": "oct", "k": "AAAA", "kid": "hmac"},
        "text",
        None,
    ]
    assert set(parse_key_set(document(*others, jwk))) == {"k1"}


def test_optional_members_may_be_missing(jwk: dict[str, str]) -> None:
    bare = {name: jwk[name] for name in ("kid", "kty", "n", "e")}
    assert set(parse_key_set(document(bare))) == {"k1"}


def test_first_of_two_keys_with_one_id_counts(
    jwk: dict[str, str], private_key: rsa.RSAPrivateKey
) -> None:
    other = render_jwk("k1", rsa.generate_private_key(65537, 2048).public_key())
    second = json.loads(render_key_set([other]))["keys"][0]
    assert parse_key_set(document(jwk, second))["k1"].public_key == private_key.public_key()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys":{}}',
        b"\xff",
        b'{"keys":[' + b",".join([b"{}"] * 101) + b"]}",
        b" " * 300_000 + b'{"keys":[]}',
        b'{"keys":' + b"[" * 100_000,
    ],
)
def test_document_that_is_no_key_set_is_refused(text: bytes) -> None:
    with pytest.raises(KeySetMalformed):
        parse_key_set(text)

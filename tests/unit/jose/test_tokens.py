import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import OctKey, RSAKey

from poolgate.jose.key_sets import VerificationKey
from poolgate.jose.tokens import (
    SignatureMismatch,
    SigningKey,
    TokenMalformed,
    TokenRefused,
    parse_token,
    sign_token,
    verify_token,
)

CLAIMS = {
    "sub": "alice",
    "cognito:groups": ["a", "b"],
    "exp": 1_700_000_000,
    "email_verified": True,
}
KEY_ID = "bWFkZSB1cCBrZXkgaWQgb2YgMzIgYnl0ZXMuLi4uLi4="


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def compact(private_key: rsa.RSAPrivateKey, header: bytes, payload: bytes) -> str:
    """Sign any bytes whatever, as a hostile issuer of the right key could."""
    signing_input = f"{b64(header)}.{b64(payload)}"
    signature = private_key.sign(signing_input.encode(), padding.PKCS1v15(), SHA256())
    return f"{signing_input}.{b64(signature)}"


def with_header(private_key: rsa.RSAPrivateKey, **members: Any) -> str:
    header = {"alg": "RS256", "kid": KEY_ID} | members
    return compact(private_key, json.dumps(header).encode(), b'{"sub":"alice"}')


def verify(text: str, public: VerificationKey) -> dict[str, Any]:
    return verify_token(parse_token(text), public)


def test_signed_claims_come_back(key: SigningKey, public: VerificationKey) -> None:
    assert verify(sign_token(CLAIMS, key), public) == CLAIMS


def test_header_names_only_key_and_algorithm(key: SigningKey) -> None:
    header = sign_token(CLAIMS, key).split(".")[0]
    decoded = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    assert decoded == {"kid": KEY_ID, "alg": "RS256"}


def test_another_library_accepts_our_token(key: SigningKey, private_key: rsa.RSAPrivateKey) -> None:
    pem = private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    decoded = jwt.decode(sign_token(CLAIMS, key), RSAKey.import_key(pem), algorithms=["RS256"])
    assert decoded.claims == CLAIMS


def test_we_accept_another_librarys_token(
    private_key: rsa.RSAPrivateKey, public: VerificationKey
) -> None:
    pem = private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    text = jwt.encode({"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}, CLAIMS, RSAKey.import_key(pem))
    assert verify(text, public) == CLAIMS


def test_any_changed_character_is_refused(key: SigningKey, public: VerificationKey) -> None:
    text = sign_token(CLAIMS, key)
    for place, character in enumerate(text):
        for other in "AB.-_+/= \u00e9\n":
            if other == character:
                continue
            with pytest.raises(TokenRefused):
                verify(text[:place] + other + text[place + 1 :], public)


def test_unused_bits_of_the_last_character_are_part_of_the_token(
    key: SigningKey, public: VerificationKey
) -> None:
    text = sign_token(CLAIMS, key)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    accepted = [c for c in alphabet if _is_accepted(text[:-1] + c, public)]
    assert accepted == [text[-1]]


def _is_accepted(text: str, public: VerificationKey) -> bool:
    try:
        verify(text, public)
    except TokenRefused:
        return False
    return True


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "", "HS256", "RS384", "PS256", None, 256, []]
)
def test_algorithm_other_than_rs256_is_refused(
    private_key: rsa.RSAPrivateKey, public: VerificationKey, algorithm: object
) -> None:
    with pytest.raises(TokenMalformed):
        verify(with_header(private_key, alg=algorithm), public)


def test_unsigned_token_is_refused(public: VerificationKey) -> None:
    header = b64(json.dumps({"alg": "none", "kid": KEY_ID}).encode())
    for signature in ("", "AAAA"):
        with pytest.raises(TokenRefused):
            verify(f"{header}.{b64(b'{}')}.{signature}", public)


def test_public_key_used_as_hmac_secret_is_refused(
    private_key: rsa.RSAPrivateKey, public: VerificationKey
) -> None:
    pem = private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = jws.serialize_compact(
        {"alg": "HS256", "kid": KEY_ID}, b'{"sub":"alice"}', OctKey.import_key(b64(pem).encode())
    )
    with pytest.raises(TokenRefused):
        verify(text, public)


@pytest.mark.parametrize(
    "members",
    [
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
        {"zip": "DEF"},
        {"enc": "A128GCM"},
        {"cty": "JWT"},
        {"typ": "JOSE"},
        {"typ": "secevent+jwt"},
        {"typ": ["JWT"]},
        {"kid": None},
        {"kid": ""},
        {"kid": 7},
        {"kid": "a\nb"},
        {"kid": "\u00e9"},
        {"kid": "k" * 257},
        {"x": "y" * 1024},
    ],
)
def test_header_that_changes_the_meaning_or_names_no_key_is_refused(
    private_key: rsa.RSAPrivateKey, public: VerificationKey, members: dict[str, object]
) -> None:
    with pytest.raises(TokenMalformed):
        verify(with_header(private_key, **members), public)


def test_keys_and_addresses_in_the_header_are_never_used(
    private_key: rsa.RSAPrivateKey, public: VerificationKey
) -> None:
    attacker = rsa.generate_private_key(65537, 2048)
    jwk = RSAKey.import_key(
        attacker.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).as_dict(private=False)
    for members in (
        {"jwk": jwk},
        {"jku": "https://attacker.example/jwks.json"},
        {"x5u": "https://attacker.example/cert.pem"},
        {"x5c": ["AAAA"]},
    ):
        with pytest.raises(SignatureMismatch):
            verify(with_header(attacker, **members), public)
        assert verify(with_header(private_key, **members), public) == {"sub": "alice"}


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"{",
        b'{"sub":"alice","sub":"bob"}',
        b'{"a":{"sub":1,"sub":2}}',
        b'{"s\\u0075b":"alice","sub":"bob"}',
        b'{"exp":NaN}',
        b'{"exp":Infinity}',
        b'{"exp":-Infinity}',
        b'{"exp":1e999}',
        b'{"exp":' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf{}",
        b'{"a":"\xff"}',
        b'{"a":' + b"[" * 9000 + b"]" * 9000 + b"}",
        b"{} {}",
    ],
)
def test_payload_that_readers_could_disagree_about_is_refused(
    private_key: rsa.RSAPrivateKey, public: VerificationKey, payload: bytes
) -> None:
    header = json.dumps({"alg": "RS256", "kid": KEY_ID}).encode()
    with pytest.raises(TokenMalformed):
        verify(compact(private_key, header, payload), public)


def test_repeated_header_name_is_refused(
    private_key: rsa.RSAPrivateKey, public: VerificationKey
) -> None:
    header = b'{"alg":"none","alg":"RS256","kid":"' + KEY_ID.encode() + b'"}'
    with pytest.raises(TokenMalformed):
        verify(compact(private_key, header, b"{}"), public)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "...", "a.b", "a.b.c.d", "a.b.c.d.e", "\ud800.a.b"]
)
def test_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(TokenMalformed):
        parse_token(text)


def test_size_is_judged_before_anything_is_decoded() -> None:
    with pytest.raises(TokenMalformed) as refusal:
        parse_token("!" * 40_000)
    assert refusal.value.private_detail == "too long"


def test_token_of_another_key_is_refused(public: VerificationKey) -> None:
    foreign = rsa.generate_private_key(65537, 2048)
    with pytest.raises(SignatureMismatch):
        verify(with_header(foreign), public)
    with pytest.raises(SignatureMismatch):
        verify(with_header(foreign, kid="other"), public)


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    with pytest.raises(TokenMalformed):
        parse_token(text)

"""Proofs of possession: what they must say, and that nothing else passes (RFC 9449 section 4.3)."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from kits.key_holder import KeyHolder, encoded, jwk_of

from poolgate.jose.possession import (
    KeyProofRefused,
    bound_to,
    is_thumbprint,
    verify_key_proof,
)

URL = "https://api.example.com/things"
KEYS = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
}
HOLDER = KeyHolder(lambda: 1000, KEYS["ES256"])
PROOF = HOLDER.proof("GET", URL)


def verified(text, **changes):
    return verify_key_proof(text, **({"method": "GET", "urls": (URL,)} | changes))


def refused(text, **changes):
    with pytest.raises(KeyProofRefused):
        verified(text, **changes)


@pytest.mark.parametrize("name", KEYS)
def test_each_kind_of_key_proves_itself(name):
    holder = KeyHolder(lambda: 1000, KEYS[name])
    proof = verified(holder.proof("GET", URL, nonce="n"))
    assert (proof.thumbprint, proof.issued_at, proof.nonce) == (holder.thumbprint, 1000, "n")
    assert is_thumbprint(proof.thumbprint)


def test_the_thumbprint_is_that_of_rfc_7638():
    # The example of RFC 9449 section 4.1 and the thumbprint of section 6.1.
    text = (
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0V"
        "jNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY"
        "5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9T"
        "VCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T"
        "8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
    )
    proof = verify_key_proof(text, method="POST", urls=("https://server.example.com/token",))
    assert proof.thumbprint == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


@pytest.mark.parametrize(
    "url",
    [
        "HTTPS://API.example.com/things",
        "https://api.example.com:443/things",
        "https://api.example.com/things?page=2",
        "https://api.example.com/things#top",
    ],
)
def test_urls_are_compared_without_query_and_in_one_spelling(url):
    assert verified(HOLDER.proof("GET", url))


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "POST"},
        {"htm": "get"},
        {"htm": None},
        {"htu": "https://api.example.com/thing"},
        {"htu": "https://api.example.com/things/"},
        {"htu": "http://api.example.com/things"},
        {"htu": "https://api.example.com:8443/things"},
        {"htu": "https://api.example.com:port/things"},
        {"htu": "https://evil.example/things"},
        {"htu": "/things"},
        {"htu": None},
        {"iat": None},
        {"iat": "1000"},
        {"iat": True},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 257},
        {"jti": 7},
        {"nonce": 7},
    ],
)
def test_a_proof_for_another_request_is_refused(changes):
    refused(HOLDER.proof("GET", URL, **changes))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256"},
        {"alg": None},
        {"jwk": None},
        {"jwk": "key"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"crit": ["x"]},
        {"zip": "DEF"},
    ],
)
def test_another_kind_of_token_is_no_proof(header):
    refused(HOLDER.proof("GET", URL, header=header))


def test_a_private_key_is_never_accepted():
    head = jwk_of(HOLDER.key) | {"d": encoded(b"x" * 32)}
    refused(HOLDER.proof("GET", URL, header={"jwk": head}))


def test_points_off_the_curve_and_short_keys_are_refused():
    off = {"kty": "EC", "crv": "P-256", "x": encoded(b"\1" * 32), "y": encoded(b"\2" * 32)}
    refused(HOLDER.proof("GET", URL, header={"jwk": off}))
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - the point
    refused(KeyHolder(lambda: 1000, weak).proof("GET", URL))


def test_beside_a_token_it_must_name_that_token():
    text = HOLDER.proof("GET", URL, access_token="one")
    assert verified(text, access_token="one")
    refused(text, access_token="another")
    refused(HOLDER.proof("GET", URL), access_token="one")


@given(st.data())
def test_a_changed_proof_is_refused(data):
    text = PROOF
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    if other != text[at]:
        refused(text[:at] + other + text[at + 1 :])


@given(st.text(max_size=200))
def test_no_text_is_a_proof(text):
    refused(text)


def test_what_is_bound_in_another_way_is_bound_to_no_key_there_is():
    assert bound_to({}) is None
    assert bound_to({"cnf": {"jkt": "x"}}) == "x"
    for confirmation in ({}, {"x5t#S256": "y"}, None, "x", {"jkt": 7}):
        assert bound_to({"cnf": confirmation}) == ""

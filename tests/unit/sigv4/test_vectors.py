"""AWS's own signing examples, in header and presigned form."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from poolgate.foundation.secret import Secret
from poolgate.sigv4.proofs import parse_proof, verify_signature
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import derive_signing_key, presign, sign

SUITE = json.loads((Path(__file__).parents[2] / "vectors" / "sigv4.json").read_text())
SECRET = Secret(SUITE["secret_access_key"])
SIGNED_AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
SIGNING_KEY = derive_signing_key(SECRET, "20150830", "us-east-1", "service")
HEADER_VECTORS = pytest.mark.parametrize("vector", SUITE["header"], ids=lambda v: v["name"])
QUERY_VECTORS = pytest.mark.parametrize("vector", SUITE["query"], ids=lambda v: v["name"])


def parts_of(vector, *, extra_headers=(), extra_query=""):
    method, _, target = vector["target"].partition(" ")
    path, _, query = target.partition("?")
    own = tuple((name, value) for name, value in vector.get("headers", ()))
    return RequestParts(
        method=method,
        path=path,
        query="&".join(part for part in (query, extra_query) if part),
        headers=(("Host", "example.amazonaws.com"), *own, *extra_headers),
        body=vector.get("body", "").encode(),
    )


def verify(parts, *, now=SIGNED_AT):
    proof = parse_proof(parts, now=now, skew_seconds=300, service="service", region="us-east-1")
    verify_signature(parts, proof, SIGNING_KEY)
    return proof


@HEADER_VECTORS
def test_header_form_verifies(vector):
    signed_headers = vector.get("signed_headers", "host;x-amz-date")
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={SUITE['access_key_id']}/{SUITE['scope']}, "
        f"SignedHeaders={signed_headers}, Signature={vector['signature']}"
    )
    proof = verify(
        parts_of(
            vector,
            extra_headers=(
                ("X-Amz-Date", SUITE["timestamp"]),
                ("Authorization", authorization),
            ),
        )
    )
    assert proof.access_key_id == "AKIDEXAMPLE"
    assert proof.signed_at == SIGNED_AT
    assert proof.session_token == dict(vector.get("headers", ())).get("X-Amz-Security-Token")


@pytest.mark.parametrize(
    "vector",
    # Our signer always signs the session token.
    [vector for vector in SUITE["header"] if vector["name"] != "post-sts-header-after"],
    ids=lambda v: v["name"],
)
def test_our_signer_makes_the_same_signature(vector):
    parts = parts_of({**vector, "headers": own_headers(vector)})
    added = dict(
        sign(
            parts,
            access_key_id="AKIDEXAMPLE",
            secret_access_key=SECRET,
            session_token=dict(vector.get("headers", ())).get("X-Amz-Security-Token"),
            region="us-east-1",
            service="service",
            now=SIGNED_AT,
            extra_signed_headers=("My-Header1", "my-header2"),
        )
    )
    assert added["Authorization"].endswith(f"Signature={vector['signature']}")


def own_headers(vector):
    return [pair for pair in vector.get("headers", ()) if pair[0] != "X-Amz-Security-Token"]


def presigned_query(vector):
    token = vector.get("session_token")
    return "&".join(
        [
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            f"X-Amz-Credential=AKIDEXAMPLE%2F{SUITE['scope'].replace('/', '%2F')}",
            f"X-Amz-Date={SUITE['timestamp']}",
            f"X-Amz-SignedHeaders={vector.get('signed_headers', 'host').replace(';', '%3B')}",
            "X-Amz-Expires=3600",
            *([f"X-Amz-Security-Token={token}"] if token else []),
            f"X-Amz-Signature={vector['signature']}",
        ]
    )


@QUERY_VECTORS
def test_presigned_form_verifies_until_it_expires(vector):
    parts = parts_of(
        vector,
        extra_query=presigned_query(vector),
        extra_headers=(("X-Amz-Date", SUITE["timestamp"]),),
    )
    proof = verify(parts, now=SIGNED_AT + timedelta(hours=1))
    assert proof.presigned
    assert proof.expires_at == SIGNED_AT + timedelta(hours=1)
    assert proof.session_token == vector.get("session_token")


@QUERY_VECTORS
def test_our_presigner_makes_the_same_signature(vector):
    query = presign(
        parts_of(vector),
        access_key_id="AKIDEXAMPLE",
        secret_access_key=SECRET,
        session_token=vector.get("session_token"),
        region="us-east-1",
        service="service",
        now=SIGNED_AT,
        expires_seconds=3600,
        extra_signed_headers=("my-header1", "my-header2"),
    )
    assert query.endswith(f"&X-Amz-Signature={vector['signature']}")
    verify(replace(parts_of(vector), query=query))


def test_folded_lines_are_joined_by_one_space():
    unfolded = parts_of({"target": "GET /", "headers": [["My-Header1", "value1 value2"]]})
    folded = parts_of({"target": "GET /", "headers": [["My-Header1", "value1\r\n   value2"]]})
    added = sign(
        unfolded,
        access_key_id="AKIDEXAMPLE",
        secret_access_key=SECRET,
        session_token=None,
        region="us-east-1",
        service="service",
        now=SIGNED_AT,
        extra_signed_headers=("my-header1",),
    )
    verify(replace(folded, headers=(*folded.headers, *added)))


def test_the_iam_example_of_the_documentation():
    # AWS reference_sigv-create-signed-request, ListUsers
    parts = RequestParts(
        method="GET",
        path="/",
        query="Action=ListUsers&Version=2010-05-08",
        headers=(
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", "iam.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
            (
                "authorization",
                (
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
                    "SignedHeaders=content-type;host;x-amz-date, "
                    "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
                ),
            ),
        ),
        body=b"",
    )
    signing_key = derive_signing_key(SECRET, "20150830", "us-east-1", "iam")
    assert signing_key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    proof = parse_proof(parts, now=SIGNED_AT, skew_seconds=900, service="iam")
    verify_signature(parts, proof, signing_key)

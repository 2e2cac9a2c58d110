"""What botocore signs verifies; what was changed afterwards by one byte does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from poolgate.foundation.secret import Secret
from poolgate.sigv4.canonical import canonical_path, canonical_query, encoded_pairs
from poolgate.sigv4.failures import UNKNOWN_ACCESS_KEY_TEXT, SignatureFailure, SignatureFault
from poolgate.sigv4.proofs import carries_proof, parse_proof, verify_signature
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import derive_signing_key, presign, sign

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)
REGION = "eu-central-1"
SERVICE = "execute-api"

text = st.text(st.characters(codec="utf-8"), max_size=8)
segments = st.one_of(text, st.sampled_from(["", ".", "..", "...", "%2E", "%2F", "a b", "~", "$"]))
paths = st.builds(
    lambda raw: "/" + "/".join(quote(segment, safe="%") for segment in raw),
    st.lists(segments, max_size=6),
)
names = st.one_of(text, st.sampled_from(["", "a", "A", "a-b", "Param", "X-Amz-Other"]))
queries = st.builds(
    lambda pairs: "&".join(
        f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs
    ),
    st.lists(st.tuples(names, text), max_size=5),
)
# Latin text as header values carry it, with inner and outer white space and folded lines.
header_values = st.lists(
    st.one_of(
        st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF), max_size=6),
        st.sampled_from([" ", "  ", "\t", '"a   b"', "\r\n ", ","]),
    ),
    max_size=5,
).map("".join)
own_headers = st.lists(
    st.tuples(
        st.sampled_from(["My-Header1", "my-header2", "X-Amz-Target", "Content-Type", "X-Custom"]),
        header_values,
    ),
    max_size=5,
)
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS"]),
        "path": paths,
        "query": queries,
        "headers": own_headers,
        "body": st.binary(max_size=40),
        "session_token": st.one_of(st.none(), st.just("AQoDYXdz//EPT+wE="), st.just("a b")),
    }
)


@pytest.fixture(scope="module", autouse=True)
def _botocore_signs_now():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(botocore.auth, "get_current_datetime", lambda: NOW)
        yield


def signed_by_botocore(asked, signer):
    """Return the request as its parts arrive after botocore signed it."""
    url = f"https://api.example.com:8443{asked['path']}"
    if asked["query"]:
        url += f"?{asked['query']}"
    request = AWSRequest(method=asked["method"], url=url, data=asked["body"])
    for name, value in asked["headers"]:
        request.headers.add_header(name, value)
    signer.add_auth(request)
    split = urlsplit(request.url)
    return RequestParts(
        method=asked["method"],
        path=split.path,
        query=split.query,
        headers=(("Host", "api.example.com:8443"), *request.headers.items()),
        body=asked["body"],
    )


def credentials(asked):
    return Credentials("AKIDEXAMPLE", SECRET, asked["session_token"])


def header_form(asked):
    return signed_by_botocore(asked, botocore.auth.SigV4Auth(credentials(asked), SERVICE, REGION))


def presigned_form(asked):
    # botocore moves a body into the query when it presigns.
    return signed_by_botocore(
        {**asked, "body": b""},
        botocore.auth.SigV4QueryAuth(credentials(asked), SERVICE, REGION, expires=600),
    )


def ours_header_form(asked):
    parts = unsigned(asked)
    added = sign(parts, **signer_facts(asked), extra_signed_headers=["My-Header1", "my-header2"])
    return replace(parts, headers=(*parts.headers, *added))


def ours_presigned_form(asked):
    parts = unsigned(asked)
    query = presign(
        parts,
        **signer_facts(asked),
        expires_seconds=600,
        extra_signed_headers=["My-Header1", "my-header2"],
    )
    return replace(parts, query=query)


def unsigned(asked):
    return RequestParts(
        method=asked["method"],
        path=asked["path"],
        query=asked["query"],
        headers=(("Host", "api.example.com:8443"), *asked["headers"]),
        body=asked["body"],
    )


def signer_facts(asked):
    return {
        "access_key_id": "AKIDEXAMPLE",
        "secret_access_key": Secret(SECRET),
        "session_token": asked["session_token"],
        "region": REGION,
        "service": SERVICE,
        "now": NOW,
    }


def verify(parts):
    proof = parse_proof(parts, now=NOW, skew_seconds=300, service=SERVICE, region=REGION)
    if proof.access_key_id != "AKIDEXAMPLE":
        # The id is not signed: it says whose key verifies, and nobody else's does.
        raise SignatureFailure(SignatureFault.INVALID_ACCESS_KEY, UNKNOWN_ACCESS_KEY_TEXT)
    signing_key = derive_signing_key(Secret(SECRET), proof.date, REGION, SERVICE)
    verify_signature(parts, proof, signing_key)
    return proof


FORMS = pytest.mark.parametrize(
    "form", [header_form, presigned_form, ours_header_form, ours_presigned_form]
)


@FORMS
@settings(deadline=None)
@given(asked=requests)
def test_a_signed_request_verifies(form, asked):
    parts = form(asked)
    assert carries_proof(parts)
    proof = verify(parts)
    assert proof.presigned is (form in {presigned_form, ours_presigned_form})
    assert proof.session_token == asked["session_token"]
    assert timedelta() < proof.expires_at - proof.signed_at <= timedelta(seconds=600)


@settings(deadline=None)
@given(asked=requests)
def test_a_request_signed_with_the_date_header_verifies(asked):
    headers = [*asked["headers"], ("Date", "overwritten by the signer")]
    parts = header_form({**asked, "headers": headers})
    assert "x-amz-date" not in parts.headers_by_name()
    verify(parts)


def changed_text(draw, original):
    """Replace, insert or remove one character that a request line can hold."""
    position = draw(st.integers(0, max(len(original) - 1, 0)))
    other = draw(st.sampled_from("aZ09-_.~/%&=;,:+$!"))
    kind = draw(st.sampled_from(["replace", "insert", "remove"]))
    tail = original[position:] if kind == "insert" else original[position + 1 :]
    return original[:position] + ("" if kind == "remove" else other) + tail


def same_meaning(one, other):
    """Tell whether two requests are one and the same to every verifier."""
    return meaning(one) == meaning(other)


def meaning(parts):
    values = {
        name: ",".join(" ".join(value.split()) for value in told)
        for name, told in parts.headers_by_name().items()
    }
    # The scheme compares without regard to case.
    scheme, _, proof = values.get("authorization", "").partition(" ")
    values["authorization"] = f"{scheme.upper()} {proof}"
    signature = [pair for pair in encoded_pairs(parts.query) if pair[0] == "X-Amz-Signature"]
    return (
        parts.method.upper(),
        canonical_path(parts.path),
        canonical_query(encoded_pairs(parts.query)),
        signature[:1],
        values,
        parts.body,
    )


@st.composite
def tampered(draw, parts):
    target = draw(st.sampled_from(["method", "path", "query", "body", "header"]))
    if target == "body":
        position = draw(st.integers(0, len(parts.body)))
        return replace(parts, body=parts.body[:position] + b"\x00" + parts.body[position:])
    if target != "header":
        return replace(parts, **{target: changed_text(draw, getattr(parts, target))})
    position = draw(st.integers(0, len(parts.headers) - 1))
    name, value = parts.headers[position]
    changed = (name, changed_text(draw, value))
    return replace(
        parts, headers=(*parts.headers[:position], changed, *parts.headers[position + 1 :])
    )


@FORMS
@settings(deadline=None, max_examples=300)
@given(asked=requests, choices=st.data())
def test_any_changed_byte_fails(form, asked, choices):
    parts = form(asked)
    proof = verify(parts)
    changed = choices.draw(tampered(parts))
    # Unsigned headers are nobody's promise, and two spellings of one request stay one request.
    covered = {*proof.signed_headers, "authorization", "x-amz-date"}
    assume(not same_meaning(only(parts, covered), only(changed, covered)))
    with pytest.raises(SignatureFailure):
        verify(changed)


def only(parts, names):
    return replace(parts, headers=tuple(pair for pair in parts.headers if pair[0].lower() in names))


@FORMS
@settings(deadline=None)
@given(asked=requests, position=st.integers(0, 63), digit=st.sampled_from("0123456789abcdefABCDEF"))
def test_any_changed_digit_of_the_signature_fails(form, asked, position, digit):
    parts = form(asked)
    signature = verify(parts).signature
    assume(signature[position] != digit)
    other = signature[:position] + digit + signature[position + 1 :]
    changed = replace(
        parts,
        query=parts.query.replace(signature, other),
        headers=tuple((name, value.replace(signature, other)) for name, value in parts.headers),
    )
    with pytest.raises(SignatureFailure):
        verify(changed)


wild_text = st.text(max_size=30)
wild_headers = st.lists(
    st.tuples(
        st.one_of(
            wild_text,
            st.sampled_from(
                ["Authorization", "Host", "X-Amz-Date", "Date", "x-amz-content-sha256"]
            ),
        ),
        st.one_of(
            wild_text,
            wild_text.map("AWS4-HMAC-SHA256 {}".format),
            st.just(
                "AWS4-HMAC-SHA256 Credential=a/20260304/r/execute-api/aws4_request,"
                "SignedHeaders=host;x-amz-date,Signature=\u00e9"
            ),
            st.just("20260304T050607Z"),
        ),
    ),
    max_size=6,
)
wild_queries = st.one_of(
    wild_text,
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "X-Amz-Algorithm",
                    "X-Amz-Credential",
                    "X-Amz-Signature",
                    "X-Amz-SignedHeaders",
                    "X-Amz-Date",
                    "X-Amz-Expires",
                    "X-Amz-Security-Token",
                    "%FF",
                    "a",
                ]
            ),
            st.one_of(
                wild_text,
                st.sampled_from(
                    [
                        "AWS4-HMAC-SHA256",
                        "20260304T050607Z",
                        "host",
                        "60",
                        "%ff",
                        "+",
                        "�",
                        "a/20260304/r/execute-api/aws4_request",
                    ]
                ),
            ),
        ),
        max_size=9,
    ).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)),
)


@settings(deadline=None, max_examples=1000)
@given(
    parts=st.builds(
        RequestParts,
        method=wild_text,
        path=wild_text,
        query=wild_queries,
        headers=wild_headers.map(tuple),
        body=st.binary(max_size=10),
        body_sha256=st.one_of(st.none(), wild_text),
    )
)
def test_hostile_requests_only_ever_fail_as_signatures(parts):
    carries_proof(parts)
    with pytest.raises(SignatureFailure):
        verify(parts)

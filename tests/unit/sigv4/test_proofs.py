"""What a server refuses, in AWS's order and words, and what it accepts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from poolgate.foundation.secret import Secret
from poolgate.sigv4.failures import (
    MISSING_AUTHENTICATION_TEXT,
    SIGNATURE_MISMATCH_TEXT,
    SignatureFailure,
    SignatureFault,
)
from poolgate.sigv4.proofs import carries_proof, parse_proof, verify_signature
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import derive_signing_key, presign, sign

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SECRET = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SIGNING_KEY = derive_signing_key(SECRET, "20260304", "us-east-1", "sts")
SIGNER = {
    "access_key_id": "AKIDEXAMPLE",
    "secret_access_key": SECRET,
    "session_token": None,
    "region": "us-east-1",
    "service": "sts",
    "now": NOW,
}
PLAIN = RequestParts(
    method="POST",
    path="/",
    query="",
    headers=(("Host", "sts.example.com"), ("Content-Type", "text/plain")),
    body=b"Action=GetCallerIdentity",
)


def signed(parts=PLAIN, **others):
    return replace(parts, headers=(*parts.headers, *sign(parts, **{**SIGNER, **others})))


def presigned(parts=PLAIN, **others):
    return replace(parts, query=presign(parts, **{"expires_seconds": 60, **SIGNER, **others}))


def verify(parts, *, unsigned_payload_allowed=False, **others):
    checks = {"now": NOW, "skew_seconds": 900, "service": "sts", "region": "us-east-1", **others}
    proof = parse_proof(parts, **checks)
    verify_signature(parts, proof, SIGNING_KEY, unsigned_payload_allowed=unsigned_payload_allowed)
    return proof


def refusal(parts, **others):
    with pytest.raises(SignatureFailure) as refused:
        verify(parts, **others)
    assert refused.value.facts == {"message": refused.value.message}
    return refused.value.fault, refused.value.message


def with_header(parts, name, value):
    """Put a header in place of the ones of that name."""
    others = [pair for pair in parts.headers if pair[0].lower() != name.lower()]
    return replace(parts, headers=(*others, (name, value)))


def without_header(parts, name):
    return replace(
        parts, headers=tuple(pair for pair in parts.headers if pair[0].lower() != name.lower())
    )


def authorization(parts):
    return dict(parts.headers)["Authorization"]


def with_authorization(change, parts=None):
    parts = parts or signed()
    return with_header(parts, "Authorization", change(authorization(parts)))


INCOMPLETE = SignatureFault.INCOMPLETE_SIGNATURE
MISMATCH = SignatureFault.SIGNATURE_MISMATCH
MISSING = SignatureFault.MISSING_AUTHENTICATION


def test_a_good_header_proof():
    proof = verify(signed(session_token="a/session+token=="))
    assert proof.access_key_id == "AKIDEXAMPLE"
    assert (proof.date, proof.region, proof.service) == ("20260304", "us-east-1", "sts")
    assert proof.signed_at == NOW
    assert proof.expires_at == NOW + timedelta(minutes=15)
    assert proof.session_token == "a/session+token=="
    assert proof.signed_headers == ("content-type", "host", "x-amz-date", "x-amz-security-token")
    assert not proof.presigned


def test_a_good_presigned_proof():
    proof = verify(presigned(session_token="a/session+token=="))
    assert proof.session_token == "a/session+token=="
    assert proof.expires_at == NOW + timedelta(seconds=60)
    assert proof.presigned


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("a=%zz", "Illegal hex character in escape % pattern: %zz"),
        ("a=%1g&b=%", "Illegal hex character in escape % pattern: %1g"),
        ("a=%4", "Incomplete trailing escape % sequence"),
        ("a=%", "Incomplete trailing escape % sequence"),
    ],
)
def test_malformed_escapes_come_first(query, message):
    assert refusal(replace(PLAIN, query=query)) == (SignatureFault.MALFORMED_QUERY, message)


def test_no_proof_at_all():
    assert refusal(PLAIN) == (MISSING, MISSING_AUTHENTICATION_TEXT)


def test_a_signature_without_algorithm():
    parts = replace(PLAIN, query="X-Amz-Signature=00")
    assert refusal(parts) == (MISSING, MISSING_AUTHENTICATION_TEXT)


def test_both_proofs():
    fault, message = refusal(replace(signed(), query=presigned().query))
    assert fault is MISMATCH
    assert message == (
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
    )


@pytest.mark.parametrize("scheme", ["Bearer", "Basic", "AWS4-HMAC-SHA1", "AWS4-ECDSA-P256-SHA256"])
def test_other_schemes(scheme):
    parts = with_header(PLAIN, "Authorization", f"{scheme} Credential=x")
    assert refusal(parts) == (INCOMPLETE, f"Unsupported AWS 'algorithm': '{scheme}'.")


def test_the_scheme_compares_without_case():
    assert verify(with_authorization(lambda text: text.replace("HMAC", "hmac")))


def test_separators_need_no_space():
    assert verify(with_authorization(lambda text: text.replace(", ", ",")))


def test_a_part_without_equal_sign():
    parts = with_authorization(lambda text: f"{text}, Nothing")
    assert refusal(parts) == (
        INCOMPLETE,
        (
            "'Nothing' not a valid key=value pair (missing equal-sign) in Authorization header:"
            f" '{authorization(parts)}'."
        ),
    )


def test_the_last_of_repeated_parts_wins():
    parts = with_authorization(lambda text: text.replace("Signature=", "Signature=00, Signature="))
    assert verify(parts)
    fault, _ = refusal(with_authorization(lambda text: f"{text}, Signature=00"))
    assert fault is MISMATCH


def test_two_authorization_headers():
    parts = signed()
    twice = replace(parts, headers=(*parts.headers, ("Authorization", authorization(parts))))
    fault, _ = refusal(twice)
    assert fault is INCOMPLETE


def test_every_missing_part_is_told():
    parts = with_header(PLAIN, "Authorization", "AWS4-HMAC-SHA256 Foo=bar")
    assert refusal(parts) == (
        INCOMPLETE,
        (
            "Authorization header requires 'Credential' parameter."
            " Authorization header requires 'Signature' parameter."
            " Authorization header requires 'SignedHeaders' parameter."
            " Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
            " Authorization=AWS4-HMAC-SHA256"
        ),
    )
    assert refusal(without_header(signed(), "X-Amz-Date")) == (
        INCOMPLETE,
        (
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
            " Authorization=AWS4-HMAC-SHA256"
        ),
    )


@pytest.mark.parametrize("algorithm", ["AWS4-HMAC-SHA1", "", "aws4-hmac-sha256"])
def test_another_algorithm_in_the_query(algorithm):
    query = presigned().query.replace("AWS4-HMAC-SHA256", algorithm)
    assert refusal(replace(PLAIN, query=query)) == (MISSING, MISSING_AUTHENTICATION_TEXT)


def test_every_missing_query_parameter_is_told():
    parts = replace(PLAIN, query="X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert refusal(parts) == (
        INCOMPLETE,
        (
            "AWS query-string parameters must include 'X-Amz-Credential'."
            " AWS query-string parameters must include 'X-Amz-Signature'."
            " AWS query-string parameters must include 'X-Amz-SignedHeaders'."
            " AWS query-string parameters must include 'X-Amz-Date'."
            " Re-examine the query-string parameters."
        ),
    )


@pytest.mark.parametrize("name", ["X-Amz-Signature", "X-Amz-Credential", "X-Amz-Expires"])
def test_a_repeated_query_parameter_does_not_go_unnoticed(name):
    parts = presigned()
    fault, message = refusal(replace(parts, query=f"{parts.query}&{name}=00"))
    assert (fault, message) == (MISMATCH, SIGNATURE_MISMATCH_TEXT)


@pytest.mark.parametrize("make", [signed, presigned])
def test_host_must_be_signed(make):
    parts = make()
    if make is signed:
        parts = with_authorization(lambda text: text.replace("content-type;host", "content-type"))
    else:
        parts = replace(parts, query=parts.query.replace("content-type%3Bhost", "content-type"))
    assert refusal(parts) == (
        MISMATCH,
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    )


def test_header_names_are_signed_in_lower_case():
    fault, message = refusal(with_authorization(lambda text: text.replace(";host", ";Host")))
    assert (fault, "must be a 'SignedHeader'" in message) == (MISMATCH, True)


def test_amz_headers_must_be_signed():
    parts = with_header(signed(), "X-Amz-Target", "Other.Operation")
    assert refusal(parts) == (
        MISMATCH,
        "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.",
    )


def test_required_headers_must_be_signed():
    parts = with_header(PLAIN, "X-Subject-Token", "a-token")
    required = ("host", "X-Subject-Token")
    assert refusal(signed(parts), required_headers=required) == (
        MISMATCH,
        "'x-subject-token' must be a 'SignedHeader' in the AWS Authorization.",
    )
    covered = signed(parts, extra_signed_headers=("X-Subject-Token",))
    assert verify(covered, required_headers=required)
    covered = presigned(parts, extra_signed_headers=("X-Subject-Token",))
    assert verify(covered, required_headers=required)
    assert refusal(presigned(parts), required_headers=required)[0] is MISMATCH


def test_a_session_token_added_after_signing_is_accepted():
    assert verify(with_header(signed(), "X-Amz-Security-Token", "added")).session_token == "added"


def test_a_signed_header_that_was_removed_or_emptied():
    parts = signed()
    for changed in (
        without_header(parts, "Content-Type"),
        with_header(parts, "Content-Type", ""),
    ):
        assert refusal(changed) == (MISMATCH, SIGNATURE_MISMATCH_TEXT)


def test_an_empty_signed_header_is_not_an_absent_one():
    parts = signed(with_header(PLAIN, "Content-Type", ""))
    assert verify(parts)
    assert refusal(without_header(parts, "Content-Type"))[0] is MISMATCH


@pytest.mark.parametrize(
    "date",
    [
        "2026-03-04T05:06:07Z",
        "20260304T050607",
        "20261304T050607Z",
        "20260304T050660Z",
        "20260304T050607Z ,20260304T050607Z",
        "\u0662\u0660\u0662\u06660304T050607Z",
        "Thu, 32 Mar 2026 05:06:07 GMT",
        "Thu, 04 Mar 2026 05:06:07 +0100",
        "",
    ],
)
def test_dates_in_another_form(date):
    assert refusal(with_header(signed(), "X-Amz-Date", date)) == (
        INCOMPLETE,
        (
            f"Date must be in ISO-8601 'basic format'. Got '{date}'."
            " See http://en.wikipedia.org/wiki/ISO_8601"
        ),
    )


def test_a_presigned_date_has_one_form():
    query = presigned().query.replace(
        "20260304T050607Z", "Wed%2C%2004%20Mar%202026%2005%3A06%3A07%20GMT"
    )
    fault, message = refusal(replace(PLAIN, query=query))
    assert (fault, "ISO-8601 'basic format'" in message) == (INCOMPLETE, True)


@pytest.mark.parametrize(
    "date",
    ["20260304T050607Z", "Wed, 04 Mar 2026 05:06:07 GMT", "Wed, 04 Mar 2026 05:06:07 -0000"],
)
def test_the_date_header_is_enough(date):
    parts = without_header(signed(), "X-Amz-Date")
    fault, message = refusal(with_header(parts, "Date", date))
    # Read as the time; the signature was made over another list of headers.
    assert (fault, message) == (MISMATCH, SIGNATURE_MISMATCH_TEXT)


def test_x_amz_date_comes_before_date():
    assert verify(with_header(signed(), "Date", "Wed, 04 Mar 2020 05:06:07 GMT"))


def test_clock_skew():
    parts = signed()
    for seconds in (-900, 900):
        assert verify(parts, now=NOW + timedelta(seconds=seconds))
    assert refusal(parts, now=NOW + timedelta(seconds=901)) == (
        MISMATCH,
        (
            "Signature expired: 20260304T050607Z is now earlier than 20260304T050608Z"
            " (20260304T052108Z - 15 min.)"
        ),
    )
    assert refusal(parts, now=NOW - timedelta(seconds=301), skew_seconds=300) == (
        MISMATCH,
        (
            "Signature not yet current: 20260304T050607Z is still later than 20260304T050606Z"
            " (20260304T050106Z + 5 min.)"
        ),
    )


def test_presigned_lifetime():
    parts = presigned(expires_seconds=604_800)
    assert verify(parts, now=NOW + timedelta(days=7))
    assert verify(parts, now=NOW - timedelta(seconds=900))
    late, early = NOW + timedelta(days=7, seconds=1), NOW - timedelta(seconds=901)
    assert refusal(parts, now=late)[1].startswith("Signature expired: 20260304T050607Z is now")
    assert refusal(parts, now=early)[1].startswith("Signature not yet current: ")
    assert refusal(presigned(expires_seconds=7), now=NOW + timedelta(seconds=8))[1] == (
        "Signature expired: 20260304T050607Z is now earlier than 20260304T050608Z"
        " (20260304T050615Z - 7 sec.)"
    )


@pytest.mark.parametrize("expires", ["0", "604801", "-1", "x", "", "1.5", "9" * 40])
def test_presigned_lifetimes_out_of_bounds(expires):
    query = presigned().query.replace("X-Amz-Expires=60", f"X-Amz-Expires={expires}")
    fault, message = refusal(replace(PLAIN, query=query))
    assert (fault, message.startswith("X-Amz-Expires ")) == (INCOMPLETE, True)


def test_a_presigned_proof_without_lifetime_lasts_as_long_as_the_skew():
    query = presigned().query.replace("X-Amz-Expires=60&", "")
    parts = replace(PLAIN, query=query)
    assert refusal(parts)[1] == SIGNATURE_MISMATCH_TEXT
    assert refusal(parts, now=NOW + timedelta(seconds=901))[1].startswith("Signature expired")


def test_the_credential_has_five_parts():
    parts = with_authorization(lambda text: text.replace("/sts/", "/"))
    assert refusal(parts) == (
        INCOMPLETE,
        (
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/"
            "service/term, got 'AKIDEXAMPLE/20260304/us-east-1/aws4_request'"
        ),
    )


def test_every_scope_fault_is_told():
    wrong = "AKIDEXAMPLE/20260305/eu-west-1/iam/aws5_request"
    parts = with_authorization(
        lambda text: text.replace("AKIDEXAMPLE/20260304/us-east-1/sts/aws4_request", wrong)
    )
    assert refusal(parts) == (
        MISMATCH,
        (
            "Credential should be scoped to a valid region, not 'eu-west-1'."
            " Credential should be scoped to correct service: 'sts'."
            " Credential should be scoped with a valid terminator: 'aws4_request', not"
            " 'aws5_request'."
            " Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from"
            " HTTP: '20260305' != '20260304', from '20260304T050607Z'."
        ),
    )


@pytest.mark.parametrize("region", ["", "US-EAST-1", "a b", "-a", "x" * 64])
def test_regions_must_be_well_formed(region):
    parts = with_authorization(lambda text: text.replace("us-east-1", region))
    assert refusal(parts, region=None) == (
        MISMATCH,
        f"Credential should be scoped to a valid region, not '{region}'.",
    )
    assert verify(signed(), region=None).region == "us-east-1"


def test_the_body_is_covered():
    assert refusal(replace(signed(), body=b"other")) == (MISMATCH, SIGNATURE_MISMATCH_TEXT)
    assert refusal(replace(presigned(), body=b"other")) == (MISMATCH, SIGNATURE_MISMATCH_TEXT)


def test_a_declared_digest_must_be_the_bodys():
    digest = "e6a9a4ea8ab0a9b8f8b3ff2a1d8bb0b1d4d1e7c6ad0f6d77fe2a2e4a0ad1ae57"
    parts = signed(with_header(PLAIN, "X-Amz-Content-SHA256", digest))
    assert refusal(parts) == (MISMATCH, SIGNATURE_MISMATCH_TEXT)
    # A proxy kept the body and vouches for its digest.
    assert verify(replace(parts, body=b"", body_sha256=digest))


@pytest.mark.parametrize("digest", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"])
@pytest.mark.parametrize("make", [signed, presigned])
def test_unsigned_bodies_need_permission(make, digest):
    parts = make(with_header(PLAIN, "X-Amz-Content-SHA256", digest))
    assert refusal(parts) == (MISMATCH, SIGNATURE_MISMATCH_TEXT)
    if digest == "UNSIGNED-PAYLOAD":
        assert verify(parts, unsigned_payload_allowed=True)
    else:
        assert refusal(parts, unsigned_payload_allowed=True)[0] is MISMATCH


def test_an_unsigned_body_cannot_be_claimed_afterwards():
    parts = with_header(signed(), "X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")
    assert refusal(parts, unsigned_payload_allowed=True)[0] is MISMATCH


def test_a_proof_belongs_to_its_request():
    for parts in (signed(), presigned()):
        with pytest.raises(SignatureFailure):
            verify_signature(PLAIN, verify(parts), SIGNING_KEY)


def test_another_key():
    other = Secret("another")
    assert refusal(signed(secret_access_key=other)) == (MISMATCH, SIGNATURE_MISMATCH_TEXT)
    assert refusal(presigned(secret_access_key=other)) == (MISMATCH, SIGNATURE_MISMATCH_TEXT)


@pytest.mark.parametrize(
    ("parts", "carries"),
    [
        (PLAIN, False),
        (with_header(PLAIN, "Authorization", "Bearer AWS4-"), False),
        (with_header(PLAIN, "authorization", "AWS4-HMAC-SHA256 x"), True),
        (with_header(PLAIN, "authorization", " aws4-other"), True),
        (replace(PLAIN, query="a=b"), False),
        (replace(PLAIN, query="a=b&X-Amz-Algorithm"), True),
        (replace(PLAIN, query="x%2Damz%2Dsignature=1"), True),
    ],
)
def test_signs_of_a_proof(parts, carries):
    assert carries_proof(parts) is carries


def test_signing_refuses_what_it_would_repeat():
    with pytest.raises(ValueError, match="Host"):
        sign(without_header(PLAIN, "Host"), **SIGNER)
    with pytest.raises(ValueError, match="x-amz-date"):
        sign(with_header(PLAIN, "X-Amz-Date", "now"), **SIGNER)

"""Check the proof that a request carries, in AWS's order and words, and verify its signature.

`parse_proof` does everything that needs no key; the caller then finds the access key and its
principal; `verify_signature` comes last.
"""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from poolgate.sigv4.canonical import (
    TERMINATOR,
    canonical_headers,
    canonical_request,
    encoded_pairs,
    render_time,
    string_to_sign,
)
from poolgate.sigv4.claims import (
    Claim,
    HeadersByName,
    has_query_proof,
    query_parameters,
    read_claim,
)
from poolgate.sigv4.failures import SIGNATURE_MISMATCH_TEXT, SignatureFailure, SignatureFault
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import body_digest, compute_signature, payload_hash

UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"

_BASIC_TIME = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")
# SPEC RFC 9110 s5.6.7, and the numeric zone that Python's e-mail dates end with.
_HTTP_DATE = re.compile(
    r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} (?:GMT|[+-]0000)"
)
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_EXPIRES_DIGITS = re.compile(r"[0-9]{1,10}")
_CREDENTIAL_PARTS: Final = 5
_LONGEST_PRESIGNED_SECONDS: Final = 604_800
# Covered without being listed: the digest is the canonical request's last line, and AWS accepts a
# session token that was added after signing.
_COVERED_UNLISTED: Final = frozenset({"x-amz-content-sha256", "x-amz-security-token"})


@dataclass(frozen=True, slots=True)
class Proof:
    """What a signed request says about its signer, its scope and its time."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_at: datetime
    signed_headers: tuple[str, ...]
    signature: str
    session_token: str | None
    presigned: bool
    expires_at: datetime


def carries_proof(parts: RequestParts) -> bool:
    """Tell whether a request shows any sign of SigV4, well formed or not."""
    for name, value in parts.headers:
        if name.lower() == "authorization" and value.lstrip()[:5].upper() == "AWS4-":
            return True
    return has_query_proof(query_parameters(parts.query))


def parse_proof(
    parts: RequestParts,
    *,
    now: datetime,
    skew_seconds: int,
    service: str,
    region: str | None = None,
    required_headers: Sequence[str] = ("host",),
) -> Proof:
    """Return the request's proof; raise SignatureFailure with AWS's text for the first fault.

    Without `region` every well-formed region is accepted; the key is bound to it all the same.
    """
    headers = parts.headers_by_name()
    claim = read_claim(parts.query, headers)
    signed_headers = tuple(claim.signed_headers.split(";"))
    _verify_coverage(claim, signed_headers, headers, required_headers)
    signed_at = _parse_time(claim)
    lifetime_seconds = _lifetime_seconds(claim, skew_seconds)
    _verify_time(signed_at, now, lifetime_seconds, skew_seconds)
    access_key_id, date, scope_region, scope_service = _parse_scope(
        claim.credential, render_time(signed_at), service, region
    )
    return Proof(
        access_key_id=access_key_id,
        date=date,
        region=scope_region,
        service=scope_service,
        signed_at=signed_at,
        signed_headers=signed_headers,
        signature=claim.signature,
        session_token=claim.session_token,
        presigned=claim.presigned,
        expires_at=signed_at + timedelta(seconds=lifetime_seconds),
    )


def verify_signature(
    parts: RequestParts,
    proof: Proof,
    signing_key: bytes,
    *,
    unsigned_payload_allowed: bool = False,
) -> None:
    """Raise SignatureFailure unless the key made this proof for exactly this request."""
    headers = parts.headers_by_name()
    digest = payload_hash(parts, headers)
    try:
        header_lines = canonical_headers(proof.signed_headers, headers)
    except KeyError as absent:
        # A header that was signed and then removed; never the same as an empty one.
        raise _mismatch() from absent
    request = canonical_request(
        method=parts.method,
        path=parts.path,
        pairs=_covered_pairs(parts.query, presigned=proof.presigned),
        headers=header_lines,
        signed=";".join(proof.signed_headers),
        digest=digest,
    )
    scope = f"{proof.date}/{proof.region}/{proof.service}/{TERMINATOR}"
    expected = compute_signature(
        signing_key, string_to_sign(request, render_time(proof.signed_at), scope)
    )
    if not hmac.compare_digest(expected.encode(), proof.signature.encode("utf-8", "replace")):
        raise _mismatch()
    # After the signature, so that only the key's holder learns anything about the body.
    if digest == UNSIGNED_PAYLOAD and unsigned_payload_allowed:
        return
    if not hmac.compare_digest(digest.encode("utf-8", "replace"), body_digest(parts).encode()):
        raise _mismatch()


def _covered_pairs(query: str, *, presigned: bool) -> list[tuple[str, str]]:
    pairs = encoded_pairs(query)
    if not presigned:
        return pairs
    # INVARIANT: only the signature that was read is left out; a second one must not go unnoticed.
    for position, (name, _) in enumerate(pairs):
        if name == "X-Amz-Signature":
            return pairs[:position] + pairs[position + 1 :]
    return pairs


def _mismatch(message: str = SIGNATURE_MISMATCH_TEXT) -> SignatureFailure:
    return SignatureFailure(SignatureFault.SIGNATURE_MISMATCH, message)


def _verify_coverage(
    claim: Claim,
    signed_headers: Sequence[str],
    headers: HeadersByName,
    required_headers: Sequence[str],
) -> None:
    if not {"host", ":authority"}.intersection(signed_headers):
        raise _mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    required = [name.lower() for name in required_headers if name.lower() != "host"]
    if not claim.presigned:
        required += [
            name for name in headers if name.startswith("x-amz-") and name not in _COVERED_UNLISTED
        ]
    for name in required:
        if name not in signed_headers:
            raise _mismatch(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")


def _parse_time(claim: Claim) -> datetime:
    match = _BASIC_TIME.fullmatch(claim.date)
    try:
        if match is not None:
            year, month, day, hour, minute, second = map(int, match.groups())
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        if not claim.presigned and _HTTP_DATE.fullmatch(claim.date):
            return parsedate_to_datetime(claim.date).replace(tzinfo=UTC)
    except ValueError:
        pass  # a month 13 is refused like any other text
    raise SignatureFailure(
        SignatureFault.INCOMPLETE_SIGNATURE,
        f"Date must be in ISO-8601 'basic format'. Got '{claim.date}'."
        " See http://en.wikipedia.org/wiki/ISO_8601",
    )


def _lifetime_seconds(claim: Claim, skew_seconds: int) -> int:
    if claim.expires is None:
        return skew_seconds
    # AWS sigv4-query-string-auth: between 1 and 604800 seconds
    if not _EXPIRES_DIGITS.fullmatch(claim.expires):
        raise SignatureFailure(
            SignatureFault.INCOMPLETE_SIGNATURE, "X-Amz-Expires should be a number"
        )
    lifetime_seconds = int(claim.expires)
    if not 1 <= lifetime_seconds <= _LONGEST_PRESIGNED_SECONDS:
        raise SignatureFailure(
            SignatureFault.INCOMPLETE_SIGNATURE,
            "X-Amz-Expires must be between 1 and 604800 seconds",
        )
    return lifetime_seconds


def _verify_time(
    signed_at: datetime, now: datetime, lifetime_seconds: int, skew_seconds: int
) -> None:
    earliest = now - timedelta(seconds=lifetime_seconds)
    if signed_at < earliest:
        raise _mismatch(
            f"Signature expired: {render_time(signed_at)} is now earlier than"
            f" {render_time(earliest)} ({render_time(now)} - {_duration(lifetime_seconds)})"
        )
    latest = now + timedelta(seconds=skew_seconds)
    if signed_at > latest:
        raise _mismatch(
            f"Signature not yet current: {render_time(signed_at)} is still later than"
            f" {render_time(latest)} ({render_time(now)} + {_duration(skew_seconds)})"
        )


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{seconds} sec." if rest else f"{minutes} min."


def _parse_scope(
    credential: str, signed_at: str, service: str, region: str | None
) -> tuple[str, str, str, str]:
    parts = credential.split("/")
    if len(parts) != _CREDENTIAL_PARTS:
        raise SignatureFailure(
            SignatureFault.INCOMPLETE_SIGNATURE,
            "Credential must have exactly 5 slash-delimited elements, e.g."
            f" keyid/date/region/service/term, got '{credential}'",
        )
    access_key_id, date, scope_region, scope_service, terminator = parts
    faults = []
    if not (_REGION.fullmatch(scope_region) if region is None else scope_region == region):
        faults.append(f"Credential should be scoped to a valid region, not '{scope_region}'.")
    if scope_service != service:
        faults.append(f"Credential should be scoped to correct service: '{service}'.")
    if terminator != TERMINATOR:
        faults.append(
            "Credential should be scoped with a valid terminator: 'aws4_request', not"
            f" '{terminator}'."
        )
    if date != signed_at[:8]:
        faults.append(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from"
            f" HTTP: '{date}' != '{signed_at[:8]}', from '{signed_at}'."
        )
    if faults:
        raise _mismatch(" ".join(faults))
    return access_key_id, date, scope_region, scope_service

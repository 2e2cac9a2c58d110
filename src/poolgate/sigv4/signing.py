"""Sign a request: what a client does, and what a verifier repeats."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from poolgate.foundation.secret import Secret
from poolgate.sigv4.canonical import (
    ALGORITHM,
    TERMINATOR,
    canonical_headers,
    canonical_query,
    canonical_request,
    encode_component,
    encoded_pairs,
    render_time,
    string_to_sign,
)
from poolgate.sigv4.requests import RequestParts

_ALWAYS_SIGNED: Final = frozenset({"host", "content-type"})
_ADDED_BY_SIGNING: Final = frozenset({"authorization", "x-amz-date", "x-amz-security-token"})


def derive_signing_key(secret_access_key: Secret, date: str, region: str, service: str) -> bytes:
    """Return the key for one day, region and service."""
    derived = f"AWS4{secret_access_key.reveal()}".encode()
    for part in (date, region, service, TERMINATOR):
        derived = hmac.digest(derived, part.encode(), "sha256")
    return derived


def compute_signature(signing_key: bytes, text: bytes) -> str:
    """Return the signature of a string to sign, in lower-case hex."""
    return hmac.digest(signing_key, text, "sha256").hex()


def payload_hash(parts: RequestParts, headers_by_name: Mapping[str, Sequence[str]]) -> str:
    """Return the last line of the canonical request: the declared digest, else the body's."""
    declared = headers_by_name.get("x-amz-content-sha256")
    return ",".join(declared) if declared else body_digest(parts)


def body_digest(parts: RequestParts) -> str:
    """Return the body's SHA-256 in lower-case hex."""
    return parts.body_sha256 or hashlib.sha256(parts.body).hexdigest()


def sign(
    parts: RequestParts,
    *,
    access_key_id: str,
    secret_access_key: Secret,
    session_token: str | None,
    region: str,
    service: str,
    now: datetime,
    extra_signed_headers: Sequence[str] = (),
) -> tuple[tuple[str, str], ...]:
    """Return the headers to add to the request, which must have a Host header.

    Host, Content-Type, every X-Amz-* header and `extra_signed_headers` are signed.
    """
    headers_by_name = dict(parts.headers_by_name())
    _require_unsigned(headers_by_name)
    signed_at = render_time(now.astimezone(UTC))
    added = [("X-Amz-Date", signed_at)]
    if session_token is not None:
        added.append(("X-Amz-Security-Token", session_token))
    headers_by_name |= {name.lower(): [value] for name, value in added}
    signed_headers = _names_to_sign(headers_by_name, extra_signed_headers, x_amz=True)
    request = canonical_request(
        method=parts.method,
        path=parts.path,
        pairs=encoded_pairs(parts.query),
        headers=canonical_headers(signed_headers, headers_by_name),
        signed=";".join(signed_headers),
        digest=payload_hash(parts, headers_by_name),
    )
    scope = f"{signed_at[:8]}/{region}/{service}/{TERMINATOR}"
    signature = compute_signature(
        derive_signing_key(secret_access_key, signed_at[:8], region, service),
        string_to_sign(request, signed_at, scope),
    )
    authorization = (
        f"{ALGORITHM} Credential={access_key_id}/{scope}, "
        f"SignedHeaders={';'.join(signed_headers)}, Signature={signature}"
    )
    return (*added, ("Authorization", authorization))


def presign(
    parts: RequestParts,
    *,
    access_key_id: str,
    secret_access_key: Secret,
    session_token: str | None,
    region: str,
    service: str,
    now: datetime,
    expires_seconds: int,
    extra_signed_headers: Sequence[str] = (),
) -> str:
    """Return the request's query string with a proof in it that lasts `expires_seconds`.

    The request must have a Host header; that and `extra_signed_headers` are signed.
    """
    headers_by_name = parts.headers_by_name()
    _require_unsigned(headers_by_name)
    signed_headers = _names_to_sign(headers_by_name, extra_signed_headers, x_amz=False)
    signed_at = render_time(now.astimezone(UTC))
    scope = f"{signed_at[:8]}/{region}/{service}/{TERMINATOR}"
    added = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{access_key_id}/{scope}",
        "X-Amz-Date": signed_at,
        "X-Amz-Expires": str(expires_seconds),
        "X-Amz-SignedHeaders": ";".join(signed_headers),
    }
    if session_token is not None:
        added["X-Amz-Security-Token"] = session_token
    pairs = encoded_pairs(parts.query)
    pairs += [(name, encode_component(value)) for name, value in added.items()]
    query = canonical_query(pairs)
    request = canonical_request(
        method=parts.method,
        path=parts.path,
        pairs=pairs,
        headers=canonical_headers(signed_headers, headers_by_name),
        signed=";".join(signed_headers),
        digest=payload_hash(parts, headers_by_name),
    )
    signature = compute_signature(
        derive_signing_key(secret_access_key, signed_at[:8], region, service),
        string_to_sign(request, signed_at, scope),
    )
    return f"{query}&X-Amz-Signature={signature}"


def _require_unsigned(headers_by_name: Mapping[str, Sequence[str]]) -> None:
    if "host" not in headers_by_name:
        raise ValueError("a request to sign needs a Host header")
    if present := _ADDED_BY_SIGNING & headers_by_name.keys():
        raise ValueError(f"signing sets {sorted(present)} itself")


def _names_to_sign(
    headers_by_name: Mapping[str, Sequence[str]], extra: Sequence[str], *, x_amz: bool
) -> list[str]:
    wanted = _ALWAYS_SIGNED | {name.lower() for name in extra}
    return sorted(
        name for name in headers_by_name if name in wanted or (x_amz and name.startswith("x-amz-"))
    )

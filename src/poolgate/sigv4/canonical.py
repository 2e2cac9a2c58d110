"""The canonical form of a request: what both sides of a signature hash.

# AWS reference_sigv-create-signed-request (Signature Version 4, all services but S3)
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote, unquote_to_bytes

ALGORITHM: Final = "AWS4-HMAC-SHA256"
TERMINATOR: Final = "aws4_request"

_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]*")
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9\-_~][A-Za-z0-9\-._~]*)+/?")


def canonical_path(path: str) -> str:
    """Return the raw path without empty and dot segments, percent-encoded once more.

    A client percent-encodes a segment before it sends it and again before it signs it, so that the
    raw path encoded once is what was signed. A step above the root stays at the root.
    """
    if _PLAIN_PATH.fullmatch(path):
        return path
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    if not kept:
        return "/"
    trailing_slash = "/" if path.endswith("/") else ""
    return quote("/" + "/".join(kept) + trailing_slash, safe="/", errors="surrogatepass")


def encode_component(text: str | bytes) -> str:
    """Return a query name or value percent-encoded as SigV4 wants it."""
    if isinstance(text, bytes):
        return quote(text, safe="")
    return quote(text, safe="", errors="surrogatepass")


def decode_component(component: str) -> bytes:
    """Return the bytes that a raw query name or value stands for; a plus sign is a space."""
    return unquote_to_bytes(component.replace("+", " ").encode("utf-8", "surrogatepass"))


def encoded_pairs(query: str) -> list[tuple[str, str]]:
    """Return each name and value of a raw query, in order, in their one canonical encoding."""
    pairs = []
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        pairs.append((_recode(name), _recode(value)))
    return pairs


def _recode(component: str) -> str:
    if _UNRESERVED.fullmatch(component):
        return component
    return encode_component(decode_component(component))


def canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Return encoded pairs sorted by name, then value, and joined."""
    return "&".join([f"{name}={value}" for name, value in sorted(pairs)])


def canonical_headers(
    signed_headers: Iterable[str], headers_by_name: Mapping[str, Sequence[str]]
) -> str:
    """Return the block of signed headers; raise KeyError for one that the request lacks.

    White space is trimmed and collapsed in each value, which also unfolds folded lines.
    """
    lines = []
    for name in signed_headers:
        values = ",".join([" ".join(value.split()) for value in headers_by_name[name]])
        lines.append(f"{name}:{values}\n")
    return "".join(lines)


def canonical_request(
    *,
    method: str,
    path: str,
    pairs: Iterable[tuple[str, str]],
    headers: str,
    signed: str,
    digest: str,
) -> str:
    """Return the six parts of a request joined as they are hashed."""
    return "\n".join(
        (method.upper(), canonical_path(path), canonical_query(pairs), headers, signed, digest)
    )


def render_time(moment: datetime) -> str:
    """Return a UTC time in ISO 8601 basic format."""
    return (
        f"{moment.year:04}{moment.month:02}{moment.day:02}"
        f"T{moment.hour:02}{moment.minute:02}{moment.second:02}Z"
    )


def string_to_sign(request: str, signed_at: str, scope: str) -> bytes:
    """Return the bytes that the signing key authenticates for a canonical request."""
    digest = hashlib.sha256(request.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{ALGORITHM}\n{signed_at}\n{scope}\n{digest}".encode()

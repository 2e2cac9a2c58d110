"""Opaque page tokens: a sealed position, bound to what is listed."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Generic, TypeVar

from poolgate.foundation.failure import Failure

Row = TypeVar("Row")
_MAC_BYTES = 16


class PageTokenInvalid(Failure):
    """The page token was altered, has expired or belongs to another listing."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page and the position after it, or None at the end."""

    rows: tuple[Row, ...]
    next_position: str | None


def encode_page_token(
    key: bytes, listing: str, position: str, *, expires_at: int | None = None
) -> str:
    """Return a token for `position` that only works for the same `listing`."""
    body = json.dumps([position, expires_at], separators=(",", ":")).encode()
    mac = hmac.digest(key, listing.encode() + b"\0" + body, hashlib.sha256)[:_MAC_BYTES]
    return base64.urlsafe_b64encode(mac + body).decode()


def decode_page_token(key: bytes, listing: str, page_token: str, *, now: int = 0) -> str:
    """Return the position; raise PageTokenInvalid for anything but an untouched, live token."""
    try:
        raw = base64.urlsafe_b64decode(page_token.encode())
    except (binascii.Error, ValueError) as error:
        raise PageTokenInvalid from error
    # The decoder skips what is not base64; one position has one token only.
    if base64.urlsafe_b64encode(raw).decode() != page_token:
        raise PageTokenInvalid
    mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    expected = hmac.digest(key, listing.encode() + b"\0" + body, hashlib.sha256)[:_MAC_BYTES]
    if not hmac.compare_digest(mac, expected):
        raise PageTokenInvalid
    position, expires_at = json.loads(body)
    if expires_at is not None and now >= expires_at:
        raise PageTokenInvalid
    return str(position)

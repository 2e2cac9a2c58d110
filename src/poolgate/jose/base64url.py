"""Base64url without padding, as RFC 7515 section 2 defines it: one text for one value."""

import binascii

# The alphabets differ in two characters; those of plain base64 become a byte that no decoder takes.
_TO_BASE64 = bytes.maketrans(b"-_+/=", b"+/\0\0\0")
_TO_BASE64URL = bytes.maketrans(b"+/", b"-_")
_PADDING = {0: b"", 2: b"==", 3: b"="}
# Where the last character carries unused bits, these are the characters that leave them zero.
_CANONICAL_ENDS = {
    0: None,
    2: frozenset(b"AQgw"),
    3: frozenset(b"AEIMQUYcgkosw048"),
}


def encode_base64url(raw: bytes) -> bytes:
    """Return the text of `raw`, without padding."""
    return binascii.b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_BASE64URL)


def decode_base64url(text: bytes) -> bytes:
    """Return what `text` encodes; raise ValueError for any text that encoding does not give."""
    remainder = len(text) % 4
    padding = _PADDING.get(remainder)
    if padding is None:
        raise ValueError("base64url text of impossible length")
    canonical_ends = _CANONICAL_ENDS[remainder]
    # INVARIANT: unused bits are zero, else one signature would have many spellings.
    if canonical_ends is not None and text[-1] not in canonical_ends:
        raise ValueError("base64url text with unused bits set")
    return binascii.a2b_base64(text.translate(_TO_BASE64) + padding, strict_mode=True)

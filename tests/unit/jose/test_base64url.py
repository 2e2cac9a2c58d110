import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolgate.jose.base64url import decode_base64url, encode_base64url


@given(st.binary(max_size=100))
def test_round_trip_agrees_with_the_standard_library(raw: bytes) -> None:
    encoded = encode_base64url(raw)
    assert encoded == base64.urlsafe_b64encode(raw).rstrip(b"=")
    assert decode_base64url(encoded) == raw


@given(st.binary(max_size=12))
def test_one_value_has_one_text(text: bytes) -> None:
    try:
        raw = decode_base64url(text)
    except ValueError:
        return
    assert encode_base64url(raw) == text


@pytest.mark.parametrize(
    "text", [b"A", b"AAAAA", b"AB", b"AAB", b"AA==", b"+A", b"/A", b"A A", b"A\n"]
)
def test_other_texts_are_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the standard library's own errors among them
        decode_base64url(text)

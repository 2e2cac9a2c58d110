"""What is encrypted for functions, as the AWS Encryption SDK itself reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kits.decryption import decrypted

from poolgate.credentials.encryption_sdk import FRAME_BYTES, encrypt, wrap_new_data_key

KEY, NAME = bytes(range(32)), "arn:aws:kms:us-east-1:123456789012:key/1"
CONTEXT = {"userpool-id": "us-east-1_abcdefghi"}


def encrypted(text: bytes, context: dict[str, str]) -> bytes:
    return encrypt(text, wrap_new_data_key(KEY, NAME, context), context)


@pytest.mark.parametrize(
    "policy",
    [
        "REQUIRE_ENCRYPT_REQUIRE_DECRYPT",
        "REQUIRE_ENCRYPT_ALLOW_DECRYPT",
        "FORBID_ENCRYPT_ALLOW_DECRYPT",
    ],
)
def test_the_sdk_reads_it_under_every_policy(policy: str) -> None:
    message = encrypted(b"123456", CONTEXT)
    assert decrypted(message, KEY, NAME, policy=policy) == ("123456", CONTEXT)


@given(
    st.text().filter(lambda text: len(text.encode()) <= FRAME_BYTES),
    st.dictionaries(st.text(min_size=1), st.text(), max_size=3).filter(
        lambda context: not any(name.startswith("aws-crypto-") for name in context)
    ),
)
def test_whatever_fits_comes_back_with_its_context(text: str, context: dict[str, str]) -> None:
    message = encrypted(text.encode(), context)
    assert decrypted(message, KEY, NAME) == (text, context)


def test_more_than_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than one frame"):
        encrypted(bytes(FRAME_BYTES + 1), {})


def test_another_key_does_not_read_it() -> None:
    message = encrypted(b"123456", CONTEXT)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the SDK calls it
        decrypted(message, bytes(32), NAME)


def test_no_byte_can_be_changed() -> None:
    message = encrypted(b"123456", CONTEXT)
    for at in range(0, len(message), 7):
        altered = bytearray(message)
        altered[at] ^= 1
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the SDK calls it
            decrypted(bytes(altered), KEY, NAME)


def test_no_two_messages_are_alike() -> None:
    made = {encrypted(b"1", {}) for _ in range(20)}
    assert len(made) == 20


def test_a_data_key_does_not_show_itself() -> None:
    data_key = wrap_new_data_key(KEY, NAME, CONTEXT)
    assert repr(data_key.plaintext) not in repr(data_key)

"""Messages that the AWS Encryption SDK decrypts.

AWS Encryption SDK message format reference, version 2, with the algorithm suite 0x0478: AES-256-GCM
under a key derived by HKDF-SHA512, and a commitment to that key. Data keys are wrapped as the SDK's
raw AES keyring does, or come wrapped from elsewhere. Only what fits into one frame is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from poolgate.foundation.randomness import random_bytes

KEY_NAMESPACE = "poolgate"
KEY_BYTES = 32
FRAME_BYTES = 4096
_VERSION = b"\x02"
_SUITE = b"\x04\x78"
_FRAMED = b"\x02"
_MESSAGE_ID_BYTES = 32
_NONCE_BYTES = 12
_TAG_BITS = 128
_FIRST_FRAME = 1
_FINAL = b"\xff\xff\xff\xff"
_FINAL_FRAME = b"AWSKMSEncryptionClient Final Frame"


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key for one message: plain, and wrapped for those whom `provider_info` names."""

    plaintext: bytes = field(repr=False)
    provider_id: str
    provider_info: bytes
    wrapped: bytes


def wrap_new_data_key(wrapping_key: bytes, key_name: str, context: Mapping[str, str]) -> DataKey:
    """Return a fresh data key that holders of `wrapping_key` can unwrap."""
    data_key, nonce = random_bytes(KEY_BYTES), random_bytes(_NONCE_BYTES)
    return DataKey(
        plaintext=data_key,
        provider_id=KEY_NAMESPACE,
        # SPEC raw-aes-keyring "Key Provider Information": name, tag length, nonce length, nonce.
        provider_info=key_name.encode() + _number(_TAG_BITS, 4) + _number(_NONCE_BYTES, 4) + nonce,
        wrapped=AESGCM(wrapping_key).encrypt(nonce, data_key, _serialized(context)),
    )


def encrypt(plaintext: bytes, data_key: DataKey, context: Mapping[str, str]) -> bytes:
    """Return `plaintext` encrypted, with `context` readable and authentic.

    The data key must have been wrapped with that context, and for no other message. Raises
    ValueError for more than FRAME_BYTES.
    """
    if len(plaintext) > FRAME_BYTES:
        raise ValueError("the text is longer than one frame")
    message_id = random_bytes(_MESSAGE_ID_BYTES)
    header = b"".join(
        (
            _VERSION,
            _SUITE,
            message_id,
            _counted(_serialized(context)),
            _number(1, 2),
            _counted(data_key.provider_id.encode()),
            _counted(data_key.provider_info),
            _counted(data_key.wrapped),
            _FRAMED,
            _number(FRAME_BYTES, 4),
            _derived(data_key.plaintext, message_id, b"COMMITKEY"),
        )
    )
    cipher = AESGCM(_derived(data_key.plaintext, message_id, _SUITE + b"DERIVEKEY"))
    # SPEC message-header "Header Authentication": nothing but this tag is under the nonce zero.
    header_tag = cipher.encrypt(bytes(_NONCE_BYTES), b"", header)
    return header + header_tag + _final_frame(cipher, message_id, plaintext)


def _final_frame(cipher: AESGCM, message_id: bytes, plaintext: bytes) -> bytes:
    number = _number(_FIRST_FRAME, 4)
    # The data key is used for this message only, so the frame's number is nonce enough.
    nonce = _number(_FIRST_FRAME, _NONCE_BYTES)
    authentic = message_id + _FINAL_FRAME + number + _number(len(plaintext), 8)
    sealed = cipher.encrypt(nonce, plaintext, authentic)
    return _FINAL + number + nonce + _number(len(plaintext), 4) + sealed


def _serialized(context: Mapping[str, str]) -> bytes:
    if not context:
        return b""
    pairs = sorted((name.encode(), value.encode()) for name, value in context.items())
    written = (_counted(name) + _counted(value) for name, value in pairs)
    return _number(len(pairs), 2) + b"".join(written)


def _derived(data_key: bytes, message_id: bytes, label: bytes) -> bytes:
    return HKDF(algorithm=SHA512(), length=KEY_BYTES, salt=message_id, info=label).derive(data_key)


def _counted(part: bytes) -> bytes:
    return _number(len(part), 2) + part


def _number(value: int, length: int) -> bytes:
    return value.to_bytes(length, "big")

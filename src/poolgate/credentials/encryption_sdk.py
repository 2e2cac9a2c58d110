"""Messages that the AWS Encryption SDK decrypts, under a symmetric key that both sides have.

AWS Encryption SDK message format reference, version 2, with the algorithm suite 0x0478: AES-256-GCM
under a key derived by HKDF-SHA512, and a commitment to that key. The data key is wrapped as the
SDK's raw AES keyring does. Only what fits into one frame is written.
"""

from collections.abc import Mapping

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


def encrypt(
    plaintext: bytes, *, wrapping_key: bytes, key_name: str, context: Mapping[str, str]
) -> bytes:
    """Return `plaintext` encrypted under `wrapping_key`, with `context` readable and authentic.

    Raises ValueError for more than FRAME_BYTES.
    """
    if len(plaintext) > FRAME_BYTES:
        raise ValueError("the text is longer than one frame")
    data_key, message_id = random_bytes(KEY_BYTES), random_bytes(_MESSAGE_ID_BYTES)
    serialized_context = _serialized(context)
    header = b"".join(
        (
            _VERSION,
            _SUITE,
            message_id,
            _counted(serialized_context),
            _number(1, 2),
            _wrapped(data_key, wrapping_key, key_name, serialized_context),
            _FRAMED,
            _number(FRAME_BYTES, 4),
            _derived(data_key, message_id, b"COMMITKEY"),
        )
    )
    cipher = AESGCM(_derived(data_key, message_id, _SUITE + b"DERIVEKEY"))
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


def _wrapped(data_key: bytes, wrapping_key: bytes, key_name: str, context: bytes) -> bytes:
    """Return the data key as an entry of the header."""
    nonce = random_bytes(_NONCE_BYTES)
    # SPEC raw-aes-keyring "Key Provider Information": name, tag length, nonce length, nonce.
    named = key_name.encode() + _number(_TAG_BITS, 4) + _number(_NONCE_BYTES, 4) + nonce
    sealed = AESGCM(wrapping_key).encrypt(nonce, data_key, context)
    return _counted(KEY_NAMESPACE.encode()) + _counted(named) + _counted(sealed)


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

"""Encrypted assertions: a key wrapped for us by RSA-OAEP, a text under it by AES.

RSA with PKCS #1 v1.5 padding is not taken. AES-CBC proves nothing of who wrote the text, so that
whatever is wrong looks the same, and what is read is believed by its signature only.
# SPEC xmlenc-core1 s5.2, s5.5
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from poolgate.saml.failures import SamlRefused
from poolgate.saml.names import (
    ENCRYPTION,
    ENCRYPTION_11,
    MORE_SIGNATURES,
    SIGNATURE,
    encryption,
    signature,
)
from poolgate.saml.xml_documents import Element, Name, parse_document

_OAEP_MGF1P = f"{ENCRYPTION}rsa-oaep-mgf1p"
_OAEP = f"{ENCRYPTION_11}rsa-oaep"
_CBC: Mapping[str, int] = MappingProxyType(
    {f"{ENCRYPTION}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)}
)
_GCM: Mapping[str, int] = MappingProxyType(
    {f"{ENCRYPTION_11}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)}
)
_BLOCK_BYTES, _NONCE_BYTES, _TAG_BYTES = 16, 12, 16
# OAEP does not rest on its digest being hard to collide; SHA-1 is what partners use by default.
_SHA1 = hashes.SHA1()  # noqa: S303 - as above, xmlenc-core1 s5.5.2
_OAEP_DIGESTS: Mapping[str, hashes.HashAlgorithm] = MappingProxyType(
    {
        f"{SIGNATURE}sha1": _SHA1,
        f"{ENCRYPTION}sha256": hashes.SHA256(),
        f"{MORE_SIGNATURES}sha384": hashes.SHA384(),
        f"{ENCRYPTION}sha512": hashes.SHA512(),
    }
)
_MASK_DIGESTS: Mapping[str, hashes.HashAlgorithm] = MappingProxyType(
    {
        f"{ENCRYPTION_11}mgf1sha1": _SHA1,
        f"{ENCRYPTION_11}mgf1sha256": hashes.SHA256(),
        f"{ENCRYPTION_11}mgf1sha384": hashes.SHA384(),
        f"{ENCRYPTION_11}mgf1sha512": hashes.SHA512(),
    }
)
_MOST_WRAPPED_KEYS = 4


class DecryptionRefused(SamlRefused):
    """None of our keys opens it, or it is encrypted in a way that does not count."""


def decrypt_element(
    encrypted: Element, private_keys: Sequence[rsa.RSAPrivateKey], *, most_bytes: int
) -> Element:
    """Return the element in an EncryptedAssertion; raise DecryptionRefused or XmlRefused."""
    body = encrypted.only(encryption("EncryptedData"))
    algorithm = body.only(encryption("EncryptionMethod")).get("Algorithm") or ""
    ciphertext = _cipher_value(body)
    for wrapped in _wrapped_keys(encrypted, body):
        for private_key in private_keys:
            try:
                text = _decrypt(algorithm, _unwrap(wrapped, private_key), ciphertext)
            except (ValueError, InvalidTag):
                continue
            return parse_document(text, most_bytes=most_bytes, scope=encrypted.scope)
    raise DecryptionRefused


def _wrapped_keys(encrypted: Element, body: Element) -> tuple[Element, ...]:
    # SPEC saml-core-2.0 s2.3.4: beside the data, or in what the data says of its key.
    beside = encrypted.all(encryption("EncryptedKey"))
    inside = tuple(
        key
        for about in body.all(signature("KeyInfo"))
        for key in about.all(encryption("EncryptedKey"))
    )
    found = beside + inside
    if len(found) > _MOST_WRAPPED_KEYS:
        raise DecryptionRefused(private_detail="too many keys")
    return found


def _unwrap(wrapped: Element, private_key: rsa.RSAPrivateKey) -> bytes:
    """Return the key for the text; raise ValueError."""
    method = wrapped.only(encryption("EncryptionMethod"))
    algorithm = method.get("Algorithm")
    if algorithm not in {_OAEP_MGF1P, _OAEP}:
        raise DecryptionRefused(private_detail="key transport")
    digest = _chosen(method, signature("DigestMethod"), _OAEP_DIGESTS)
    mask = _chosen(method, Name(ENCRYPTION_11, "MGF"), _MASK_DIGESTS)
    if algorithm == _OAEP_MGF1P:
        # SPEC xmlenc-core1 s5.5.2: its mask is by SHA-1 whatever its digest is.
        mask = _SHA1
    oaep = padding.OAEP(padding.MGF1(mask), digest, None)
    return private_key.decrypt(_cipher_value(wrapped), oaep)


def _chosen(
    method: Element, name: Name, known: Mapping[str, hashes.HashAlgorithm]
) -> hashes.HashAlgorithm:
    found = method.all(name)
    if not found:
        return _SHA1
    digest = known.get(found[0].get("Algorithm") or "")
    if digest is None or len(found) > 1:
        raise DecryptionRefused(private_detail="digest of key transport")
    return digest


def _decrypt(algorithm: str, content_key: bytes, ciphertext: bytes) -> bytes:
    """Return the text; raise ValueError or InvalidTag."""
    if len(content_key) != (_GCM.get(algorithm) or _CBC.get(algorithm)):
        raise ValueError("key of another length")
    if algorithm in _GCM:
        if len(ciphertext) < _NONCE_BYTES + _TAG_BYTES:
            raise ValueError("too short")
        nonce, sealed = ciphertext[:_NONCE_BYTES], ciphertext[_NONCE_BYTES:]
        return AESGCM(content_key).decrypt(nonce, sealed, None)
    if len(ciphertext) < 2 * _BLOCK_BYTES or len(ciphertext) % _BLOCK_BYTES:
        raise ValueError("no whole blocks")
    decryptor = Cipher(
        algorithms.AES(content_key), modes.CBC(ciphertext[:_BLOCK_BYTES])
    ).decryptor()
    padded = decryptor.update(ciphertext[_BLOCK_BYTES:]) + decryptor.finalize()
    # SPEC xmlenc-core1 s5.2.1: the last octet tells how many are padding; the others are any.
    if not 1 <= padded[-1] <= _BLOCK_BYTES:
        raise ValueError("padding")
    return padded[: -padded[-1]]


def _cipher_value(holder: Element) -> bytes:
    text = holder.only(encryption("CipherData")).only(encryption("CipherValue")).text
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DecryptionRefused(private_detail="base64") from error

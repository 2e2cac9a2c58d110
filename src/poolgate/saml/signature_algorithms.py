"""Which algorithms sign: a list of few, each for keys of one kind.

SHA-1 is not among them, nor anything with a shared secret; RSA keys of less than 2048 bits prove
nothing.
# SPEC RFC 9231 s2.3; security.md Z8
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from poolgate.saml.names import ENCRYPTION, MORE_SIGNATURES

_PSS: Final = "http://www.w3.org/2007/05/xmldsig-more#"
_LEAST_RSA_BITS, _LEAST_EC_BITS = 2048, 256
RSA_SHA256: Final = f"{MORE_SIGNATURES}rsa-sha256"

PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

DIGESTS: Mapping[str, hashes.HashAlgorithm] = MappingProxyType(
    {
        f"{ENCRYPTION}sha256": hashes.SHA256(),
        f"{MORE_SIGNATURES}sha384": hashes.SHA384(),
        f"{ENCRYPTION}sha512": hashes.SHA512(),
    }
)
_PKCS1: Mapping[str, hashes.HashAlgorithm] = MappingProxyType(
    {
        RSA_SHA256: hashes.SHA256(),
        f"{MORE_SIGNATURES}rsa-sha384": hashes.SHA384(),
        f"{MORE_SIGNATURES}rsa-sha512": hashes.SHA512(),
    }
)
_MGF1: Mapping[str, hashes.HashAlgorithm] = MappingProxyType(
    {
        f"{_PSS}sha256-rsa-MGF1": hashes.SHA256(),
        f"{_PSS}sha384-rsa-MGF1": hashes.SHA384(),
        f"{_PSS}sha512-rsa-MGF1": hashes.SHA512(),
    }
)
_ECDSA: Mapping[str, hashes.HashAlgorithm] = MappingProxyType(
    {
        f"{MORE_SIGNATURES}ecdsa-sha256": hashes.SHA256(),
        f"{MORE_SIGNATURES}ecdsa-sha384": hashes.SHA384(),
        f"{MORE_SIGNATURES}ecdsa-sha512": hashes.SHA512(),
    }
)


@dataclass(frozen=True, slots=True)
class SigningCertificates:
    """The public keys by which one partner is known; other keys of theirs count for nothing."""

    public_keys: tuple[PublicKey, ...]

    def is_signed(self, algorithm: str, signature: bytes, signed: bytes) -> bool:
        """Tell whether the signature is by one of the keys, in an algorithm that counts."""
        return any(_is_by(key, algorithm, signature, signed) for key in self.public_keys)


def signing_certificates(certificates: tuple[bytes, ...]) -> SigningCertificates:
    """Return the keys in certificates (DER) of metadata; a short or foreign one is left out."""
    found = (x509.load_der_x509_certificate(each).public_key() for each in certificates)
    return SigningCertificates(
        tuple(
            key
            for key in found
            if (isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= _LEAST_EC_BITS)
            or (isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS)
        )
    )


def _is_by(key: PublicKey, algorithm: str, signature: bytes, signed: bytes) -> bool:
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            digest = _ECDSA[algorithm]
            key.verify(_der(signature, key.key_size), signed, ec.ECDSA(digest))
        elif algorithm in _MGF1:
            digest = _MGF1[algorithm]
            # SPEC RFC 9231 s2.3.10: the salt is as long as the digest.
            salted = padding.PSS(padding.MGF1(digest), digest.digest_size)
            key.verify(signature, signed, salted, digest)
        else:
            key.verify(signature, signed, padding.PKCS1v15(), _PKCS1[algorithm])
    except (InvalidSignature, KeyError, ValueError):
        return False
    return True


def _der(signature: bytes, key_bits: int) -> bytes:
    """Return an ECDSA signature as `cryptography` takes it; raise ValueError."""
    # SPEC RFC 9231 s2.3.6: r and s, each as long as the field.
    width = (key_bits + 7) // 8
    if len(signature) != 2 * width:
        raise ValueError("signature of another length")
    return encode_dss_signature(
        int.from_bytes(signature[:width]), int.from_bytes(signature[width:])
    )

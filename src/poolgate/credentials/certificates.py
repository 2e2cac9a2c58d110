"""Self-signed X.509 certificates, in which SAML partners keep each other's public keys."""

import base64
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

# AWS GetSigningCertificate: "valid for 10 years from the date of issue".
LIFETIME = timedelta(days=3650)


def self_signed_certificate(
    private_key: rsa.RSAPrivateKey, common_name: str, now: datetime
) -> bytes:
    """Return a certificate (DER) of the key's public half, valid for ten years from `now`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + LIFETIME)
        .sign(private_key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.DER)


def certificate_text(der: bytes) -> str:
    """Return a certificate as SAML metadata writes it: base64 on one line."""
    return base64.b64encode(der).decode()

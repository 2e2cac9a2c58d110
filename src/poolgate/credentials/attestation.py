"""Attestation statements: what vouches for a new credential.

Registration asks for none, so a conforming client sends `none`, or `packed` where an authenticator
cannot leave it out. A statement that comes must be right; nothing is trusted because of it, so no
certificates are chained. SPEC WebAuthn 3 sections 8.2 and 8.7.
"""

from collections.abc import Mapping

from poolgate.credentials.authenticator_data import AttestedCredential
from poolgate.credentials.cbor import CborValue
from poolgate.credentials.cose_keys import (
    AlgorithmNotSupported,
    parse_cose_key,
    verify_signature,
)
from poolgate.foundation.failure import Failure


class AttestationNotSupported(Failure):
    """The statement is of a format that was not asked for."""


def verify_attestation(
    statement_format: str,
    statement: Mapping[int | str, CborValue],
    attested: AttestedCredential,
    signed: bytes,
) -> None:
    """Raise unless the statement vouches for the credential.

    `signed` is the authenticator data followed by the digest of the client data. Raises ValueError
    for a malformed statement, SignatureRefused for a wrong one, AttestationNotSupported.
    """
    if statement_format == "none":
        if statement:
            raise ValueError("a statement where none is said to be")
        return
    if statement_format != "packed":
        raise AttestationNotSupported
    match statement:
        case {"alg": int(algorithm), "sig": bytes(signature), "x5c": [bytes(leaf), *_]}:
            _verify_by_certificate(leaf, algorithm, signature, signed)
        case {"alg": int(algorithm), "sig": bytes(signature)} if "x5c" not in statement:
            _verify_by_itself(attested, algorithm, signature, signed)
        case _:
            raise ValueError("a packed statement without its parts")


def _verify_by_itself(
    attested: AttestedCredential, algorithm: int, signature: bytes, signed: bytes
) -> None:
    # SPEC WebAuthn 3 s8.2: self attestation is signed by the credential itself, and says so.
    credential_key = parse_cose_key(attested.public_key)
    if credential_key.algorithm != algorithm:
        raise ValueError("self attestation of another algorithm")
    credential_key.verify(signature, signed)


def _verify_by_certificate(leaf: bytes, algorithm: int, signature: bytes, signed: bytes) -> None:
    # Imported here: it takes its time, and hardly any client sends certificates.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415

    try:
        public_key = x509.load_der_x509_certificate(leaf).public_key()
    except UnsupportedAlgorithm as error:
        raise AlgorithmNotSupported from error
    verify_signature(algorithm, public_key, signature, signed)

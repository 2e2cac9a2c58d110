"""Responses: from what a browser brings to an assertion that is proven and meant for us.

The response is signed, or the assertion in it, or both; each signature that is there must be good.
What is read comes from the innermost signed element, see `signatures`.
# SPEC saml-profiles-2.0 s4.1.4.3
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa

from poolgate.saml.assertions import (
    Assertion,
    Expectation,
    OtherRecipient,
    read_assertion,
    verify_issuer,
    verify_request,
)
from poolgate.saml.encryption import DecryptionRefused, decrypt_element
from poolgate.saml.failures import SamlRefused
from poolgate.saml.names import SUCCESS, VERSION, assertion, protocol
from poolgate.saml.signature_algorithms import SigningCertificates
from poolgate.saml.signatures import (
    SignatureRefused,
    is_signed,
    verify_ids_unique,
    verify_signed,
)
from poolgate.saml.times import TimeMalformed
from poolgate.saml.xml_documents import Element, XmlRefused, parse_document

# AWS saml2-idpresponse-endpoint: "up to 100,000 characters in length".
MOST_RESPONSE_CHARACTERS = 100_000
_ASSERTION, _ENCRYPTED = assertion("Assertion"), assertion("EncryptedAssertion")


class ResponseMalformed(SamlRefused):
    """It is no SAML response, or not of a form that counts."""


class ResponseTooLong(SamlRefused):
    """The response is longer than responses are read."""


class NotAuthenticated(SamlRefused):
    """The identity provider says that the person did not sign in. Facts: status."""


class EncryptionRequired(SamlRefused):
    """The assertion could be read on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """What is known of an identity provider, and what it encrypts for."""

    certificates: SigningCertificates
    private_keys: Sequence[rsa.RSAPrivateKey] = ()
    must_encrypt: bool = False


def decode_response(text: str) -> bytes:
    """Return the document in the text of a POST; raise ResponseTooLong or ResponseMalformed."""
    if len(text) > MOST_RESPONSE_CHARACTERS:
        raise ResponseTooLong
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ResponseMalformed(private_detail="base64") from error


def verify_response(document: bytes, partner: Partner, expected: Expectation) -> Assertion:
    """Return the assertion of a good response.

    Raises the failures of this module and of `assertions`, SignatureRefused and DecryptionRefused.
    """
    try:
        return _verified(_parsed(document), partner, expected)
    except (XmlRefused, TimeMalformed) as error:
        raise ResponseMalformed(private_detail=error.private_detail) from error


def _parsed(document: bytes) -> Element:
    response = parse_document(document, most_bytes=MOST_RESPONSE_CHARACTERS)
    if response.name != protocol("Response") or response.get("Version") != VERSION:
        raise ResponseMalformed(private_detail="no response")
    return response


def _verified(received: Element, partner: Partner, expected: Expectation) -> Assertion:
    verify_ids_unique(received)
    signed_response = _verify(received, partner.certificates) if is_signed(received) else None
    _verify_envelope(received if signed_response is None else signed_response, expected)
    try:
        proven = _proven(received, signed_response, partner)
    except (XmlRefused, SignatureRefused, ResponseMalformed) as error:
        if not received.all(_ENCRYPTED):
            raise
        # How far a forged ciphertext came would tell, question by question, what is in a real one.
        raise DecryptionRefused(private_detail=error.private_detail) from error
    return read_assertion(proven, expected)


def _proven(received: Element, signed_response: Element | None, partner: Partner) -> Element:
    """Return the assertion as the innermost signature covers it."""
    element = _opened(received, partner)
    if is_signed(element):
        return _verify(element, partner.certificates)
    if signed_response is None:
        raise SignatureRefused(private_detail="no signature")
    return _opened(signed_response, partner)


def _verify(element: Element, certificates: SigningCertificates) -> Element:
    return verify_signed(element, certificates, most_bytes=MOST_RESPONSE_CHARACTERS)


def _verify_envelope(response: Element, expected: Expectation) -> None:
    status = response.only(protocol("Status")).only(protocol("StatusCode"))
    if status.get("Value") != SUCCESS:
        raise NotAuthenticated(status=_told_status(status))
    for issuer in response.all(assertion("Issuer")):
        verify_issuer(issuer, expected.issuer)
    destination = response.get("Destination")
    if destination and destination not in expected.recipients:
        raise OtherRecipient
    # Providers may leave it out here, never in the confirmation below.
    if response.get("InResponseTo") is not None:
        verify_request(response.get("InResponseTo"), expected)


def _told_status(status: Element) -> str:
    """Return the last part of the innermost status code, which says most."""
    codes = [each.get("Value") or "" for each in status.walk() if each.name == status.name]
    return codes[-1].rpartition(":")[2][:64]


def _opened(response: Element, partner: Partner) -> Element:
    """Return the one assertion of the response, decrypted where it is encrypted."""
    plain, encrypted = response.all(_ASSERTION), response.all(_ENCRYPTED)
    if len(plain) + len(encrypted) != 1:
        raise ResponseMalformed(private_detail="not one assertion")
    if plain:
        if partner.must_encrypt:
            raise EncryptionRequired
        return plain[0]
    opened = decrypt_element(
        encrypted[0], partner.private_keys, most_bytes=MOST_RESPONSE_CHARACTERS
    )
    if opened.name != _ASSERTION:
        raise ResponseMalformed(private_detail="something else was encrypted")
    verify_ids_unique(opened)
    return opened

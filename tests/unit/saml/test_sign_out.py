"""Answers to requests to sign somebody out at the provider."""

import pytest
from kits.saml_world import NOW, saml_world

from poolgate.saml.assertions import OtherIssuer, OtherRequest
from poolgate.saml.failures import SamlRefused
from poolgate.saml.responses import ResponseMalformed
from poolgate.saml.sign_out import verify_sign_out_response
from poolgate.saml.signatures import SignatureRefused


def answer(**changes: str) -> bytes:
    named = {"destination": "https://sp.example.com", "in_response_to": "_1", **changes}
    return saml_world().idp.logout_response(now=NOW, **named)


def verify(document: bytes, issuer: str = "https://idp.example.com") -> None:
    certificates = saml_world().partner.certificates
    verify_sign_out_response(document, certificates, issuer=issuer, request_id="_1")


def without_signature(document: bytes) -> bytes:
    start, end = document.index(b"<ds:Signature "), document.index(b"</ds:Signature>")
    return document[:start] + document[end + len(b"</ds:Signature>") :]


def test_the_providers_answer_counts_signed_or_not() -> None:
    verify(answer())
    verify(without_signature(answer()))


@pytest.mark.parametrize(
    ("document", "failure"),
    [
        (answer(in_response_to="_2"), OtherRequest),
        (answer().replace(b'InResponseTo="_1"', b'InResponseTo="_2"'), SignatureRefused),
        (answer().replace(b'Version="2.0"', b'Version="1.1"'), ResponseMalformed),
        (saml_world().response(), ResponseMalformed),
        (b"<!DOCTYPE a><a/>", ResponseMalformed),
    ],
)
def test_other_documents_do_not(document: bytes, failure: type[SamlRefused]) -> None:
    with pytest.raises(failure):
        verify(document)


def test_nor_do_answers_of_others() -> None:
    with pytest.raises(OtherIssuer):
        verify(answer(), issuer="https://other.example.com")

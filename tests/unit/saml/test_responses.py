"""Responses: each thing that must be right, wrong once."""

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from kits import saml_idp
from kits.saml_idp import SUCCESS, SamlIdp, encrypted
from kits.saml_world import ACS, ENTITY, NOW, WAYS_TO_SIGN, SamlWorld, saml_world
from lxml import etree

from poolgate.credentials.certificates import self_signed_certificate
from poolgate.foundation.failure import Failure
from poolgate.saml.assertions import (
    SKEW,
    AssertionExpired,
    AssertionMalformed,
    AssertionNotYetValid,
    NameId,
    NoBearerConfirmation,
    OtherAudience,
    OtherIssuer,
    OtherRecipient,
    OtherRequest,
)
from poolgate.saml.encryption import DecryptionRefused
from poolgate.saml.responses import (
    EncryptionRequired,
    NotAuthenticated,
    Partner,
    ResponseMalformed,
    ResponseTooLong,
    decode_response,
    verify_response,
)
from poolgate.saml.signatures import SignatureRefused
from poolgate.store.key_stock import new_rsa_key

SECOND = timedelta(seconds=1)
OUR_KEY = new_rsa_key()
OUR_CERTIFICATE = self_signed_certificate(OUR_KEY, "sp", NOW)


@pytest.fixture
def world() -> SamlWorld:
    return saml_world()


@pytest.mark.parametrize("signs", WAYS_TO_SIGN)
def test_a_good_response_is_read(world: SamlWorld, signs: tuple[str, ...]) -> None:
    ends = NOW + timedelta(hours=2)
    found = world.verify(world.response(signs=signs, session_ends=ends))
    assert found.name_id == NameId(value="ada@example.com", format=world.said.name_id_format)
    assert (found.assertion_id, found.issuer) == ("_assertion", world.idp.entity_id)
    assert (found.recipient, found.audiences) == (ACS, (ENTITY,))
    assert found.attributes == {"role": ("reader",)}
    assert (found.session_index, found.session_ends_at) == ("_session", ends)
    assert found.expires_at == NOW + world.said.lives + SKEW


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ({"issuer": "https://other.example.com"}, OtherIssuer),
        ({"recipient": f"{ACS}/"}, OtherRecipient),
        ({"destination": "https://other.example.com"}, OtherRecipient),
        ({"audience": "urn:other"}, OtherAudience),
        ({"in_response_to": "_1"}, OtherRequest),
        ({"lives": -SKEW}, AssertionExpired),
        ({"not_before": NOW + SKEW + SECOND}, AssertionNotYetValid),
        ({"session_ends": NOW - SKEW}, AssertionExpired),
        ({"name_id": " "}, AssertionMalformed),
        ({"signs": ()}, SignatureRefused),
        (
            {"status": "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed", "signs": ("Response",)},
            NotAuthenticated,
        ),
        ({"response_id": "_assertion"}, SignatureRefused),
    ],
)
def test_what_is_wrong_is_refused_as_what_it_is(
    world: SamlWorld, said: dict[str, Any], failure: type[Failure]
) -> None:
    with pytest.raises(failure):
        world.verify(world.response(**said))


def test_clocks_may_be_a_little_apart(world: SamlWorld) -> None:
    good = world.response(lives=timedelta(0), not_before=NOW)
    for moment in (NOW - SKEW, NOW + SKEW - SECOND):
        world.verify(good, now=moment)
    for moment, failure in (
        (NOW - SKEW - SECOND, AssertionNotYetValid),
        (NOW + SKEW, AssertionExpired),
    ):
        with pytest.raises(failure):
            world.verify(good, now=moment)


def test_the_answer_is_to_the_request_that_was_made(world: SamlWorld) -> None:
    answer = world.response(in_response_to="_1")
    world.verify(answer, request_id="_1")
    world.verify(answer, is_request_known=False)
    for asked in ("_2", None):
        with pytest.raises(OtherRequest):
            world.verify(answer, request_id=asked)
    with pytest.raises(OtherRequest):
        world.verify(world.response(), request_id="_1")


def test_the_unsigned_part_of_a_response_must_agree(world: SamlWorld) -> None:
    answer = world.response(in_response_to="_1")
    changed = answer.replace(b'InResponseTo="_1"', b'InResponseTo="_2"', 1)
    with pytest.raises(OtherRequest):
        world.verify(changed, request_id="_1")
    with pytest.raises(OtherRequest):
        world.verify(changed, request_id="_2")


WRONG_ASSERTIONS = {
    'Version="2.0" IssueInstant="2026-11-22T12:00:00Z"><saml:Issuer>': [
        'Version="1.1" IssueInstant="2026-11-22T12:00:00Z"><saml:Issuer>',
        'Version="2.0" IssueInstant="2026-11-22T12:01:01Z"><saml:Issuer>',
        'Version="2.0" IssueInstant="yesterday"><saml:Issuer>',
        'Version="2.0" IssueInstant="2026-11-22T12:00:00+02:00"><saml:Issuer>',
        'Version="2.0" IssueInstant="2026-02-30T12:00:00Z"><saml:Issuer>',
        'Version="2.0"><saml:Issuer>',
    ],
    "cm:bearer": ["cm:sender-vouches", "cm:holder-of-key"],
    " Recipient=": [" Other="],
    "<saml:SubjectConfirmationData NotOnOrAfter=": ["<saml:SubjectConfirmationData Other="],
    "<saml:AudienceRestriction>": ["<saml:Condition/><saml:AudienceRestriction>"],
    "<saml:Subject>": ["<saml:Issuer>https://idp.example.com</saml:Issuer><saml:Subject>"],
    "</saml:NameID>": ["<a/></saml:NameID>", "</saml:NameID><saml:NameID>root</saml:NameID>"],
    "<saml:Attribute Name=": ["<saml:Attribute Nome="],
}


@pytest.mark.parametrize(
    ("before", "after"),
    [(before, after) for before, others in WRONG_ASSERTIONS.items() for after in others],
)
def test_an_assertion_that_says_it_otherwise_is_refused(
    world: SamlWorld, before: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = saml_idp.unsigned_response

    def changed(*arguments: Any) -> str:
        text = written(*arguments)
        head, mark, assertion = text.partition("<saml:Assertion")
        assert before in assertion
        return head + mark + assertion.replace(before, after, 1)

    world.verify(world.response())
    monkeypatch.setattr(saml_idp, "unsigned_response", changed)
    with pytest.raises(Failure):
        world.verify(world.response())


def without(document: str, *path: str) -> str:
    root = etree.fromstring(document)
    for name in path:
        for found in root.findall(f".//{{*}}{name}"):
            found.getparent().remove(found)
    return etree.tostring(root).decode()


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("Conditions", ResponseMalformed),
        ("AudienceRestriction", OtherAudience),
        ("AuthnStatement", AssertionMalformed),
        ("Subject", ResponseMalformed),
        ("SubjectConfirmation", NoBearerConfirmation),
        ("SubjectConfirmationData", ResponseMalformed),
        ("NameID", ResponseMalformed),
    ],
)
def test_an_assertion_that_lacks_a_part_is_refused(
    world: SamlWorld, name: str, failure: type[Failure], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = saml_idp.unsigned_response
    monkeypatch.setattr(
        saml_idp, "unsigned_response", lambda *arguments: without(written(*arguments), name)
    )
    with pytest.raises(failure):
        world.verify(world.response())


# -- encryption ------------------------------------------------------------------------------------


@pytest.mark.parametrize("signs", WAYS_TO_SIGN)
@pytest.mark.parametrize("mode", ["gcm", "cbc"])
@pytest.mark.parametrize("bits", [128, 192, 256])
@pytest.mark.parametrize("transport", ["mgf1p", "mgf1p-sha256", "oaep"])
def test_encrypted_assertions_are_read(
    world: SamlWorld, signs: tuple[str, ...], mode: str, bits: int, transport: str
) -> None:
    said = replace(world.said, signs=signs)
    how = {"mode": mode, "bits": bits, "transport": transport}
    document = world.idp.response(said, encrypt_for=OUR_CERTIFICATE, **how)
    assert b"ada@example.com" not in document
    ours = replace(world.partner, private_keys=(new_key(), OUR_KEY), must_encrypt=True)
    assert verify_response(document, ours, world.expected).name_id.value == "ada@example.com"


def new_key() -> Any:
    return SamlIdp(number=5).key


def test_what_may_not_be_read_on_its_way_is_encrypted(world: SamlWorld) -> None:
    with pytest.raises(EncryptionRequired):
        verify_response(world.response(), replace(world.partner, must_encrypt=True), world.expected)


def ours(world: SamlWorld) -> Partner:
    return replace(world.partner, private_keys=(OUR_KEY,))


def test_an_unsigned_assertion_is_not_believed_for_being_encrypted(world: SamlWorld) -> None:
    document = world.idp.response(replace(world.said, signs=()), encrypt_for=OUR_CERTIFICATE)
    with pytest.raises(DecryptionRefused):
        verify_response(document, ours(world), world.expected)


@pytest.mark.parametrize(
    "text", [b"<a/>", b"no xml", b"", b'<saml:Assertion xmlns:saml="urn:other"/>']
)
@pytest.mark.parametrize("mode", ["gcm", "cbc"])
def test_whatever_is_wrong_inside_looks_the_same(world: SamlWorld, text: bytes, mode: str) -> None:
    root = etree.fromstring(world.response(signs=()))
    good = root.find("{*}Assertion")
    root.replace(good, etree.fromstring(encrypted(text, OUR_CERTIFICATE, mode=mode)))
    with pytest.raises(DecryptionRefused):
        verify_response(etree.tostring(root), ours(world), world.expected)


def test_no_bit_of_a_ciphertext_can_be_changed(world: SamlWorld) -> None:
    for mode in ("gcm", "cbc"):
        said = replace(world.said, signs=("Assertion",))
        root = etree.fromstring(world.idp.response(said, encrypt_for=OUR_CERTIFICATE, mode=mode))
        value = root.findall(".//{*}CipherValue")[-1]
        raw = base64.b64decode(value.text)
        for place in (0, 15, 16, 40, len(raw) - 17, len(raw) - 1):
            flipped = bytearray(raw)
            flipped[place] ^= 1
            value.text = base64.b64encode(flipped).decode()
            with pytest.raises(DecryptionRefused):
                verify_response(etree.tostring(root), ours(world), world.expected)


def test_key_transport_by_pkcs_1_and_foreign_keys_are_refused(world: SamlWorld) -> None:
    weak = world.idp.response(world.said, encrypt_for=OUR_CERTIFICATE, transport="pkcs1")
    foreign = world.idp.response(world.said, encrypt_for=SamlIdp(number=5).certificate)
    for document in (weak, foreign):
        with pytest.raises(DecryptionRefused):
            verify_response(document, ours(world), world.expected)


# -- the envelope ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<a/>",
        b"<!DOCTYPE a><a/>",
        b'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>',
        b'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" Version="2.0"/>',
        b'<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" Version="2.0"/>',
    ],
)
def test_what_is_no_response_is_refused(world: SamlWorld, document: bytes) -> None:
    with pytest.raises(ResponseMalformed):
        world.verify(document)


def test_the_failed_status_is_told(world: SamlWorld) -> None:
    refused = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied"
    document = world.response(signs=()).replace(
        f'<samlp:StatusCode Value="{SUCCESS}"/>'.encode(),
        f'<samlp:StatusCode Value="urn:x:Responder"><samlp:StatusCode Value="{refused}"/>'
        "</samlp:StatusCode>".encode(),
    )
    with pytest.raises(NotAuthenticated) as told:
        world.verify(document)
    assert told.value.facts == {"status": "RequestDenied"}


def test_the_text_of_a_post_is_decoded_or_refused() -> None:
    assert decode_response(" PGEv\r\nPg== ") == b"<a/>"
    for text in ("!", "PGEv", "é"):
        with pytest.raises(ResponseMalformed):
            decode_response(text + "!")
    with pytest.raises(ResponseTooLong):
        decode_response("A" * 100_001)

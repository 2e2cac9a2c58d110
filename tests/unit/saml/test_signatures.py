"""Signatures by independent programs verify; other algorithms, keys and forms do not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from kits.saml_idp import DS, idp_key, sign
from lxml import etree
from signxml import SignatureMethod

from poolgate.saml.canonical_xml import canonical
from poolgate.saml.signature_algorithms import SigningCertificates, signing_certificates
from poolgate.saml.signatures import SignatureRefused, verify_ids_unique, verify_signed
from poolgate.saml.xml_documents import Element, Name, parse_document

ROOM = 100_000
EC_KEYS = {
    bits: ec.generate_private_key(curve)
    for bits, curve in {256: ec.SECP256R1(), 521: ec.SECP521R1()}.items()
}
ALGORITHMS = [
    SignatureMethod.RSA_SHA256,
    SignatureMethod.RSA_SHA384,
    SignatureMethod.RSA_SHA512,
    SignatureMethod.SHA256_RSA_MGF1,
    SignatureMethod.SHA512_RSA_MGF1,
    SignatureMethod.ECDSA_SHA256,
    SignatureMethod.ECDSA_SHA512,
]


def element(inside: str = "<b>text</b>") -> Any:
    return etree.fromstring(f'<x:a xmlns:x="urn:x" xmlns:xs="urn:xs" ID="_1"><i/>{inside}</x:a>')


def read(node: Any) -> Element:
    return parse_document(etree.tostring(node), most_bytes=ROOM)


def verified(node: Any, *keys: Any) -> Element:
    return verify_signed(read(node), SigningCertificates(keys), most_bytes=ROOM)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda algorithm: algorithm.name)
def test_signatures_of_another_library_verify(algorithm: SignatureMethod) -> None:
    keys = list(EC_KEYS.values()) if "ECDSA" in algorithm.name else [idp_key()]
    for key in keys:
        signed = sign(element(), key, "_1", algorithm=algorithm)
        found = verified(signed, key.public_key())
        assert [child.name.local for child in found.elements] == ["i", "b"]
        with pytest.raises(SignatureRefused):
            verified(
                signed,
                idp_key(9).public_key(),
                ec.generate_private_key(ec.SECP256R1()).public_key(),
            )


@settings(deadline=None)
@given(st.lists(st.sampled_from(["x", "xs", "#default", "none"]), unique=True, max_size=3))
def test_prefix_lists_are_honoured(prefixes: list[str]) -> None:
    signed = sign(element('<b type="xs:string"/>'), idp_key(), "_1", prefixes=tuple(prefixes))
    assert verified(signed, idp_key().public_key()).get("ID") == "_1"


def test_what_is_read_is_what_was_there_before_the_signature() -> None:
    ours = verified(sign(element(), idp_key(), "_1"), idp_key().public_key())
    assert canonical(ours) == etree.tostring(
        element(), method="c14n", exclusive=True, with_comments=False
    )


@pytest.mark.parametrize(
    ("of", "algorithm"),
    [
        ("SignatureMethod", f"{DS}rsa-sha1"),
        ("SignatureMethod", f"{DS}hmac-sha1"),
        ("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
        ("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
        ("SignatureMethod", ""),
        ("DigestMethod", f"{DS}sha1"),
        ("DigestMethod", ""),
        ("CanonicalizationMethod", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        ("Transform", f"{DS}base64"),
    ],
)
def test_other_algorithms_are_refused(of: str, algorithm: str) -> None:
    signed = sign(element(), idp_key(), "_1")
    signed.find(f".//{{{DS}}}{of}").set("Algorithm", algorithm)
    with pytest.raises(SignatureRefused):
        verified(signed, idp_key().public_key())


@pytest.mark.parametrize("of", ["DigestValue", "SignatureValue"])
@pytest.mark.parametrize("text", ["", "!", "AAAA", "é"])
def test_values_that_are_none_are_refused(of: str, text: str) -> None:
    signed = sign(element(), idp_key(), "_1")
    signed.find(f".//{{{DS}}}{of}").text = text
    with pytest.raises(SignatureRefused):
        verified(signed, idp_key().public_key())


@pytest.mark.parametrize("attribute", ["ID", "Id", "id", "xml:id"])
def test_one_id_stands_once_in_a_document(attribute: str) -> None:
    document = parse_document(f'<a ID="_1"><b {attribute}="_1"/></a>'.encode(), most_bytes=ROOM)
    with pytest.raises(SignatureRefused):
        verify_ids_unique(document)


def test_an_element_without_id_is_not_signed() -> None:
    signed = sign(element(), idp_key(), "_1")
    for name in ("", None):
        if name is None:
            del signed.attrib["ID"]
        else:
            signed.set("ID", name)
        signed.find(f".//{{{DS}}}Reference").set("URI", "#")
        with pytest.raises(SignatureRefused):
            verified(signed, idp_key().public_key())


def test_attributes_have_one_name() -> None:
    found = parse_document(b'<a xmlns:p="urn:p" p:b="1" b="2"/>', most_bytes=ROOM)
    assert found.get("b") == "2"
    assert {each.name for each in found.attributes} == {Name("urn:p", "b"), Name("", "b")}


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 1024),  # noqa: S505 - to be left out
        ec.generate_private_key(ec.SECP192R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["short RSA", "short curve", "another kind"],
)
def test_keys_that_prove_nothing_are_left_out(key: Any) -> None:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .sign(idp_key(), hashes.SHA256())
    )
    assert signing_certificates((certificate.public_bytes(Encoding.DER),)).public_keys == ()

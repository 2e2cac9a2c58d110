"""Signature wrapping: whatever is moved, doubled or put around, only what was signed counts.

XSW1 to XSW8 are numbered as in "On Breaking SAML: Be Whoever You Want to Be" (USENIX Security
2012).
"""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kits.saml_idp import DS, NAMESPACES, SamlIdp, idp_key, sign
from kits.saml_world import WAYS_TO_SIGN, good_responses, saml_world
from lxml import etree

from poolgate.foundation.failure import Failure
from poolgate.saml.signatures import SignatureRefused

EVIL = "root@example.com"
SIGNATURE = f"{{{DS}}}Signature"
BOTH = ("Assertion", "Response")
Attack = Callable[[Any], Any]


def evil_of(element: Any, new_id: str = "_evil") -> Any:
    """Return a copy that says who the attacker wants to be, without signatures."""
    evil = copy.deepcopy(element)
    for signature in list(evil.iter(SIGNATURE)):
        signature.getparent().remove(signature)
    for name_id in evil.iter(f"{{{NAMESPACES['saml']}}}NameID"):
        name_id.text = EVIL
    evil.set("ID", new_id)
    return evil


def assertion_of(root: Any) -> Any:
    return root.find("saml:Assertion", NAMESPACES)


def signature_of(element: Any) -> Any:
    return element.find("ds:Signature", NAMESPACES)


def xsw1(root: Any) -> Any:
    evil, signature = evil_of(root), signature_of(root)
    root.remove(signature)
    signature.append(root)
    evil.insert(1, signature)
    return evil


def xsw2(root: Any) -> Any:
    evil, signature = evil_of(root), signature_of(root)
    root.remove(signature)
    evil.insert(1, signature)
    evil.insert(1, root)
    return evil


def xsw3(root: Any) -> Any:
    original = assertion_of(root)
    root.insert(root.index(original), evil_of(original))
    return root


def xsw4(root: Any) -> Any:
    original = assertion_of(root)
    evil = evil_of(original)
    root.replace(original, evil)
    evil.append(original)
    return root


def xsw5(root: Any) -> Any:
    original = assertion_of(root)
    evil, signature = evil_of(original), signature_of(original)
    original.remove(signature)
    evil.insert(1, signature)
    root.replace(original, evil)
    root.append(original)
    return root


def xsw6(root: Any) -> Any:
    original = assertion_of(root)
    evil, signature = evil_of(original), signature_of(original)
    root.replace(original, evil)
    original.remove(signature)
    evil.insert(1, signature)
    signature.append(original)
    return root


def xsw7(root: Any) -> Any:
    original = assertion_of(root)
    extensions = etree.SubElement(root, f"{{{NAMESPACES['samlp']}}}Extensions")
    extensions.append(evil_of(original, original.get("ID")))
    root.insert(root.index(original), extensions)
    return root


def xsw8(root: Any) -> Any:
    original = assertion_of(root)
    evil, signature = evil_of(original), signature_of(original)
    root.replace(original, evil)
    original.remove(signature)
    evil.insert(1, signature)
    etree.SubElement(signature, f"{{{DS}}}Object").append(original)
    return root


def same_id(root: Any) -> Any:
    original = assertion_of(root)
    root.insert(root.index(original), evil_of(original, original.get("ID")))
    return root


def evil_alone_with_their_signature(root: Any) -> Any:
    original = assertion_of(root)
    evil = evil_of(original, original.get("ID"))
    evil.insert(1, signature_of(original))
    root.replace(original, evil)
    return root


def evil_in_a_signed_place_of_its_own(root: Any) -> Any:
    """The good assertion hides in the attacker's, whose signature is the attacker's."""
    original = assertion_of(root)
    evil = sign(evil_of(original), idp_key(9), "_evil")
    root.replace(original, evil)
    signature_of(evil).append(original)
    return root


def signed_by_somebody_else(root: Any) -> Any:
    original = assertion_of(root)
    root.replace(original, sign(evil_of(original), idp_key(9), "_evil"))
    return root


def two_signatures(root: Any) -> Any:
    original = assertion_of(root)
    original.insert(1, copy.deepcopy(signature_of(original)))
    return root


def two_references(root: Any) -> Any:
    info = signature_of(assertion_of(root)).find("ds:SignedInfo", NAMESPACES)
    info.append(copy.deepcopy(info.find("ds:Reference", NAMESPACES)))
    return root


def two_signed_infos(root: Any) -> Any:
    signature = signature_of(assertion_of(root))
    signature.insert(0, copy.deepcopy(signature[0]))
    return root


def reference_to_all(root: Any) -> Any:
    assertion_of(root).find(".//ds:Reference", NAMESPACES).set("URI", "")
    return root


def reference_to_nothing(root: Any) -> Any:
    del assertion_of(root).find(".//ds:Reference", NAMESPACES).attrib["URI"]
    return root


def no_signature(root: Any) -> Any:
    original = assertion_of(root)
    root.replace(original, evil_of(original))
    return root


def signature_without_its_value(root: Any) -> Any:
    signature = signature_of(assertion_of(root))
    signature.remove(signature.find("ds:SignatureValue", NAMESPACES))
    return root


def name_id_changed(root: Any) -> Any:
    root.find(".//saml:NameID", NAMESPACES).text = EVIL
    return root


def text_behind_a_comment(root: Any) -> Any:
    name_id = root.find(".//saml:NameID", NAMESPACES)
    name_id.text = "root@example.com"
    comment = etree.Comment("x")
    name_id.append(comment)
    comment.tail = ".evil.com"
    return root


def name_id_twice(root: Any) -> Any:
    subject = root.find(".//saml:Subject", NAMESPACES)
    subject.insert(0, copy.deepcopy(evil_of(root).find(".//saml:NameID", NAMESPACES)))
    return root


def foreign_transform(root: Any) -> Any:
    transforms = root.find(".//ds:Transforms", NAMESPACES)
    etree.SubElement(
        transforms, f"{{{DS}}}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"
    )
    return root


def xpath_transform(root: Any) -> Any:
    transform = root.find(".//ds:Transform", NAMESPACES)
    transform.set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")
    etree.SubElement(transform, f"{{{DS}}}XPath").text = "not(//*)"
    return root


def hmac_with_their_public_key(root: Any) -> Any:
    method = root.find(".//ds:SignatureMethod", NAMESPACES)
    method.set("Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha256")
    return root


def algorithm_left_out(root: Any) -> Any:
    del root.find(".//ds:SignatureMethod", NAMESPACES).attrib["Algorithm"]
    return root


def signature_deeper(root: Any) -> Any:
    original = assertion_of(root)
    signature = signature_of(original)
    original.find("saml:Subject", NAMESPACES).append(signature)
    return root


CORPUS: list[Attack] = [
    xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8,
    same_id,
    evil_alone_with_their_signature,
    evil_in_a_signed_place_of_its_own,
    signed_by_somebody_else,
    two_signatures,
    two_references,
    two_signed_infos,
    reference_to_all,
    reference_to_nothing,
    no_signature,
    signature_without_its_value,
    name_id_changed,
    text_behind_a_comment,
    name_id_twice,
    foreign_transform,
    xpath_transform,
    hmac_with_their_public_key,
    algorithm_left_out,
    signature_deeper,
]  # fmt: skip
OF_RESPONSES = [xsw1, xsw2]


@pytest.mark.parametrize("attack", CORPUS, ids=lambda attack: attack.__name__)
@pytest.mark.parametrize("signs", [("Assertion",), BOTH], ids=["assertion", "both"])
def test_the_corpus_is_refused(attack: Attack, signs: tuple[str, ...]) -> None:
    world = saml_world()
    if attack in OF_RESPONSES and signs != BOTH:
        signs = ("Response",)
    good = world.response(signs=signs)
    assert world.verify(good).name_id.value == world.said.name_id
    with pytest.raises(Failure):
        world.verify(etree.tostring(attack(etree.fromstring(good))))


@pytest.mark.parametrize("signs", WAYS_TO_SIGN)
def test_a_comment_does_not_cut_the_name(signs: tuple[str, ...]) -> None:
    """Canonical octets have no comments: the name stays whole, signature and all."""
    world = saml_world()
    whole = world.response(name_id="ada@example.com.evil.com", signs=signs)
    cut = whole.replace(b"ada@example.com.evil.com", b"ada@example.com<!-- -->.evil.com")
    assert world.verify(cut).name_id.value == "ada@example.com.evil.com"


def test_the_signers_own_key_in_the_signature_is_not_believed() -> None:
    world = saml_world()
    forged = SamlIdp(number=9).response(world.said)
    assert b"X509Certificate" in forged
    with pytest.raises(SignatureRefused):
        world.verify(forged)


@settings(deadline=None)
@given(st.data())
def test_any_change_is_refused_or_changes_nothing(data: st.DataObject) -> None:
    good = data.draw(st.sampled_from(good_responses()))
    start = data.draw(st.integers(0, len(good) - 1))
    length = data.draw(st.integers(0, 30))
    part = data.draw(
        st.binary(max_size=8) | st.sampled_from([b"<!--x-->", b" ", b"<a/>", b"root", b"&#x72;"])
    )
    try:
        found = saml_world().verify(good[:start] + part + good[start + length :])
    except Failure:
        return
    assert found == saml_world().verify(good)


@settings(deadline=None)
@given(st.data())
def test_moving_any_element_anywhere_forges_nothing(data: st.DataObject) -> None:
    root = etree.fromstring(data.draw(st.sampled_from(good_responses())))
    evil = evil_of(assertion_of(root), data.draw(st.sampled_from(["_evil", "_assertion"])))
    places = list(root.iter(etree.Element))
    taken = data.draw(st.sampled_from(places[1:]))
    place = data.draw(st.sampled_from(places))
    if data.draw(st.booleans()):
        place.insert(data.draw(st.integers(0, 3)), copy.deepcopy(taken))
    place.insert(data.draw(st.integers(0, 3)), evil)
    if data.draw(st.booleans()) and place not in list(taken.iter()):
        taken.getparent().remove(taken)
    try:
        found = saml_world().verify(etree.tostring(root))
    except Failure:
        return
    assert found.name_id.value != EVIL

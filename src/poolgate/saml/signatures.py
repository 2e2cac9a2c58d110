"""XML signatures as SAML has them: over the element that they stand in, and over nothing else.

INVARIANT: what is proven is read again from the octets that were signed. A caller never sees an
element that merely stands near a good signature, so that moving, wrapping or doubling elements
gains nothing: the reference must be to the element that the signature is a child of, which is
digested itself and is not looked up by its id.

Keys come from metadata; what a signature says of its key (KeyInfo) is not looked at.
# SPEC saml-core-2.0 s5.4; xmldsig-core1
"""

import base64
import binascii
import hmac
from collections import Counter
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes

from poolgate.saml.canonical_xml import canonical
from poolgate.saml.failures import SamlRefused
from poolgate.saml.names import EXCLUSIVE, SIGNATURE, signature
from poolgate.saml.signature_algorithms import DIGESTS, SigningCertificates
from poolgate.saml.xml_documents import XML_NAMESPACE, Element, Name, parse_document

_ENVELOPED = f"{SIGNATURE}enveloped-signature"
# Comments are not kept: a signature over them fails, one without any is the same in both.
_CANONICALISATIONS = frozenset({EXCLUSIVE, f"{EXCLUSIVE}WithComments"})
_INCLUSIVE = Name(EXCLUSIVE, "InclusiveNamespaces")
_MOST_TRANSFORMS = 2
# Whatever may name an element somewhere; where one value stands twice, somebody plays with it.
_ID_NAMES = frozenset({Name("", "ID"), Name("", "Id"), Name("", "id"), Name(XML_NAMESPACE, "id")})


class SignatureRefused(SamlRefused):
    """The signature is missing, of a form that does not count, or not by the partner's key."""


@dataclass(frozen=True, slots=True)
class _Reference:
    """What one signature says of the octets that it is over."""

    prefixes: tuple[str, ...]
    digest: hashes.HashAlgorithm
    digest_value: bytes


def verify_ids_unique(document: Element) -> None:
    """Raise SignatureRefused where two elements of the document have one id."""
    counted = Counter(
        attribute.value
        for element in document.walk()
        for attribute in element.attributes
        if attribute.name in _ID_NAMES
    )
    if any(times > 1 for times in counted.values()):
        raise SignatureRefused(private_detail="one id twice")


def is_signed(element: Element) -> bool:
    """Tell whether a signature stands in the element; it proves nothing yet."""
    return bool(element.all(signature("Signature")))


def verify_signed(
    element: Element, certificates: SigningCertificates, *, most_bytes: int
) -> Element:
    """Return the element as it was signed, read anew and without what is around it.

    Raises SignatureRefused or XmlRefused. `verify_ids_unique` goes before.
    """
    found = element.only(signature("Signature"))
    signed_info, value = _parts(found)
    reference = _reference(signed_info, element)
    octets = canonical(element, inclusive_prefixes=reference.prefixes, without=found)
    digest = hashes.Hash(reference.digest)
    digest.update(octets)
    if not hmac.compare_digest(digest.finalize(), reference.digest_value):
        raise SignatureRefused(private_detail="digest")
    method = signed_info.only(signature("CanonicalizationMethod"))
    signed = canonical(signed_info, inclusive_prefixes=_prefixes(method))
    algorithm = signed_info.only(signature("SignatureMethod")).get("Algorithm") or ""
    if not certificates.is_signed(algorithm, value, signed):
        raise SignatureRefused(private_detail="signature")
    return parse_document(octets, most_bytes=most_bytes)


def _parts(found: Element) -> tuple[Element, bytes]:
    names = [child.name for child in found.elements]
    expected = [signature("SignedInfo"), signature("SignatureValue"), signature("KeyInfo")]
    # An Object could carry whatever somebody would like to be found.
    if names not in (expected, expected[:2]):
        raise SignatureRefused(private_detail="form")
    signed_info, value = found.elements[:2]
    return signed_info, _decoded(value.text)


def _reference(signed_info: Element, element: Element) -> _Reference:
    names = [child.name.local for child in signed_info.elements]
    if names != ["CanonicalizationMethod", "SignatureMethod", "Reference"]:
        raise SignatureRefused(private_detail="form of SignedInfo")
    if signed_info.elements[0].get("Algorithm") not in _CANONICALISATIONS:
        raise SignatureRefused(private_detail="canonicalisation")
    reference = signed_info.only(signature("Reference"))
    element_id = element.get("ID")
    # SPEC saml-core-2.0 s5.4.2: one reference, to the ID of the element that the signature is in.
    if not element_id or reference.get("URI") != f"#{element_id}":
        raise SignatureRefused(private_detail="reference to another element")
    digest = DIGESTS.get(reference.only(signature("DigestMethod")).get("Algorithm") or "")
    if digest is None:
        raise SignatureRefused(private_detail="digest algorithm")
    return _Reference(
        prefixes=_transformed_prefixes(reference),
        digest=digest,
        digest_value=_decoded(reference.only(signature("DigestValue")).text),
    )


def _transformed_prefixes(reference: Element) -> tuple[str, ...]:
    """Return the prefix list of the only transforms that count: enveloped, then exclusive."""
    transforms = reference.only(signature("Transforms")).elements
    algorithms = [each.get("Algorithm") for each in transforms]
    # SPEC saml-core-2.0 s5.4.4
    if (
        len(transforms) != _MOST_TRANSFORMS
        or algorithms[0] != _ENVELOPED
        or algorithms[1] not in _CANONICALISATIONS
        or transforms[0].elements
    ):
        raise SignatureRefused(private_detail="transforms")
    return _prefixes(transforms[1])


def _prefixes(method: Element) -> tuple[str, ...]:
    if not method.elements:
        return ()
    listed = method.only(_INCLUSIVE)
    if len(method.elements) > 1:
        raise SignatureRefused(private_detail="form of canonicalisation")
    return tuple((listed.get("PrefixList") or "").split())


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureRefused(private_detail="base64") from error

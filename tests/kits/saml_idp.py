"""A SAML identity provider of the tests: its XML and signatures are lxml's and signxml's."""

import base64
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509 import load_der_x509_certificate
from lxml import etree
from signxml import (
    CanonicalizationMethod,
    SignatureMethod,
    SignatureReference,
    XMLSigner,
    methods,
)

from poolgate.credentials.certificates import self_signed_certificate
from poolgate.store.key_stock import new_rsa_key

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
NAMESPACES = {"saml": SAML, "samlp": SAMLP, "ds": DS, "xenc": XENC}


@cache
def idp_key(number: int = 0) -> rsa.RSAPrivateKey:
    """Return one of a few keys, made once."""
    del number
    return new_rsa_key()


def pem_of(key: Any, password: bytes | None = None) -> str:
    """Return a private key as administrators upload it."""
    sealed: Any = (
        serialization.NoEncryption()
        if password is None
        else serialization.BestAvailableEncryption(password)
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed
    ).decode()


def shown_time(moment: datetime) -> str:
    """Return a time as SAML writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a response says. `signs` names the elements that are signed."""

    now: datetime
    recipient: str
    audience: str
    name_id: str = "ada@example.com"
    name_id_format: str = PERSISTENT
    attributes: dict[str, list[str]] = field(default_factory=dict)
    in_response_to: str | None = None
    response_id: str = "_response"
    assertion_id: str = "_assertion"
    status: str = SUCCESS
    lives: timedelta = timedelta(minutes=5)
    not_before: datetime | None = None
    session_index: str | None = "_session"
    session_ends: datetime | None = None
    destination: str | None = ""
    issuer: str | None = None
    signs: tuple[str, ...] = ("Assertion",)


@dataclass(frozen=True)
class SamlIdp:
    """One identity provider, known by its entity id and the certificate of its key."""

    entity_id: str = "https://idp.example.com"
    number: int = 0

    @property
    def key(self) -> rsa.RSAPrivateKey:
        return idp_key(self.number)

    @property
    def certificate(self) -> bytes:
        return _certificate(self.number)

    def metadata(self, **places: str) -> str:
        """Return its metadata, long enough for IAM."""
        shown = base64.b64encode(self.certificate).decode()
        sso = places.get("sso", f"{self.entity_id}/sso")
        slo = places.get("slo", f"{self.entity_id}/slo")
        return (
            f'<?xml version="1.0"?><md:EntityDescriptor xmlns:md="{MD}"'
            f' entityID="{self.entity_id}">'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}">'
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data>'
            f"<ds:X509Certificate>{shown}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
            "</md:KeyDescriptor>"
            f'<md:SingleLogoutService Binding="{BINDING}Redirect" Location="{slo}"/>'
            f'<md:SingleSignOnService Binding="{BINDING}Redirect" Location="{sso}"/>'
            "</md:IDPSSODescriptor></md:EntityDescriptor>"
        )

    def response(self, said: Said, *, encrypt_for: bytes | None = None, **how: Any) -> bytes:
        """Return a response document; `encrypt_for` is a certificate (DER)."""
        root = etree.fromstring(unsigned_response(self.entity_id, said))
        assertion = root.find("saml:Assertion", NAMESPACES)
        if "Assertion" in said.signs:
            signed = sign(assertion, self.key, said.assertion_id)
            root.replace(assertion, signed)
            assertion = signed
        if encrypt_for is not None:
            wrapper = etree.fromstring(encrypted(etree.tostring(assertion), encrypt_for, **how))
            root.replace(assertion, wrapper)
        if "Response" in said.signs:
            root = sign(root, self.key, said.response_id)
        return etree.tostring(root)

    def logout_response(self, *, destination: str, in_response_to: str, now: datetime) -> bytes:
        """Return a signed answer to a LogoutRequest."""
        text = (
            f'<samlp:LogoutResponse xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_logout"'
            f' Version="2.0" IssueInstant="{shown_time(now)}" Destination={quoteattr(destination)}'
            f" InResponseTo={quoteattr(in_response_to)}>"
            f"<saml:Issuer>{self.entity_id}</saml:Issuer>"
            f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status>'
            "</samlp:LogoutResponse>"
        )
        return etree.tostring(sign(etree.fromstring(text), self.key, "_logout"))


class _Signer(XMLSigner):
    """Names the listed prefixes in the transform too, as the digest is over them."""

    def _build_transforms_for_reference(
        self, *, transforms_node: Any, reference: Any, **how: Any
    ) -> None:
        super()._build_transforms_for_reference(
            transforms_node=transforms_node, reference=reference, **how
        )
        if reference.inclusive_ns_prefixes:
            etree.SubElement(
                transforms_node[-1],
                "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces",
                PrefixList=" ".join(reference.inclusive_ns_prefixes),
            )


@cache
def _certificate(number: int) -> bytes:
    return self_signed_certificate(idp_key(number), "idp", datetime(2026, 1, 1, tzinfo=UTC))


def sign(
    element: Any,
    key: Any,
    reference: str,
    *,
    algorithm: SignatureMethod = SignatureMethod.RSA_SHA256,
    prefixes: tuple[str, ...] | None = None,
    **how: Any,
) -> Any:
    """Return the element with an enveloped signature right behind its Issuer."""
    place = etree.Element(f"{{{DS}}}Signature", nsmap={"ds": DS}, Id="placeholder")
    element.insert(1, place)
    signer = _Signer(
        method=methods.enveloped,
        signature_algorithm=algorithm,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        **how,
    )
    shown, listed = self_signed_pem(key), list(prefixes) if prefixes else None
    return signer.sign(
        element,
        key=key,
        cert=shown,
        reference_uri=[SignatureReference(f"#{reference}", inclusive_ns_prefixes=listed)],
        inclusive_ns_prefixes=listed,
        id_attribute="ID",
    )


def self_signed_pem(key: Any) -> str | None:
    """Return some certificate of an RSA key, which signatures show in their KeyInfo."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    der = self_signed_certificate(key, "shown", datetime(2026, 1, 1, tzinfo=UTC))
    return load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM).decode()


def unsigned_response(entity_id: str, said: Said) -> str:
    """Return the text of a response whose namespaces are declared outermost."""
    issuer = said.issuer if said.issuer is not None else entity_id
    destination = said.recipient if said.destination == "" else said.destination
    shown_destination = f" Destination={quoteattr(destination)}" if destination else ""
    answers = (
        f" InResponseTo={quoteattr(said.in_response_to)}" if said.in_response_to is not None else ""
    )
    now, ends = shown_time(said.now), shown_time(said.now + said.lives)
    before = shown_time(said.not_before or said.now)
    statement = "".join(
        f"<saml:Attribute Name={quoteattr(name)}>"
        + "".join(
            f'<saml:AttributeValue xsi:type="xs:string">{escape(value)}</saml:AttributeValue>'
            for value in values
        )
        + "</saml:Attribute>"
        for name, values in said.attributes.items()
    )
    session = f" SessionIndex={quoteattr(said.session_index)}" if said.session_index else ""
    if said.session_ends is not None:
        session += f' SessionNotOnOrAfter="{shown_time(said.session_ends)}"'
    return (
        f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}"'
        ' xmlns:xs="http://www.w3.org/2001/XMLSchema"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' ID="{said.response_id}" Version="2.0" IssueInstant="{now}"{shown_destination}{answers}>'
        f"<saml:Issuer>{escape(issuer)}</saml:Issuer>"
        f'<samlp:Status><samlp:StatusCode Value="{said.status}"/></samlp:Status>'
        f'<saml:Assertion ID="{said.assertion_id}" Version="2.0" IssueInstant="{now}">'
        f"<saml:Issuer>{escape(issuer)}</saml:Issuer>"
        f'<saml:Subject><saml:NameID Format="{said.name_id_format}">{escape(said.name_id)}'
        "</saml:NameID>"
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml:SubjectConfirmationData NotOnOrAfter="{ends}"'
        f" Recipient={quoteattr(said.recipient)}{answers}/></saml:SubjectConfirmation>"
        f'</saml:Subject><saml:Conditions NotBefore="{before}" NotOnOrAfter="{ends}">'
        f"<saml:AudienceRestriction><saml:Audience>{escape(said.audience)}</saml:Audience>"
        "</saml:AudienceRestriction></saml:Conditions>"
        f'<saml:AuthnStatement AuthnInstant="{now}"{session}><saml:AuthnContext>'
        "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
        "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
        + (f"<saml:AttributeStatement>{statement}</saml:AttributeStatement>" if statement else "")
        + "</saml:Assertion></samlp:Response>"
    )


_SHA1 = hashes.SHA1()  # noqa: S303 - what partners use for OAEP unless they say otherwise
_OAEP = {
    "mgf1p": (f"{XENC}rsa-oaep-mgf1p", _SHA1, _SHA1, ""),
    "mgf1p-sha256": (
        f"{XENC}rsa-oaep-mgf1p",
        hashes.SHA256(),
        _SHA1,
        f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{XENC}sha256"/>',
    ),
    "oaep": (
        f"{XENC11}rsa-oaep",
        hashes.SHA256(),
        hashes.SHA256(),
        (
            f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{XENC}sha256"/>'
            f'<xenc11:MGF xmlns:xenc11="{XENC11}" Algorithm="{XENC11}mgf1sha256"/>'
        ),
    ),
}


def encrypted(
    text: bytes, certificate: bytes, *, bits: int = 256, mode: str = "gcm", transport: str = "mgf1p"
) -> str:
    """Return the EncryptedAssertion of an element."""
    content_key, nonce = os.urandom(bits // 8), os.urandom(12)
    if mode == "gcm":
        sealed = nonce + AESGCM(content_key).encrypt(nonce, text, None)
        namespace = XENC11
    else:
        start, missing = os.urandom(16), 16 - len(text) % 16
        padded = text + os.urandom(missing - 1) + bytes([missing])
        encryptor = Cipher(algorithms.AES(content_key), modes.CBC(start)).encryptor()
        sealed = start + encryptor.update(padded) + encryptor.finalize()
        namespace = XENC
    public_key = load_der_x509_certificate(certificate).public_key()
    assert isinstance(public_key, rsa.RSAPublicKey)
    if transport == "pkcs1":
        name, detail = f"{XENC}rsa-1_5", ""
        wrapped = public_key.encrypt(content_key, padding.PKCS1v15())
    else:
        name, digest, mask, detail = _OAEP[transport]
        wrapped = public_key.encrypt(content_key, padding.OAEP(padding.MGF1(mask), digest, None))
    return (
        f'<saml:EncryptedAssertion xmlns:saml="{SAML}"><xenc:EncryptedData xmlns:xenc="{XENC}"'
        f' Type="{XENC}Element"><xenc:EncryptionMethod'
        f' Algorithm="{namespace}aes{bits}-{mode}"/><ds:KeyInfo xmlns:ds="{DS}">'
        f'<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{name}">{detail}'
        "</xenc:EncryptionMethod><xenc:CipherData>"
        f"<xenc:CipherValue>{base64.b64encode(wrapped).decode()}</xenc:CipherValue>"
        "</xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData>"
        f"<xenc:CipherValue>{base64.b64encode(sealed).decode()}</xenc:CipherValue>"
        "</xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>"
    )

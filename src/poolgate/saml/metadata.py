"""What a SAML identity provider's metadata says of it.

# SPEC saml-metadata-2.0 s2.4
"""

import base64
import binascii
from datetime import datetime

import msgspec
from cryptography import x509

from poolgate.saml.failures import SamlRefused
from poolgate.saml.names import REDIRECT, metadata, signature
from poolgate.saml.times import TimeMalformed, parse_time
from poolgate.saml.xml_documents import Element, Name, XmlRefused, parse_document

MAX_METADATA_BYTES = 1024 * 1024
_ENTITY, _IDP = metadata("EntityDescriptor"), metadata("IDPSSODescriptor")
_SINGLE_SIGN_ON, _SINGLE_LOGOUT = metadata("SingleSignOnService"), metadata("SingleLogoutService")


class MetadataUnreadable(SamlRefused):
    """The document is not SAML metadata of one identity provider."""


class NoRedirectBinding(SamlRefused):
    """The identity provider takes no sign-in by redirect."""


class SamlMetadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One identity provider. Certificates are DER; the first of them is as good as the others."""

    entity_id: str
    sso_redirect_url: str | None = None
    slo_redirect_url: str | None = None
    signing_certificates: tuple[bytes, ...]
    valid_until: datetime | None = None


def parse_metadata(document: bytes, *, most_bytes: int = MAX_METADATA_BYTES) -> SamlMetadata:
    """Return what the document says; raise MetadataUnreadable."""
    try:
        entity, idp = _entity(parse_document(document, most_bytes=most_bytes))
        valid_until = entity.get("validUntil")
        return SamlMetadata(
            entity_id=_required(entity, "entityID"),
            sso_redirect_url=_place(idp, _SINGLE_SIGN_ON, REDIRECT),
            slo_redirect_url=_place(idp, _SINGLE_LOGOUT, REDIRECT),
            signing_certificates=_certificates(idp),
            valid_until=None if valid_until is None else parse_time(valid_until),
        )
    except (XmlRefused, TimeMalformed) as error:
        raise MetadataUnreadable from error


def redirect_url(described: SamlMetadata) -> str:
    """Return where browsers are sent to sign in; raise NoRedirectBinding."""
    if described.sso_redirect_url is None:
        raise NoRedirectBinding
    return described.sso_redirect_url


def _entity(outermost: Element) -> tuple[Element, Element]:
    """Return the one entity and its description as an identity provider."""
    entities = tuple(each for each in outermost.walk() if each.name == _ENTITY)
    # Of several entities nothing says which one is meant.
    if len(entities) != 1:
        raise MetadataUnreadable
    return entities[0], entities[0].only(_IDP)


def _required(element: Element, attribute: str) -> str:
    value = element.get(attribute)
    if not value:
        raise MetadataUnreadable
    return value


def _place(idp: Element, service: Name, binding: str) -> str | None:
    found = (each.get("Location") for each in idp.all(service) if each.get("Binding") == binding)
    return next(found, None) or None


def _certificates(idp: Element) -> tuple[bytes, ...]:
    found = [
        _decoded(element.text)
        for key in idp.all(metadata("KeyDescriptor"))
        # SPEC saml-metadata-2.0 s2.4.1.1: a key without a use is for both.
        if (key.get("use") or "signing") == "signing"
        for element in key.walk()
        if element.name == signature("X509Certificate")
    ]
    if not found:
        raise MetadataUnreadable
    return tuple(dict.fromkeys(found))


def _decoded(text: str) -> bytes:
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
        x509.load_der_x509_certificate(der)
    except (binascii.Error, ValueError) as error:
        raise MetadataUnreadable from error
    return der

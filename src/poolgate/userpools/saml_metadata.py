"""What a SAML identity provider's metadata says of it.

The document comes from outside. It is read event by event, by a parser that knows no document type
definitions, so no entities and no fetches, and in bounded size and depth.
"""

import base64
import binascii
from collections.abc import Mapping
from xml.parsers import expat

import msgspec
from cryptography import x509

from poolgate.foundation.failure import Failure

MAX_METADATA_BYTES = 1024 * 1024
_DEEPEST = 32
_METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_ENTITY = f"{_METADATA} EntityDescriptor"
_IDP = f"{_METADATA} IDPSSODescriptor"
_KEY = f"{_METADATA} KeyDescriptor"
_SINGLE_SIGN_ON = f"{_METADATA} SingleSignOnService"
_SINGLE_LOGOUT = f"{_METADATA} SingleLogoutService"
_CERTIFICATE = f"{_SIGNATURE} X509Certificate"


class MetadataUnreadable(Failure):
    """The document is not SAML metadata of one identity provider."""


class NoRedirectBinding(Failure):
    """The identity provider takes no sign-in by redirect."""


class SamlMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """One identity provider. Certificates are DER; the first of them is as good as the others."""

    entity_id: str
    sso_redirect_url: str
    slo_redirect_url: str | None
    slo_post_url: str | None
    signing_certificates: tuple[bytes, ...]


def parse_metadata(document: bytes) -> SamlMetadata:
    """Return what the document says; raise MetadataUnreadable or NoRedirectBinding."""
    if len(document) > MAX_METADATA_BYTES:
        raise MetadataUnreadable
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(document, True)  # noqa: FBT003 - expat's own signature: this is the last part
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise MetadataUnreadable from error
    return reader.metadata()


def _refuse(*_declaration: object) -> None:
    raise MetadataUnreadable


class _Reader:
    """Collects what is below the one IDPSSODescriptor."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._entity_ids: list[str] = []
        self._descriptors = 0
        self._places: dict[tuple[str, str], str] = {}
        self._certificates: list[bytes] = []
        self._signs = False
        self._text: list[str] | None = None

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        self._path.append(name)
        if len(self._path) > _DEEPEST:
            raise MetadataUnreadable
        if name == _ENTITY:
            self._entity_ids.append(attributes.get("entityID", ""))
        elif name == _IDP:
            self._descriptors += 1
        elif _IDP not in self._path:
            return
        elif name == _KEY:
            # SPEC saml-metadata 2.4.1.1: a key without a use is for both.
            self._signs = attributes.get("use", "signing") == "signing"
        elif name == _CERTIFICATE and self._signs:
            self._text = []
        elif name in {_SINGLE_SIGN_ON, _SINGLE_LOGOUT}:
            place = (name, attributes.get("Binding", ""))
            self._places.setdefault(place, attributes.get("Location", ""))

    def end(self, name: str) -> None:
        self._path.pop()
        if name == _CERTIFICATE and self._text is not None:
            self._certificates.append(_decoded("".join(self._text)))
            self._text = None

    def text(self, part: str) -> None:
        if self._text is not None:
            self._text.append(part)

    def metadata(self) -> SamlMetadata:
        # Of several entities nothing says which one is meant.
        if len(self._entity_ids) != 1 or self._descriptors != 1 or not self._entity_ids[0]:
            raise MetadataUnreadable
        sso = self._places.get((_SINGLE_SIGN_ON, _REDIRECT))
        if not sso:
            raise NoRedirectBinding
        if not self._certificates:
            raise MetadataUnreadable
        return SamlMetadata(
            entity_id=self._entity_ids[0],
            sso_redirect_url=sso,
            slo_redirect_url=self._places.get((_SINGLE_LOGOUT, _REDIRECT)),
            slo_post_url=self._places.get((_SINGLE_LOGOUT, _POST)),
            signing_certificates=tuple(dict.fromkeys(self._certificates)),
        )


def _decoded(text: str) -> bytes:
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
        x509.load_der_x509_certificate(der)
    except (binascii.Error, ValueError) as error:
        raise MetadataUnreadable from error
    return der

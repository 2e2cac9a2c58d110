"""Names of SAML 2.0, XML signatures and XML encryption."""

from typing import Final

from poolgate.saml.xml_documents import Name

PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"
ENCRYPTION: Final = "http://www.w3.org/2001/04/xmlenc#"
ENCRYPTION_11: Final = "http://www.w3.org/2009/xmlenc11#"
MORE_SIGNATURES: Final = "http://www.w3.org/2001/04/xmldsig-more#"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
ENTITY_FORMAT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
VERSION: Final = "2.0"


def protocol(local: str) -> Name:
    """Return a name of the protocol."""
    return Name(PROTOCOL, local)


def assertion(local: str) -> Name:
    """Return a name of assertions."""
    return Name(ASSERTION, local)


def metadata(local: str) -> Name:
    """Return a name of metadata."""
    return Name(METADATA, local)


def signature(local: str) -> Name:
    """Return a name of XML signatures."""
    return Name(SIGNATURE, local)


def encryption(local: str) -> Name:
    """Return a name of XML encryption."""
    return Name(ENCRYPTION, local)

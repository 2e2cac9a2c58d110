"""The provider's answer to a request to sign somebody out there.

# SPEC saml-profiles-2.0 s4.4.4.2
"""

from poolgate.saml.assertions import OtherRequest, verify_issuer
from poolgate.saml.names import VERSION, assertion, protocol
from poolgate.saml.responses import MOST_RESPONSE_CHARACTERS, ResponseMalformed
from poolgate.saml.signature_algorithms import SigningCertificates
from poolgate.saml.signatures import is_signed, verify_ids_unique, verify_signed
from poolgate.saml.xml_documents import XmlRefused, parse_document


def verify_sign_out_response(
    document: bytes, certificates: SigningCertificates, *, issuer: str, request_id: str
) -> None:
    """Raise unless the document is the provider's answer to the request.

    An answer without a signature counts, since nothing follows from it: the browser is signed out
    here already. Raises ResponseMalformed, OtherIssuer, OtherRequest or SignatureRefused.
    """
    try:
        response = parse_document(document, most_bytes=MOST_RESPONSE_CHARACTERS)
        if response.name != protocol("LogoutResponse") or response.get("Version") != VERSION:
            raise ResponseMalformed(private_detail="no LogoutResponse")
        verify_ids_unique(response)
        if is_signed(response):
            response = verify_signed(response, certificates, most_bytes=MOST_RESPONSE_CHARACTERS)
        verify_issuer(response.only(assertion("Issuer")), issuer)
    except XmlRefused as error:
        raise ResponseMalformed(private_detail=error.private_detail) from error
    if response.get("InResponseTo") != request_id:
        raise OtherRequest

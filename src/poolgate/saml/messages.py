"""Messages of a service provider and the answers to them, but for responses to sign-in requests.

# SPEC saml-core-2.0 s3.4, s3.7; saml-bindings-2.0 s3.4
"""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from poolgate.saml.assertions import NameId
from poolgate.saml.canonical_xml import render_text, render_value
from poolgate.saml.names import ASSERTION, POST, PROTOCOL, VERSION
from poolgate.saml.signature_algorithms import RSA_SHA256
from poolgate.saml.times import render_time

_RAW_DEFLATE = -15


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What all requests have. The id is an XML name: it begins with a letter or `_`."""

    request_id: str
    issuer: str
    issued_at: datetime
    destination: str


def render_sign_in_request(
    request: Request, *, consumer_url: str, forces_sign_in: bool = False
) -> bytes:
    """Return the AuthnRequest: answer to `consumer_url`, by POST."""
    further = {"AssertionConsumerServiceURL": consumer_url, "ProtocolBinding": POST}
    if forces_sign_in:
        further["ForceAuthn"] = "true"
    return _rendered("AuthnRequest", request, further, "")


def render_sign_out_request(request: Request, name_id: NameId, session_index: str | None) -> bytes:
    """Return the LogoutRequest for a person's session."""
    named = {
        "NameQualifier": name_id.name_qualifier,
        "SPNameQualifier": name_id.sp_name_qualifier,
        "Format": name_id.format,
    }
    written = _attributes({name: value for name, value in named.items() if value})
    body = f"<saml:NameID{written}>{render_text(name_id.value)}</saml:NameID>"
    if session_index is not None:
        body += f"<samlp:SessionIndex>{render_text(session_index)}</samlp:SessionIndex>"
    return _rendered("LogoutRequest", request, {}, body)


def redirect_location(
    destination: str, message: bytes, *, relay_state: str, signing_key: rsa.RSAPrivateKey | None
) -> str:
    """Return where a browser is sent to carry a request; it is signed where there is a key."""
    # SPEC saml-bindings-2.0 s3.4.4.1: the signature is over the query as it is sent.
    compressor = zlib.compressobj(wbits=_RAW_DEFLATE)
    deflated = compressor.compress(message) + compressor.flush()
    query = f"SAMLRequest={_quoted(deflated)}&RelayState={quote(relay_state, safe='')}"
    if signing_key is not None:
        query += f"&SigAlg={quote(RSA_SHA256, safe='')}"
        signature = signing_key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
        query += f"&Signature={_quoted(signature)}"
    return f"{destination}{'&' if '?' in destination else '?'}{query}"


def _rendered(name: str, request: Request, further: Mapping[str, str], body: str) -> bytes:
    attributes = {
        "ID": request.request_id,
        "Version": VERSION,
        "IssueInstant": render_time(request.issued_at),
        "Destination": request.destination,
        **further,
    }
    return (
        f'<samlp:{name} xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}"{_attributes(attributes)}>'
        f"<saml:Issuer>{render_text(request.issuer)}</saml:Issuer>{body}</samlp:{name}>"
    ).encode()


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(f' {name}="{render_value(value)}"' for name, value in values.items())


def _quoted(raw: bytes) -> str:
    return quote(base64.b64encode(raw).decode(), safe="")

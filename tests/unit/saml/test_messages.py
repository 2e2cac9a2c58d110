"""What a service provider sends: read here by lxml, its signatures verified as partners do."""

import base64
import zlib
from urllib.parse import parse_qs, quote, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given, settings
from hypothesis import strategies as st
from kits.saml_idp import NAMESPACES, idp_key
from kits.saml_world import ACS, ENTITY, NOW
from lxml import etree

from poolgate.saml.assertions import NameId
from poolgate.saml.messages import (
    Request,
    redirect_location,
    render_sign_in_request,
    render_sign_out_request,
)

REQUEST = Request(
    request_id="_1", issuer=ENTITY, issued_at=NOW, destination="https://idp.example.com/sso"
)
TEXTS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20)


def test_a_sign_in_request_says_where_to_answer() -> None:
    root = etree.fromstring(render_sign_in_request(REQUEST, consumer_url=f"{ACS}?a=1&b=2"))
    assert dict(root.attrib) == {
        "ID": "_1",
        "Version": "2.0",
        "IssueInstant": "2026-11-22T12:00:00Z",
        "Destination": "https://idp.example.com/sso",
        "AssertionConsumerServiceURL": f"{ACS}?a=1&b=2",
        "ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
    }
    assert root.findtext("saml:Issuer", namespaces=NAMESPACES) == ENTITY
    forced = render_sign_in_request(REQUEST, consumer_url=ACS, forces_sign_in=True)
    assert etree.fromstring(forced).get("ForceAuthn") == "true"


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_any_name_is_signed_out_as_it_is(value: str, index: str) -> None:
    name_id = NameId(value=value, format="urn:format", name_qualifier=index)
    root = etree.fromstring(render_sign_out_request(REQUEST, name_id, index))
    found = root.find("saml:NameID", NAMESPACES)
    assert (found.text, found.get("Format"), found.get("NameQualifier")) == (
        value,
        "urn:format",
        index,
    )
    assert root.findtext("samlp:SessionIndex", namespaces=NAMESPACES) == index


@settings(deadline=None)
@given(TEXTS)
def test_the_query_is_signed_as_it_is_sent(relay_state: str) -> None:
    message = render_sign_in_request(REQUEST, consumer_url=ACS)
    location = redirect_location(
        REQUEST.destination, message, relay_state=relay_state, signing_key=idp_key()
    )
    query = urlsplit(location).query
    sent = {name: values[0] for name, values in parse_qs(query).items()}
    inflated = zlib.decompress(base64.b64decode(sent["SAMLRequest"]), wbits=-15)
    assert (inflated, sent["RelayState"]) == (message, relay_state)
    signed = query.partition("&Signature=")[0]
    assert signed.endswith(f"&SigAlg={quote(sent['SigAlg'], safe='')}")
    signature = base64.b64decode(sent["Signature"])
    idp_key().public_key().verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_a_destination_keeps_its_own_query() -> None:
    location = redirect_location("https://idp/sso?a=1", b"<a/>", relay_state="s", signing_key=None)
    assert location.startswith("https://idp/sso?a=1&SAMLRequest=")
    assert "Signature" not in location

"""Single logout, and metadata that is read again."""

import base64
from collections.abc import Iterator

import pytest
from kits.federation import at
from kits.oauth import LOGOUT
from kits.provider_server import ProviderServer, provider_server
from kits.saml_idp import SamlIdp
from kits.saml_journey import SamlJourney, read_request

from poolgate.testing import LocalPoolgate

ERROR_PAGE = at("/error?")
SIX_HOURS = 6 * 3600


@pytest.fixture
def journey(poolgate: LocalPoolgate) -> SamlJourney:
    return SamlJourney.of(poolgate, IDPSignout="true")


def leave(journey):
    asked = {"client_id": journey.browser.client_id, "logout_uri": LOGOUT}
    return journey.browser.get("/logout", asked)


def come_back(journey, left, idp=None, **changes):
    answer = {
        "destination": f"http://poolgate.test{at('/saml2/logout')}",
        "in_response_to": read_request(left).get("ID"),
        "now": journey.app.poolgate.clock.now(),
        **changes,
    }
    document = (idp or journey.idp).logout_response(**answer)
    form = {
        "SAMLResponse": base64.b64encode(document).decode(),
        "RelayState": left.query["RelayState"],
    }
    return journey.post("/saml2/logout", form)


def test_whoever_signs_out_here_is_signed_out_there(journey):
    journey.sign_in()
    left = leave(journey)
    assert left.location.startswith("https://idp.example.com/slo?SAMLRequest=")
    assert left.query["Signature"]
    request = read_request(left)
    assert request.tag.endswith("LogoutRequest")
    name_id = request.find("{*}NameID")
    assert name_id.text == "mary"
    assert name_id.get("Format").endswith(":persistent")
    assert request.findtext("{*}SessionIndex") == "_session"
    assert "/login?" in journey.browser.authorize().location
    back = come_back(journey, left)
    assert (back.status, back.location) == (303, LOGOUT)


def test_nothing_is_asked_of_the_provider_where_it_is_not_set(poolgate):
    journey = SamlJourney.of(poolgate)
    journey.sign_in()
    assert leave(journey).location == LOGOUT


def test_those_who_came_otherwise_go_on_at_once(journey):
    assert leave(journey).location == LOGOUT
    journey.browser.signed_in("anna")
    assert leave(journey).location == LOGOUT


def test_a_provider_that_is_gone_keeps_nobody(journey):
    journey.sign_in()
    journey.app.cognito.delete_identity_provider(
        UserPoolId=journey.app.pool_id, ProviderName=journey.app.provider
    )
    assert leave(journey).location == LOGOUT


@pytest.mark.parametrize("wrong", ["request", "signer", "issuer", "relay state", "late"])
def test_answers_of_others_lead_nowhere(journey, wrong):
    journey.sign_in()
    left = leave(journey)
    changes = {"in_response_to": "_other"} if wrong == "request" else {}
    others = {
        "signer": SamlIdp(number=9),
        "issuer": SamlIdp("https://other.example.com"),
    }
    if wrong == "relay state":
        form = {"SAMLResponse": "PGEvPg==", "RelayState": "x"}
        assert journey.post("/saml2/logout", form).location.startswith(ERROR_PAGE)
        return
    if wrong == "late":
        journey.app.poolgate.clock.advance(600)
    back = come_back(journey, left, others.get(wrong), **changes)
    assert back.location.startswith(ERROR_PAGE)


# -- metadata -----------------------------------------------------------------------------------


@pytest.fixture
def elsewhere() -> Iterator[ProviderServer]:
    with provider_server() as server:
        server.documents["/metadata.xml"] = (200, SamlIdp().metadata().encode())
        yield server


@pytest.fixture
def published(poolgate: LocalPoolgate, elsewhere: ProviderServer) -> SamlJourney:
    return SamlJourney.of(poolgate, MetadataFile="", MetadataURL=f"{elsewhere.url}/metadata.xml")


def test_a_new_key_counts_when_the_metadata_was_read_again(published, elsewhere):
    renewed = published.with_idp(SamlIdp(number=1))
    elsewhere.documents["/metadata.xml"] = (200, renewed.idp.metadata().encode())
    poolgate = published.app.poolgate
    poolgate.clock.advance(SIX_HOURS - 1)
    poolgate.refresh_metadata()
    assert "signature" in renewed.refused()
    asked = len(elsewhere.asked)
    poolgate.clock.advance(1)
    poolgate.refresh_metadata()
    poolgate.refresh_metadata()
    assert len(elsewhere.asked) == asked + 1
    assert "code" in renewed.sign_in().query
    assert "signature" in published.refused(assertion_id="_2")


@pytest.mark.parametrize(
    "document",
    [(404, b""), (200, b"no metadata"), (200, b"<!DOCTYPE a><a/>"), (302, b"https://evil.example")],
)
def test_what_cannot_be_read_leaves_the_provider_as_it_was(published, elsewhere, document):
    elsewhere.documents["/metadata.xml"] = document
    poolgate = published.app.poolgate
    poolgate.clock.advance(SIX_HOURS)
    poolgate.refresh_metadata()
    assert "code" in published.sign_in().query


def test_metadata_that_was_given_is_not_looked_for(poolgate, elsewhere):
    journey = SamlJourney.of(poolgate, MetadataURL=f"{elsewhere.url}/metadata.xml")
    poolgate.clock.advance(SIX_HOURS)
    poolgate.refresh_metadata()
    assert elsewhere.asked == []
    assert "code" in journey.sign_in().query


def test_a_changed_provider_is_read_again_from_where_it_is_now(published, elsewhere):
    elsewhere.documents["/other.xml"] = (200, SamlIdp(number=1).metadata().encode())
    published.app.cognito.update_identity_provider(
        UserPoolId=published.app.pool_id,
        ProviderName=published.app.provider,
        ProviderDetails={"MetadataURL": f"{elsewhere.url}/other.xml"},
    )
    elsewhere.asked.clear()
    poolgate = published.app.poolgate
    poolgate.clock.advance(SIX_HOURS)
    poolgate.refresh_metadata()
    assert elsewhere.asked == ["/other.xml"]
    assert "code" in published.with_idp(SamlIdp(number=1)).sign_in().query

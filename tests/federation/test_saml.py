"""Signing in by a SAML provider: there and back, unasked, and everything that is refused."""

import base64
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509 import load_der_x509_certificate
from kits.federation import at
from kits.oauth import CALLBACK, claims_of
from kits.saml_idp import SamlIdp
from kits.saml_journey import ACS, MARY, SamlJourney, read_request
from kits.takers import at_once

from poolgate.testing import LocalPoolgate

ERROR_PAGE = at("/error?")
WRONG = "Error in SAML response processing: "


@pytest.fixture
def journey(poolgate: LocalPoolgate) -> SamlJourney:
    return SamlJourney.of(poolgate)


# -- there --------------------------------------------------------------------------------------


def test_the_browser_is_sent_to_the_provider(journey):
    left = journey.leave()
    assert left.status == 302
    assert left.location.startswith("https://idp.example.com/sso?SAMLRequest=")
    request = read_request(left)
    assert request.get("AssertionConsumerServiceURL") == ACS
    assert request.get("Destination") == "https://idp.example.com/sso"
    assert request.findtext("{*}Issuer") == journey.entity_id
    assert request.get("ForceAuthn") is None
    assert "Signature" not in left.query
    (cookie,) = left.response.cookies
    assert "SameSite=None" in cookie
    assert "Secure" in cookie
    assert "HttpOnly" in cookie


def test_an_identifier_names_the_provider_and_login_asks_again(journey):
    left = journey.browser.authorize(idp_identifier="example.com", prompt="login")
    assert read_request(left).get("ForceAuthn") == "true"


def test_requests_are_signed_where_the_provider_wants_it(poolgate):
    journey = SamlJourney.of(poolgate, RequestSigningAlgorithm="rsa-sha256")
    shown = journey.app.cognito.get_signing_certificate(UserPoolId=journey.app.pool_id)
    certificate = load_der_x509_certificate(base64.b64decode(shown["Certificate"]))
    left = journey.leave()
    signed = left.location.partition("?")[2].partition("&Signature=")[0]
    signature = base64.b64decode(left.query["Signature"])
    certificate.public_key().verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())


# -- and back -----------------------------------------------------------------------------------


@pytest.mark.parametrize("signs", [("Assertion",), ("Response",), ("Assertion", "Response")])
def test_whom_the_provider_vouches_for_is_signed_in(journey, signs):
    arrived = journey.sign_in(signs=signs)
    assert arrived.status == 303
    assert arrived.location.startswith(f"{CALLBACK}?code=")
    assert arrived.query["state"] == "some state"
    tokens = journey.browser.redeem(arrived.query["code"]).json
    claims = claims_of(tokens["id_token"])
    assert claims["cognito:username"] == "Partner_mary"
    assert (claims["email"], claims["email_verified"]) == ("mary@example.com", False)
    (identity,) = claims["identities"]
    assert (identity["providerType"], identity["userId"]) == ("SAML", "mary")
    assert identity["issuer"] == "https://idp.example.com"
    user = journey.app.user("Partner_mary")
    assert user["UserStatus"] == "EXTERNAL_PROVIDER"
    assert user["Attributes"]["given_name"] == "Mary"


def test_the_session_goes_on_without_the_provider(journey):
    journey.sign_in()
    assert journey.browser.authorize().location.startswith(f"{CALLBACK}?code=")


def test_a_second_sign_in_is_of_the_same_user(journey):
    journey.sign_in()
    journey.sign_in(attributes={**MARY, "first": ["Maria"]}, assertion_id="_2")
    assert journey.app.users() == ["Partner_mary"]
    assert journey.app.attributes("Partner_mary")["given_name"] == "Maria"


def test_a_linked_user_is_signed_in_by_subject_or_by_claim(journey):
    journey.app.browser.app.user("anna")
    journey.app.link("anna", "mary")
    arrived = journey.sign_in()
    tokens = journey.browser.redeem(arrived.query["code"]).json
    assert claims_of(tokens["id_token"])["cognito:username"] == "anna"
    journey.app.browser.app.user("berta")
    journey.app.link("berta", "B-7", attribute="employee")
    arrived = journey.sign_in(
        name_id="bert", attributes={"employee": ["B-7"]}, assertion_id="_berta"
    )
    tokens = journey.browser.redeem(arrived.query["code"]).json
    assert claims_of(tokens["id_token"])["cognito:username"] == "berta"


def test_encrypted_responses_are_opened_and_demanded_where_set(poolgate):
    journey = SamlJourney.of(poolgate, EncryptedResponses="true")
    certificate = journey.certificate()
    arrived = journey.sign_in(encrypt_for=certificate)
    assert arrived.location.startswith(f"{CALLBACK}?code=")
    assert journey.refused(assertion_id="_2") == f"{WRONG}SAML Assertion is not encrypted"
    foreign = SamlIdp(number=5).certificate
    told = journey.refused(encrypt_for=foreign, assertion_id="_3")
    assert told == f"{WRONG}SAML Assertion signature is invalid"


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"signs": ()}, "SAML Assertion signature is invalid"),
        ({"audience": "urn:other"}, "Audience restriction in the SAML Assertion does not allow it"),
        ({"recipient": "https://other.example.com"}, "Recipient is not this user pool's endpoint"),
        ({"in_response_to": "_other"}, "InResponseTo is not the request of this sign-in"),
        ({"in_response_to": None}, "InResponseTo is not the request of this sign-in"),
        ({"issuer": "https://other.example.com"}, "Issuer is not the identity provider's"),
        ({"lives": timedelta(seconds=-61)}, "SAML Assertion is expired or not yet valid"),
        (
            {"status": "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"},
            "the identity provider answered AuthnFailed",
        ),
        ({"name_id": " "}, "Invalid SAML response received"),
    ],
)
def test_responses_that_do_not_count_sign_nobody_in(journey, said, told):
    assert journey.refused(**said).startswith(WRONG + told)
    assert journey.app.users() == []
    assert "code" in journey.sign_in().query


def test_another_provider_cannot_speak_for_this_one(journey):
    told = journey.with_idp(SamlIdp(number=9)).refused()
    assert told == f"{WRONG}SAML Assertion signature is invalid"


def test_a_response_counts_once(journey):
    left = journey.leave()
    assert "code" in journey.answer(left).query
    assert journey.answer(left).location.startswith(ERROR_PAGE)


def test_an_assertion_counts_once_whatever_it_is_shown_for(poolgate):
    journey = SamlJourney.of(poolgate, providers=(), IDPInit="true")
    response, arrived = journey.response(), []
    at_once(lambda _: arrived.append(journey.unasked(response).query), takers=8)
    assert sorted("code" in query for query in arrived) == [False] * 7 + [True]
    told = {query.get("error_description") for query in arrived} - {None}
    assert told == {f"{WRONG}SAML Assertion was used before"}


def test_another_browser_cannot_finish_the_sign_in(journey):
    left = journey.leave()
    journey.browser.cookies.clear()
    assert journey.answer(left).location.startswith(ERROR_PAGE)
    assert journey.app.users() == []


def test_a_sign_in_takes_ten_minutes_at_most(journey):
    left = journey.leave()
    journey.app.poolgate.clock.advance(600)
    assert journey.answer(left).location.startswith(ERROR_PAGE)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"SAMLResponse": "PGEvPg=="},
        {"RelayState": "x"},
        {"SAMLResponse": "PGEvPg==", "RelayState": "x"},
        {"SAMLResponse": "PGEvPg==", "RelayState": "client_id=%FF"},
        {"SAMLResponse": "PGEvPg==", "RelayState": "client_id=a&client_id=b"},
        {"SAMLResponse": "PGEvPg==", "RelayState": "client_id=missing"},
    ],
)
def test_forms_that_say_nothing_end_at_the_error_page(journey, form):
    assert journey.post("/saml2/idpresponse", form).location.startswith(ERROR_PAGE)


def test_only_posted_forms_are_taken(journey):
    assert journey.browser.get("/saml2/idpresponse", {"SAMLResponse": "x"}).status == 405
    assert journey.browser.get("/saml2/logout", {"SAMLResponse": "x"}).status == 405


def test_an_oidc_answer_is_none_of_a_saml_providers(journey):
    left = journey.leave()
    answer = journey.browser.get("/oauth2/idpresponse", {"state": left.query["RelayState"]})
    assert "code" not in answer.query


# -- unasked ------------------------------------------------------------------------------------


def test_a_provider_may_send_people_unasked_where_all_is_set(poolgate):
    journey = SamlJourney.of(poolgate, providers=(), IDPInit="true")
    arrived = journey.unasked()
    assert arrived.location.startswith(f"{CALLBACK}?code=")
    assert arrived.query["state"] == "some state"
    named = journey.response(assertion_id="_2")
    assert "code" in journey.unasked(named, identity_provider="Partner").query


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        ({"providers": ("COGNITO",), "IDPInit": "true"}, {}),
        ({"providers": (), "IDPInit": "false"}, {}),
        ({"providers": ()}, {}),
    ],
)
def test_otherwise_nobody_comes_unasked(poolgate, settings, changes):
    journey = SamlJourney.of(poolgate, **settings)
    told = journey.unasked(**changes).query
    assert told["error"] == "invalid_request"
    assert journey.app.users() == []


def test_an_answer_to_a_request_is_not_unasked(poolgate):
    journey = SamlJourney.of(poolgate, providers=(), IDPInit="true")
    told = journey.unasked(journey.response(in_response_to="_stolen")).query
    assert told["error_description"].startswith(f"{WRONG}InResponseTo")


def test_unasked_people_go_to_registered_places_only(poolgate):
    journey = SamlJourney.of(poolgate, providers=(), IDPInit="true")
    sent = journey.unasked(redirect_uri="https://evil.example.com")
    assert sent.location.startswith(ERROR_PAGE)

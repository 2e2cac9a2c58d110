"""Facebook, Google, Login with Amazon and Sign in with Apple, each in its own way."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from kits.fake_provider import ERROR_PAGE, OUR_ID, FakeProvider, Journey, fake_provider
from kits.federation import FederatedApp
from kits.oauth import BASE, CALLBACK, claims_of

from poolgate.jose.base64url import decode_base64url
from poolgate.testing import LocalPoolgate

APPLE_KEY = ec.generate_private_key(ec.SECP256R1())
PEM = APPLE_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def provider(poolgate: LocalPoolgate) -> Iterator[FakeProvider]:
    with fake_provider(poolgate) as provider:
        yield provider


def journey_to(
    provider: FakeProvider, kind: str, mapping: dict[str, str], details: dict[str, str]
) -> Journey:
    app = FederatedApp.of(
        provider.poolgate,
        pool={"UsernameConfiguration": {"CaseSensitive": True}},
        name=kind,
        kind=kind,
        mapping=mapping,
        details=details,
    )
    return Journey(app, provider)


# -- Facebook -----------------------------------------------------------------------------------


@pytest.fixture
def facebook(provider: FakeProvider) -> Journey:
    details = provider.social(
        authorize_scopes="public_profile, email",
        attributes_url=f"{provider.url}/me?fields=",
        api_version="v17.0",
    )
    provider.documents["/me"] = {
        "id": "4711",
        "email": "anna@example.com",
        "picture": {"data": {"url": "https://img.example/a"}},
    }
    mapping = {"email": "email", "picture": "picture"}
    return journey_to(provider, "Facebook", mapping, details)


def test_facebook_is_asked_for_its_code_and_then_for_what_is_mapped(facebook, provider):
    departed = facebook.leave()
    assert "nonce" not in departed.query
    assert departed.query["scope"] == "public_profile, email"
    answer = facebook.come_back(provider.approve(departed.location))
    assert "code" in answer.query
    assert [method for method, path, _, _ in provider.asked if path == "/token"] == ["GET"]
    assert provider.asked_at("/me") == [{"fields": "email,id,picture"}]
    attributes = facebook.app.attributes("Facebook_4711")
    assert attributes["email"] == "anna@example.com"
    assert json.loads(attributes["picture"])["data"]["url"] == "https://img.example/a"


def test_a_facebook_user_without_an_id_is_nobody(facebook, provider):
    provider.documents["/me"] = {"email": "anna@example.com"}
    assert facebook.refused()[1] == "username attribute mapping required: id"


# -- Login with Amazon --------------------------------------------------------------------------


def test_amazon_is_asked_for_the_profile(provider):
    details = provider.social(
        authorize_scopes="profile postal_code", attributes_url=f"{provider.url}/profile"
    )
    provider.documents["/profile"] = {
        "user_id": "amzn1.account.A",
        "email": "anna@example.com",
        "postal_code": "12345",
    }
    mapping = {"email": "email", "address": "postal_code"}
    journey = journey_to(provider, "LoginWithAmazon", mapping, details)
    assert "code" in journey.sign_in().query
    attributes = journey.app.attributes("LoginWithAmazon_amzn1.account.A")
    assert (attributes["email"], attributes["address"]) == ("anna@example.com", "12345")


# -- Google -------------------------------------------------------------------------------------


def google_details(provider: FakeProvider) -> dict[str, str]:
    return provider.social(
        authorize_scopes="email profile openid",
        oidc_issuer=provider.url,
        attributes_url=f"{provider.url}/people?personFields=",
    )


def test_google_tells_most_in_the_id_token(provider):
    mapping = {"email": "email", "email_verified": "email_verified", "given_name": "given_name"}
    journey = journey_to(provider, "Google", mapping, google_details(provider))
    answer = journey.sign_in("1", email="anna@gmail.com", email_verified=True, given_name="Anna")
    tokens = journey.app.browser.redeem(answer.query["code"]).json
    claims = claims_of(tokens["id_token"])
    assert (claims["cognito:username"], claims["email_verified"]) == ("Google_1", True)
    assert claims["identities"][0]["providerType"] == "Google"
    assert not provider.asked_at("/people")


def test_google_is_asked_for_what_only_the_people_api_knows(provider):
    mapping = {"phone_number": "phoneNumbers", "name": "names", "email": "email"}
    provider.documents["/people"] = {
        "resourceName": "people/1",
        "names": [{"displayName": "Anna A"}],
        "phoneNumbers": [{"value": "+4930123", "type": "mobile"}],
    }
    journey = journey_to(provider, "Google", mapping, google_details(provider))
    journey.sign_in("1", email="anna@gmail.com")
    assert provider.asked_at("/people") == [{"personFields": "names,phoneNumbers"}]
    attributes = journey.app.attributes("Google_1")
    assert (attributes["phone_number"], attributes["name"]) == ("+4930123", "Anna A")


def test_google_s_own_error_codes_are_told(provider):
    journey = journey_to(provider, "Google", {}, google_details(provider))
    provider.statuses["/token"] = 400
    provider.documents["/token"] = {"error": "invalid_grant"}
    assert journey.refused() == ("invalid_request", "Google Error - 400 invalid_grant")
    provider.documents["/token"] = b"nonsense"
    assert journey.refused() == ("invalid_request", "Google Error - 400 ")


# -- Sign in with Apple -------------------------------------------------------------------------


@pytest.fixture
def apple(provider: FakeProvider) -> Journey:
    details = provider.social(
        authorize_scopes="email name",
        oidc_issuer=provider.url,
        team_id="TEAM",
        key_id="KEY",
        private_key=PEM,
    )
    del details["client_secret"]
    mapping = {"email": "email", "given_name": "firstName", "family_name": "lastName"}
    return journey_to(provider, "SignInWithApple", mapping, details)


def test_apple_answers_by_a_form_and_names_the_person_once(apple, provider):
    departed = apple.leave()
    assert departed.query["response_mode"] == "form_post"
    (cookie,) = (c for c in departed.response.cookies if c.startswith("csrf-state-posted-"))
    assert "SameSite=None" in cookie
    assert "Secure" in cookie
    user = {"name": {"firstName": "Anna", "lastName": "A"}, "email": "other@example.com"}
    answer = apple.post_back(
        {
            **provider.approve(departed.location, "001.a", email="anna@privaterelay.example"),
            "user": json.dumps(user),
        }
    )
    # SPEC RFC 9700 s4.12: never a redirect that posts once more.
    assert answer.status == 303
    assert answer.location.startswith(CALLBACK)
    attributes = apple.app.attributes("SignInWithApple_001.a")
    assert attributes["email"] == "anna@privaterelay.example"
    assert (attributes["given_name"], attributes["family_name"]) == ("Anna", "A")
    again = apple.leave(prompt="login")
    apple.post_back(provider.approve(again.location, "001.a", email="anna@privaterelay.example"))
    assert apple.app.attributes("SignInWithApple_001.a")["given_name"] == "Anna"


def test_apple_s_secret_is_a_token_of_ours(apple, provider):
    apple.post_back(provider.approve(apple.leave().location, "001.a"))
    client_secret = provider.asked_at("/token")[0]["client_secret"]
    header, payload, signature = client_secret.split(".")
    assert json.loads(decode_base64url(header.encode())) == {"alg": "ES256", "kid": "KEY"}
    claims = json.loads(decode_base64url(payload.encode()))
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("TEAM", OUR_ID, provider.url)
    assert claims["exp"] - claims["iat"] == 300
    raw = decode_base64url(signature.encode())
    numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    APPLE_KEY.public_key().verify(
        encode_dss_signature(*numbers), f"{header}.{payload}".encode(), ec.ECDSA(SHA256())
    )


@pytest.mark.parametrize("private_key", ["nonsense", "MIIB", "ä", PEM.replace("M", "N", 1)])
def test_a_key_that_is_none_is_told(apple, provider, private_key):
    details = provider.social(
        oidc_issuer=provider.url, team_id="T", key_id="K", private_key=private_key
    )
    del details["client_secret"]
    apple.app.cognito.update_identity_provider(
        UserPoolId=apple.app.pool_id, ProviderName="SignInWithApple", ProviderDetails=details
    )
    told = apple.post_back(provider.approve(apple.leave().location)).query
    assert told["error_description"] == "Invalid private key"


def test_the_name_is_the_only_thing_that_the_browser_may_say(apple, provider):
    posted = {**provider.approve(apple.leave().location, "001.a"), "user": '{"sub":"001.b"}'}
    assert "code" in apple.post_back(posted).query
    assert apple.app.users() == ["SignInWithApple_001.a"]
    posted = {**provider.approve(apple.leave(prompt="login").location, "001.a"), "user": "[]"}
    told = apple.post_back(posted).query["error_description"]
    assert told == "SignInWithApple Error - unreadable answer"


def test_somebody_who_cancels_at_apple_is_told_as_anywhere(apple):
    state = apple.leave().query["state"]
    told = apple.post_back({"state": state, "error": "user_cancelled_authorize"}).query
    assert told["error"] == "access_denied"


def test_what_is_posted_must_be_a_form(apple, provider):
    posted = provider.approve(apple.leave().location)
    answer = apple.post_back(posted, **{"content-type": "application/json"})
    assert answer.location.startswith(ERROR_PAGE)


def test_the_presets_lead_to_the_real_places(poolgate):
    for kind, host in (
        ("Facebook", "www.facebook.com"),
        ("LoginWithAmazon", "www.amazon.com"),
    ):
        details = {"client_id": "c", "client_secret": "s", "authorize_scopes": "email"}
        browser = FederatedApp.of(poolgate, name=kind, kind=kind, mapping={}, details=details)
        location = browser.browser.authorize(identity_provider=kind).location
        assert urlsplit(location).hostname == host
        browser.cognito.delete_user_pool_domain(
            Domain=BASE.rpartition("/")[2], UserPoolId=browser.pool_id
        )

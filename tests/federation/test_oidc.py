"""Signing in by an OIDC provider: there and back, and everything that is refused on the way."""

import hmac
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from kits.fake_provider import (
    ERROR_PAGE,
    OUR_ID,
    OUR_SECRET,
    FakeProvider,
    Journey,
    fake_provider,
    private_key,
    sign_with,
    unsigned,
)
from kits.federation import FederatedApp
from kits.oauth import BASE, CALLBACK, DOMAIN, claims_of
from kits.people import new_call

from poolgate.foundation.clock import epoch_seconds
from poolgate.jose.base64url import encode_base64url
from poolgate.testing import LocalPoolgate

SENSITIVE = {"UsernameConfiguration": {"CaseSensitive": True}}
MAPPING = {"email": "email", "email_verified": "email_verified", "given_name": "given_name"}
# CreateIdentityProvider looks whether the issuer is there.
ASKED_WHEN_MADE = 1
COME_BACK = f"http://poolgate.test{BASE}/oauth2/idpresponse"


@pytest.fixture
def provider(poolgate: LocalPoolgate) -> Iterator[FakeProvider]:
    with fake_provider(poolgate) as provider:
        yield provider


def journey_to(provider: FakeProvider, **settings: object) -> Journey:
    given = {"pool": SENSITIVE, "mapping": MAPPING, "details": provider.details(), **settings}
    return Journey(FederatedApp.of(provider.poolgate, **given), provider)


@pytest.fixture
def journey(provider: FakeProvider) -> Journey:
    return journey_to(provider)


# -- there --------------------------------------------------------------------------------------


def test_the_browser_is_sent_to_the_provider(journey, provider):
    answer = journey.leave(nonce="the app's own", login_hint="anna@example.com")
    assert answer.status == 302
    assert answer.location.startswith(f"{provider.url}/authorize?")
    asked = answer.query
    assert asked.pop("state")
    assert asked.pop("nonce") != "the app's own"
    assert asked == {
        "response_type": "code",
        "client_id": OUR_ID,
        "redirect_uri": COME_BACK,
        "scope": "openid email profile",
        "login_hint": "anna@example.com",
    }
    (cookie,) = (c for c in answer.response.cookies if c.startswith("csrf-state-"))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_provider_that_knows_pkce_is_asked_with_it(journey, provider):
    provider.discovery["code_challenge_methods_supported"] = ["plain", "S256"]
    assert journey.leave().query["code_challenge_method"] == "S256"
    assert "code" in journey.sign_in().query
    assert len(provider.asked_at("/token")[0]["code_verifier"]) >= 43


def test_an_identifier_names_the_provider_too(provider):
    journey = journey_to(provider, identifiers=("example.com",))
    answer = journey.app.browser.authorize(idp_identifier="example.com")
    assert answer.location.startswith(provider.url)


def test_prompts_go_on_to_the_provider(journey):
    assert journey.leave(prompt="login consent").query["prompt"] == "consent login"


def test_prompt_none_never_leaves(journey):
    answer = journey.leave(prompt="none")
    assert answer.location.startswith(CALLBACK)
    assert answer.query["error"] == "login_required"


def test_endpoints_that_are_set_are_taken_without_asking(provider):
    urls = {
        name: f"{provider.url}/{path}"
        for name, path in {
            "authorize_url": "elsewhere",
            "token_url": "token",
            "attributes_url": "userinfo",
            "jwks_uri": "jwks",
        }.items()
    }
    journey = journey_to(provider, details=provider.details(**urls))
    assert journey.leave().location.startswith(f"{provider.url}/elsewhere?")
    assert "code" in journey.sign_in().query
    assert not provider.asked_at("/.well-known/openid-configuration")


# -- and back -----------------------------------------------------------------------------------


def test_somebody_comes_back_signed_in(journey, provider):
    answer = journey.sign_in(email="anna@example.com", email_verified=True)
    assert (answer.status, answer.query["state"]) == (302, "some state")
    tokens = journey.app.browser.redeem(answer.query["code"]).json
    claims = claims_of(tokens["id_token"])
    assert claims["cognito:username"] == "Partner_anna"
    assert (claims["email"], claims["email_verified"]) == ("anna@example.com", True)
    (asked,) = provider.asked_at("/token")
    assert (asked["client_id"], asked["client_secret"]) == (OUR_ID, OUR_SECRET)
    assert "code" in journey.app.browser.authorize().query


def test_the_userinfo_endpoint_is_asked_and_counts(journey, provider):
    provider.user_info = {"given_name": "Anna", "iss": "https://other.example"}
    journey.sign_in(given_name="from the token")
    assert journey.app.attributes("Partner_anna")["given_name"] == "Anna"
    (asked,) = (each for each in provider.asked if each[1] == "/userinfo")
    assert asked[0] == "GET"
    assert asked[3]["authorization"].startswith("Bearer ")


def test_it_is_asked_by_post_where_that_is_set(provider):
    journey = journey_to(provider, details=provider.details(attributes_request_method="POST"))
    journey.sign_in()
    assert [each[0] for each in provider.asked if each[1] == "/userinfo"] == ["POST"]


def test_tokens_of_the_provider_can_be_mapped(provider):
    schema = [{"Name": "it", "AttributeDataType": "String", "Mutable": True}]
    pool = {**SENSITIVE, "Schema": schema}
    journey = journey_to(provider, pool=pool, mapping={"custom:it": "access_token"})
    journey.sign_in()
    assert journey.app.attributes("Partner_anna")["custom:it"] in provider.grants


def test_another_claim_may_name_the_user(provider):
    journey = journey_to(provider, mapping={"username": "employee"})
    journey.sign_in(employee=7)
    assert journey.app.users() == ["Partner_7"]


def test_a_provider_that_only_takes_basic_gets_it(journey, provider):
    provider.discovery["token_endpoint_auth_methods_supported"] = ["client_secret_basic"]
    assert "code" in journey.sign_in().query
    (asked,) = (each for each in provider.asked if each[1] == "/token")
    assert asked[3]["authorization"].startswith("Basic ")
    assert "client_secret" not in asked[2]


def test_a_public_client_of_the_provider_sends_its_id_only(provider):
    details = provider.details()
    del details["client_secret"]
    journey = journey_to(provider, details=details)
    assert "code" in journey.sign_in().query
    assert "client_secret" not in provider.asked_at("/token")[0]


def test_implicit_answers_are_in_the_fragment(provider):
    journey = journey_to(provider, AllowedOAuthFlows=["implicit"])
    location = journey.leave(
        response_type="token", code_challenge="", code_challenge_method=""
    ).location
    answer = journey.come_back(provider.approve(location))
    assert claims_of(answer.fragment["id_token"])["cognito:username"] == "Partner_anna"


def test_a_pushed_request_survives_the_round_trip(provider):
    journey = journey_to(provider)
    browser = journey.app.browser
    pushed = browser.post("/oauth2/par", browser.request(identity_provider="Partner")).json
    query = {"client_id": browser.client_id, "request_uri": pushed["request_uri"]}
    location = browser.get("/oauth2/authorize", query).location
    assert "code" in journey.come_back(provider.approve(location)).query


def test_the_former_session_of_the_browser_ends(journey):
    browser = journey.app.browser
    browser.signed_in("bert")
    former = dict(browser.cookies)
    location = journey.leave(prompt="login").location
    journey.come_back(journey.provider.approve(location))
    assert browser.cookies[f"cognito-{DOMAIN}"] != former[f"cognito-{DOMAIN}"]
    browser.cookies = former
    assert browser.authorize().location.startswith(f"{BASE}/login?")


def test_a_session_counts_only_where_its_way_of_signing_in_does(journey):
    assert "code" in journey.sign_in().query
    federated = journey.app.browser
    local = federated.another()
    local.cookies = federated.cookies
    assert local.authorize().location.startswith(f"{BASE}/login?")
    assert "code" in federated.authorize().query
    only = federated.another(SupportedIdentityProviders=["Partner"])
    only.signed_in("bert")
    assert only.authorize().location.startswith(f"{BASE}/login?")


# -- levels -------------------------------------------------------------------------------------


def test_levels_are_asked_for_and_taken_in_the_providers_words(provider):
    pool = {**SENSITIVE, "UserPoolTier": "ESSENTIALS"}
    journey = journey_to(provider, pool=pool)
    journey.app.cognito.update_identity_provider(
        UserPoolId=journey.app.pool_id, ProviderName="Partner", AcrMapping={"Level3": "gold"}
    )
    departed = journey.leave(acr_values="urn:cognito:loa:3")
    assert departed.query["acr_values"] == "gold"
    answer = journey.come_back(provider.approve(departed.location, acr="gold"))
    tokens = journey.app.browser.redeem(answer.query["code"]).json
    assert claims_of(tokens["id_token"])["acr"] == "urn:cognito:loa:3"


# -- the state ----------------------------------------------------------------------------------


def test_a_state_counts_once(journey, provider):
    answer = provider.approve(journey.leave().location)
    assert "code" in journey.come_back(answer).query
    again = journey.come_back(answer)
    assert again.location.startswith(ERROR_PAGE)
    assert len(provider.asked_at("/token")) == 1


def test_the_state_of_another_browser_is_refused(journey, provider):
    answer = provider.approve(journey.leave().location)
    journey.app.browser.cookies.clear()
    assert journey.come_back(answer).location.startswith(ERROR_PAGE)
    journey.leave()
    assert journey.come_back(answer).location.startswith(ERROR_PAGE)
    assert not provider.asked_at("/token")


def test_two_tabs_of_a_browser_do_not_disturb_one_another(journey, provider):
    first, second = journey.leave().location, journey.leave().location
    assert "code" in journey.come_back(provider.approve(second)).query
    assert "code" in journey.come_back(provider.approve(first)).query


def test_an_old_state_is_refused(journey, provider):
    answer = provider.approve(journey.leave().location)
    provider.poolgate.clock.advance(600)
    assert journey.come_back(answer).location.startswith(ERROR_PAGE)


@pytest.mark.parametrize("state", ["", "nonsense", "ä", "A" * 20_000, "AAAA"])
def test_a_state_that_is_not_ours_is_refused(journey, state):
    journey.leave()
    assert journey.come_back({"state": state, "code": "x"}).location.startswith(ERROR_PAGE)


def test_a_changed_state_is_refused(journey, provider):
    answer = provider.approve(journey.leave().location)
    middle = len(answer["state"]) // 2
    other = "A" if answer["state"][middle] != "A" else "B"
    changed = answer["state"][:middle] + other + answer["state"][middle + 1 :]
    assert journey.come_back({**answer, "state": changed}).location.startswith(ERROR_PAGE)


def test_of_many_who_bring_the_same_state_one_gets_in(journey, provider):
    answer = provider.approve(journey.leave().location)
    with ThreadPoolExecutor(8) as threads:
        back = list(threads.map(lambda _: journey.come_back(answer).location, range(8)))
    assert sum("code=" in location for location in back) == 1
    assert len(provider.asked_at("/token")) == 1


def test_the_answer_of_another_issuer_is_refused(journey, provider):
    answer = {**provider.approve(journey.leave().location), "iss": "https://other.example"}
    told = journey.come_back(answer).query
    assert (told["error"], told["error_description"]) == (
        "invalid_request",
        "Bad issuer in the response",
    )
    assert not provider.asked_at("/token")


def test_an_issuer_that_says_it_names_itself_must(journey, provider):
    provider.discovery["authorization_response_iss_parameter_supported"] = True
    answer = provider.approve(journey.leave().location)
    assert "code" not in journey.come_back(answer).query
    answer = {**provider.approve(journey.leave().location), "iss": provider.url}
    assert "code" in journey.come_back(answer).query


def test_repeated_parameters_are_refused(journey, provider):
    answer = provider.approve(journey.leave().location)
    text = f"state={answer['state']}&code=a&code=b"
    answered = journey.app.browser.get("/oauth2/idpresponse", text)
    assert answered.location.startswith(ERROR_PAGE)


# -- errors of the provider ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("access_denied", "access_denied"),
        ("server_error", "server_error"),
        ("unauthorized_client", "invalid_request"),
        ('<script>"\\', "invalid_request"),
    ],
)
def test_the_app_is_told_what_the_provider_says(journey, error, told):
    state = journey.leave().query["state"]
    answer = journey.come_back(
        {"state": state, "error": error, "error_description": 'No "way" here\n'}
    )
    assert answer.location.startswith(CALLBACK)
    assert answer.query["error"] == told
    assert answer.query["error_description"] == "No ?way? here?"
    assert answer.query["state"] == "some state"


def test_an_answer_without_a_code_is_refused(journey):
    state = journey.leave().query["state"]
    assert journey.come_back({"state": state}).query["error"] == "invalid_request"


def test_a_refused_code_is_told_with_its_status(journey, provider):
    provider.statuses["/token"] = 401
    assert journey.refused() == ("invalid_request", "Partner Error - 401 error getting token")


@pytest.mark.parametrize("document", [b"nonsense", b"[]", b"{}", b'{"access_token":1}'])
def test_unreadable_tokens_are_refused(journey, provider, document):
    provider.documents["/token"] = document
    assert journey.refused() == ("invalid_request", "Partner Error - unreadable answer")


def test_a_huge_answer_is_not_read(journey, provider):
    provider.documents["/token"] = b"x" * (1024 * 1024 + 1)
    assert journey.refused() == ("invalid_request", "Connection reset")


def test_a_refusal_at_userinfo_is_told(journey, provider):
    provider.statuses["/userinfo"] = 403
    told = "Partner Error - 403 error getting user attributes"
    assert journey.refused() == ("invalid_request", told)


def test_an_answer_about_another_user_is_refused(journey, provider):
    provider.user_info["sub"] = "bert"
    assert journey.refused() == ("invalid_request", "Partner Error - unreadable answer")
    assert journey.app.users() == []


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": "http://192.0.2.1/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_discovery_that_leads_astray_is_refused(provider, discovery):
    journey = journey_to(provider)
    provider.discovery.update(discovery)
    told = journey.leave().query
    assert told["error_description"] == "Unable to contact well-known endpoint"


def test_a_provider_that_is_down_is_not_asked_again_at_once(journey, provider):
    path = "/.well-known/openid-configuration"
    provider.statuses[path] = 503
    for _ in range(3):
        told = journey.leave().query
        assert told["error_description"] == "Unable to contact well-known endpoint"
    assert len(provider.asked_at(path)) == 1 + ASKED_WHEN_MADE
    del provider.statuses[path]
    provider.poolgate.clock.advance(10)
    assert journey.leave().location.startswith(f"{provider.url}/authorize")


def test_a_provider_that_is_gone_is_told(journey, provider):
    location = journey.leave().location
    provider.documents["/token"] = b""
    provider.statuses["/token"] = 502
    answer = journey.come_back(provider.approve(location))
    assert answer.query["error_description"] == "Partner Error - 502 error getting token"


def test_a_server_that_does_not_answer_at_all_is_told(provider):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        details = provider.details(
            authorize_url=f"{provider.url}/authorize",
            token_url=f"http://127.0.0.1:{port}/token",
            attributes_url=f"{provider.url}/userinfo",
            jwks_uri=f"{provider.url}/jwks",
        )
        journey = journey_to(provider, details=details)
        assert journey.refused() == ("invalid_request", "Connection reset")


def test_a_deleted_provider_takes_nobody_in(journey, provider):
    answer = provider.approve(journey.leave().location)
    journey.app.cognito.delete_identity_provider(
        UserPoolId=journey.app.pool_id, ProviderName="Partner"
    )
    assert journey.come_back(answer).query["error"] == "invalid_request"
    assert not provider.asked_at("/token")


# -- ID tokens ----------------------------------------------------------------------------------


def the(name: str, value: object):
    def change(claims: dict[str, object]) -> object:
        claims[name] = value
        return claims

    return change


def without(name: str):
    def change(claims: dict[str, object]) -> object:
        del claims[name]
        return claims

    return change


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (the("nonce", "another"), "nonce"),
        (without("nonce"), "nonce"),
        (the("iss", "https://other.example"), "issuer"),
        (without("iss"), "claims"),
        (the("aud", "another"), "audience"),
        (the("aud", []), "audience"),
        (the("aud", [OUR_ID, "another"]), "audience"),
        (the("azp", "another"), "audience"),
        (the("exp", 1), "expiry"),
        (without("exp"), "claims"),
        (the("iat", 9_999_999_999), "time"),
        (the("nbf", 9_999_999_999), "time"),
        (the("sub", ""), "subject"),
        (the("sub", 7), "claims"),
        (the("at_hash", "another"), "at_hash"),
    ],
)
def test_claims_that_do_not_fit_are_refused(journey, provider, change, fault):
    provider.change_id_claims = change
    assert journey.refused() == ("invalid_request", f"Bad id_token: {fault}")
    assert journey.app.users() == []


def test_several_audiences_need_us_as_the_owner(journey, provider):
    def change(claims: dict[str, object]) -> object:
        claims.update({"aud": [OUR_ID, "another"], "azp": OUR_ID})
        return claims

    provider.change_id_claims = change
    assert "code" in journey.sign_in().query


def with_public_key_as_secret(claims: dict[str, object]) -> str:
    pem = private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = ({"alg": "HS256", "kid": "own"}, claims)
    signing_input = b".".join(encode_base64url(json.dumps(part).encode()) for part in parts)
    mac = hmac.digest(pem, signing_input, "sha256")
    return (signing_input + b"." + encode_base64url(mac)).decode()


@pytest.mark.parametrize(
    "sign",
    [
        lambda claims: unsigned(claims, {"alg": "none", "kid": "own"}),
        lambda claims: unsigned(claims, {"alg": "RS256", "kid": "own"}, b"x" * 256),
        with_public_key_as_secret,
        lambda claims: sign_with(claims, name="another"),
        lambda _claims: "nonsense",
    ],
    ids=["none", "no signature", "public key as secret", "another key", "nonsense"],
)
def test_a_token_that_the_provider_did_not_sign_is_refused(journey, provider, sign):
    provider.sign = sign
    assert journey.refused() == ("invalid_request", "Bad id_token: signature")


def test_a_key_that_is_not_published_is_unknown(journey, provider):
    provider.sign = lambda claims: sign_with(claims, key_id="new")
    assert journey.refused() == ("invalid_request", "Bad id_token: unknown key")


def test_no_id_token_is_no_sign_in(journey, provider):
    provider.documents["/token"] = {"access_token": "a"}
    assert journey.refused() == ("invalid_request", "Bad id_token: missing")


def test_unreadable_keys_are_told(journey, provider):
    provider.documents["/jwks"] = b"nonsense"
    assert journey.refused() == ("invalid_request", "Unable to read the keys of the provider")


# -- what the mapping leads to --------------------------------------------------------------------


def test_the_app_is_told_which_attributes_are_missing(provider):
    schema = [{"Name": name, "Required": True, "Mutable": True} for name in ("email", "given_name")]
    journey = journey_to(provider, pool={**SENSITIVE, "Schema": schema})
    assert journey.refused() == ("invalid_request", "attributes required: [given_name, email]")


def test_a_disabled_user_is_told_so(journey):
    journey.sign_in()
    journey.app.cognito.admin_disable_user(UserPoolId=journey.app.pool_id, Username="Partner_anna")
    journey.app.browser.cookies.pop(f"cognito-{DOMAIN}")
    assert journey.refused() == ("invalid_request", "User is not enabled")


def test_a_subject_that_did_not_come_is_told(provider):
    journey = journey_to(provider, mapping={"username": "employee"})
    assert journey.refused()[1] == "username attribute mapping required: employee"


def test_time_is_the_servers_own(journey, provider):
    call = new_call(provider.poolgate)
    provider.change_id_claims = the("exp", epoch_seconds(call.now) - 59)
    assert "code" in journey.sign_in().query

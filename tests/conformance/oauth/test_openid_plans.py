"""The modules of the OpenID Foundation's plans for providers, by their names.

Basic (code flow), Config and RP-Initiated Logout. Each test is what its module expects of a
provider, restated; where a feature is optional and not offered, that it is said so.
"""

import json
import time
from urllib.parse import urlencode

import pytest
from kits.authenticator import EMAIL
from kits.browser import Browser
from kits.cognito import PASSWORD, App
from kits.oauth import BASE, CALLBACK, LOGOUT, OAuthApp, basic, claims_of

from poolgate.testing import LocalPoolgate

ALL_SCOPES = ["openid", "email", "phone", "profile"]
STATE = "some state"


@pytest.fixture
def poolgate():
    with LocalPoolgate(frozen=True) as local:
        yield local


@pytest.fixture
def client(poolgate):
    """A client with a secret, as the plans register one, and its user's signed-in browser."""
    app = OAuthApp.of(poolgate, secret=True, AllowedOAuthScopes=ALL_SCOPES)
    return app.signed_in(email=EMAIL, name="Alice A.", phone_number="+15555550100")


@pytest.fixture
def configuration(poolgate, client):
    path = f"/{client.app.pool_id}/.well-known/openid-configuration"
    return json.loads(poolgate.send("GET", path).body)


def redeemed(client, **changes):
    answer = client.redeem(client.code(**changes))
    assert answer.status == 200, answer.response.body
    return answer.json


def identity(client, **changes):
    return claims_of(redeemed(client, **changes)["id_token"])


def user_info(client, method, access_token, body=""):
    headers = {"authorization": f"Bearer {access_token}"} if access_token else {}
    if body:
        headers["content-type"] = "application/x-www-form-urlencoded"
    answer = client.poolgate.send(
        method, f"{BASE}/oauth2/userInfo", headers=headers, body=body.encode()
    )
    return answer.status, json.loads(answer.body)


def person(client, **changes):
    """Return a browser that was just sent to the pages."""
    browser = Browser(client.poolgate)
    return browser.open(f"{BASE}/oauth2/authorize?{urlencode(client.request(**changes))}")


# ---- Config ---------------------------------------------------------------------------------


def test_oidcc_discovery_endpoint_verification(configuration):
    needed = {
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    }
    assert needed <= set(configuration)
    assert "RS256" in configuration["id_token_signing_alg_values_supported"]
    assert "openid" in configuration["scopes_supported"]


def test_oidcc_discovery_issuer_not_matching_config(poolgate, client, configuration):
    assert configuration["issuer"] == f"{poolgate.url}/{client.app.pool_id}"
    assert identity(client)["iss"] == configuration["issuer"]


def test_oidcc_discovery_jwks_uri_keys(poolgate, configuration):
    path = configuration["jwks_uri"].removeprefix(poolgate.url)
    keys = json.loads(poolgate.send("GET", path).body)["keys"]
    assert len({key["kid"] for key in keys}) == len(keys) >= 2
    for key in keys:
        assert key["kty"] == "RSA"
        assert {"d", "p", "q"}.isdisjoint(key)


# ---- Basic: the response type and what it gives ----------------------------------------------


def test_oidcc_server(client):
    answer = client.authorize(nonce="n")
    assert answer.query["state"] == STATE
    tokens = client.redeem(answer.query["code"]).json
    assert tokens["token_type"] == "Bearer"
    told = claims_of(tokens["id_token"])
    assert told["aud"] == client.client_id
    assert told["nonce"] == "n"
    assert told["exp"] > told["iat"]


def test_oidcc_response_type_missing(client):
    assert client.authorize(response_type="").query["error"] == "invalid_request"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_oidcc_userinfo_get_and_post_header(client, method):
    tokens = redeemed(client)
    status, told = user_info(client, method, tokens["access_token"])
    assert (status, told["sub"]) == (200, claims_of(tokens["id_token"])["sub"])


def test_oidcc_userinfo_post_body_is_not_offered(client):
    # SPEC RFC 6750 s2.2: resource servers MAY support it.
    body = urlencode({"access_token": redeemed(client)["access_token"]})
    assert user_info(client, "POST", None, body)[0] == 400


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(client):
    assert "nonce" not in identity(client)


@pytest.mark.parametrize(
    ("scope", "claims"),
    [
        ("profile", {"name"}),
        ("email", {"email"}),
        ("phone", {"phone_number"}),
        ("profile email phone", {"name", "email", "phone_number"}),
    ],
)
def test_oidcc_scope(client, scope, claims):
    tokens = redeemed(client, scope=f"openid {scope}")
    told = user_info(client, "GET", tokens["access_token"])[1]
    assert claims <= set(told)
    assert {"name", "email", "phone_number"} - claims == {
        name for name in ("name", "email", "phone_number") if name not in told
    }


def test_oidcc_ensure_other_scope_order_succeeds(client):
    assert "email" in identity(client, scope="email openid")


# ---- Basic: what a request may ask for ---------------------------------------------------------


@pytest.mark.parametrize("display", ["page", "popup"])
def test_oidcc_display(client, display):
    assert "code" in client.authorize(display=display).query


def test_oidcc_prompt_login(client, poolgate):
    first = identity(client)
    poolgate.clock.advance(2)
    browser = Browser(poolgate, cookies=client.cookies)
    browser.open(f"{BASE}/oauth2/authorize?{urlencode(client.request(prompt='login'))}")
    assert browser.path == f"{BASE}/login"
    browser.send(username="alice", password=PASSWORD)
    second = identity(client)
    assert second["auth_time"] > first["auth_time"]


def test_oidcc_prompt_none_not_logged_in(client):
    client.cookies = {}
    answer = client.authorize(prompt="none")
    assert (answer.query["error"], answer.query["state"]) == ("login_required", STATE)


def test_oidcc_prompt_none_logged_in(client):
    assert identity(client, prompt="none")["auth_time"] == identity(client)["auth_time"]


def test_oidcc_max_age_1(client, poolgate):
    poolgate.clock.advance(2)
    assert client.authorize(max_age="1").location.startswith(f"{BASE}/login")


def test_oidcc_max_age_10000(client, poolgate):
    first = identity(client, max_age="10000")
    poolgate.clock.advance(2)
    assert identity(client, max_age="10000")["auth_time"] == first["auth_time"]


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(client):
    assert identity(client, extra="foobar")


def test_oidcc_id_token_hint(client, poolgate):
    hint = redeemed(client)["id_token"]
    poolgate.clock.advance(1800)
    again = identity(client, prompt="none", id_token_hint=hint)
    assert again["sub"] == claims_of(hint)["sub"]


def test_oidcc_id_token_hint_of_somebody_else(client):
    client.app.user("bob")
    hint = redeemed(client)["id_token"]
    client.sign_in_browser("bob")
    answer = client.authorize(prompt="none", id_token_hint=hint)
    assert answer.query["error"] == "login_required"
    assert client.authorize(id_token_hint=hint).location.startswith(f"{BASE}/login")
    assert client.authorize(id_token_hint=hint[:-4] + "AAAA").query["error"] == "invalid_request"


def test_oidcc_login_hint(client):
    browser = person(client, login_hint="bob@example.com")
    assert browser.page.forms[0][1]["username"] == "bob@example.com"


@pytest.mark.parametrize("name", ["ui_locales", "claims_locales"])
def test_oidcc_locales(client, name):
    assert "code" in client.authorize(**{name: "se fr"}).query


def test_oidcc_ensure_request_with_acr_values_succeeds(client):
    assert identity(client, acr_values="1 2")


def test_oidcc_ensure_request_object_is_refused_and_said_to_be(client, configuration):
    assert client.authorize(request="a.b.c").query["error"] == "request_not_supported"
    uri = client.authorize(request_uri="https://app.example/request")
    assert uri.query["error"] == "request_uri_not_supported"
    assert not configuration["request_parameter_supported"]
    assert not configuration["request_uri_parameter_supported"]


def test_oidcc_ensure_post_request_succeeds(client):
    answer = client.post("/oauth2/authorize", client.request())
    assert answer.status == 303
    path, _, query = answer.location.removeprefix(BASE).partition("?")
    assert "code" in client.get(path, query).query


def test_oidcc_ensure_registered_redirect_uri(client):
    for redirect_uri in ("https://evil.example/callback", f"{CALLBACK}?foo=bar", f"{CALLBACK}/x"):
        answer = client.authorize(redirect_uri=redirect_uri)
        assert answer.location.startswith(f"{BASE}/error?")


def test_oidcc_ensure_request_with_valid_pkce_succeeds(client):
    assert redeemed(client)["id_token"]


# ---- Basic: the code, the client and refresh ----------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 30])
def test_oidcc_codereuse(client, poolgate, seconds):
    code = client.code(scope="openid")
    access_token = client.redeem(code).json["access_token"]
    poolgate.clock.advance(seconds)
    assert client.redeem(code).refused()[:2] == (400, "invalid_grant")
    assert user_info(client, "GET", access_token)[0] == 401


def test_oidcc_server_client_secret_post(client):
    answer = client.token(
        grant_type="authorization_code",
        code=client.code(code_challenge="", code_challenge_method=""),
        redirect_uri=CALLBACK,
        client_id=client.client_id,
        client_secret=client.app.client_secret,
    )
    assert answer.status == 200


def test_oidcc_refresh_token(client):
    tokens = redeemed(client)
    refreshed = client.token(
        headers=client.basic, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    ).json
    first, second = claims_of(tokens["id_token"]), claims_of(refreshed["id_token"])
    for claim in ("iss", "sub", "aud", "auth_time"):
        assert first[claim] == second[claim]
    other = OAuthApp(client.app.another_client(secret=True))
    refused = client.token(
        headers=basic(other.client_id, other.app.client_secret),
        grant_type="refresh_token",
        refresh_token=tokens["refresh_token"],
    )
    assert refused.refused()[:2] == (400, "invalid_grant")


def test_oidcc_idtoken_times_are_of_now(client):
    told = identity(client)
    assert abs(told["iat"] - client.poolgate.clock.now().timestamp()) < 2
    assert told["exp"] - time.time() < 24 * 3600


# ---- RP-Initiated Logout -------------------------------------------------------------------------


def logged_out(client, **query):
    return client.get("/logout", query)


def is_signed_in(client):
    return "code" in client.authorize(prompt="none").query


def test_oidcc_rp_initiated_logout(client):
    hint = redeemed(client)["id_token"]
    answer = logged_out(client, id_token_hint=hint, post_logout_redirect_uri=LOGOUT, state="s")
    assert answer.location == f"{LOGOUT}?state=s"
    assert not is_signed_in(client)


def test_oidcc_rp_initiated_logout_no_state(client):
    hint = redeemed(client)["id_token"]
    answer = logged_out(client, id_token_hint=hint, post_logout_redirect_uri=LOGOUT)
    assert answer.location == LOGOUT


def tokens_of_another_pool(poolgate):
    app = App.of(poolgate)
    app.user()
    return app.sign_in()["AuthenticationResult"]


@pytest.mark.parametrize("change", ["bad", "modified", "of another pool", "an access token"])
def test_oidcc_rp_initiated_logout_bad_id_token_hint(client, poolgate, change):
    tokens = redeemed(client)
    hints = {
        "bad": "bad",
        "modified": tokens["id_token"][:-4] + "AAAA",
        "of another pool": tokens_of_another_pool(poolgate)["IdToken"],
        "an access token": tokens["access_token"],
    }
    answer = logged_out(client, id_token_hint=hints[change], post_logout_redirect_uri=LOGOUT)
    assert answer.location.startswith(f"{BASE}/error?")
    assert is_signed_in(client)


@pytest.mark.parametrize("uri", ["https://evil.example/", f"{LOGOUT}?foo=bar", f"{LOGOUT}/"])
def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(client, uri):
    hint = redeemed(client)["id_token"]
    answer = logged_out(client, id_token_hint=hint, post_logout_redirect_uri=uri)
    assert answer.location.startswith(f"{BASE}/error?")
    assert is_signed_in(client)


def test_oidcc_rp_initiated_logout_no_params(client):
    assert logged_out(client).location.startswith(f"{BASE}/error?")
    assert logged_out(client, state="s").location.startswith(f"{BASE}/error?")


def test_oidcc_rp_initiated_logout_of_another_client_than_the_hint(client):
    hint = redeemed(client)["id_token"]
    other = client.another()
    answer = logged_out(
        client, id_token_hint=hint, client_id=other.client_id, post_logout_redirect_uri=LOGOUT
    )
    assert answer.location.startswith(f"{BASE}/error?")

"""`/oauth2/authorize`: RFC 6749 s4.1, OpenID Connect Core s3.1.2, RFC 9207, security.md O1, O2."""

import pytest
from kits.oauth import BASE, CALLBACK, CHALLENGE, SETTINGS, Answered, OAuthApp, claims_of

from poolgate.userpools.token_claims import access_token_hash

STATE = "a state & more=ä"


@pytest.fixture
def browser(poolgate):
    return OAuthApp.of(poolgate)


@pytest.fixture
def signed_in(browser):
    return browser.signed_in()


def issuer(browser):
    return f"{browser.poolgate.url}/{browser.app.pool_id}"


# -- answers ------------------------------------------------------------------------------------


def test_without_a_session_the_browser_goes_to_the_login_page_with_all_it_carries(browser):
    answer = browser.authorize(state=STATE, login_hint="alice", lang="de")
    assert answer.status == 302
    assert answer.location.startswith(f"{BASE}/login?")
    assert answer.query == browser.request(state=STATE, login_hint="alice", lang="de")
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "no-store" in answer.headers["cache-control"]


def test_with_a_session_the_browser_goes_straight_back_with_a_code(signed_in):
    answer = signed_in.authorize(state=STATE)
    assert answer.status == 302
    assert answer.location.startswith(f"{CALLBACK}?code=")
    assert answer.query["state"] == STATE
    assert answer.query["iss"] == issuer(signed_in)
    assert "#" not in answer.location


def test_a_redirect_uri_with_a_query_keeps_it(browser):
    uri = f"{CALLBACK}?tenant=1&x=%20"
    other = browser.another(CallbackURLs=[uri]).signed_in()
    location = other.authorize(redirect_uri=uri).location
    assert location.startswith(f"{uri}&code=")


def test_a_session_is_shared_by_all_clients_of_the_pool(signed_in):
    other = signed_in.another()
    other.cookies = signed_in.cookies
    assert "code" in other.authorize().query


def test_implicit_gives_tokens_in_the_fragment_and_no_refresh_token(browser):
    other = browser.another(AllowedOAuthFlows=["implicit"]).signed_in()
    answer = other.authorize(response_type="token", nonce="n", state=STATE)
    assert answer.location.startswith(f"{CALLBACK}#")
    given = answer.fragment
    assert set(given) == {"id_token", "access_token", "token_type", "expires_in", "state", "iss"}
    assert (given["token_type"], given["expires_in"]) == ("bearer", "3600")
    assert given["state"] == STATE
    identity = claims_of(given["id_token"])
    assert identity["nonce"] == "n"
    assert identity["at_hash"] == access_token_hash(given["access_token"])
    without = other.authorize(response_type="token", scope="aws.cognito.signin.user.admin")
    assert "id_token" not in without.fragment


# -- nobody to tell -----------------------------------------------------------------------------


def error_page(answer):
    assert answer.status == 302
    assert answer.location.startswith(f"{BASE}/error?")
    return answer.query


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "nobody"}, "Client does not exist."),
        ({"client_id": ""}, "Required String parameter 'client_id' is not present"),
    ],
)
def test_an_unknown_client_is_told_on_the_error_page(signed_in, changes, error):
    assert error_page(signed_in.authorize(**changes)) == {"error": error}


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://evil.example/callback",
        "https://app.example/callback/",
        "https://app.example/callback?",
        "https://app.example/callback#",
        "https://app.example/Callback",
        "HTTPS://app.example/callback",
        "https://app.example:443/callback",
        "https://app.example/callback/../evil",
        "https://app.example@evil.example/callback",
        "https://app.example/callback%2f",
        "https://app.example/callback https://evil.example",
        "//evil.example/callback",
        "javascript:alert(1)",
        "https://app.example/callback\\@evil.example",
    ],
)
def test_a_redirect_uri_that_is_not_registered_is_never_gone_to(signed_in, redirect_uri):
    told = error_page(signed_in.authorize(redirect_uri=redirect_uri))
    assert told == {"error": "redirect_mismatch", "client_id": signed_in.client_id}


@pytest.mark.parametrize("query", ["client_id=a&client_id=b", "client_id=%zz", "client_id=%ff"])
def test_a_query_that_is_none_is_told_on_the_error_page(signed_in, query):
    assert error_page(signed_in.get("/oauth2/authorize", query)) == {"error": "invalid_request"}


def test_a_client_of_another_pool_does_not_exist_here(signed_in, poolgate):
    cognito = poolgate.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="strangers")["UserPool"]["Id"]
    made = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="app", **SETTINGS)
    answer = signed_in.authorize(client_id=made["UserPoolClient"]["ClientId"])
    assert error_page(answer) == {"error": "Client does not exist."}


# -- redirect URIs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("registered", "sent", "counts"),
    [
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", True),
        ("http://127.0.0.1:8000/cb", "http://127.0.0.1:51004/cb", True),
        ("http://[::1]/cb", "http://[::1]:51004/cb", True),
        ("http://localhost/cb", "http://localhost:51004/cb", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004/other", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1@evil.example/cb", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb", False),
        ("http://127.0.0.1/cb", "https://127.0.0.1/cb", False),
        ("https://127.0.0.1/cb", "https://127.0.0.1:51004/cb", False),
        ("myapp://callback", "myapp://callback", True),
        ("myapp://callback", "myapp://callback/", False),
    ],
)
def test_only_the_port_of_a_loop_back_address_may_differ(browser, registered, sent, counts):
    other = browser.another(CallbackURLs=[registered]).signed_in()
    answer = other.authorize(redirect_uri=sent)
    assert answer.location.startswith(f"{sent}?code=") is counts
    assert answer.location.startswith(f"{BASE}/error?") is not counts


def test_without_a_redirect_uri_the_clients_own_one_is_used(browser):
    browser.signed_in()
    assert browser.authorize(redirect_uri="").location.startswith(CALLBACK)
    urls = {"CallbackURLs": ["https://a.example/", "https://b.example/"]}
    chosen = browser.another(**urls, DefaultRedirectURI="https://b.example/")
    chosen.cookies = browser.cookies
    assert chosen.authorize(redirect_uri="").location.startswith("https://b.example/?code=")
    undecided = browser.another(**urls)
    text = "Required String parameter 'redirect_uri' is not present"
    assert error_page(undecided.authorize(redirect_uri="")) == {"error": text}


# -- the client is told -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "id_token"}, "invalid_request"),
        ({"response_type": "code token"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"scope": "openid unknown"}, "invalid_scope"),
        ({"scope": "openid phone"}, "invalid_scope"),
        ({"scope": "email"}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"identity_provider": "Google"}, "invalid_request"),
        ({"identity_provider": "SAML"}, "invalid_request"),
        ({"resource": "http://api.example"}, "invalid_target"),
        ({"resource": "https://api.example/#a"}, "invalid_target"),
        ({"resource": "things"}, "invalid_target"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.example/request"}, "request_uri_not_supported"),
    ],
)
def test_what_is_wrong_with_a_request_is_told_to_the_client(signed_in, changes, error):
    answer = signed_in.authorize(**changes)
    assert answer.location.startswith(f"{CALLBACK}?")
    assert answer.query == {"error": error, "state": "some state", "iss": issuer(signed_in)}


def test_errors_of_implicit_requests_are_in_the_fragment(signed_in):
    answer = signed_in.authorize(response_type="token")
    assert answer.location.startswith(f"{CALLBACK}#error=")
    assert answer.fragment["error"] == "unauthorized_client"


@pytest.mark.parametrize(
    "settings",
    [
        {"AllowedOAuthFlowsUserPoolClient": False},
        {"AllowedOAuthFlows": ["implicit"]},
    ],
)
def test_a_flow_that_the_client_does_not_have_is_refused(browser, settings):
    other = browser.another(**settings).signed_in()
    assert other.authorize().query["error"] == "unauthorized_client"


def test_another_providers_sign_in_never_ends_at_the_form_for_local_users(signed_in):
    assert signed_in.authorize(idp_identifier="example.com").query["error"] == "invalid_request"
    assert signed_in.authorize(identity_provider="Google").query["error"] == "invalid_request"
    assert "code" in signed_in.authorize(identity_provider="COGNITO").query


# -- prompt and max_age -------------------------------------------------------------------------


def goes_to_login(answer):
    return answer.location.startswith(f"{BASE}/login?")


def test_prompt_none_without_a_session_is_login_required(browser):
    answer = browser.authorize(prompt="none")
    assert answer.query["error"] == "login_required"
    assert answer.query["state"] == "some state"


def test_prompt_none_with_a_session_gives_a_code(signed_in):
    assert "code" in signed_in.authorize(prompt="none").query


@pytest.mark.parametrize("prompt", ["login", "select_account", "login consent"])
def test_a_prompt_asks_again_in_spite_of_the_session(signed_in, prompt):
    assert goes_to_login(signed_in.authorize(prompt=prompt))


def test_prompt_consent_asks_nothing_there_is_no_consent(signed_in):
    assert "code" in signed_in.authorize(prompt="consent").query


def test_max_age_asks_again_when_the_sign_in_is_too_long_ago(signed_in, poolgate):
    poolgate.clock.advance(60)
    assert "code" in signed_in.authorize(max_age="60").query
    poolgate.clock.advance(1)
    assert goes_to_login(signed_in.authorize(max_age="60"))
    assert signed_in.authorize(max_age="60", prompt="none").query["error"] == "login_required"


def test_a_session_lasts_an_hour_from_the_sign_in(signed_in, poolgate):
    poolgate.clock.advance(3599)
    assert "code" in signed_in.authorize().query
    poolgate.clock.advance(1)
    assert goes_to_login(signed_in.authorize())


def test_a_client_may_never_go_on_with_a_session_or_longer_than_others(poolgate):
    browser = OAuthApp.of(poolgate)
    tracked = poolgate.client("cognito-idp")
    tracked.set_user_pool_session_configuration(
        UserPoolId=browser.app.pool_id,
        UserSessionTracking="ENABLED",
        TokenSession={"MaxPerUser": 5},
    )
    browser.signed_in()

    def set_minutes(minutes):
        tracked.set_user_pool_client_session_configuration(
            UserPoolId=browser.app.pool_id,
            ClientId=browser.client_id,
            SSOSession={"MaxValidityMinutes": minutes},
        )

    set_minutes(0)
    assert goes_to_login(browser.authorize())
    set_minutes(240)
    poolgate.clock.advance(3 * 3600)
    assert "code" in browser.authorize().query


def test_the_session_of_another_pool_is_none_here(signed_in, poolgate):
    cognito = poolgate.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="strangers")["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain="strangers", UserPoolId=pool_id)
    client = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="app", **SETTINGS)
    signed_in.cookies = {"cognito-strangers": signed_in.cookies["cognito-people"]}
    answer = signed_in.get(
        "/oauth2/authorize",
        signed_in.request(client_id=client["UserPoolClient"]["ClientId"]),
        base="/domains/strangers",
    )
    assert answer.location.startswith("/domains/strangers/login?")


@pytest.mark.parametrize("cookie", ["made-up", "", "x" * 5000])
def test_a_made_up_cookie_is_no_session(browser, cookie):
    browser.app.user()
    browser.cookies = {"cognito-people": cookie}
    assert goes_to_login(browser.authorize())


# -- other ways in ------------------------------------------------------------------------------


def test_what_is_posted_comes_again_in_the_query_and_no_page_reads_it(browser, poolgate):
    answer = browser.post("/oauth2/authorize", browser.request())
    assert (answer.status, answer.query) == (303, browser.request())
    assert answer.location.startswith(f"{BASE}/oauth2/authorize?")
    malformed = browser.post("/oauth2/authorize", "client_id=a&client_id=b")
    assert malformed.location.startswith(f"{BASE}/error?")
    answer = Answered(poolgate.send("DELETE", f"{BASE}/oauth2/authorize"))
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")
    preflight = poolgate.send("OPTIONS", f"{BASE}/oauth2/authorize")
    assert "access-control-allow-origin" not in preflight.headers


def test_at_a_host_of_its_own_the_paths_have_no_prefix(browser, poolgate):
    answer = poolgate.send(
        "GET",
        f"/oauth2/authorize?response_type=code&client_id={browser.client_id}",
        headers={"host": "people.auth.example.com"},
    )
    assert answer.headers["location"].startswith("/login?response_type=code&")

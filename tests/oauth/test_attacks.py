"""What somebody tries who means harm; each by the name that the standards have for it.

What a single endpoint refuses stands with that endpoint's tests; here are the attacks that go
through several. RFC 9700 section 4, security.md sections 2 and 3.
"""

import json
from urllib.parse import urlencode, urlsplit

import pytest
from kits.browser import Browser
from kits.cognito import PASSWORD, refused
from kits.lost_tables import lost_table
from kits.oauth import BASE, CALLBACK, LOGOUT, Answered, OAuthApp, claims_of

EVIL = "https://evil.example/"


@pytest.fixture
def victim(poolgate):
    return OAuthApp.of(poolgate).signed_in()


def is_signed_in(browser):
    return "code" in browser.authorize(prompt="none").query


def cookie_of(browser):
    (name,) = (name for name in browser.cookies if name.startswith("cognito-"))
    return browser.cookies[name]


# ---- codes (RFC 9700 sections 4.5, 4.8) ----------------------------------------------------------


def test_code_injection_a_stolen_code_is_worth_nothing_in_the_attackers_sign_in(victim):
    stolen = victim.code()
    attackers_verifier = "a" * 43
    assert victim.redeem(stolen, code_verifier=attackers_verifier).status == 400
    # And in an app that the attacker has at the same pool.
    assert victim.another().redeem(stolen).status == 400


def test_code_injection_an_attackers_code_is_worth_nothing_in_the_victims_sign_in(victim):
    victim.app.user("mallory")
    attacker = OAuthApp(victim.app)
    attacker.sign_in_browser("mallory")
    injected = attacker.code()
    # The victim's app made a verifier of its own before it sent the browser here.
    assert victim.redeem(injected, code_verifier="b" * 43).status == 400


def test_pkce_downgrade_an_app_that_used_no_challenge_sends_no_verifier(victim):
    stripped = victim.code(code_challenge="", code_challenge_method="")
    assert victim.redeem(stripped).status == 400
    assert victim.authorize(code_challenge_method="plain").query["error"] == "invalid_request"


# ---- mix-up (RFC 9700 section 4.4, RFC 9207) -----------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [{}, {"scope": "nothing"}, {"prompt": "none", "max_age": "0"}, {"code_challenge_method": ""}],
)
def test_mix_up_every_answer_says_who_it_is_from(victim, poolgate, changes):
    poolgate.clock.advance(2)
    told = victim.authorize(**changes).query
    assert "code" in told or "error" in told
    assert told["iss"] == f"{poolgate.url}/{victim.app.pool_id}"


# ---- open redirectors (RFC 9700 section 4.11) ----------------------------------------------------


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/oauth2/authorize", {"redirect_uri": EVIL}),
        ("/oauth2/authorize", {"redirect_uri": f"{CALLBACK}@evil.example"}),
        ("/oauth2/authorize", {"redirect_uri": f"{CALLBACK}/../x"}),
        ("/logout", {"logout_uri": EVIL}),
        ("/logout", {"post_logout_redirect_uri": EVIL}),
        ("/login", {"redirect_uri": EVIL}),
        ("/signup", {"redirect_uri": EVIL}),
        ("/error", {"redirect_uri": EVIL, "error": "x"}),
        ("/device", {"user_code": EVIL}),
    ],
)
def test_no_path_sends_anybody_to_a_place_that_is_not_registered(victim, path, query):
    answer = victim.get(path, {**victim.request(), **query})
    assert urlsplit(answer.headers.get("location", "")).netloc == ""
    assert f'href="{EVIL}' not in answer.response.body.decode()


# ---- what is asked for in somebody else's name ---------------------------------------------------


def test_the_host_of_a_request_does_not_decide_what_is_published(victim, poolgate):
    path = f"/{victim.app.pool_id}/.well-known/openid-configuration"
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example"}
    published = poolgate.send("GET", path, headers=headers).body
    assert b"evil.example" not in published
    assert json.loads(published)["issuer"].startswith(poolgate.url)


@pytest.mark.parametrize("text", ["a\r\nSet-Cookie: cognito-people=planted", 'x" onload="'])
def test_what_a_request_carries_becomes_no_header_and_no_markup(victim, text):
    answer = victim.authorize(state=text)
    assert answer.query["state"] == text
    assert "\n" not in answer.location
    assert answer.response.cookies == ()
    page = Browser(victim.poolgate).open(
        f"{BASE}/oauth2/authorize?{urlencode(victim.request(login_hint=text))}"
    )
    assert 'x" onload' not in page.response.body.decode()
    assert page.page.forms[0][1]["username"] == text


def test_what_no_database_can_hold_is_refused(victim):
    assert victim.authorize(state="\0").location.startswith(f"{BASE}/error?")


def test_parameters_that_stand_twice_are_refused(victim):
    query = urlencode(victim.request())
    twice = victim.get("/oauth2/authorize", f"{query}&redirect_uri={EVIL}")
    assert twice.location.startswith(f"{BASE}/error?")
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK}
    body = f"{urlencode(form)}&client_id={victim.client_id}&client_id=other"
    assert victim.post("/oauth2/token", body).refused()[:2] == (400, "invalid_request")


# ---- machines and people (RFC 9700 section 4.15) -------------------------------------------------


def test_the_token_of_a_machine_is_nobodys(poolgate):
    machine = OAuthApp.machine(poolgate)
    token = machine.token(headers=machine.basic, grant_type="client_credentials").json
    claims = claims_of(token["access_token"])
    assert claims["sub"] == claims["client_id"] == machine.client_id
    assert "username" not in claims
    # Somebody who chose the machine's id as a name has another subject.
    machine.app.user(machine.client_id)
    described = machine.app.attributes(machine.client_id)
    assert described["sub"] != machine.client_id
    with refused("NotAuthorizedException"):
        machine.app.cognito.get_user(AccessToken=token["access_token"])
    headers = {"authorization": f"Bearer {token['access_token']}"}
    answer = Answered(poolgate.send("GET", f"{BASE}/oauth2/userInfo", headers=headers))
    assert (answer.status, answer.json["error"]) == (401, "invalid_token")


# ---- errors (RFC 6749 section 5.1, security.md O15) ----------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "table"),
    [
        ("POST", "/oauth2/token", "client_secrets"),
        ("GET", "/oauth2/authorize", "app_clients"),
        ("GET", "/login", "app_clients"),
    ],
)
def test_an_error_tells_nothing_of_the_inside(poolgate, method, path, table):
    machine = OAuthApp.machine(poolgate)
    with lost_table(poolgate, table):
        if method == "POST":
            answer = machine.token(headers=machine.basic, grant_type="client_credentials")
        else:
            answer = machine.get(path, machine.request())
    assert answer.status == 500
    assert "no-store" in answer.headers["cache-control"]
    body = answer.response.body.decode().lower()
    for word in ("sql", "table", table, "traceback", "poolgate/", ".py"):
        assert word not in body


# ---- browser sessions (security.md S1, S3) -------------------------------------------------------


def test_signing_in_again_makes_the_former_cookie_worthless(victim, poolgate):
    former = cookie_of(victim)
    browser = Browser(poolgate, cookies=victim.cookies)
    browser.open(f"{BASE}/oauth2/authorize?{urlencode(victim.request(prompt='login'))}")
    browser.send(username="alice", password=PASSWORD)
    assert cookie_of(victim) != former
    assert is_signed_in(victim)
    name = next(iter(victim.cookies))
    victim.cookies[name] = former
    assert not is_signed_in(victim)


def test_a_cookie_is_long_and_random(victim):
    first = cookie_of(victim)
    victim.sign_in_browser()
    second = cookie_of(victim)
    # 256 bits in base64url.
    assert len(first) == len(second) == 43
    assert first != second


def disables(victim):
    victim.app.disable()


def sets_a_password(victim):
    victim.poolgate.clock.advance(1)
    victim.app.set_password("alice", "Another-password-1")


def deletes(victim):
    victim.app.cognito.admin_delete_user(UserPoolId=victim.app.pool_id, Username="alice")


def logs_out(victim):
    kept = dict(victim.cookies)
    victim.get("/logout", {"client_id": victim.client_id, "logout_uri": LOGOUT})
    victim.cookies = kept


@pytest.mark.parametrize("end", [disables, sets_a_password, deletes, logs_out])
def test_a_browser_session_ends_at_once_with_what_it_rests_on(victim, end):
    assert is_signed_in(victim)
    end(victim)
    assert victim.authorize(prompt="none").query["error"] == "login_required"

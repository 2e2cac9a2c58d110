"""Signing in for a device without a browser: RFC 8628, security.md O13."""

import threading

import pytest
from kits.browser import Browser
from kits.cognito import PASSWORD
from kits.oauth import BASE, CALLBACK, OAuthApp, claims_of

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
DEVICE = f"{BASE}/device"


@pytest.fixture
def oauth(poolgate):
    made = OAuthApp.of(poolgate, CallbackURLs=[CALLBACK, GRANT_TYPE])
    made.app.user()
    return made


@pytest.fixture
def browser(poolgate):
    return Browser(poolgate)


def begun(oauth, **form):
    answer = oauth.post("/oauth2/device_authorization", {"client_id": oauth.client_id, **form})
    assert answer.status == 200, answer.response.body
    return answer.json


def polled(oauth, codes):
    return oauth.token(grant_type=GRANT_TYPE, device_code=codes["device_code"])


def later(poolgate, seconds=5):
    poolgate.clock.advance(seconds)


def approved(browser, codes):
    browser.open(codes["verification_uri_complete"].removeprefix(browser.poolgate.url))
    browser.send()
    if browser.path.endswith("/login"):
        browser.send(username="alice", password=PASSWORD)
        assert browser.path == DEVICE
        browser.send()
    assert "A device wants to sign in to app as alice." in browser.says
    return browser


def decided(browser, decision):
    action, form = browser.page.forms[0]
    browser.post(action, {**form, "decision": decision})
    return browser


def test_a_device_waits_until_somebody_signs_in_and_approves_it(oauth, browser, poolgate):
    codes = begun(oauth, scope="openid email", resource="https://api.example/")
    assert codes["verification_uri"] == f"{poolgate.url}{DEVICE}"
    assert (codes["expires_in"], codes["interval"]) == (600, 5)
    assert len(codes["user_code"]) == 9
    assert polled(oauth, codes).refused() == (400, "authorization_pending", None)
    decided(approved(browser, codes), "approve")
    assert browser.title == "Your device is signed in"
    later(poolgate)
    members = polled(oauth, codes).json
    assert claims_of(members["id_token"])["cognito:username"] == "alice"
    access = claims_of(members["access_token"])
    assert (access["scope"], access["aud"]) == ("openid email", "https://api.example/")
    later(poolgate)
    assert polled(oauth, codes).refused() == (400, "invalid_grant", None)


def test_of_many_askers_one_gets_the_tokens(oauth, browser, poolgate):
    codes = begun(oauth)
    decided(approved(browser, codes), "approve")
    later(poolgate, 60)
    answers, barrier = [], threading.Barrier(10)

    def ask():
        barrier.wait()
        answers.append(polled(oauth, codes).status)

    askers = [threading.Thread(target=ask) for _ in range(10)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert answers.count(200) == 1


def test_a_device_that_asks_too_often_is_slowed_down_for_good(oauth, poolgate):
    codes = begun(oauth)
    assert polled(oauth, codes).json["error"] == "authorization_pending"
    later(poolgate, 4)
    assert polled(oauth, codes).json["error"] == "slow_down"
    later(poolgate, 9)
    assert polled(oauth, codes).json["error"] == "slow_down"
    later(poolgate, 15)
    assert polled(oauth, codes).json["error"] == "authorization_pending"


def test_a_denied_device_is_told(oauth, browser):
    codes = begun(oauth)
    decided(approved(browser, codes), "deny")
    assert polled(oauth, codes).refused() == (400, "access_denied", None)


def test_nobody_approves_after_ten_minutes(oauth, browser, poolgate):
    codes = begun(oauth)
    later(poolgate, 600)
    assert polled(oauth, codes).refused() == (400, "expired_token", None)
    browser.open(DEVICE).send(user_code=codes["user_code"])
    assert "No device waits for this code." in browser.says


def test_the_user_code_is_typed_as_people_type(oauth, browser):
    codes = begun(oauth)
    browser.open(DEVICE).send(user_code=codes["user_code"].replace("-", " ").lower())
    assert browser.path == f"{BASE}/login"


def test_guessing_user_codes_is_limited(oauth, browser):
    codes = begun(oauth)
    browser.open(DEVICE)
    for _ in range(30):
        browser.send(user_code="BBBB-BBBB")
    browser.send(user_code=codes["user_code"])
    assert "Too many attempts." in browser.says


def test_a_link_alone_approves_nothing(oauth, browser, poolgate):
    codes = begun(oauth)
    approved(browser, codes)
    other = Browser(poolgate, cookies=dict(browser.cookies))
    form = {"user_code": codes["user_code"], "decision": "approve", "_csrf": "guessed"}
    other.post(DEVICE, form)
    later(poolgate)
    assert polled(oauth, codes).refused() == (400, "authorization_pending", None)


def test_codes_are_for_their_client_and_their_pool(oauth, poolgate):
    codes = begun(oauth)
    other = oauth.another(CallbackURLs=[GRANT_TYPE])
    assert polled(other, codes).refused() == (400, "invalid_grant", None)
    assert polled(oauth, {"device_code": "made-up"}).refused() == (400, "invalid_grant", None)
    cognito = poolgate.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="strangers")["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain="strangers", UserPoolId=pool_id)
    stranger = Browser(poolgate).open("/domains/strangers/device")
    stranger.send(user_code=codes["user_code"])
    assert "No device waits for this code." in stranger.says


def test_an_app_client_opts_in(oauth):
    other = oauth.another()
    form = {"client_id": other.client_id}
    answer = other.post("/oauth2/device_authorization", form)
    assert answer.refused() == (400, "unauthorized_client", None)
    assert oauth.authorize(redirect_uri=GRANT_TYPE).query["error"] == "redirect_mismatch"
    assert oauth.authorize(redirect_uri="").location.startswith(f"{BASE}/login?")


@pytest.mark.parametrize(
    ("form", "error"),
    [({"scope": "unknown"}, "invalid_scope"), ({"resource": "things"}, "invalid_target")],
)
def test_what_cannot_be_granted_is_refused_at_once(oauth, form, error):
    answer = oauth.post("/oauth2/device_authorization", {"client_id": oauth.client_id, **form})
    assert answer.refused() == (400, error, None)


def test_a_user_who_was_disabled_meanwhile_gets_nothing(oauth, browser, poolgate):
    codes = begun(oauth)
    decided(approved(browser, codes), "approve")
    oauth.app.disable()
    later(poolgate)
    assert polled(oauth, codes).refused() == (400, "invalid_grant", None)

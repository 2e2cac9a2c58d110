"""Signing in at the pages: every step, wrong and then right, and back to the app with a code."""

import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from kits.authenticator import totp_code
from kits.browser import Browser
from kits.cognito import PASSWORD, TEMPORARY
from kits.oauth import BASE, CALLBACK, OAuthApp, claims_of, query_of

WRONG = "Incorrect username or password."
ADDRESS = "alice@example.com"


@pytest.fixture
def oauth(poolgate):
    return OAuthApp.of(poolgate)


@pytest.fixture
def browser(poolgate):
    return Browser(poolgate)


def opened(browser, oauth, **changes):
    browser.open(f"{BASE}/oauth2/authorize?{urlencode(oauth.request(**changes))}")
    return browser


def redeemed(browser, oauth):
    assert browser.left_for is not None, browser.says
    assert browser.left_for.startswith(f"{CALLBACK}?code=")
    (code,) = query_of(browser.left_for)["code"]
    answer = oauth.redeem(code)
    assert answer.status == 200, answer.response.body
    return answer.json


def test_name_and_password_lead_back_to_the_app_with_a_code(browser, oauth):
    oauth.app.user(email=ADDRESS)
    opened(browser, oauth, state="s 1", nonce="n")
    assert (browser.path, browser.title) == (f"{BASE}/login", "Sign in")
    browser.send(username="alice", password=PASSWORD)
    # The post itself is answered with 303 (RFC 9700 section 4.12).
    assert browser.statuses == [303]
    assert query_of(browser.left_for)["state"] == ["s 1"]
    identity = claims_of(redeemed(browser, oauth)["id_token"])
    assert (identity["cognito:username"], identity["nonce"]) == ("alice", "n")


def test_after_that_the_browser_is_signed_in_for_the_other_apps(browser, oauth):
    oauth.app.user()
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    other = oauth.another()
    opened(browser, other)
    assert redeemed(browser, other)


@pytest.mark.parametrize("username", ["alice", "nobody"])
@pytest.mark.parametrize("hides", [True, False])
def test_a_wrong_password_and_an_unknown_name_look_alike(poolgate, browser, username, hides):
    oauth = OAuthApp.of(poolgate, hides=hides)
    oauth.app.user()
    opened(browser, oauth).send(username=username, password="Wrong-password-1")
    assert browser.statuses == [303, 200]
    assert WRONG in browser.says
    assert browser.page.forms[0][1]["username"] == username
    assert "password" not in browser.cookies
    # What was said is said once.
    assert WRONG not in browser.open(browser.url).says
    if username == "alice":
        assert redeemed(browser.send(username="alice", password=PASSWORD), oauth)


def test_empty_fields_are_told(browser, oauth):
    opened(browser, oauth).send(username="", password="")
    assert "Please fill in everything." in browser.says


def test_a_name_given_ahead_is_filled_in(browser, oauth):
    opened(browser, oauth, login_hint='a"><script>')
    assert browser.page.forms[0][1]["username"] == 'a"><script>'
    assert b"<script" not in browser.response.body


def test_too_many_wrong_passwords_lock_the_account(browser, oauth):
    oauth.app.user()
    opened(browser, oauth)
    for _ in range(5):
        browser.send(username="alice", password="Wrong-password-1")
    browser.send(username="alice", password=PASSWORD)
    assert "Too many attempts" in browser.says


def test_a_disabled_user_is_told_only_with_the_password(browser, oauth):
    oauth.app.user()
    oauth.app.disable()
    opened(browser, oauth).send(username="alice", password="Wrong-password-1")
    assert WRONG in browser.says
    browser.send(username="alice", password=PASSWORD)
    assert "This account is disabled." in browser.says


def test_a_confidential_client_needs_no_secret_at_the_pages(poolgate, browser):
    oauth = OAuthApp.of(poolgate, secret=True)
    oauth.app.user()
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    assert redeemed(browser, oauth)


def test_flows_of_the_api_do_not_matter_at_the_pages(poolgate, browser):
    oauth = OAuthApp.of(poolgate, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])
    oauth.app.user()
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    assert redeemed(browser, oauth)


def test_implicit_ends_with_tokens_in_the_fragment(poolgate, browser):
    oauth = OAuthApp.of(poolgate, AllowedOAuthFlows=["implicit"])
    oauth.app.user()
    opened(browser, oauth, response_type="token").send(username="alice", password=PASSWORD)
    assert browser.left_for.startswith(f"{CALLBACK}#id_token=")


def test_prompt_login_asks_again_and_takes_the_new_sign_in(browser, oauth, poolgate):
    oauth.app.user()
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    first = browser.cookies["cognito-people"]
    poolgate.clock.advance(60)
    opened(browser, oauth, prompt="login").send(username="alice", password=PASSWORD)
    identity = claims_of(redeemed(browser, oauth)["id_token"])
    assert identity["auth_time"] == identity["iat"]
    # The session is a new one, and the one before is over (S1).
    assert browser.cookies["cognito-people"] != first
    browser.cookies["cognito-people"] = first
    assert opened(browser, oauth).path == f"{BASE}/login"


def test_a_temporary_password_is_replaced(poolgate, browser):
    oauth = OAuthApp.of(
        poolgate,
        pool={"Schema": [{"Name": "given_name", "Required": True, "Mutable": True}]},
    )
    oauth.app.user(status="FORCE_CHANGE_PASSWORD")
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    assert browser.title == "Choose your password"
    new = {"new_password": TEMPORARY, "repeated": TEMPORARY, "attribute.given_name": "Alice"}
    browser.send(**{**new, "repeated": "other"})
    assert "The two passwords are not the same." in browser.says
    assert browser.page.forms[0][1]["attribute.given_name"] == "Alice"
    browser.send(**{**new, "new_password": "short", "repeated": "short"})
    assert "This password does not fit" in browser.says
    browser.send(**new)
    redeemed(browser, oauth)
    assert oauth.app.status() == "CONFIRMED"
    assert oauth.app.attributes()["given_name"] == "Alice"


def app_code(poolgate, secret):
    return totp_code(secret, int(poolgate.clock.now().timestamp()))


def with_mfa(poolgate, mode, **config):
    oauth = OAuthApp.of(poolgate)
    oauth.app.cognito.set_user_pool_mfa_config(
        UserPoolId=oauth.app.pool_id, MfaConfiguration=mode, **config
    )
    return oauth


APP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
SMS = {
    "SmsMfaConfiguration": {
        "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}
    }
}


def test_an_authenticator_app_is_set_up_and_asked_for_from_then_on(poolgate, browser):
    oauth = with_mfa(poolgate, "ON", **APP)
    oauth.app.user()
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    assert browser.title == "Set up your authenticator app"
    assert b"<svg" in browser.response.body
    secret = next(text for text in browser.page.text if len(text) == 52 and text.isalnum())
    browser.send(code="000000")
    assert "This code is wrong." in browser.says
    browser.send(code=app_code(poolgate, secret))
    redeemed(browser, oauth)

    poolgate.clock.advance(60)
    other = Browser(poolgate)
    opened(other, oauth).send(username="alice", password=PASSWORD)
    assert "authenticator app" in other.says
    other.send(code="000000")
    assert "This code is wrong." in other.says
    code = app_code(poolgate, secret)
    other.send(code=f"{code[:3]} {code[3:]}")
    redeemed(other, oauth)


def test_a_code_by_sms_is_asked_for(poolgate, browser):
    oauth = with_mfa(poolgate, "ON", **SMS)
    oauth.app.user(phone_number="+491711234567", phone_number_verified="true")
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    assert "4567. Code" in browser.says
    browser.send(code="000000")
    assert "This code is wrong." in browser.says
    browser.send(code=oauth.app.last_code("+491711234567"))
    redeemed(browser, oauth)


def test_between_two_factors_there_is_a_choice(poolgate, browser):
    oauth = with_mfa(poolgate, "OPTIONAL", **APP, **SMS)
    oauth.app.user(phone_number="+491711234567", phone_number_verified="true")
    access_token = oauth.app.access_token()
    secret = oauth.app.cognito.associate_software_token(AccessToken=access_token)["SecretCode"]
    oauth.app.cognito.verify_software_token(
        AccessToken=access_token, UserCode=app_code(poolgate, secret)
    )
    oauth.app.cognito.set_user_mfa_preference(
        AccessToken=access_token,
        SMSMfaSettings={"Enabled": True},
        SoftwareTokenMfaSettings={"Enabled": True},
    )
    poolgate.clock.advance(60)
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    assert "A code by SMS" in browser.says
    assert "An authenticator app" in browser.says
    browser.send(choice="SOFTWARE_TOKEN_MFA")
    browser.send(code=app_code(poolgate, secret))
    redeemed(browser, oauth)


def test_an_answer_that_comes_too_late_begins_anew(poolgate, browser):
    oauth = with_mfa(poolgate, "ON", **APP)
    oauth.app.user()
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    poolgate.clock.advance(400)
    browser.send(code="000000")
    assert browser.path == f"{BASE}/login"
    assert "This took too long" in browser.says


def test_an_answer_is_not_taken_for_the_question_of_another_window(poolgate, browser):
    oauth = with_mfa(poolgate, "ON", **APP)
    oauth.app.user()
    oauth.app.user("bob")
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    _, of_first_window = browser.page.forms[0]
    opened(browser, oauth).send(username="bob", password=PASSWORD)
    browser.post(browser.url, {**of_first_window, "code": "123456"})
    assert browser.path == f"{BASE}/login"
    assert "another window" in browser.says


def test_a_challenge_page_without_a_sign_in_leads_to_the_login_page(browser, oauth):
    opened(browser, oauth)
    browser.open(browser.url.replace("/login?", "/challenge?"))
    assert browser.path == f"{BASE}/login"


def test_functions_are_asked_and_their_refusal_is_shown(poolgate, browser, oauth):
    oauth.app.user()
    arn, sources = "arn:aws:lambda:us-east-1:123456789012:function:gate", []

    def function(event):
        sources.append(event["triggerSource"])
        if event["triggerSource"].startswith("Post") and len(sources) < 3:
            raise ValueError("not <today>")
        return event

    poolgate.trigger(arn, function)
    oauth.app.cognito.update_user_pool(
        UserPoolId=oauth.app.pool_id,
        LambdaConfig={"PreAuthentication": arn, "PostAuthentication": arn},
    )
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    assert "PostAuthentication failed with error not <today>." in browser.says
    assert b"<today>" not in browser.response.body
    assert "cognito-people" not in browser.cookies
    redeemed(browser.send(username="alice", password=PASSWORD), oauth)
    assert sources[:2] == ["PreAuthentication_Authentication", "PostAuthentication_Authentication"]


# -- what protects the pages --------------------------------------------------------------------


def test_pages_are_kept_from_frames_scripts_caches_and_referrers(browser, oauth):
    headers = opened(browser, oauth).response.headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "script-src" not in policy
    # It would hold for every redirect after a form, wherever apps send their users on to.
    assert "form-action" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert b"<script" not in browser.response.body


def test_no_script_and_no_other_host_reads_the_cookies(browser, oauth):
    oauth.app.user()
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    names = set()
    for cookie in browser.response.cookies:
        names.add(cookie.partition("=")[0])
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    assert names == {"cognito-people", "page-data-people"}


def test_with_https_the_cookies_are_bound_to_the_host(browser, oauth, poolgate):
    installation = poolgate.application.installation
    poolgate.application.installation = replace(installation, public_url="https://poolgate.test")
    oauth.app.user()
    opened(browser, oauth)
    browser.send(username="alice", password=PASSWORD)
    assert redeemed(browser, oauth)
    assert {"__Host-cognito-people", "__Host-XSRF-TOKEN-people"} <= set(browser.cookies)
    assert all("Secure" in cookie.split("; ") for cookie in browser.response.cookies)
    assert "strict-transport-security" in oauth.authorize().headers


def test_a_form_of_another_site_does_nothing(browser, oauth):
    oauth.app.user()
    opened(browser, oauth)
    action, _ = browser.page.forms[0]
    stranger = Browser(browser.poolgate)
    stranger.post(action, {"username": "alice", "password": PASSWORD, "_csrf": "guessed"})
    assert stranger.left_for is None
    assert "cognito-people" not in stranger.cookies
    # The right token in a browser that says the form is another site's.
    browser.send(username="alice", password=PASSWORD, headers={"sec-fetch-site": "cross-site"})
    assert browser.left_for is None
    assert "cognito-people" not in browser.cookies


def test_a_session_that_was_planted_is_not_taken_over(browser, oauth):
    """Fixation: whoever planted a cookie before the sign-in has nothing after it."""
    oauth.app.user()
    browser.cookies["cognito-people"] = "planted"
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    assert browser.cookies["cognito-people"] != "planted"


def test_the_page_state_of_another_pool_or_app_counts_for_nothing(poolgate, browser):
    oauth = with_mfa(poolgate, "ON", **APP)
    oauth.app.user()
    opened(browser, oauth).send(username="alice", password=PASSWORD)
    other = oauth.another()
    browser.open(browser.url.replace(oauth.client_id, other.client_id))
    assert browser.path == f"{BASE}/login"


@pytest.mark.parametrize("path", ["/login", "/challenge", "/signup", "/forgotPassword", "/LOGIN"])
def test_pages_without_a_request_that_counts_show_the_error_page(browser, oauth, path):
    browser.open(f"{BASE}{path}?client_id=nobody")
    assert browser.response.status == 400
    assert "Client does not exist." in browser.says
    browser.open(f"{BASE}{path}?client_id={oauth.client_id}&redirect_uri=https://evil.example/")
    assert "redirect_mismatch" in browser.says


def test_the_error_page_repeats_no_markup(browser, oauth):
    browser.open(f"{BASE}/error?error=%3Cscript%3Ealert(1)%3C/script%3E")
    assert browser.response.status == 400
    assert b"<script" not in browser.response.body
    assert oauth.client_id not in browser.says


def test_a_pushed_request_goes_through_the_pages(poolgate, browser):
    oauth = OAuthApp.of(poolgate, secret=True)
    oauth.app.user()
    pushed = oauth.post("/oauth2/par", oauth.request(), headers=oauth.basic).json["request_uri"]
    browser.open(f"{BASE}/oauth2/authorize?client_id={oauth.client_id}&request_uri={pushed}")
    browser.send(username="alice", password="Wrong-password-1")
    browser.send(username="alice", password=PASSWORD)
    redeemed(browser, oauth)


def test_the_log_tells_of_refusals_and_not_of_what_was_typed(poolgate, browser, oauth):
    oauth.app.user()
    opened(browser, oauth).send(username="alice", password="Wrong-password-1")
    opened(browser, oauth, scope="unknown")
    browser.open(f"{BASE}/oauth2/authorize?client_id=nobody")
    told = [json.loads(line) for line in poolgate.log.getvalue().splitlines()]
    codes = [(line["operation"], line["error_code"]) for line in told if line.get("error_code")]
    assert codes == [
        ("login", "WrongPassword"),
        ("authorize", "invalid_scope"),
        ("authorize", "unanswerable_request"),
    ]
    for typed in ("Wrong-password-1", "alice", "some state"):
        assert typed not in poolgate.log.getvalue()

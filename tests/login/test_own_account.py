"""The account page: what is shown, each change, and what must be refused."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from kits.authenticator import totp_code
from kits.browser import Browser
from kits.cognito import PASSWORD, App
from kits.devices import ALWAYS, confirmed_device
from kits.oauth import BASE, SETTINGS, OAuthApp
from kits.passkey_pools import FLOWS, configure, enrolled
from kits.passkeys import RP_ID
from kits.refusals import refusal_code
from kits.takers import TAKERS

ACCOUNT = f"{BASE}/account"
NEW = "New-password-1"
ADDRESS = "alice@example.com"
APP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
EMAIL = {"EmailMfaConfiguration": {}}


@pytest.fixture
def browser(poolgate):
    return Browser(poolgate)


@pytest.fixture
def oauth(poolgate):
    oauth = OAuthApp.of(poolgate, pool={"AutoVerifiedAttributes": ["email"]})
    oauth.app.user(email=ADDRESS, email_verified="true", given_name="Anna")
    return oauth


def with_mfa(oauth, mode="OPTIONAL", **config):
    oauth.app.cognito.set_user_pool_mfa_config(
        UserPoolId=oauth.app.pool_id, MfaConfiguration=mode, **config
    )


def signed_in(browser, password=PASSWORD):
    browser.open(ACCOUNT)
    browser.send(username="alice", password=password)
    assert browser.path == ACCOUNT, browser.says
    return browser


def mfa_of(oauth):
    described = oauth.app.described()
    return described.get("UserMFASettingList", []), described.get("PreferredMfaSetting")


def secret_of(browser):
    return next(text for text in browser.page.text if len(text) == 52 and text.isalnum())


def app_code(poolgate, secret, *, steps=0):
    return totp_code(secret, int(poolgate.clock.now().timestamp()) + 30 * steps)


# ---- who gets there, and what is shown ------------------------------------------------------


def test_whoever_is_not_signed_in_signs_in_and_comes_back(browser, oauth):
    browser.open(ACCOUNT)
    assert browser.path == f"{BASE}/login"
    browser.send(username="alice", password="Wrong-password-1")
    assert "Incorrect username or password." in browser.says
    browser.send(username="alice", password=PASSWORD)
    assert browser.path == ACCOUNT
    for told in ("Your account", "alice", "Anna", ADDRESS, "verified", "this browser"):
        assert told in browser.says
    assert oauth.app.attributes()["sub"] not in browser.says


def test_with_several_apps_the_link_says_which_one(browser, oauth):
    other = oauth.another()
    browser.open(ACCOUNT)
    assert browser.response.status == 400
    assert "open this page from the app" in browser.says
    browser.open(f"{ACCOUNT}?client_id={other.client_id}")
    assert browser.path == f"{BASE}/login"
    browser.open(f"{ACCOUNT}?client_id=nobody")
    assert browser.response.status == 400
    browser.open(f"{ACCOUNT}?client_id=x&client_id=y")
    assert browser.response.status == 400


def test_an_app_that_signs_nobody_in_at_the_pages_leads_to_no_sign_in(poolgate, browser):
    machine = OAuthApp.machine(poolgate)
    browser.open(f"{ACCOUNT}?client_id={machine.client_id}")
    assert browser.response.status == 400


def test_a_browser_that_signed_in_for_an_app_is_known_here(browser, oauth):
    oauth.sign_in_browser()
    browser.cookies.update(oauth.cookies)
    browser.open(ACCOUNT)
    assert browser.title == "Your account"


def test_attributes_that_the_app_may_not_read_are_not_shown(poolgate, browser):
    oauth = OAuthApp.of(poolgate, ReadAttributes=["email"])
    oauth.app.user(email=ADDRESS, given_name="Anna")
    signed_in(browser)
    assert ADDRESS in browser.says
    assert "not verified" in browser.says
    assert "Anna" not in browser.says


def test_times_come_in_the_users_zone_and_the_pages_language(poolgate, browser, oauth):
    oauth.app.user("bob", zoneinfo="Asia/Tokyo")
    browser.open(f"{ACCOUNT}?lang=ja")
    browser.send(username="bob", password=PASSWORD)
    assert browser.language == "ja"
    now = poolgate.clock.now()
    assert f"{now:%Y}年" in browser.says
    assert "JST" in browser.says
    oauth.app.user("carol", zoneinfo="../../etc/passwd")
    other = Browser(poolgate)
    other.open(ACCOUNT).send(username="carol", password=PASSWORD)
    assert "UTC" in other.says


@pytest.mark.parametrize("ends", ["disabled", "deleted", "expired"])
def test_a_session_that_is_over_shows_nothing(poolgate, browser, oauth, ends):
    signed_in(browser)
    named = {"UserPoolId": oauth.app.pool_id, "Username": "alice"}
    if ends == "disabled":
        oauth.app.disable()
    elif ends == "deleted":
        oauth.app.cognito.admin_delete_user(**named)
    else:
        poolgate.clock.advance(3601)
    browser.open(ACCOUNT)
    assert browser.path == f"{BASE}/login"
    assert ADDRESS not in browser.says


def test_the_session_of_another_pool_counts_for_nothing(poolgate, browser, oauth):
    signed_in(browser)
    other = App.of(poolgate, **SETTINGS)
    other.cognito.create_user_pool_domain(Domain="others", UserPoolId=other.pool_id)
    browser.cookies["cognito-others"] = browser.cookies["cognito-people"]
    browser.open(f"/domains/others/account?client_id={other.client_id}")
    assert browser.path == "/domains/others/login"
    assert oauth.client_id != other.client_id


# ---- password -------------------------------------------------------------------------------


def test_a_password_is_changed_with_the_old_one(poolgate, browser, oauth):
    elsewhere = signed_in(Browser(poolgate))
    by_app = oauth.app.sign_in()["AuthenticationResult"]["AccessToken"]
    poolgate.clock.advance(1)
    signed_in(browser).open(f"{ACCOUNT}/password")
    old_cookie = browser.cookies["cognito-people"]
    typed = {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW}
    browser.send(**{**typed, "old_password": "Wrong-password-1"})
    assert browser.fault == "The current password is not right."
    browser.send(**{**typed, "repeated": "other"})
    assert browser.fault == "The two passwords are not the same."
    browser.send(**{**typed, "new_password": "short", "repeated": "short"})
    assert "too short" in browser.fault
    poolgate.clock.advance(1)
    browser.send(**typed)
    assert browser.path == ACCOUNT
    assert "Your password is changed." in browser.says
    assert browser.statuses[0] == 303
    assert browser.cookies["cognito-people"] != old_cookie
    assert browser.open(ACCOUNT).title == "Your account"
    # The former cookie, another browser and the app are signed out; the new password signs in.
    browser.cookies["cognito-people"] = old_cookie
    assert browser.open(ACCOUNT).path == f"{BASE}/login"
    assert elsewhere.open(ACCOUNT).path == f"{BASE}/login"
    assert refusal_code(oauth.app.cognito.get_user, AccessToken=by_app) == "NotAuthorizedException"
    signed_in(browser, NEW)


def test_apps_may_stay_signed_in_after_another_password(poolgate, browser, oauth):
    by_app = oauth.app.sign_in()["AuthenticationResult"]["AccessToken"]
    signed_in(browser).open(f"{ACCOUNT}/password")
    action, form = browser.page.forms[0]
    del form["others"]
    typed = {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW}
    browser.post(action, {**form, **typed})
    assert "Your password is changed." in browser.says
    assert oauth.app.cognito.get_user(AccessToken=by_app)
    assert poolgate.outbox() == []


def test_old_passwords_cannot_be_guessed_at_will(browser, oauth):
    signed_in(browser).open(f"{ACCOUNT}/password")
    wrong = {"old_password": "Wrong-password-1", "new_password": NEW, "repeated": NEW}
    for _ in range(6):
        browser.send(**wrong)
    browser.send(**{**wrong, "old_password": PASSWORD})
    assert "Too many attempts." in browser.fault
    assert refusal_code(oauth.app.sign_in) == "NotAuthorizedException"


# ---- second factors -------------------------------------------------------------------------


def test_an_authenticator_app_is_set_up_asked_for_and_taken_away(poolgate, browser, oauth):
    with_mfa(oauth, **APP)
    signed_in(browser).press("/authenticator")
    assert browser.title == "Set up your authenticator app"
    assert b"<svg" in browser.response.body
    secret = secret_of(browser)
    browser.send(code="000000", name="my phone")
    assert browser.fault == "This code is wrong. Please try again."
    assert secret_of(browser) == secret
    browser.send(code=app_code(poolgate, secret), name="my phone")
    assert browser.path == ACCOUNT
    assert "my phone" in browser.says
    assert mfa_of(oauth)[0] == ["SOFTWARE_TOKEN_MFA"]
    other = Browser(poolgate)
    other.open(ACCOUNT).send(username="alice", password=PASSWORD)
    assert other.title == "One more step"
    other.send(code=app_code(poolgate, secret, steps=1))
    assert other.path == ACCOUNT
    other.press("/factors", "off", factor="SOFTWARE_TOKEN_MFA")
    assert "Your change is saved." in other.says
    assert mfa_of(oauth) == ([], None)
    signed_in(Browser(poolgate))


def test_messages_are_turned_on_put_first_and_turned_off(poolgate, browser, oauth):
    with_mfa(oauth, **APP, **EMAIL)
    signed_in(browser).press("/factors", "on", factor="EMAIL_OTP")
    assert mfa_of(oauth) == (["EMAIL_OTP"], None)
    browser.press("/authenticator")
    browser.send(code=app_code(poolgate, secret_of(browser)))
    browser.press("/factors", "prefer", factor="EMAIL_OTP")
    assert mfa_of(oauth)[1] == "EMAIL_OTP"
    assert "asked for first" in browser.says
    browser.press("/factors", "off", factor="EMAIL_OTP")
    assert mfa_of(oauth) == (["SOFTWARE_TOKEN_MFA"], None)


def test_where_a_second_factor_is_demanded_it_stays(poolgate, browser, oauth):
    with_mfa(oauth, **APP)
    signed_in(browser).press("/authenticator")
    browser.send(code=app_code(poolgate, secret_of(browser)))
    action, form = next((action, form) for action, form in browser.page.forms if "factor" in form)
    with_mfa(oauth, "ON", **APP)
    browser.post(action, {**form, "do": "off"})
    assert "this one stays" in browser.fault
    assert mfa_of(oauth)[0] == ["SOFTWARE_TOKEN_MFA"]
    assert not [form for _, form in browser.page.forms if "factor" in form]


def test_factors_that_the_pool_does_not_use_are_not_shown_nor_set(browser, oauth):
    signed_in(browser)
    assert "authenticator" not in browser.says
    action, form = browser.page.forms[-1]
    path = f"{ACCOUNT}/factors"
    for factor, do in (("EMAIL_OTP", "on"), ("SOFTWARE_TOKEN_MFA", "on"), ("NONE", "on"), ("", "")):
        browser.post(path, {**form, "factor": factor, "do": do})
        assert browser.path == ACCOUNT
    assert mfa_of(oauth) == ([], None)
    browser.post(f"{ACCOUNT}/authenticator", form)
    assert "not in use here" in browser.fault
    assert action


def test_a_risky_change_takes_a_fresh_sign_in(poolgate, browser, oauth):
    with_mfa(oauth, **APP, **EMAIL)
    signed_in(browser)
    poolgate.clock.advance(601)
    browser.open(ACCOUNT).press("/factors", "on", factor="EMAIL_OTP")
    assert browser.path == f"{BASE}/login"
    assert browser.page.forms[0][1]["username"] == "alice"
    assert mfa_of(oauth) == ([], None)
    browser.send(password=PASSWORD)
    assert browser.path == ACCOUNT
    browser.press("/factors", "on", factor="EMAIL_OTP")
    assert mfa_of(oauth)[0] == ["EMAIL_OTP"]
    poolgate.clock.advance(601)
    browser.open(ACCOUNT).press("/authenticator")
    assert browser.path == f"{BASE}/login"


def test_a_passkey_is_removed(poolgate, browser):
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    oauth = OAuthApp.of(poolgate, pool={"Policies": factors}, ExplicitAuthFlows=FLOWS)
    configure(oauth.app, RelyingPartyId=RP_ID)
    enrolled(oauth.app)
    signed_in(browser)
    assert "Passkey, made on" in browser.says
    browser.press("/passkeys")
    assert "The passkey is removed." in browser.says
    assert "Passkey, made on" not in browser.says


# ---- sessions and devices -------------------------------------------------------------------


def test_another_session_is_ended(poolgate, browser, oauth):
    elsewhere = signed_in(Browser(poolgate))
    poolgate.clock.advance(1)
    signed_in(browser)
    assert browser.says.count("Browser ·") == 2
    browser.press("/sessions", id=session_ids(browser)[0])
    assert "The session is ended." in browser.says
    assert browser.says.count("Browser ·") == 1
    assert elsewhere.open(ACCOUNT).path == f"{BASE}/login"
    assert browser.open(ACCOUNT).path == ACCOUNT
    assert oauth


def session_ids(browser):
    return [
        form["id"]
        for action, form in browser.page.forms
        if action.endswith("/sessions") and "id" in form
    ]


def test_sessions_of_apps_are_listed_with_their_device_and_ended(poolgate, browser, oauth):
    oauth.app.cognito.set_user_pool_session_configuration(
        UserPoolId=oauth.app.pool_id,
        UserSessionTracking="ENABLED",
        TokenSession={"MaxPerUser": 20},
    )
    token = oauth.app.sign_in()["AuthenticationResult"]["AccessToken"]
    poolgate.clock.advance(1)
    signed_in(browser)
    assert "App · app · 127.0.0.1" in browser.says
    browser.press("/sessions", id=session_ids(browser)[0])
    assert refusal_code(oauth.app.cognito.get_user, AccessToken=token) == "NotAuthorizedException"


def test_all_other_sessions_are_ended_and_what_came_of_this_one_stays(poolgate, browser, oauth):
    by_app = oauth.app.sign_in()["AuthenticationResult"]["AccessToken"]
    elsewhere = signed_in(Browser(poolgate))
    signed_in(browser)
    oauth.cookies.update(browser.cookies)
    own = oauth.redeem(oauth.code(scope="openid aws.cognito.signin.user.admin")).json[
        "access_token"
    ]
    browser.open(ACCOUNT).press("/sessions", "others")
    assert "All other sessions are ended." in browser.says
    assert elsewhere.open(ACCOUNT).path == f"{BASE}/login"
    assert refusal_code(oauth.app.cognito.get_user, AccessToken=by_app) == "NotAuthorizedException"
    assert oauth.app.cognito.get_user(AccessToken=own)


def test_a_device_is_forgotten(poolgate, browser):
    oauth = OAuthApp.of(poolgate, pool={"DeviceConfiguration": ALWAYS})
    oauth.app.user()
    signed_in_there = oauth.app.sign_in()
    confirmed_device(oauth.app, signed_in_there, DeviceName="Anna's laptop")
    signed_in(browser)
    assert "Anna's laptop" in browser.says
    browser.press("/devices")
    assert "The device is forgotten." in browser.says
    assert "Anna's laptop" not in browser.says
    token = signed_in_there["AuthenticationResult"]["AccessToken"]
    assert refusal_code(oauth.app.cognito.get_user, AccessToken=token) == "NotAuthorizedException"


@pytest.mark.parametrize("do", ["", "everywhere"])
def test_somebody_signs_out_here_or_everywhere(poolgate, browser, oauth, do):
    elsewhere = signed_in(Browser(poolgate))
    by_app = oauth.app.sign_in()["AuthenticationResult"]["AccessToken"]
    signed_in(browser)
    cookie = browser.cookies["cognito-people"]
    browser.press("/sign-out", do)
    assert browser.title == "You are signed out"
    assert "cognito-people" not in browser.cookies
    browser.cookies["cognito-people"] = cookie
    assert browser.open(ACCOUNT).path == f"{BASE}/login"
    if do:
        assert elsewhere.open(ACCOUNT).path == f"{BASE}/login"
        told = refusal_code(oauth.app.cognito.get_user, AccessToken=by_app)
        assert told == "NotAuthorizedException"
    else:
        assert elsewhere.open(ACCOUNT).path == ACCOUNT
        assert oauth.app.cognito.get_user(AccessToken=by_app)
        assert elsewhere.open(f"{ACCOUNT}/signed-out").path == ACCOUNT


# ---- what is refused ------------------------------------------------------------------------

CHANGES = ("password", "authenticator", "factors", "passkeys", "sessions", "devices", "sign-out")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("how", ["token", "no token", "site", "session", "not posted", "too long"])
def test_a_form_that_is_not_this_sessions_own_changes_nothing(
    poolgate, browser, oauth, change, how
):
    with_mfa(oauth, **APP, **EMAIL)
    elsewhere = signed_in(Browser(poolgate))
    poolgate.clock.advance(1)
    signed_in(browser)
    _, form = browser.page.forms[-1]
    filled = {
        **form,
        "old_password": PASSWORD,
        "new_password": NEW,
        "repeated": NEW,
        "factor": "EMAIL_OTP",
        "do": {"factors": "on", "sign-out": "everywhere"}.get(change, "others"),
    }
    headers = {}
    if how == "token":
        filled["_csrf"] = "guessed"
    elif how == "no token":
        del filled["_csrf"]
    elif how == "site":
        headers["sec-fetch-site"] = "cross-site"
    elif how == "session":
        filled["session_id"] = "of-somebody-else"
    elif how == "too long":
        filled["factor"] = "x" * 3000
    if how == "not posted":
        browser.open(f"{ACCOUNT}/{change}")
    else:
        browser.post(f"{ACCOUNT}/{change}", filled, headers=headers)
    assert browser.path in {ACCOUNT, f"{ACCOUNT}/password"}
    assert browser.open(ACCOUNT).path == ACCOUNT
    assert elsewhere.open(ACCOUNT).path == ACCOUNT
    assert mfa_of(oauth) == ([], None)
    signed_in(Browser(poolgate))


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_changed_without_a_session(browser, oauth, change):
    browser.post(f"{ACCOUNT}/{change}", {"_csrf": "x", "session_id": "", "do": "everywhere"})
    assert browser.path == f"{BASE}/login"
    assert oauth


def test_a_form_of_somebody_who_was_signed_in_before_does_nothing(browser, oauth):
    """Two tabs: the page of one person is sent off while another one is signed in."""
    with_mfa(oauth, **EMAIL)
    oauth.app.user("bob", email="bob@example.com")
    signed_in(browser)
    action, form = next((action, form) for action, form in browser.page.forms if "factor" in form)
    browser.press("/sign-out")
    browser.open(ACCOUNT).send(username="bob", password=PASSWORD)
    browser.post(action, {**form, "do": "on"})
    assert "happened in another window" in browser.fault
    assert oauth.app.described("bob").get("UserMFASettingList", []) == []


def test_the_sessions_and_devices_of_others_are_not_found(poolgate, browser, oauth):
    oauth.app.user("bob")
    other = Browser(poolgate)
    other.open(ACCOUNT).send(username="bob", password=PASSWORD)
    poolgate.clock.advance(1)
    signed_in(browser)
    _, form = browser.page.forms[-1]
    sessions = oauth.app.cognito
    sessions.set_user_pool_session_configuration(
        UserPoolId=oauth.app.pool_id,
        UserSessionTracking="ENABLED",
        TokenSession={"MaxPerUser": 20},
    )
    named = {"UserPoolId": oauth.app.pool_id, "Username": "bob"}
    session_id = sessions.admin_list_user_sessions(**named)["Sessions"][0]["SessionId"]
    for path, identifier in (
        ("sessions", session_id),
        ("sessions", "nonsense"),
        ("sessions", ""),
        ("devices", "us-east-1_unknown"),
        ("passkeys", "?"),
    ):
        browser.post(f"{ACCOUNT}/{path}", {**form, "id": identifier})
        assert "removed already" in browser.fault
    assert other.open(ACCOUNT).path == ACCOUNT


def test_the_own_session_is_not_ended_by_its_id(browser, oauth):
    oauth.app.cognito.set_user_pool_session_configuration(
        UserPoolId=oauth.app.pool_id,
        UserSessionTracking="ENABLED",
        TokenSession={"MaxPerUser": 20},
    )
    signed_in(browser)
    named = {"UserPoolId": oauth.app.pool_id, "Username": "alice"}
    listed = oauth.app.cognito.admin_list_user_sessions(**named)["Sessions"]
    _, form = browser.page.forms[-1]
    browser.post(f"{ACCOUNT}/sessions", {**form, "id": listed[0]["SessionId"]})
    assert "Sign out to end it." in browser.fault


def test_of_fifty_takers_one_sets_the_app_up(poolgate, browser, oauth):
    with_mfa(oauth, **APP)
    signed_in(browser).press("/authenticator")
    action, form = browser.page.forms[0]
    filled = {**form, "code": app_code(poolgate, secret_of(browser))}
    cookies = dict(browser.cookies)

    def take(_):
        taker = Browser(poolgate, cookies=dict(cookies))
        taker.post(action, filled)
        return taker.fault

    with ThreadPoolExecutor(TAKERS) as threads:
        told = sorted(threads.map(take, range(TAKERS)))
    assert told == ["", *["This was removed already."] * (TAKERS - 1)]


def test_the_pages_leave_no_secret_in_the_log(poolgate, browser, oauth):
    with_mfa(oauth, **APP)
    signed_in(browser).open(f"{ACCOUNT}/password")
    browser.send(old_password="Wrong-password-1", new_password=NEW, repeated=NEW)
    browser.open(ACCOUNT).press("/authenticator")
    log = poolgate.log.getvalue()
    assert "WrongPassword" in log
    for secret in (PASSWORD, NEW, "Wrong-password-1", secret_of(browser)):
        assert secret not in log

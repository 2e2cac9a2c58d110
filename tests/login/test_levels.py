"""`acr_values`: how strongly somebody signs in at the pages, and what tokens say of it."""

from urllib.parse import urlencode

import pytest
from kits.authenticator import EMAIL, PHONE, set_mfa
from kits.browser import Browser
from kits.cognito import PASSWORD, WRONG
from kits.oauth import BASE, OAuthApp, claims_of, query_of

LOA = [f"urn:cognito:loa:{level}" for level in range(5)]


@pytest.fixture
def oauth(poolgate):
    oauth = OAuthApp.of(poolgate)
    set_mfa(oauth.app, "OPTIONAL", "SMS_MFA", "SOFTWARE_TOKEN_MFA")
    oauth.app.user("alice", email=EMAIL, phone_number=PHONE)
    oauth.app.user("bob")
    return oauth


def opened(poolgate, oauth, browser=None, **changes):
    browser = browser or Browser(poolgate)
    browser.open(f"{BASE}/oauth2/authorize?{urlencode(oauth.request(**changes))}")
    return browser


def identity(browser, oauth):
    (code,) = query_of(browser.left_for)["code"]
    return claims_of(oauth.redeem(code).json["id_token"])


def with_sms(oauth, browser):
    assert browser.path == f"{BASE}/challenge"
    return browser.send(code=oauth.app.last_code(PHONE))


def test_a_level_that_is_asked_for_takes_the_factor_it_needs(poolgate, oauth):
    browser = opened(poolgate, oauth, acr_values=LOA[3])
    browser.send(username="alice", password=PASSWORD)
    with_sms(oauth, browser)
    said = identity(browser, oauth)
    assert (said["acr"], said["amr"]) == (LOA[3], ["pwd", "sms", "mfa"])


def test_access_tokens_say_it_too_and_go_on_saying_it_when_refreshed(poolgate, oauth):
    browser = opened(poolgate, oauth, acr_values=LOA[1])
    browser.send(username="alice", password=PASSWORD)
    (code,) = query_of(browser.left_for)["code"]
    tokens = oauth.redeem(code).json
    assert claims_of(tokens["access_token"])["acr"] == LOA[1]
    refreshed = oauth.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert claims_of(refreshed.json["access_token"])["acr"] == LOA[1]


def test_who_asks_for_no_level_is_told_none(poolgate, oauth):
    browser = opened(poolgate, oauth).send(username="alice", password=PASSWORD)
    assert "acr" not in identity(browser, oauth)


@pytest.mark.parametrize("asked", [f"{LOA[4]} {LOA[3]}", f"gold {LOA[3]} {LOA[1]}"])
def test_the_first_level_that_the_user_can_reach_counts(poolgate, oauth, asked):
    browser = opened(poolgate, oauth, acr_values=asked)
    with_sms(oauth, browser.send(username="alice", password=PASSWORD))
    assert identity(browser, oauth)["acr"] == LOA[3]


def test_names_that_are_no_levels_are_passed_over(poolgate, oauth):
    browser = opened(poolgate, oauth, acr_values="gold silver")
    browser.send(username="alice", password=PASSWORD)
    assert "acr" not in identity(browser, oauth)


def test_a_pool_of_the_lite_tier_has_no_levels(poolgate):
    oauth = OAuthApp.of(poolgate)
    oauth.app.user("alice")
    oauth.app.cognito.update_user_pool(UserPoolId=oauth.app.pool_id, UserPoolTier="LITE")
    browser = opened(poolgate, oauth, acr_values=LOA[4])
    browser.send(username="alice", password=PASSWORD)
    assert "acr" not in identity(browser, oauth)


def test_the_app_is_told_of_a_level_out_of_reach_and_only_once_the_password_is_proven(
    poolgate, oauth
):
    for username in ("bob", "nobody"):
        browser = opened(poolgate, oauth, acr_values=LOA[4])
        browser.send(username=username, password=WRONG)
        assert (browser.left_for, browser.path) == (None, f"{BASE}/login")
    browser = opened(poolgate, oauth, acr_values=LOA[4], state="s")
    browser.send(username="bob", password=PASSWORD)
    told = query_of(browser.left_for)
    assert (told["error"], told["state"]) == (["unmet_authentication_requirements"], ["s"])
    assert not any(name.startswith("cognito") for name in browser.cookies)


def test_a_browser_that_signed_in_weakly_signs_in_anew_for_more(poolgate, oauth):
    browser = opened(poolgate, oauth).send(username="alice", password=PASSWORD)
    opened(poolgate, oauth, browser, acr_values=LOA[1])
    assert identity(browser, oauth)["acr"] == LOA[1]
    opened(poolgate, oauth, browser, acr_values=LOA[3])
    assert browser.path == f"{BASE}/login"
    with_sms(oauth, browser.send(username="alice", password=PASSWORD))
    assert identity(browser, oauth)["acr"] == LOA[3]
    # Now it is strong enough for everything below.
    opened(poolgate, oauth, browser, acr_values=LOA[1])
    assert identity(browser, oauth)["acr"] == LOA[3]


def test_nobody_is_asked_where_no_page_may_be_shown(poolgate, oauth):
    browser = opened(poolgate, oauth).send(username="alice", password=PASSWORD)
    opened(poolgate, oauth, browser, acr_values=LOA[3], prompt="none")
    assert query_of(browser.left_for)["error"] == ["login_required"]


def test_pools_name_their_levels(poolgate):
    oauth = OAuthApp.of(poolgate)
    oauth.app.cognito.update_user_pool(
        UserPoolId=oauth.app.pool_id, AcrConfiguration={"Level1": {"AcrValue": "bronze"}}
    )
    oauth.app.user("alice")
    browser = opened(poolgate, oauth, acr_values="bronze")
    browser.send(username="alice", password=PASSWORD)
    assert identity(browser, oauth)["acr"] == "bronze"

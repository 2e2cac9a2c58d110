"""Risky sign-ins at the pages: asked for a second factor, or stopped."""

from urllib.parse import urlencode

import pytest
from kits.authenticator import set_mfa
from kits.browser import Browser
from kits.cognito import PASSWORD
from kits.oauth import BASE, CALLBACK, OAuthApp
from kits.watched import ALICE, LAPTOP, PHONE_AGENT, actions

STOPPED = "This sign-in was stopped for the safety of the account."
AT_HOME, ELSEWHERE = {"user-agent": LAPTOP}, {"user-agent": PHONE_AGENT}


@pytest.fixture
def oauth(poolgate):
    """A pool that acts on risks, with a user who signed in on a laptop."""
    watching = {
        "UserPoolTier": "PLUS",
        "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
        "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/service/sms"},
    }
    oauth = OAuthApp.of(poolgate, pool=watching)
    oauth.app.user(email=ALICE, email_verified="true")
    assert signed_in(opened(Browser(poolgate), oauth, AT_HOME))
    return oauth


def opened(browser, oauth, agent):
    browser.open(f"{BASE}/oauth2/authorize?{urlencode(oauth.request())}")
    return browser.send(username="alice", password=PASSWORD, headers=agent)


def signed_in(browser):
    return (browser.left_for or "").startswith(f"{CALLBACK}?code=")


def configure(oauth, **parts):
    oauth.app.cognito.set_risk_configuration(UserPoolId=oauth.app.pool_id, **parts)


def last_event(oauth):
    listed = oauth.app.cognito.admin_list_user_auth_events(
        UserPoolId=oauth.app.pool_id, Username="alice"
    )
    return listed["AuthEvents"][0]


def test_a_new_device_is_asked_for_a_second_factor(poolgate, oauth):
    set_mfa(oauth.app, "OPTIONAL", "EMAIL_OTP")
    configure(oauth, AccountTakeoverRiskConfiguration={"Actions": actions(LOW="MFA_REQUIRED")})
    browser = opened(Browser(poolgate), oauth, ELSEWHERE)
    assert not signed_in(browser)
    assert last_event(oauth)["EventResponse"] == "InProgress"
    field = next(name for name in browser.page.forms[0][1] if "code" in name.lower())
    browser.send(**{field: oauth.app.last_code(ALICE)}, headers=ELSEWHERE)
    assert signed_in(browser)
    assert last_event(oauth)["EventResponse"] == "Pass"
    assert signed_in(opened(Browser(poolgate), oauth, ELSEWHERE))


def test_a_risky_sign_in_is_stopped(poolgate, oauth):
    configure(oauth, AccountTakeoverRiskConfiguration={"Actions": actions(LOW="BLOCK")})
    browser = opened(Browser(poolgate), oauth, ELSEWHERE)
    assert not signed_in(browser)
    assert STOPPED in browser.says
    assert last_event(oauth)["EventRisk"]["RiskDecision"] == "Block"
    assert signed_in(opened(Browser(poolgate), oauth, AT_HOME))


def test_a_blocked_network_is_stopped(poolgate, oauth):
    configure(oauth, RiskExceptionConfiguration={"BlockedIPRangeList": ["127.0.0.0/8"]})
    browser = opened(Browser(poolgate), oauth, AT_HOME)
    assert not signed_in(browser)
    assert STOPPED in browser.says

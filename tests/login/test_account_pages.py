"""Making an account, confirming it, and getting back into one at the pages."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from kits.browser import Browser
from kits.cognito import PASSWORD
from kits.functions import FUNCTION, Recorder
from kits.oauth import BASE, CALLBACK, OAuthApp
from kits.takers import TAKERS

ADDRESS = "anna@example.com"
NEW = "New-password-1"


@pytest.fixture
def browser(poolgate):
    return Browser(poolgate)


def opened(browser, oauth, page="/login"):
    return browser.open(f"{BASE}{page}?{urlencode(oauth.request())}")


def by_email(poolgate, **pool):
    return OAuthApp.of(
        poolgate,
        pool={"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"], **pool},
    )


def test_somebody_signs_up_confirms_and_is_signed_in(poolgate, browser):
    oauth = by_email(poolgate, Schema=[{"Name": "given_name", "Required": True, "Mutable": True}])
    opened(browser, oauth)
    browser.open(next(link for link in browser.page.links if "/signup" in link))
    assert set(browser.page.labels) == {"username", "attribute.given_name", "password"}
    typed = {"username": ADDRESS, "attribute.given_name": "Anna"}
    browser.send(**typed, password="short")
    assert "This password does not fit" in browser.says
    assert {name: browser.page.forms[0][1][name] for name in typed} == typed
    browser.send(**typed, password=PASSWORD)
    assert browser.path == f"{BASE}/confirm"
    assert "a***@e***" in browser.says
    browser.send(code="000000")
    assert "This code is wrong." in browser.says
    browser.send(code=poolgate.outbox(ADDRESS)[-1].code)
    assert browser.left_for.startswith(f"{CALLBACK}?code=")
    assert "cognito-people" in browser.cookies


def test_a_new_code_can_be_asked_for(poolgate, browser):
    oauth = by_email(poolgate)
    opened(browser, oauth, "/signup").send(username=ADDRESS, password=PASSWORD)
    poolgate.clock.advance(60)
    browser.send(form=1)
    assert "We sent a new code to a***@e***" in browser.says
    first, second = poolgate.outbox(ADDRESS)
    assert first.code != second.code
    browser.send(code=second.code)
    assert browser.left_for.startswith(f"{CALLBACK}?code=")


def test_somebody_who_is_not_confirmed_yet_is_led_to_it_with_the_password_only(poolgate, browser):
    oauth = by_email(poolgate)
    oauth.app.cognito.sign_up(
        ClientId=oauth.client_id,
        Username=ADDRESS,
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": ADDRESS}],
    )
    opened(browser, oauth).send(username=ADDRESS, password="Wrong-password-1")
    assert browser.path == f"{BASE}/login"
    browser.send(username=ADDRESS, password=PASSWORD)
    assert browser.path == f"{BASE}/confirm"


def test_a_name_in_use_is_told(poolgate, browser):
    oauth = by_email(poolgate)
    oauth.app.user(ADDRESS, email=ADDRESS)
    opened(browser, oauth, "/signup").send(username=ADDRESS, password=PASSWORD)
    assert "There is an account with these details already." in browser.says


def test_where_only_administrators_make_accounts_nobody_signs_up(poolgate, browser):
    oauth = OAuthApp.of(
        poolgate, pool={"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}}
    )
    opened(browser, oauth)
    assert not [link for link in browser.page.links if "/signup" in link]
    opened(browser, oauth, "/signup")
    assert "Only administrators create accounts here." in browser.says


def test_a_free_name_and_an_address_for_the_code_are_asked_for(poolgate, browser):
    oauth = OAuthApp.of(poolgate, pool={"AutoVerifiedAttributes": ["email"]})
    opened(browser, oauth, "/signup")
    browser.send(username="anna", password=PASSWORD, **{"attribute.email": ADDRESS})
    browser.send(code=poolgate.outbox(ADDRESS)[-1].code)
    assert browser.left_for.startswith(f"{CALLBACK}?code=")


def test_a_forgotten_password_is_reset_with_a_code(poolgate, browser):
    oauth = by_email(poolgate)
    oauth.app.user(ADDRESS, email=ADDRESS, email_verified="true")
    opened(browser, oauth)
    browser.open(next(link for link in browser.page.links if "/forgotPassword" in link))
    browser.send(username=ADDRESS)
    assert browser.path == f"{BASE}/confirmforgotPassword"
    code = poolgate.outbox(ADDRESS)[-1].code
    browser.send(code=code, new_password=NEW, repeated="other")
    assert "The two passwords are not the same." in browser.says
    browser.send(code="000000", new_password=NEW, repeated=NEW)
    assert "This code is wrong." in browser.says
    browser.send(code=code, new_password=NEW, repeated=NEW)
    assert "Your password is changed." in browser.says
    browser.send(password=NEW)
    assert browser.left_for.startswith(f"{CALLBACK}?code=")


@pytest.mark.parametrize("hides", [True, False])
def test_nobody_learns_at_the_pages_who_has_an_account(poolgate, browser, hides):
    oauth = OAuthApp.of(
        poolgate,
        pool={"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"]},
        hides=hides,
    )
    oauth.app.user("alice@example.com", email="alice@example.com", email_verified="true")
    for path in ("/forgotPassword",):
        told = []
        for username in ("alice@example.com", "aliza@example.com"):
            opened(browser, oauth, path).send(username=username)
            told.append((browser.path, browser.says.replace(username, "")))
        assert told[0] == told[1]
    code = {"code": "000000", "new_password": NEW, "repeated": NEW}
    told = []
    for username in ("alice@example.com", "aliza@example.com"):
        opened(browser, oauth, "/confirmforgotPassword").send(username=username, **code)
        told.append(browser.says.replace(username, ""))
    assert told[0] == told[1]


def test_a_reset_by_an_administrator_leads_to_a_new_password(poolgate, browser):
    oauth = by_email(poolgate)
    oauth.app.user(ADDRESS, email=ADDRESS, email_verified="true")
    oauth.app.cognito.admin_reset_user_password(UserPoolId=oauth.app.pool_id, Username=ADDRESS)
    opened(browser, oauth).send(username=ADDRESS, password=PASSWORD)
    assert browser.path == f"{BASE}/confirmforgotPassword"
    browser.send(code=poolgate.outbox(ADDRESS)[-1].code, new_password=NEW, repeated=NEW)
    assert "Your password is changed." in browser.says


@pytest.mark.parametrize(
    "typed",
    [
        {"username": "x" * 129},
        {"username": "an\nna"},
        {"username": "an na"},
        {"password": "Right-1" * 40},
        {"attribute.email": f"{'x' * 2050}@example.com"},
    ],
)
def test_what_the_api_would_not_take_is_not_taken_here(poolgate, browser, typed):
    oauth = OAuthApp.of(poolgate, pool={"AutoVerifiedAttributes": ["email"]})
    opened(browser, oauth, "/signup")
    good = {"username": "anna", "password": PASSWORD, "attribute.email": ADDRESS}
    browser.send(**{**good, **typed})
    assert "This is too long, or has characters that cannot be used." in browser.says
    assert poolgate.outbox() == []
    browser.send(**good)
    assert browser.path == f"{BASE}/confirm"


@pytest.mark.parametrize(
    "path", ["/signup", "/forgotPassword", "/confirm", "/confirmforgotPassword"]
)
def test_a_name_is_needed(poolgate, browser, path):
    opened(browser, by_email(poolgate), path)
    action, form = browser.page.forms[0]
    filled = {name: value or "x" for name, value in form.items() if name != "username"}
    browser.post(action, {**filled, "username": ""})
    assert "Please fill in everything." in browser.says


# ---- from the code straight into the app ----------------------------------------------------


def signed_up(browser, oauth, **query):
    browser.open(f"{BASE}/signup?{urlencode(oauth.request(**query))}")
    return browser.send(username=ADDRESS, password=PASSWORD)


def code_of(poolgate):
    return poolgate.outbox(ADDRESS)[-1].code


def test_the_code_of_the_sign_up_is_the_second_factor_once(poolgate, browser):
    """AWS "Adding MFA to a user pool": the confirmation is the first sign-in's second factor."""
    oauth = by_email(poolgate)
    oauth.app.cognito.set_user_pool_mfa_config(
        UserPoolId=oauth.app.pool_id,
        MfaConfiguration="ON",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    signed_up(browser, oauth).send(code=code_of(poolgate))
    assert browser.left_for.startswith(f"{CALLBACK}?code=")
    later = opened(Browser(poolgate), oauth).send(username=ADDRESS, password=PASSWORD)
    assert later.left_for is None
    assert later.path == f"{BASE}/challenge"


def test_a_code_alone_signs_nobody_in(poolgate, browser):
    """Whoever has the code and not the password confirms the account and gets no further."""
    oauth = by_email(poolgate)
    signed_up(browser, oauth)
    other = opened(Browser(poolgate), oauth, "/confirm")
    other.send(username=ADDRESS, code=code_of(poolgate))
    assert "Your account is confirmed." in other.says
    assert "cognito-people" not in other.cookies
    browser.send(code=code_of(poolgate))
    assert browser.left_for is None
    assert "no longer works" in browser.fault


def test_what_one_account_proved_helps_no_other(poolgate, browser):
    oauth = by_email(poolgate)
    signed_up(browser, oauth)
    victim = "victim@example.com"
    oauth.app.user(victim, status="UNCONFIRMED", email=victim)
    browser.send(username=victim, code=poolgate.outbox(victim)[-1].code)
    assert "Your account is confirmed." in browser.says
    assert "cognito-people" not in browser.cookies


def test_a_password_at_the_sign_in_page_counts_as_much(poolgate, browser):
    oauth = by_email(poolgate)
    oauth.app.user(ADDRESS, status="UNCONFIRMED", email=ADDRESS)
    opened(browser, oauth).send(username=ADDRESS, password=PASSWORD)
    assert browser.path == f"{BASE}/confirm"
    browser.send(form=1)
    assert "We sent a new code" in browser.says
    browser.send(code=code_of(poolgate))
    assert browser.left_for.startswith(f"{CALLBACK}?code=")


def test_whoever_takes_too_long_types_the_password_again(poolgate, browser):
    oauth = by_email(poolgate)
    signed_up(browser, oauth)
    poolgate.clock.advance(901)
    browser.open(browser.url).send(username=ADDRESS, code=code_of(poolgate))
    assert "Your account is confirmed." in browser.says
    browser.send(password=PASSWORD)
    assert browser.left_for.startswith(f"{CALLBACK}?code=")


def test_a_level_that_was_asked_for_is_not_passed_by(poolgate, browser):
    oauth = by_email(poolgate)
    level = "urn:cognito:level4"
    signed_up(browser, oauth, acr_values=level).send(code=code_of(poolgate))
    assert browser.left_for is None
    assert "Your account is confirmed." in browser.says


def test_who_is_confirmed_by_the_pools_function_is_signed_in(poolgate, browser):
    Recorder(poolgate).response = {"PreSignUp_SignUp": {"autoConfirmUser": True}}
    oauth = by_email(poolgate, LambdaConfig={"PreSignUp": FUNCTION})
    signed_up(browser, oauth)
    assert browser.left_for.startswith(f"{CALLBACK}?code=")


def test_of_fifty_takers_of_a_code_one_is_signed_in(poolgate, browser):
    oauth = by_email(poolgate)
    signed_up(browser, oauth)
    action, form = browser.page.forms[0]
    filled = {**form, "code": code_of(poolgate)}

    def take(_):
        taker = Browser(poolgate, cookies=dict(browser.cookies))
        taker.post(action, filled)
        return taker.left_for is not None

    with ThreadPoolExecutor(TAKERS) as threads:
        assert sum(threads.map(take, range(TAKERS))) == 1


# ---- terms, and where a code goes -----------------------------------------------------------


def with_terms(oauth):
    for name in ("terms-of-use", "privacy-policy"):
        oauth.app.cognito.create_terms(
            UserPoolId=oauth.app.pool_id,
            ClientId=oauth.client_id,
            TermsName=name,
            TermsSource="LINK",
            Enforcement="NONE",
            Links={
                "cognito:default": f"https://app.example/{name}",
                "cognito:german": f"https://app.example/de/{name}",
            },
        )


def test_whoever_signs_up_agrees_to_the_terms_that_were_shown(poolgate, browser):
    oauth = by_email(poolgate)
    with_terms(oauth)
    browser.open(f"{BASE}/signup?{urlencode(oauth.request(lang='de'))}")
    assert "https://app.example/de/terms-of-use" in browser.page.links
    assert "Nutzungsbedingungen" in browser.says
    browser.send(username=ADDRESS, password=PASSWORD)
    browser.send(code=code_of(poolgate))
    browser.open(f"{BASE}/account")
    assert "diesem zugestimmt" in browser.says
    assert "https://app.example/de/privacy-policy" in browser.page.links


def test_nothing_was_agreed_to_where_nothing_was_shown(poolgate, browser):
    oauth = by_email(poolgate)
    signed_up(browser, oauth).send(code=code_of(poolgate))
    with_terms(oauth)
    browser.open(f"{BASE}/account")
    assert "agreed to" not in browser.says


def test_one_of_several_addresses_is_needed_for_the_code(poolgate, browser):
    oauth = OAuthApp.of(poolgate, pool={"AutoVerifiedAttributes": ["email", "phone_number"]})
    opened(browser, oauth, "/signup")
    assert {"attribute.email", "attribute.phone_number"} <= set(browser.page.labels)
    browser.send(username="anna", password=PASSWORD)
    assert "Please enter an e-mail address or a phone number" in browser.fault
    browser.send(username="anna", password=PASSWORD, **{"attribute.email": ADDRESS})
    assert "a***@e***" in browser.says

"""Signing in with a name first and a proof of one's choice, as managed login has it."""

import json
from urllib.parse import urlencode

import pytest
from kits.authenticator import enrol
from kits.browser import Browser
from kits.cognito import PASSWORD, TEMPORARY
from kits.oauth import BASE, CALLBACK, DOMAIN, OAuthApp
from kits.passkey_pools import configure, enrolled
from kits.passkeys import RP_ID, Passkey

FLOWS = ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
EVERYTHING = ("PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")
ADDRESS = {"email": "alice@example.com", "email_verified": "true"}
WRONG = "Incorrect username or password."


def choosing(poolgate, *factors, managed=True, **settings):
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": list(factors or EVERYTHING)}}
    settings = {"ExplicitAuthFlows": FLOWS, "pool": {"Policies": policy}, **settings}
    oauth = OAuthApp.of(poolgate, **settings)
    version = 2 if managed else 1
    oauth.app.cognito.update_user_pool_domain(
        Domain=DOMAIN, UserPoolId=oauth.app.pool_id, ManagedLoginVersion=version
    )
    configure(oauth.app, RelyingPartyId=RP_ID)
    return oauth


@pytest.fixture
def oauth(poolgate):
    return choosing(poolgate)


@pytest.fixture
def browser(poolgate):
    return Browser(poolgate)


def opened(browser, oauth, **changes):
    return browser.open(f"{BASE}/oauth2/authorize?{urlencode(oauth.request(**changes))}")


def named(browser, oauth, username="alice", **changes):
    return opened(browser, oauth, **changes).send(username=username)


def form_of(browser, choice):
    """Return the number of the form that goes on with that choice."""
    return next(
        number
        for number, (_, filled) in enumerate(browser.page.forms)
        if filled.get("choice") == choice
    )


def by_password(browser, password=PASSWORD):
    return browser.send(form=form_of(browser, "PASSWORD"), password=password)


def chosen(browser, choice):
    action, filled = browser.page.forms[-1]
    return browser.post(action, {**filled, "choice": choice})


def is_back(browser):
    return browser.left_for is not None and browser.left_for.startswith(f"{CALLBACK}?code=")


def test_a_name_comes_first_and_the_password_after_it(browser, oauth):
    oauth.app.user()
    opened(browser, oauth)
    assert "Password" not in browser.says
    browser.send(username="alice")
    assert browser.statuses == [303, 200]
    assert "Signing in as alice" in browser.says
    by_password(browser, "Wrong-password-1")
    assert WRONG in browser.says
    assert is_back(by_password(browser))


def test_without_a_name_nothing_begins(browser, oauth):
    assert "Please fill in everything." in opened(browser, oauth).send(username="").says


def test_a_code_by_email_is_enough(browser, oauth):
    oauth.app.user(**ADDRESS)
    chosen(named(browser, oauth), "EMAIL_OTP")
    assert "We sent a code to a***@e***" in browser.says
    browser.send(code="000000")
    assert "This code is wrong." in browser.says
    code = oauth.app.last_code(ADDRESS["email"])
    assert is_back(browser.send(code=code))


def test_a_code_by_sms_is_enough(browser, oauth):
    oauth.app.user(phone_number="+15555550100", phone_number_verified="true")
    chosen(named(browser, oauth), "SMS_OTP")
    assert is_back(browser.send(code=oauth.app.last_code("+15555550100")))


def test_another_way_can_be_tried_after_a_code_was_sent(browser, oauth):
    oauth.app.user(**ADDRESS)
    chosen(named(browser, oauth), "EMAIL_OTP")
    (another,) = [link for link in browser.page.links if "/login" in link and "lang=" not in link]
    browser.open(another)
    assert browser.page.forms[0][1]["username"] == "alice"
    assert is_back(by_password(browser.send(username="alice")))


def test_a_name_that_nobody_has_is_asked_what_a_user_could_be(browser, oauth, poolgate):
    oauth.app.user(**ADDRESS, phone_number="+15555550100", phone_number_verified="true")
    # Half of the names hold a made-up passkey; of these, one that holds none.
    nobody = next(
        name
        for name in map("nobody-{}".format, range(50))
        if "passkey" not in named(Browser(poolgate), oauth, name).says
    )
    somebody = named(browser, oauth).says
    assert named(browser, oauth, nobody).says == somebody.replace("alice", nobody)
    assert WRONG in by_password(browser).says
    chosen(named(browser, oauth, nobody), "EMAIL_OTP")
    assert "We sent a code to" in browser.says
    assert "This code is wrong." in browser.send(code="123456").says


def test_a_name_that_nobody_has_holds_the_same_passkey_each_time(oauth, poolgate):
    holding = next(
        name
        for name in map("nobody-{}".format, range(50))
        if "passkey" in named(Browser(poolgate), oauth, name).says
    )
    first, again = (options_of(named(Browser(poolgate), oauth, holding)) for _ in range(2))
    assert first["allowCredentials"] == again["allowCredentials"]
    assert first["challenge"] != again["challenge"]


def options_of(browser):
    found = browser.response.body.decode().split('data-options="')[1].split('"')[0]
    return json.loads(found.replace("&#34;", '"'))


def test_what_the_page_did_not_offer_is_no_choice(browser, poolgate):
    oauth = choosing(poolgate, "PASSWORD", "EMAIL_OTP")
    oauth.app.user(**ADDRESS)
    named(browser, oauth)
    for forged in ("SMS_OTP", "WEB_AUTHN", "PASSWORD_SRP", "CUSTOM_CHALLENGE", ""):
        assert "Please fill in everything." in chosen(browser, forged).says


def test_a_passkey_of_the_software_kind_signs_in(browser, poolgate):
    oauth = choosing(poolgate, "PASSWORD", "WEB_AUTHN")
    passkey = enrolled(oauth.app)
    named(browser, oauth)
    form = form_of(browser, "WEB_AUTHN")
    browser.send(form=form, credential='{"id": "nonsense"}')
    assert "This passkey was not accepted." in browser.says
    wrong = json.dumps(Passkey().get(options_of(browser)))
    assert "This passkey was not accepted." in browser.send(form=form, credential=wrong).says
    right = json.dumps(passkey.get(options_of(browser)))
    assert is_back(browser.send(form=form, credential=right))


def test_an_unconfirmed_account_is_confirmed_first(browser, oauth):
    oauth.app.user(status="UNCONFIRMED")
    by_password(named(browser, oauth))
    assert (browser.path, browser.title) == (f"{BASE}/confirm", "Confirm your account")


def test_a_temporary_password_is_replaced(browser, oauth):
    oauth.app.user(status="FORCE_CHANGE_PASSWORD")
    by_password(named(browser, oauth))
    assert is_back(browser.send(new_password=TEMPORARY, repeated=TEMPORARY))


def test_a_choice_that_waited_too_long_begins_anew(browser, oauth, poolgate):
    oauth.app.user()
    named(browser, oauth)
    poolgate.clock.advance(4 * 60)
    by_password(browser)
    assert (browser.path, "This took too long" in browser.says) == (f"{BASE}/login", True)
    named(browser, oauth)
    poolgate.clock.advance(4 * 60)
    # Looking at the page again is too late, too, where it would have to say what a passkey signs.
    assert browser.open(browser.url).path in {f"{BASE}/login", f"{BASE}/challenge"}


@pytest.mark.parametrize(
    "changes",
    [{"managed": False}, {"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]}],
    ids=["classic pages", "a client without ALLOW_USER_AUTH"],
)
def test_elsewhere_name_and_password_are_asked_together(browser, poolgate, changes):
    oauth = choosing(poolgate, **changes)
    oauth.app.user()
    assert is_back(opened(browser, oauth).send(username="alice", password=PASSWORD))


# ---- a passkey that says whose it is --------------------------------------------------------


REFUSED = "This passkey was not accepted."


@pytest.fixture
def passkeys(poolgate):
    return choosing(poolgate, "PASSWORD", "WEB_AUTHN")


def without_name(browser, passkey, **changes):
    form = form_of(browser, "WEB_AUTHN")
    answer = json.dumps(passkey.get(options_of(browser), **changes))
    return browser.send(form=form, credential=answer)


def test_a_passkey_signs_in_without_a_name(browser, passkeys):
    passkey = enrolled(passkeys.app)
    opened(browser, passkeys)
    assert options_of(browser)["allowCredentials"] == []
    assert is_back(without_name(browser, passkey))


def test_an_answer_without_a_name_counts_once(browser, passkeys, poolgate):
    # As synchronised passkeys are, which do not count.
    passkey = enrolled(passkeys.app, passkey=Passkey(counts=0))
    opened(browser, passkeys)
    action, filled = browser.page.forms[form_of(browser, "WEB_AUTHN")]
    form = {**filled, "credential": json.dumps(passkey.get(options_of(browser)))}
    cookies = dict(browser.cookies)
    assert is_back(browser.post(action, form))
    again = Browser(poolgate, cookies=cookies)
    assert not is_back(again.post(f"{BASE}{action.removeprefix(BASE)}", form))
    assert again.path == f"{BASE}/login"


def test_an_answer_to_another_app_is_none(browser, passkeys, poolgate):
    passkey = enrolled(passkeys.app)
    other = opened(Browser(poolgate), passkeys.another(ExplicitAuthFlows=FLOWS))
    answer = json.dumps(passkey.get(options_of(other)))
    asked = other.page.forms[form_of(other, "WEB_AUTHN")][1]["asked"]
    opened(browser, passkeys)
    browser.send(form=form_of(browser, "WEB_AUTHN"), credential=answer, asked=asked)
    assert (browser.path, "This took too long" in browser.says) == (f"{BASE}/login", True)
    browser.send(form=form_of(browser, "WEB_AUTHN"), credential=answer, asked="no such thing")
    assert "This took too long" in browser.says


@pytest.mark.parametrize("handle", [None, "bm9ib2R5", "_w"])
def test_a_passkey_of_nobody_is_refused(browser, passkeys, handle):
    passkey = enrolled(passkeys.app)
    assert REFUSED in without_name(opened(browser, passkeys), passkey, userHandle=handle).says


def test_what_is_no_passkey_is_refused(browser, passkeys):
    enrolled(passkeys.app)
    opened(browser, passkeys)
    form = form_of(browser, "WEB_AUTHN")
    assert REFUSED in browser.send(form=form, credential="{}").says
    assert "Passkeys need JavaScript" in browser.send(form=form, credential="").says


def test_one_factor_is_not_enough_where_two_are_owed(browser, passkeys):
    passkey = enrolled(passkeys.app)
    enrol(passkeys.app, passkeys.app.access_token())
    passkeys.app.cognito.admin_set_user_mfa_preference(
        UserPoolId=passkeys.app.pool_id,
        Username="alice",
        SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
    )
    configure(passkeys.app, "OPTIONAL", RelyingPartyId=RP_ID)
    assert REFUSED in without_name(opened(browser, passkeys), passkey).says


def test_a_disabled_user_is_told_only_with_the_passkey(browser, passkeys):
    passkey = enrolled(passkeys.app)
    passkeys.app.disable()
    opened(browser, passkeys)
    stranger = Passkey(credential_id=passkey.credential_id, user_handle=passkey.user_handle)
    assert REFUSED in without_name(browser, stranger).says
    assert "This account is disabled." in without_name(browser, passkey).says


def test_classic_pages_take_none(browser, poolgate):
    classic = choosing(poolgate, "PASSWORD", "WEB_AUTHN", managed=False)
    enrolled(classic.app)
    opened(browser, classic)
    action, filled = browser.page.forms[0]
    browser.post(action, {**filled, "credential": "{}", "asked": ""})
    assert "Please fill in everything." in browser.says

"""`/logout`: AWS's logout endpoint, OpenID Connect RP-Initiated Logout, security.md S7."""

import pytest
from kits.oauth import BASE, CALLBACK, LOGOUT, OAuthApp


@pytest.fixture
def browser(poolgate):
    return OAuthApp.of(poolgate).signed_in()


def logged_out(browser, **query):
    return browser.get("/logout", {"client_id": browser.client_id, **query})


def test_logging_out_ends_the_session_and_goes_on_to_the_registered_uri(browser):
    before = dict(browser.cookies)
    tokens = browser.redeem(browser.code()).json
    answer = logged_out(browser, logout_uri=LOGOUT, redirect_uri="https://evil.example/")
    assert (answer.status, answer.location) == (302, LOGOUT)
    assert browser.cookies == {}
    # The cookie is worth nothing now, wherever a copy of it may be.
    browser.cookies = before
    assert browser.authorize(prompt="none").query["error"] == "login_required"
    refreshed = browser.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refreshed.status == 200


def test_logging_out_to_sign_in_again_goes_to_the_login_page(browser):
    answer = logged_out(
        browser, redirect_uri=CALLBACK, response_type="code", state="s", scope="openid"
    )
    assert answer.location.startswith(f"{BASE}/login?")
    assert answer.query == {
        "response_type": "code",
        "client_id": browser.client_id,
        "redirect_uri": CALLBACK,
        "state": "s",
        "scope": "openid",
    }
    assert browser.cookies == {}


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"logout_uri": "https://evil.example/"}, "invalid_request"),
        ({"logout_uri": f"{LOGOUT}/"}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/", "response_type": "code"}, "redirect_mismatch"),
        ({}, "Required String parameter 'redirect_uri' is not present"),
        ({"client_id": "nobody", "logout_uri": LOGOUT}, "Client does not exist."),
    ],
)
def test_nobody_is_sent_to_or_signed_out_for_a_place_that_is_not_registered(browser, query, error):
    answer = logged_out(browser, **query)
    assert answer.location.startswith(f"{BASE}/error?")
    assert answer.query["error"] == error
    assert "code" in browser.authorize().query


def test_libraries_of_openid_connect_log_out_in_their_own_words(browser):
    identity = browser.redeem(browser.code()).json["id_token"]
    answer = browser.get(
        "/logout",
        {"id_token_hint": identity, "post_logout_redirect_uri": LOGOUT, "state": "s 1"},
    )
    assert answer.location == f"{LOGOUT}?state=s+1"
    assert browser.cookies == {}


def test_a_hint_opens_no_other_place(browser):
    identity = browser.redeem(browser.code()).json["id_token"]
    for hint in (identity, "a.b.c", ""):
        answer = browser.get(
            "/logout",
            {"id_token_hint": hint, "post_logout_redirect_uri": "https://evil.example/"},
        )
        assert answer.location.startswith(f"{BASE}/error?")


def test_without_a_session_there_is_nothing_to_end(browser):
    browser.cookies.clear()
    assert logged_out(browser, logout_uri=LOGOUT).location == LOGOUT

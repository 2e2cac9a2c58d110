"""Pushed authorization requests: RFC 9126, security.md O11."""

import pytest
from kits.oauth import BASE, CALLBACK, OAuthApp


@pytest.fixture
def browser(poolgate):
    return OAuthApp.of(poolgate, secret=True).signed_in()


def pushed(browser, headers=None, **changes):
    form = browser.request(**changes)
    return browser.post("/oauth2/par", form, headers=headers or browser.basic)


def refer(browser, answer, **more):
    return browser.get(
        "/oauth2/authorize",
        {"client_id": browser.client_id, "request_uri": answer.json["request_uri"], **more},
    )


def test_a_pushed_request_is_used_once_by_its_reference(browser):
    answer = pushed(browser)
    assert answer.status == 201
    assert answer.json["expires_in"] == 60
    assert answer.json["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    code = refer(browser, answer).query["code"]
    assert browser.redeem(code).status == 200
    again = refer(browser, answer)
    assert again.location == f"{BASE}/error?error=invalid_request_uri"


def test_parameters_beside_the_reference_are_ignored(browser):
    answer = refer(
        browser,
        pushed(browser),
        redirect_uri="https://evil.example/",
        state="other",
        prompt="login",
    )
    assert answer.location.startswith(f"{CALLBACK}?code=")
    assert answer.query["state"] == "some state"


def test_the_request_is_sealed_on_its_way_through_the_login_page(browser):
    browser.cookies.clear()
    answer = refer(browser, pushed(browser, login_hint="alice"))
    assert set(answer.query) == {"carried_request"}
    assert "alice" not in answer.location


def test_a_reference_is_for_its_client_only(browser):
    answer, other = pushed(browser), browser.another()
    stolen = other.get(
        "/oauth2/authorize",
        {"client_id": other.client_id, "request_uri": answer.json["request_uri"]},
    )
    assert stolen.query["error"] == "invalid_request_uri"
    assert "code" in refer(browser, answer).query


def test_a_reference_lives_a_minute(browser, poolgate):
    answer = pushed(browser)
    poolgate.clock.advance(60)
    assert refer(browser, answer).query["error"] == "invalid_request_uri"


def test_the_client_proves_itself(browser):
    unproven = browser.post("/oauth2/par", browser.request())
    assert unproven.refused() == (400, "invalid_client", None)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:abc"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_what_would_not_count_is_refused_at_once(browser, changes, refusal):
    assert pushed(browser, **changes).refused()[:2] == (400, refusal)


def test_a_pushed_request_without_a_client_id_beside_basic_is_that_clients(browser):
    assert "code" in refer(browser, pushed(browser, client_id="")).query


def test_public_clients_ask_ahead_six_hundred_times_an_hour_from_one_address(poolgate):
    browser = OAuthApp.of(poolgate, secret=True).signed_in()
    public = browser.another()

    def asks():
        return public.post("/oauth2/par", public.request())

    assert {asks().status for _ in range(600)} == {201}
    assert asks().refused() == (
        429,
        "temporarily_unavailable",
        "Too many requests from this address.",
    )
    # A client that proves who it is has no such limit, and the hour passes.
    assert pushed(browser).status == 201
    poolgate.clock.advance(3600)
    assert asks().status == 201

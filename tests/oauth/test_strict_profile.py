"""The strict profile: RFC 9700 sections 2.1.1 and 2.1.2, security.md O3, O5, O8, S7."""

from dataclasses import replace

import pytest
from kits.oauth import CALLBACK, LOGOUT, OAuthApp

NO_PKCE = {"code_challenge": "", "code_challenge_method": ""}


@pytest.fixture
def strict(poolgate):
    application = poolgate.application
    application.installation = replace(application.installation, strict_oauth=True)
    return poolgate


def test_public_clients_must_use_pkce(strict):
    browser = OAuthApp.of(strict).signed_in()
    told = browser.authorize(**NO_PKCE).query
    assert told["error"] == "invalid_request"
    assert told["error_description"] == "PKCE is required of public clients."
    assert browser.redeem(browser.code()).status == 200


def test_confidential_clients_may_do_without(strict):
    browser = OAuthApp.of(strict, secret=True).signed_in()
    assert browser.redeem(browser.code(**NO_PKCE), code_verifier="").status == 200


def test_there_is_no_implicit_grant(strict):
    browser = OAuthApp.of(strict, AllowedOAuthFlows=["implicit"]).signed_in()
    answer = browser.authorize(response_type="token")
    assert answer.location.startswith(f"{CALLBACK}#")
    assert answer.fragment["error"] == "unauthorized_client"


@pytest.mark.parametrize(("seconds", "status"), [(59, 200), (60, 400)])
def test_codes_live_a_minute(strict, seconds, status):
    browser = OAuthApp.of(strict).signed_in()
    code = browser.code()
    strict.clock.advance(seconds)
    assert browser.redeem(code).status == status


def test_only_who_was_given_an_id_token_signs_people_out(strict):
    browser = OAuthApp.of(strict).signed_in()
    plain = browser.get("/logout", {"client_id": browser.client_id, "logout_uri": LOGOUT})
    assert plain.query["error"] == "Required String parameter 'id_token_hint' is not present"
    hint = browser.redeem(browser.code()).json["id_token"]
    answer = browser.get("/logout", {"id_token_hint": hint, "logout_uri": LOGOUT})
    assert (answer.location, browser.cookies) == (LOGOUT, {})

"""The account page in a real browser: every part of it, for everybody, in every language."""

from urllib.parse import urlencode

import pytest
from kits.page_apps import OPTIONAL_TOTP
from kits.serving import PASSWORD

NEW = "Another-Horse-2"


@pytest.fixture
def app(make_app):
    app = make_app(
        mfa={**OPTIONAL_TOTP, "EmailMfaConfiguration": {}},
        managed=True,
        pool={
            "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
        },
    )
    app.user("alice", given_name="Alice")
    return app


def account_of(app, **query):
    return app.link().partition("/oauth2/")[0] + f"/account?{urlencode(query)}"


def comes_in(visitor, app):
    visitor.opens(account_of(app)).sees("Sign in").fills({"Username": "alice"}).presses("Continue")
    visitor.fills({"Password": PASSWORD}).presses("Sign in with the password")
    return visitor.sees("Your account", "Alice", "this browser")


def test_somebody_looks_after_the_account(visitor, app):
    comes_in(visitor, app).fits_everybody()
    visitor.presses("Set up an app").sees("Set up your authenticator app").fits_everybody()
    visitor.fills({"Code that the app shows": "000000"}).presses("Continue")
    visitor.sees_fault("This code is wrong.")
    visitor.goes_back()
    visitor.opens(account_of(app)).sees("Your account")
    visitor.presses("Turn on: A code by e-mail").sees("Your account", "Your change is saved.")
    visitor.fits_everybody()
    visitor.follows("Change password").sees("Change password").fits_everybody()
    visitor.fills(
        {"Current password": "Wrong-Horse-1", "New password": NEW, "New password once more": NEW}
    ).presses("Change password")
    visitor.sees_fault("The current password is not right.").fits_everybody()
    visitor.fills(
        {"Current password": PASSWORD, "New password": NEW, "New password once more": NEW}
    ).presses("Change password")
    visitor.sees("Your account", "Your password is changed.")
    visitor.presses("Sign out of this browser").sees("You are signed out").fits_everybody()
    visitor.goes_back().sees("Sign in")


@pytest.mark.parametrize("language", ["de", "es", "fr", "ja"])
def test_every_language_fits_the_page(visitor, app, language):
    comes_in(visitor, app)
    visitor.page.goto(account_of(app, lang=language))
    visitor.fits_everybody()
    assert visitor.page.locator("html").get_attribute("lang") == language


def test_the_page_needs_no_script(visit, app):
    plain = visit(java_script_enabled=False)
    comes_in(plain, app).presses("Turn on: A code by e-mail")
    plain.sees("Your account", "Your change is saved.")
    plain.presses("Sign out everywhere").sees("You are signed out")

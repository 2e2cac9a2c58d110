"""Passkeys at the pages, with Chromium's virtual authenticator."""

import pytest
from kits.virtual_authenticators import VirtualAuthenticator

FACTORS = {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}}


@pytest.fixture
def app(make_app):
    app = make_app(pool=FACTORS, managed=True)
    app.user()
    return app


@pytest.fixture
def device(visitor):
    return VirtualAuthenticator.of(visitor)


def enrolled(visitor, app):
    visitor.opens(app.link()).fills({"Username": "alice"}).presses("Continue")
    visitor.sees("Sign in").fills({"Password": "Correct-Horse-1"})
    visitor.presses("Sign in with the password").arrives(app)
    visitor.opens(app.link("/passkeys/add")).sees("Add a passkey", "alice")
    visitor.presses("Make a passkey")
    assert visitor.arrives_signed_in(app)


def test_one_is_made_and_signs_in_without_a_password(visitor, device, app):
    enrolled(visitor, app)
    assert len(device.passkeys) == 1
    visitor.opens(app.link(prompt="login")).fills({"Username": "alice"}).presses("Continue")
    visitor.sees("Sign in", "alice").fits_everybody()
    visitor.presses("Sign in with a passkey")
    assert visitor.arrives_signed_in(app)

"""Pages that are no app's: a device is approved, a link of an e-mail is opened."""

import pytest
from kits.serving import PASSWORD

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def app(make_app, landing):
    app = make_app(CallbackURLs=[landing.callback, GRANT_TYPE])
    app.user()
    return app


@pytest.fixture
def codes(app):
    return app.post("/oauth2/device_authorization", {"client_id": app.client_id})


def device_gets(app, codes):
    """Return the tokens of the device; it asks again after five seconds."""
    app.advance(5)
    form = {
        "grant_type": GRANT_TYPE,
        "client_id": app.client_id,
        "device_code": codes["device_code"],
    }
    return app.post("/oauth2/token", form)


def test_a_device_is_approved(visitor, app, codes):
    visitor.opens(codes["verification_uri"]).sees("Sign in on a device").fits_everybody()
    visitor.fills({"Code": "WRONG-CODE"}).presses("Continue")
    visitor.sees_fault("No device waits for this code.").fits_everybody()
    visitor.fills({"Code": codes["user_code"].lower()}).presses("Continue").sees("Sign in")
    visitor.signs_in(password="Wrong-Horse-1").sees_fault("Incorrect username or password.")
    visitor.signs_in().sees("Sign in on a device").presses("Continue")
    visitor.sees("Is this your device?", "alice", codes["user_code"]).fits_everybody()
    second = visitor.second_tab().opens(codes["verification_uri_complete"]).presses("Continue")
    second.sees("Is this your device?")
    visitor.presses("Yes, sign the device in").sees("Your device is signed in").fits_everybody()
    assert device_gets(app, codes)["access_token"]
    second.presses("No").sees_fault("No device waits for this code.")


def test_a_device_is_denied_without_script(visit, codes):
    plain = visit(java_script_enabled=False)
    plain.opens(codes["verification_uri_complete"]).sees("Sign in on a device")
    plain.presses("Continue").signs_in().sees("Sign in on a device").presses("Continue")
    plain.sees("Is this your device?").presses("No").sees("The device was not signed in")


def test_a_device_waits_for_ten_minutes(visitor, app, codes):
    visitor.opens(codes["verification_uri_complete"]).sees("Sign in on a device")
    app.advance(11 * 60)
    visitor.presses("Continue").sees_fault("No device waits for this code.")


@pytest.fixture
def linked(make_app):
    return make_app(
        pool={"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}}
    )


def test_a_link_confirms_once(visitor, linked):
    linked.cognito.sign_up(
        ClientId=linked.client_id,
        Username="alice",
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": "alice@example.com"}],
    )
    link = linked.link_in("alice@example.com")
    visitor.opens(link).sees("Your registration has been confirmed").fits_everybody()
    visitor.opens(link).sees("This link cannot be used").fits_everybody()
    assert visitor.opens(linked.link()).signs_in().arrives_signed_in(linked)

"""Passkeys at the pages, with Chromium's virtual authenticator."""

from urllib.parse import urlsplit

import pytest
from kits.serving import PASSWORD
from kits.virtual_authenticators import VirtualAuthenticator

POOL = {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}}
NOT_USED = "No passkey was used."


@pytest.fixture
def app(make_app):
    app = make_app(pool=POOL, managed=True)
    app.user()
    return app


@pytest.fixture
def device(visitor):
    return VirtualAuthenticator.of(visitor)


def says_name(visitor, app, **changes):
    visitor.opens(app.link(**changes)).sees("Sign in").fills({"Username": "alice"})
    return visitor.presses("Continue").sees("Sign in", "Signing in as alice")


def signs_in_by_password(visitor):
    return visitor.fills({"Password": PASSWORD}).presses("Sign in with the password")


def enrols(visitor, app):
    visitor.opens(app.link("/passkeys/add")).sees("Sign in")
    visitor.fills({"Username": "alice"}).presses("Continue")
    signs_in_by_password(visitor.sees("Sign in", "Signing in as alice"))
    visitor.sees("Add a passkey", "Signed in as alice").presses("Create a passkey")
    return visitor.arrives_signed_in(app)


def test_one_is_made_after_a_sign_in_and_signs_in_without_a_password(visitor, device, app):
    assert enrols(visitor, app)["id_token"]
    (passkey,) = device.passkeys
    assert passkey["rpId"] == "localhost"
    says_name(visitor, app, prompt="login").fits_everybody()
    visitor.presses("Sign in with a passkey")
    assert visitor.arrives_signed_in(app)


def test_the_page_that_adds_one_fits_everybody_and_can_be_put_off(visitor, app):
    visitor.opens(app.link()).fills({"Username": "alice"}).presses("Continue")
    signs_in_by_password(visitor).arrives(app)
    visitor.opens(app.link("/passkeys/add")).sees("Add a passkey").fits_everybody()
    visitor.follows("Not now")
    assert visitor.arrives_signed_in(app)


def test_a_person_who_says_no_is_told_and_can_try_again(visitor, make_app):
    app = make_app(pool=POOL, managed=True, mfa=verifying())
    app.user()
    device = VirtualAuthenticator.of(visitor)
    visitor.opens(app.link()).fills({"Username": "alice"}).presses("Continue")
    signs_in_by_password(visitor).arrives(app)
    device.recognises(user=False)
    visitor.opens(app.link("/passkeys/add")).presses("Create a passkey")
    visitor.sees_fault("No passkey was created.").fits_everybody()
    device.recognises(user=True)
    visitor.presses("Create a passkey").arrives(app)

    device.recognises(user=False)
    says_name(visitor, app, prompt="login").presses("Sign in with a passkey")
    visitor.sees_fault(NOT_USED)
    device.recognises(user=True)
    visitor.presses("Sign in with a passkey")
    assert visitor.arrives_signed_in(app)


def verifying():
    """A pool in which devices must ask for fingerprint, face or PIN."""
    return {"WebAuthnConfiguration": {"UserVerification": "required"}}


def test_a_device_that_cannot_ask_who_its_user_is_makes_none_where_it_must(visitor, make_app):
    app = make_app(pool=POOL, managed=True, mfa=verifying())
    app.user()
    VirtualAuthenticator.of(visitor, hasUserVerification=False, isUserVerified=False)
    visitor.opens(app.link()).fills({"Username": "alice"}).presses("Continue")
    signs_in_by_password(visitor).arrives(app)
    visitor.opens(app.link("/passkeys/add")).presses("Create a passkey")
    visitor.sees_fault("No passkey was created.")


def test_a_device_has_one_for_an_account_only(visitor, device, app):
    enrols(visitor, app)
    visitor.opens(app.link("/passkeys/add")).presses("Create a passkey")
    visitor.sees_fault("This device has a passkey for your account already.")
    assert len(device.passkeys) == 1


@pytest.mark.usefixtures("device")
def test_pages_of_another_name_cannot_use_it(visitor, app):
    enrols(visitor, app)
    port = urlsplit(app.served.url).port
    visitor.opens(app.link().replace(app.served.url, f"http://127.0.0.1:{port}"))
    visitor.fills({"Username": "alice"}).presses("Continue")
    visitor.presses("Sign in with a passkey").sees_fault("The passkey did not work here.")


@pytest.mark.usefixtures("device")
def test_an_answer_counts_once(visitor, app):
    enrols(visitor, app)
    says_name(visitor, app, prompt="login")
    before = visitor.page.context.cookies()
    with visitor.page.expect_request(lambda request: request.method == "POST") as posted:
        visitor.presses("Sign in with a passkey")
    answer = posted.value
    visitor.arrives(app)
    assert "credential" in answer.post_data
    visitor.page.context.clear_cookies()
    visitor.page.context.add_cookies(before)
    again = visitor.page.request.post(
        answer.url, data=answer.post_data, headers=answer.headers, max_redirects=0
    )
    assert again.status == 303
    assert urlsplit(again.headers["location"]).path.endswith("/login")
    visitor.opens(f"{app.served.url}{again.headers['location']}")
    visitor.sees_fault("This took too long, or happened in another window.")


def test_without_script_another_way_is_found(visit, app):
    with_script = visit()
    VirtualAuthenticator.of(with_script)
    enrols(with_script, app)
    plain = visit(java_script_enabled=False)
    says_name(plain, app).presses("Sign in with a passkey").sees_fault("Passkeys need JavaScript")
    assert signs_in_by_password(plain).arrives_signed_in(app)


def test_a_browser_that_knows_no_passkeys_says_so(visitor, app):
    visitor.page.add_init_script("delete window.PublicKeyCredential")
    visitor.opens(app.link()).fills({"Username": "alice"}).presses("Continue")
    signs_in_by_password(visitor).arrives(app)
    visitor.opens(app.link("/passkeys/add")).presses("Create a passkey")
    visitor.sees_fault("This browser cannot use passkeys.")


def remove(app):
    access_token = app.access_token()
    (shown,) = app.cognito.list_web_authn_credentials(AccessToken=access_token)["Credentials"]
    app.cognito.delete_web_authn_credential(
        AccessToken=access_token, CredentialId=shown["CredentialId"]
    )


@pytest.mark.usefixtures("device")
def test_one_that_was_removed_is_not_asked_for(visitor, app):
    enrols(visitor, app)
    remove(app)
    says_name(visitor, app, prompt="login")
    assert visitor.page.get_by_role("button", name="Sign in with a passkey").count() == 0


def test_one_with_verification_is_both_factors_where_the_pool_says_so(visitor, make_app):
    app = make_app(
        pool=POOL,
        managed=True,
        mfa={
            "MfaConfiguration": "OPTIONAL",
            "SoftwareTokenMfaConfiguration": {"Enabled": True},
            "WebAuthnConfiguration": {
                "UserVerification": "required",
                "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION",
            },
        },
    )
    app.user()
    VirtualAuthenticator.of(visitor)
    enrols(visitor, app)
    app.enrol_totp()
    says_name(visitor, app, prompt="login")
    # For users with a second factor a passkey alone is not enough, until they say that it is.
    assert visitor.page.get_by_role("button", name="Sign in with a passkey").count() == 0
    app.cognito.admin_set_user_mfa_preference(
        UserPoolId=app.pool_id, Username="alice", WebAuthnMfaSettings={"Enabled": True}
    )
    says_name(visitor, app, prompt="login").presses("Sign in with a passkey")
    assert visitor.arrives_signed_in(app)


def test_classic_pages_have_none(visitor, make_app):
    app = make_app(pool=POOL)
    app.user()
    visitor.opens(app.link("/passkeys/add")).sees("Add a passkey", "cannot be used here")
    visitor.opens(app.link()).signs_in()
    assert visitor.arrives_signed_in(app)


def test_a_sign_in_of_long_ago_is_not_enough_to_add_one(visitor, app):
    visitor.opens(app.link()).fills({"Username": "alice"}).presses("Continue")
    signs_in_by_password(visitor).arrives(app)
    app.advance(11 * 60)
    visitor.opens(app.link("/passkeys/add")).sees("Sign in")
    visitor.fills({"Username": "alice"}).presses("Continue")
    signs_in_by_password(visitor).sees("Add a passkey")


def test_no_name_needs_to_be_typed(visitor, device, app):
    enrols(visitor, app)
    visitor.opens(app.link(prompt="login")).sees("Sign in").fits_everybody()
    visitor.presses("Sign in with a passkey")
    assert visitor.arrives_signed_in(app)["id_token"]
    device.forget()
    visitor.opens(app.link(prompt="login")).presses("Sign in with a passkey")
    visitor.sees_fault(NOT_USED)
    visitor.fills({"Username": "alice"}).presses("Continue")
    assert signs_in_by_password(visitor.sees("Sign in", "Signing in as alice")).arrives(app)


@pytest.mark.usefixtures("device")
def test_one_that_was_removed_is_refused_without_a_name(visitor, app):
    enrols(visitor, app)
    remove(app)
    visitor.opens(app.link(prompt="login")).presses("Sign in with a passkey")
    visitor.sees_fault("This passkey was not accepted.")


@pytest.mark.usefixtures("device")
def test_a_page_that_was_open_for_long_asks_again(visitor, app):
    enrols(visitor, app)
    visitor.opens(app.link(prompt="login")).sees("Sign in")
    app.advance(16 * 60)
    visitor.presses("Sign in with a passkey").sees_fault("This took too long")
    visitor.presses("Sign in with a passkey")
    assert visitor.arrives_signed_in(app)

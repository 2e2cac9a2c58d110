"""Second factors at the pages: chosen, proven, set up; wrong, then right."""

import pytest
from kits.page_apps import OPTIONAL_TOTP

LATE = "This took too long, or happened in another window."
SMS = {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/service/sms"}}
PHONE = "+15555550100"
REQUIRED = {**OPTIONAL_TOTP, "MfaConfiguration": "ON"}


@pytest.fixture
def app(make_app):
    app = make_app(mfa=OPTIONAL_TOTP)
    app.user()
    return app


@pytest.fixture
def secret_code(app):
    return app.enrol_totp()


def asked(visitor, app):
    return visitor.opens(app.link()).signs_in().sees("One more step", "authenticator app")


def wrong_code(right):
    return f"{(int(right) + 1) % 1_000_000:06}"


def test_an_app_code_wrong_then_right(visitor, app, secret_code):
    asked(visitor, app).fits_everybody()
    visitor.fills({"Code": wrong_code(app.totp(secret_code))}).presses("Continue")
    visitor.sees_fault("This code is wrong.").fits_everybody()
    code = app.totp(secret_code)
    # Apps show codes in groups.
    visitor.fills({"Code": f"{code[:3]} {code[3:]}"}).presses("Continue")
    assert visitor.arrives_signed_in(app)


def test_an_app_code_without_script_and_by_keyboard(visit, app, secret_code):
    plain = visit(java_script_enabled=False)
    asked(plain, app)
    plain.page.keyboard.type(app.totp(secret_code))
    plain.page.keyboard.press("Enter")
    assert plain.arrives_signed_in(app)


def test_one_tab_cannot_answer_for_the_other(visitor, app, secret_code):
    app.user("bob")
    asked(visitor, app)
    other = visitor.second_tab()
    other.opens(app.link()).signs_in("bob").arrives(app)
    visitor.fills({"Code": app.totp(secret_code)}).presses("Continue")
    visitor.sees("Sign in").sees_fault(LATE).signs_in().sees("One more step")
    visitor.fills({"Code": app.totp(secret_code)}).presses("Continue")
    assert visitor.arrives_signed_in(app)


def test_a_step_that_waited_too_long_begins_anew(visitor, app, secret_code):
    asked(visitor, app)
    app.advance(4 * 60)
    visitor.fills({"Code": app.totp(secret_code)}).presses("Continue")
    visitor.sees("Sign in").sees_fault(LATE).fits_everybody()


def test_the_back_button_leads_to_a_form_that_still_works(visitor, app, secret_code):
    asked(visitor, app).goes_back().sees("Sign in")
    visitor.signs_in().sees("One more step")
    visitor.fills({"Code": app.totp(secret_code)}).presses("Continue").arrives(app)
    # A code and its step were used: going back shows a form that asks for the password.
    visitor.goes_back()
    visitor.page.get_by_label("Code", exact=True).or_(visitor.field("Password")).wait_for()


def test_what_a_person_has_is_chosen_and_proven(visitor, make_app):
    app = make_app(pool=SMS, mfa={**OPTIONAL_TOTP, "SmsMfaConfiguration": SMS})
    app.user(phone_number=PHONE, phone_number_verified="true")
    secret_code = app.enrol_totp()
    app.cognito.admin_set_user_mfa_preference(
        UserPoolId=app.pool_id,
        Username="alice",
        SMSMfaSettings={"Enabled": True},
        SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": False},
    )
    title = "How do you want to prove that it is you?"
    visitor.opens(app.link()).signs_in().sees(title).fits_everybody()
    visitor.chooses("A code by SMS").presses("Continue").sees("One more step", "+*******0100")
    visitor.fits_everybody().fills({"Code": "000000"}).presses("Continue")
    visitor.sees_fault("This code is wrong.").follows("Start again").sees("Sign in")
    visitor.signs_in().sees(title).chooses("An authenticator app").presses("Continue")
    visitor.sees("One more step").fills({"Code": app.totp(secret_code)}).presses("Continue")
    assert visitor.arrives_signed_in(app)


def test_a_code_by_sms_signs_in(visit, make_app):
    app = make_app(pool=SMS, mfa={"MfaConfiguration": "ON", "SmsMfaConfiguration": SMS})
    app.user(phone_number=PHONE, phone_number_verified="true")
    plain = visit(java_script_enabled=False)
    plain.opens(app.link()).signs_in().sees("One more step", "+*******0100")
    plain.fills({"Code": app.sent_code(PHONE)}).presses("Continue")
    assert plain.arrives_signed_in(app)


def test_a_code_by_email_signs_in(visitor, make_app):
    app = make_app(mfa={"MfaConfiguration": "OPTIONAL", "EmailMfaConfiguration": {}})
    app.user()
    app.cognito.admin_set_user_mfa_preference(
        UserPoolId=app.pool_id, Username="alice", EmailMfaSettings={"Enabled": True}
    )
    visitor.opens(app.link()).signs_in().sees("One more step", "a***@e***").fits_everybody()
    visitor.fills({"Code": app.sent_code()}).presses("Continue")
    assert visitor.arrives_signed_in(app)


# ---- setting one up -------------------------------------------------------------------------


def test_an_app_is_set_up_where_the_pool_wants_one(visitor, make_app):
    app = make_app(mfa=REQUIRED)
    app.user()
    visitor.opens(app.link()).signs_in().sees("Set up your authenticator app").fits_everybody()
    assert visitor.page.get_by_role("img", name="QR code for the authenticator app").is_visible()
    secret_code = visitor.page.locator(".code").inner_text()
    field = "Code that the app shows"
    visitor.fills({field: wrong_code(app.totp(secret_code))}).presses("Continue")
    visitor.sees_fault("This code is wrong.").fits_everybody()
    assert visitor.page.locator(".code").inner_text() == secret_code
    visitor.fills({field: app.totp(secret_code)}).presses("Continue")
    assert visitor.arrives_signed_in(app)


def test_an_app_is_set_up_without_script(visit, make_app):
    app = make_app(mfa=REQUIRED)
    app.user()
    plain = visit(java_script_enabled=False)
    plain.opens(app.link()).signs_in().sees("Set up your authenticator app")
    secret_code = plain.page.locator(".code").inner_text()
    plain.fills({"Code that the app shows": app.totp(secret_code)}).presses("Continue")
    assert plain.arrives_signed_in(app)


def test_which_one_is_set_up_is_chosen(visitor, make_app):
    app = make_app(mfa={**REQUIRED, "EmailMfaConfiguration": {}})
    app.cognito.admin_create_user(
        UserPoolId=app.pool_id,
        Username="alice",
        TemporaryPassword="Correct-Horse-1",
        MessageAction="SUPPRESS",
    )
    app.cognito.admin_set_user_password(
        UserPoolId=app.pool_id, Username="alice", Password="Correct-Horse-1", Permanent=True
    )
    visitor.opens(app.link()).signs_in().sees("Set up a second step").fits_everybody()
    visitor.chooses("A code by e-mail").presses("Continue")
    visitor.sees("Set up a second step", "Which address").fits_everybody()
    visitor.fills({"E-mail address": "alice@example.com"}).presses("Continue")
    visitor.sees("One more step", "a***@e***").fills({"Code": "000000"}).presses("Continue")
    visitor.sees_fault("This code is wrong.")
    visitor.fills({"Code": app.sent_code()}).presses("Continue")
    assert visitor.arrives_signed_in(app)

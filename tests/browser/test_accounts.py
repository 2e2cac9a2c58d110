"""Making an account and getting back into one: wrong, then right, and everything between."""

import pytest
from kits.serving import PASSWORD

ADDRESS = "alice@example.com"
NEW = "Another-Horse-2"
FORM = {"E-mail address": ADDRESS, "Given name": "Alice", "Password": PASSWORD}
LATE = "This took too long, or happened in another window."


@pytest.fixture
def app(make_app):
    """A pool that asks for a name besides, so that the form has several fields."""
    return make_app(
        pool={
            "Schema": [
                {"Name": "email", "Required": True, "Mutable": True},
                {"Name": "given_name", "Required": True, "Mutable": True},
            ]
        }
    )


def fills_form(visitor, **changes):
    return visitor.fills({"Username": "alice", **FORM, **changes})


def signs_up(visitor, app):
    visitor.opens(app.link("/signup")).sees("Create an account")
    fills_form(visitor).presses("Sign up").sees("Confirm your account", "a***@e***")
    return visitor


def test_somebody_new_gets_to_the_app(visitor, app):
    visitor.opens(app.link()).follows("Sign up").sees("Create an account").fits_everybody()
    fills_form(visitor, Password="short").presses("Sign up")
    visitor.sees_fault("This password does not fit").fits_everybody()
    # What was typed is still there, but for the password.
    assert visitor.field("Given name").input_value() == "Alice"
    assert visitor.field("Password").input_value() == ""
    visitor.fills({"Password": PASSWORD}).presses("Sign up")
    visitor.sees("Confirm your account", "a***@e***").fits_everybody()
    visitor.fills({"Code": "000000"}).presses("Confirm").sees_fault("This code is wrong.")
    visitor.presses("Send a new code").sees("Confirm your account", "We sent a new code to")
    visitor.fits_everybody().fills({"Code": app.sent_code()}).presses("Confirm")
    assert visitor.arrives_signed_in(app)


def test_a_form_is_not_sent_before_it_is_filled_in(visitor, app):
    visitor.opens(app.link("/signup")).presses("Sign up").sees("Create an account")
    assert visitor.field("Username").evaluate("field => field === document.activeElement")
    visitor.fills({"Username": "alice", "E-mail address": "no address"}).presses("Sign up")
    assert visitor.field("E-mail address").evaluate("field => !field.validity.valid")


def test_a_name_in_use_is_told_and_another_one_taken(visitor, app):
    app.user("alice", given_name="Alice")
    visitor.opens(app.link("/signup"))
    fills_form(visitor).presses("Sign up").sees_fault(
        "There is an account with these details already."
    )
    fills_form(visitor, Username="alison").presses("Sign up").sees("Confirm your account")


def test_the_whole_way_without_script(visit, app):
    plain = visit(java_script_enabled=False)
    signs_up(plain, app).fills({"Code": app.sent_code()}).presses("Confirm")
    assert plain.arrives_signed_in(app)


def test_the_whole_way_by_keyboard(visitor, app):
    keyboard = visitor.page.keyboard

    def types(fields):
        for label, value in fields.items():
            while not visitor.field(label).evaluate("field => field === document.activeElement"):
                keyboard.press("Tab")
            keyboard.type(value)
        keyboard.press("Enter")

    visitor.opens(app.link("/signup")).sees("Create an account")
    types({"Username": "alice"} | FORM)
    visitor.sees("Confirm your account")
    types({"Code": app.sent_code()})
    assert visitor.arrives_signed_in(app)


def test_back_and_forth_makes_no_second_account(visitor, app):
    signs_up(visitor, app).goes_back().sees("Create an account")
    fills_form(visitor).presses("Sign up").sees_fault(
        "There is an account with these details already."
    )
    visitor.opens(app.link()).signs_in().sees("Confirm your account")
    visitor.fills({"Code": app.sent_code()}).presses("Confirm")
    assert visitor.arrives_signed_in(app)


def test_two_tabs_make_two_accounts(visitor, app):
    other = visitor.second_tab()
    signs_up(visitor, app)
    other.opens(app.link("/signup"))
    fills_form(other, **{"Username": "bob", "E-mail address": "bob@example.com"}).presses("Sign up")
    other.sees("Confirm your account", "b***@e***")
    # The first tab's form says whom it is about.
    visitor.fills({"Code": app.sent_code()}).presses("Confirm")
    visitor.sees("Sign in", "Your account is confirmed.")
    assert app.cognito.admin_get_user(UserPoolId=app.pool_id, Username="alice")["UserStatus"] == (
        "CONFIRMED"
    )
    other.fills({"Username": "bob", "Code": app.sent_code("bob@example.com")}).presses("Confirm")
    other.sees("Sign in", "Your account is confirmed.")


def test_whoever_comes_back_later_asks_for_a_code_by_name(visitor, app):
    signs_up(visitor, app)
    visitor.page.context.clear_cookies()
    visitor.opens(app.link("/confirm")).sees("Confirm your account").fits_everybody()
    visitor.presses("Send a new code").sees_fault("Please fill in everything.")
    visitor.fills({"Username": "alice"}).presses("Send a new code")
    visitor.sees("Confirm your account", "We sent a new code to")
    visitor.fills({"Code": app.sent_code()}).presses("Confirm")
    visitor.sees("Sign in", "Your account is confirmed.")


def test_a_code_that_is_too_old_is_replaced(visitor, app):
    signs_up(visitor, app)
    code = app.sent_code()
    app.advance(25 * 3600)
    visitor.fills({"Code": code}).presses("Confirm").sees_fault("This code no longer works.")
    visitor.fills({"Username": "alice"})
    visitor.opens(app.link()).signs_in().sees("Confirm your account")
    visitor.presses("Send a new code").sees("Confirm your account", "We sent a new code to")
    visitor.fills({"Code": app.sent_code()}).presses("Confirm")
    assert visitor.arrives_signed_in(app)


# ---- getting back in ------------------------------------------------------------------------


@pytest.fixture
def known(make_app):
    app = make_app()
    app.user()
    return app


def asks_for_code(visitor, app, username="alice"):
    visitor.opens(app.link()).follows("Forgot your password?").sees("Forgot your password?")
    visitor.fills({"Username": username}).presses("Reset my password")
    return visitor.sees("Choose a new password")


def chooses_password(visitor, code, password=NEW, repeated=None):
    visitor.fills({"Code": code, "New password": password})
    visitor.fills({"New password once more": repeated or password})
    return visitor.presses("Change password")


def test_a_forgotten_password_is_replaced(visitor, known):
    visitor.opens(known.link("/forgotPassword")).sees("Forgot your password?").fits_everybody()
    asks_for_code(visitor, known).fits_everybody()
    chooses_password(visitor, known.sent_code(), repeated="Other-Horse-3")
    visitor.sees_fault("The two passwords are not the same.").fits_everybody()
    chooses_password(visitor, "000000").sees_fault("This code is wrong.")
    chooses_password(visitor, known.sent_code(), password="short")
    visitor.sees_fault("This password does not fit")
    chooses_password(visitor, known.sent_code()).sees("Sign in", "Your password is changed.")
    visitor.signs_in().sees_fault("Incorrect username or password.")
    assert visitor.signs_in(password=NEW).arrives_signed_in(known)


def test_a_name_that_nobody_has_is_asked_for_a_code_too(visitor, known):
    asks_for_code(visitor, known, "nobody").sees("Choose a new password", "We sent a code to")
    chooses_password(visitor, "123456").sees_fault("This code")


def test_a_password_is_replaced_without_script(visit, known):
    plain = visit(java_script_enabled=False)
    chooses_password(asks_for_code(plain, known), known.sent_code())
    assert plain.sees("Sign in").signs_in(password=NEW).arrives_signed_in(known)


def test_a_code_replaces_a_password_once(visitor, known):
    asks_for_code(visitor, known)
    code = known.sent_code()
    chooses_password(visitor, code).sees("Sign in", "Your password is changed.")
    visitor.goes_back().sees("Choose a new password").fills({"Username": "alice"})
    chooses_password(visitor, code, password="Third-Horse-3").sees_fault("This code")
    assert visitor.opens(known.link()).signs_in(password=NEW).arrives_signed_in(known)


def test_a_reset_that_took_too_long_begins_anew(visitor, known):
    asks_for_code(visitor, known)
    code = known.sent_code()
    known.advance(2 * 3600)
    visitor.fills({"Username": "alice"})
    chooses_password(visitor, code).sees_fault("This code no longer works.")
    visitor.follows("Send a new code").sees("Forgot your password?")


def test_a_temporary_password_is_replaced(visitor, make_app):
    app = make_app()
    app.user(permanent=False)
    visitor.opens(app.link()).signs_in().sees("Choose your password").fits_everybody()
    visitor.fills({"New password": NEW, "New password once more": "Other-Horse-3"})
    visitor.presses("Continue").sees_fault("The two passwords are not the same.")
    visitor.fills({"New password": NEW, "New password once more": NEW}).presses("Continue")
    assert visitor.arrives_signed_in(app)


def test_a_temporary_password_waits_three_minutes(visitor, make_app):
    app = make_app()
    app.user(permanent=False)
    visitor.opens(app.link()).signs_in().sees("Choose your password")
    app.advance(4 * 60)
    visitor.fills({"New password": NEW, "New password once more": NEW}).presses("Continue")
    visitor.sees("Sign in").sees_fault(LATE)


def test_languages_change_the_page_and_are_kept(visitor, known):
    visitor.opens(known.link()).sees("Sign in")
    visitor.page.get_by_role("link", name="Deutsch").click()
    visitor.sees("Anmelden").fits_everybody()
    visitor.fills({"Benutzername": "alice", "Passwort": "Falsch-1"}).presses("Anmelden")
    visitor.page.get_by_role("alert").wait_for()
    visitor.opens(known.link()).sees("Anmelden")
    for name in ("Français", "Español", "日本語"):
        visitor.page.get_by_role("link", name=name).click()
        visitor.page.get_by_role("link", name="English").wait_for()
        visitor.fits_everybody()

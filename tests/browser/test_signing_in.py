"""Signing in with name and password: wrong, then right, and everything between."""

from kits.serving import PASSWORD

WRONG = "Incorrect username or password."
OTHER = "Wrong-Horse-1"


def test_wrong_then_right_leads_back_to_the_app(visitor, app):
    app.user()
    visitor.opens(app.link()).sees("Sign in").fits_everybody()
    visitor.signs_in(password=OTHER).sees_fault(WRONG).fits_everybody()
    visitor.signs_in(username="nobody").sees_fault(WRONG)
    visitor.signs_in()
    assert visitor.arrives_signed_in(app)["id_token"]


def test_an_empty_form_is_not_sent(visitor, app):
    visitor.opens(app.link()).presses("Sign in").sees("Sign in")
    assert visitor.field("Username").evaluate("field => field.validity.valueMissing")


def test_the_keyboard_alone_is_enough(visitor, app):
    app.user()
    visitor.opens(app.link()).sees("Sign in")
    keyboard = visitor.page.keyboard
    keyboard.type("alice")
    keyboard.press("Tab")
    keyboard.type(PASSWORD)
    keyboard.press("Enter")
    assert visitor.arrives_signed_in(app)


def test_no_script_is_needed(visit, app):
    app.user()
    plain = visit(java_script_enabled=False)
    plain.opens(app.link()).sees("Sign in").signs_in(password=OTHER).sees_fault(WRONG)
    assert plain.signs_in().arrives_signed_in(app)


def test_the_back_button_shows_the_form_and_it_works_again(visitor, app):
    app.user()
    visitor.opens(app.link()).signs_in()
    first = visitor.arrives(app)
    visitor.goes_back().sees("Sign in").signs_in()
    assert visitor.arrives(app)["code"] != first["code"]


def test_two_tabs_do_not_disturb_each_other(visitor, app):
    app.user()
    other = visitor.second_tab()
    visitor.opens(app.link(state="one")).sees("Sign in")
    other.opens(app.link(state="two")).sees("Sign in")
    visitor.signs_in(password=OTHER).sees_fault(WRONG)
    other.signs_in()
    assert other.arrives(app)["state"] == "two"
    visitor.signs_in()
    assert visitor.arrives(app)["state"] == "one"


def test_a_page_that_was_open_for_long_still_signs_in(visitor, app):
    app.user()
    visitor.opens(app.link()).sees("Sign in")
    app.advance(2 * 3600)
    assert visitor.signs_in().arrives_signed_in(app)


def test_signing_out_asks_for_the_password_again(visitor, app):
    app.user()
    visitor.opens(app.link()).signs_in().arrives(app)
    visitor.opens(app.link()).arrives(app)
    out = app.page("/logout") + f"?client_id={app.client_id}&logout_uri={app.landing.bye}"
    visitor.opens(out)
    visitor.page.wait_for_url(f"{app.landing.bye}*")
    visitor.opens(app.link()).sees("Sign in")


def test_what_cannot_be_told_to_an_app_is_told_to_the_person(visitor, app):
    visitor.opens(app.link(redirect_uri="https://elsewhere.example/"))
    visitor.sees("An error was encountered with the requested page", "redirect_mismatch")
    visitor.fits_everybody()

"""The language of the pages: of the URL, of the app, kept, or of the browser."""

from urllib.parse import urlencode

import pytest
from kits.browser import Browser
from kits.cognito import PASSWORD
from kits.oauth import BASE, OAuthApp


@pytest.fixture
def oauth(poolgate):
    return OAuthApp.of(poolgate)


@pytest.fixture
def browser(poolgate):
    return Browser(poolgate)


def opened(browser, oauth, *, accepts=None, **parameters):
    browser.accepts_language = accepts
    return browser.open(f"{BASE}/login?{urlencode(oauth.request(**parameters))}")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("it,ko;q=0.9,fr-CA;q=0.5", "fr"),
        ("fr;q=0,ja;q=0.1", "ja"),
        ("en;q=0.2,es;q=0.7", "es"),
        ("*", "en"),
        ("de;q=many", "en"),
        ("tlh", "en"),
        (";;;,,q=1" * 200, "en"),
    ],
)
def test_the_browser_says_which_languages_its_user_reads(browser, oauth, accepted, language):
    opened(browser, oauth, accepts=accepted)
    assert browser.language == language


@pytest.mark.parametrize(
    ("parameters", "language"),
    [
        ({"lang": "ja"}, "ja"),
        ({"lang": "DE_de"}, "de"),
        ({"lang": "ko"}, "fr"),
        ({"ui_locales": "it es de"}, "es"),
        ({"lang": "de", "ui_locales": "es"}, "de"),
    ],
)
def test_the_app_asks_for_a_language(browser, oauth, parameters, language):
    opened(browser, oauth, accepts="fr", **parameters)
    assert browser.language == language


def test_a_choice_is_carried_through_the_flow_and_kept(browser, oauth):
    opened(browser, oauth, lang="de")
    assert "Benutzername" in browser.says
    browser.send(username="nobody", password=PASSWORD)
    assert browser.title == "Fehler: Anmelden"
    assert "Benutzername oder Passwort ist falsch." in browser.says
    browser.open(next(link for link in browser.page.links if "/signup" in link))
    assert browser.title == "Konto erstellen"
    opened(browser, oauth, accepts="fr")
    assert browser.language == "de"
    opened(browser, oauth, lang="fr")
    opened(browser, oauth)
    assert browser.language == "fr"


def test_somebody_chooses_on_the_page(browser, oauth):
    opened(browser, oauth, lang="de")
    browser.open(next(link for link in browser.page.links if link.endswith("lang=ja")))
    assert browser.language == "ja"
    assert "サインイン" in browser.says


def test_a_pushed_request_tells_its_language(poolgate, browser):
    oauth = OAuthApp.of(poolgate, secret=True)
    request = oauth.request(lang="es")
    pushed = oauth.post("/oauth2/par", request, headers=oauth.basic).json["request_uri"]
    browser.open(f"{BASE}/oauth2/authorize?client_id={oauth.client_id}&request_uri={pushed}")
    assert browser.language == "es"
    browser.open(next(link for link in browser.page.links if link.endswith("lang=en")))
    assert browser.language == "en"


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ja"])
def test_what_does_not_fit_is_said_in_the_language(poolgate, browser, language):
    """What the domain says in AWS's words comes in the page's."""
    oauth = OAuthApp.of(
        poolgate,
        pool={
            "AutoVerifiedAttributes": ["email"],
            "Schema": [
                {
                    "Name": "given_name",
                    "Required": True,
                    "Mutable": True,
                    "StringAttributeConstraints": {"MinLength": "3", "MaxLength": "9"},
                }
            ],
        },
    )
    query = urlencode(oauth.request(lang=language))
    browser.open(f"{BASE}/signup?{query}")
    good = {"username": "anna", "attribute.given_name": "Anna", "attribute.email": "a@example.com"}
    browser.send(**good, password="short")
    short = browser.fault
    browser.send(**{**good, "attribute.given_name": "A"}, password=PASSWORD)
    unfit = browser.fault
    english = "it is too short" in short or "characters" in unfit
    assert english == (language == "en")
    assert "3" in unfit


@pytest.mark.usefixtures("oauth")
def test_pages_without_a_request_come_in_the_language_of_the_browser(browser):
    browser.accepts_language = "de"
    browser.open(f"{BASE}/error?error=redirect_mismatch")
    assert browser.language == "de"
    assert "redirect_mismatch" in browser.says
    browser.open(f"{BASE}/confirmUser?client_id=x")
    assert "Dieser Link kann nicht verwendet werden" in browser.says
    browser.open(f"{BASE}/device?lang=fr")
    assert browser.language == "fr"
    browser.send(user_code="BBBB-BBBB")
    assert browser.language == "fr"

"""What administrators make of the pages: CSS, logos, styles, terms."""

import base64
import hashlib
import re
from urllib.parse import urlencode

import pytest
from kits.browser import Browser
from kits.images import IMAGES, PNG
from kits.oauth import BASE, OAuthApp

CSS = ".submitButton-customizable { color: #123456; }\r\n.logo-customizable{max-width:50%}"


@pytest.fixture
def browser(poolgate):
    return Browser(poolgate)


@pytest.fixture
def oauth(poolgate):
    return OAuthApp.of(poolgate)


def opened(browser, oauth, page="/login"):
    return browser.open(f"{BASE}{page}?{urlencode(oauth.request())}")


def body(browser):
    return browser.response.body.decode()


def styles(browser):
    """Return the page's style elements, each of which its policy must allow."""
    policy = browser.response.headers["content-security-policy"]
    found = re.findall("<style>(.*?)</style>", body(browser), re.DOTALL)
    for style in found:
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.count("'sha256-") == len(found)
    assert "unsafe-inline" not in policy
    return found


def image_of(browser, poolgate):
    (path,) = re.findall('<img class="logo-customizable" src="([^"]+)"', body(browser))
    assert "img-src 'self'" in browser.response.headers["content-security-policy"]
    return poolgate.send("GET", path)


def managed(oauth, **style):
    app = oauth.app
    (domain,) = (BASE.rpartition("/")[2],)
    app.cognito.update_user_pool_domain(
        UserPoolId=app.pool_id, Domain=domain, ManagedLoginVersion=2
    )
    app.cognito.create_managed_login_branding(
        UserPoolId=app.pool_id, ClientId=oauth.client_id, **style
    )


def test_pages_are_plain_until_somebody_sets_their_looks(browser, oauth):
    assert len(styles(opened(browser, oauth))) == 1
    assert "<img" not in body(browser)
    assert "img-src 'none'" in browser.response.headers["content-security-policy"]


def test_classic_pages_have_their_css_and_logo(poolgate, browser, oauth):
    pool = {"UserPoolId": oauth.app.pool_id}
    oauth.app.cognito.set_ui_customization(**pool, CSS=CSS, ImageFile=PNG)
    assert styles(opened(browser, oauth))[1] == CSS.replace("\r\n", "\n")
    assert image_of(browser, poolgate).body == PNG
    assert 'class="submitButton-customizable"' in body(browser)
    own = ".label-customizable{color:red}"
    oauth.app.cognito.set_ui_customization(**pool, ClientId=oauth.client_id, CSS=own)
    assert styles(opened(browser, oauth))[1] == own
    assert "<img" not in body(browser)


def test_managed_login_pages_have_the_style_of_their_client(poolgate, browser, oauth):
    oauth.app.cognito.set_ui_customization(UserPoolId=oauth.app.pool_id, CSS=CSS)
    settings = {
        "categories": {"global": {"colorSchemeMode": "DYNAMIC"}},
        "components": {
            "form": {"logo": {"enabled": True}, "borderRadius": 3},
            "primaryButton": {"lightMode": {"defaults": {"backgroundColor": "aabbccff"}}},
            "pageBackground": {"lightMode": {"color": "red;}body{display:none"}},
        },
    }
    logo = {"Category": "FORM_LOGO", "ColorMode": "LIGHT"}
    svg = {**logo, "Extension": "SVG", "Bytes": IMAGES["SVG"]}
    managed(oauth, Settings=settings, Assets=[svg])
    (_, style) = styles(opened(browser, oauth))
    assert "--strong:#aabbccff" in style
    assert "main{border-radius:3px}" in style
    assert "prefers-color-scheme:dark" in style
    assert "display:none" not in style
    answer = image_of(browser, poolgate)
    assert answer.body == IMAGES["SVG"]
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("mode", "scheme"), [("LIGHT", "light"), ("DARK", "dark")])
def test_a_style_may_have_one_colour_mode(browser, oauth, mode, scheme):
    managed(oauth, Settings={"categories": {"global": {"colorSchemeMode": mode}}})
    (_, style) = styles(opened(browser, oauth))
    assert style.startswith(f":root{{color-scheme:{scheme};--text:#")
    assert "<img" not in body(browser)


def test_terms_are_named_where_somebody_signs_up(browser, oauth):
    of_client = {
        "UserPoolId": oauth.app.pool_id,
        "ClientId": oauth.client_id,
        "TermsSource": "LINK",
        "Enforcement": "NONE",
    }
    links = {"cognito:default": "https://app.example/x?a=1&b=2"}
    oauth.app.cognito.create_terms(**of_client, TermsName="terms-of-use", Links=links)
    assert "you agree" not in opened(browser, oauth, "/signup").says
    links = {**links, "cognito:english": "https://app.example/privacy"}
    oauth.app.cognito.create_terms(**of_client, TermsName="privacy-policy", Links=links)
    says = opened(browser, oauth, "/signup").says
    assert "By signing up, you agree to our Terms of use and Privacy policy ." in says
    assert {"https://app.example/x?a=1&b=2", "https://app.example/privacy"} <= set(
        browser.page.links
    )

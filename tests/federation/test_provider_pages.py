"""Identity providers on the sign-in page: links, the field for an address, straight redirects."""

from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from kits.browser import Browser
from kits.cognito import PASSWORD
from kits.fake_provider import FakeProvider, fake_provider
from kits.federation import FederatedApp, at
from kits.oauth import CALLBACK

from poolgate.oauth.carried_requests import carry
from poolgate.testing import LocalPoolgate


@pytest.fixture
def provider(poolgate: LocalPoolgate) -> Iterator[FakeProvider]:
    with fake_provider(poolgate) as provider:
        yield provider


def app_of(provider: FakeProvider, **settings: object) -> FederatedApp:
    return FederatedApp.of(provider.poolgate, details=provider.details(), **settings)


def opened(app: FederatedApp, **changes: str) -> Browser:
    browser = Browser(app.poolgate)
    query = "&".join(f"{k}={v}" for k, v in app.browser.request(**changes).items())
    return browser.open(at(f"/oauth2/authorize?{query.replace(' ', '+')}"))


def links_to(browser: Browser, name: str) -> list[str]:
    wanted = f"identity_provider={name}"
    return [unescape(link) for link in browser.page.links if wanted in link]


def provider_s_own(browser: Browser) -> dict[str, list[str]]:
    assert browser.left_for is not None
    return parse_qs(urlsplit(browser.left_for).query)


def test_the_page_has_a_link_to_every_provider_besides_the_form(provider):
    browser = opened(app_of(provider))
    assert "Continue with Partner" in browser.says
    assert "password" in browser.page.labels
    (link,) = links_to(browser, "Partner")
    browser.open(link)
    assert browser.left_for.startswith(f"{provider.url}/authorize?")
    answer = provider.approve(browser.left_for)
    query = "&".join(f"{name}={value}" for name, value in answer.items())
    browser.open(at(f"/oauth2/idpresponse?{query}"))
    assert browser.left_for.startswith(f"{CALLBACK}?code=")


def test_with_one_provider_and_no_local_users_there_is_nothing_to_choose(provider):
    browser = opened(app_of(provider, providers=()))
    assert browser.left_for.startswith(provider.url)


def test_where_several_providers_are_all_there_is_no_form_is_shown(provider):
    app = app_of(provider)
    app.cognito.create_identity_provider(
        UserPoolId=app.pool_id,
        ProviderName="SignInWithApple",
        ProviderType="SignInWithApple",
        ProviderDetails={
            "client_id": "c",
            "team_id": "t",
            "key_id": "k",
            "private_key": "p",
            "authorize_scopes": "email",
        },
    )
    app.browser = app.browser.another(SupportedIdentityProviders=["Partner", "SignInWithApple"])
    browser = opened(app)
    assert "Continue with Apple" in browser.says
    assert "password" not in browser.page.labels
    assert "/forgotPassword" not in "".join(browser.page.links)


def test_a_password_is_not_taken_where_users_come_from_elsewhere_only(provider):
    app = app_of(provider)
    app.browser.app.user("alice")
    browser = opened(app)
    action, form = browser.page.forms[0]
    other = app.browser.another(SupportedIdentityProviders=["Partner"])
    action = action.replace(app.browser.client_id, other.client_id)
    browser.post(action, {**form, "username": "alice", "password": PASSWORD})
    assert browser.left_for is None or browser.left_for.startswith(provider.url)


def test_local_users_who_are_asked_for_see_no_other_way(provider):
    browser = opened(app_of(provider), identity_provider="COGNITO")
    assert "Continue with" not in browser.says
    assert "password" in browser.page.labels


def test_an_address_leads_to_the_provider_of_its_domain(provider):
    browser = opened(app_of(provider, identifiers=("example.com",)))
    # Nobody learns by the page which organizations there are.
    assert "Partner" not in browser.says
    browser.send(form=1, organization=" Anna@Example.COM ")
    assert browser.title == "Continue with Partner"
    assert 'http-equiv="refresh" content="0; url=' in browser.response.body.decode()
    (link,) = links_to(browser, "Partner")
    browser.open(link)
    assert browser.left_for.startswith(provider.url)
    assert provider_s_own(browser)["login_hint"] == ["Anna@Example.COM"]


def test_an_identifier_may_have_capitals(provider):
    browser = opened(app_of(provider, identifiers=("DomainA.com",)))
    browser.send(form=1, organization="bob@DomainA.com")
    assert browser.title == "Continue with Partner"


def test_an_address_that_nobody_knows_is_said_so_and_kept(provider):
    browser = opened(app_of(provider, identifiers=("example.com",)))
    browser.send(form=1, organization="anna@other.example")
    assert browser.fault.startswith("We know no organization of this address.")
    assert browser.page.forms[1][1]["organization"] == "anna@other.example"


def test_without_identifiers_no_address_is_asked_for(provider):
    assert "organization" not in opened(app_of(provider)).page.labels


def test_the_sign_in_page_goes_straight_on_where_a_provider_is_named(provider):
    app = app_of(provider)
    query = "&".join(f"{k}={v}" for k, v in app.browser.request().items()).replace(" ", "+")
    browser = Browser(app.poolgate).open(at(f"/login?{query}&identity_provider=Partner"))
    assert browser.left_for.startswith(provider.url)


def test_a_provider_that_the_client_does_not_take_is_told_to_the_app(provider):
    browser = opened(app_of(provider), identity_provider="Google")
    assert browser.left_for.startswith(f"{CALLBACK}?error")


def test_somebody_who_approves_a_device_may_come_from_a_provider(provider):
    app = app_of(provider)
    installation = app.poolgate.application.installation
    call = installation.new_call(request_id="test", source_address="127.0.0.1")
    client = {"client_id": app.browser.client_id}
    sealed = carry(call, app.pool_id, client, return_to="/device?user_code=ABCD-EFGH")
    browser = Browser(app.poolgate).open(at(f"/login?carried_request={sealed}"))
    browser.open(*links_to(browser, "Partner"))
    answer = provider.approve(browser.left_for)
    query = "&".join(f"{name}={value}" for name, value in answer.items())
    browser.open(at(f"/oauth2/idpresponse?{query}"))
    assert browser.path == at("/device")

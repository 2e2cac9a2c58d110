"""A second Poolgate as OIDC provider: two real servers, one person, real pages in between."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import httpx2
import pytest
from kits.browser import reader_of
from kits.oauth import CHALLENGE, VERIFIER, claims_of, query_of
from kits.serving import PASSWORD, Served, serving

CALLBACK = "http://127.0.0.1:9/callback"
ANNA = "anna@example.com"


@dataclass
class Person:
    """Somebody with a browser; it stops where the app's own pages would begin."""

    http: httpx2.Client
    url: str = ""
    passed: list[str] = field(default_factory=list)

    def go(self, method: str, url: str, form: dict[str, str] | None = None) -> str:
        self.passed = []
        for _ in range(12):
            self.url = urljoin(self.url, url)
            self.passed.append(self.url)
            if self.url.startswith(CALLBACK):
                return ""
            response = self.http.request(method, self.url, data=form)
            if response.status_code not in {302, 303}:
                assert response.status_code == 200, response.text
                return response.text
            method, form, url = "GET", None, response.headers["location"]
        raise AssertionError("too many redirects")

    @property
    def came_back(self) -> str:
        """How the browser came back from the provider."""
        (only,) = (url for url in self.passed if urlsplit(url).path.endswith("/idpresponse"))
        return only

    def fill_in(self, page: str, **fields: str) -> str:
        action, hidden = reader_of(page).forms[0]
        return self.go("POST", action, {**hidden, **fields})


@dataclass
class World:
    app: Served
    client_id: str
    pool_id: str
    upstream: Served
    cognito: Any

    def authorize(self, **changes: str) -> str:
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid email",
            "state": "here",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return f"{self.app.url}/domains/app/oauth2/authorize?{urlencode(parameters)}"

    def redeem(self, url: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": query_of(url)["code"][0],
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        with httpx2.Client(trust_env=False) as http:
            answer = http.post(f"{self.app.url}/domains/app/oauth2/token", data=form)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens


def pool_with_domain(served: Served, domain: str) -> tuple[Any, str]:
    cognito = served.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName=domain)["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain=domain, UserPoolId=pool_id)
    return cognito, pool_id


def client_of(cognito: Any, pool_id: str, callback: str, **more: Any) -> dict[str, str]:
    made: dict[str, str] = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="app",
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "email"],
        CallbackURLs=[callback],
        **more,
    )["UserPoolClient"]
    return made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    def folder(name: str) -> Path:
        return tmp_path_factory.mktemp(name) / "data"

    with serving(folder("app")) as app, serving(folder("upstream")) as upstream:
        partner, partner_pool = pool_with_domain(upstream, "partner")
        come_back = f"{app.url}/domains/app/oauth2/idpresponse"
        registered = client_of(
            partner,
            partner_pool,
            come_back,
            GenerateSecret=True,
            SupportedIdentityProviders=["COGNITO"],
        )
        partner.admin_create_user(
            UserPoolId=partner_pool,
            Username="anna",
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": ANNA},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
        partner.admin_set_user_password(
            UserPoolId=partner_pool, Username="anna", Password=PASSWORD, Permanent=True
        )
        cognito, pool_id = pool_with_domain(app, "app")
        cognito.create_identity_provider(
            UserPoolId=pool_id,
            ProviderName="Partner",
            ProviderType="OIDC",
            ProviderDetails={
                "client_id": registered["ClientId"],
                "client_secret": registered["ClientSecret"],
                "authorize_scopes": "openid email",
                "attributes_request_method": "GET",
                "oidc_issuer": f"{upstream.url}/{partner_pool}",
            },
            AttributeMapping={"email": "email", "email_verified": "email_verified"},
        )
        client = client_of(
            cognito, pool_id, CALLBACK, SupportedIdentityProviders=["COGNITO", "Partner"]
        )
        yield World(app, client["ClientId"], pool_id, upstream, cognito)


@pytest.fixture
def person() -> Iterator[Person]:
    with httpx2.Client(trust_env=False) as http:
        yield Person(http)


@pytest.fixture
def other() -> Iterator[Person]:
    with httpx2.Client(trust_env=False) as http:
        yield Person(http)


def test_a_user_of_the_one_signs_in_to_the_other(world: World, person: Person) -> None:
    page = person.go("GET", world.authorize(identity_provider="Partner"))
    assert urlsplit(person.url).path == "/domains/partner/login"
    assert person.url.startswith(world.upstream.url)
    # What both sides can do they do: PKCE between the servers.
    assert "code_challenge_method=S256" in person.url
    person.fill_in(page, username="anna", password=PASSWORD)
    assert person.url.startswith(CALLBACK)
    answered = person.came_back
    assert "iss=" in answered
    claims = claims_of(world.redeem(person.url)["id_token"])
    assert (claims["email"], claims["email_verified"]) == (ANNA, True)
    assert claims["identities"][0]["providerName"] == "Partner"
    assert claims["cognito:groups"] == [f"{world.pool_id}_Partner"]


def test_who_is_signed_in_there_needs_to_do_nothing(world: World, person: Person) -> None:
    page = person.go("GET", world.authorize(identity_provider="Partner"))
    person.fill_in(page, username="anna", password=PASSWORD)
    first = claims_of(world.redeem(person.url)["id_token"])
    person.go("GET", world.authorize(prompt="select_account", identity_provider="Partner"))
    assert "/domains/partner/login" in person.url
    person.http.cookies.delete("cognito-app")
    person.go("GET", world.authorize(identity_provider="Partner"))
    assert person.url.startswith(CALLBACK)
    assert claims_of(world.redeem(person.url)["id_token"])["sub"] == first["sub"]


def test_a_wrong_password_there_is_told_there(world: World, person: Person) -> None:
    page = person.go("GET", world.authorize(identity_provider="Partner"))
    page = person.fill_in(page, username="anna", password="Wrong-password-1")
    assert person.url.startswith(world.upstream.url)
    assert "Incorrect username or password." in page


def test_the_code_that_one_browser_got_is_worth_nothing_in_another(
    world: World, person: Person, other: Person
) -> None:
    page = person.go("GET", world.authorize(identity_provider="Partner"))
    person.fill_in(page, username="anna", password=PASSWORD)
    answered = person.came_back
    with pytest.raises(AssertionError, match="error"):
        other.go("GET", answered)
    assert urlsplit(other.url).path == "/domains/app/error"

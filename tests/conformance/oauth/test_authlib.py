"""authlib, a public relying-party library, against a server as production runs it."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet
from kits.oauth import MACHINE
from kits.serving import PASSWORD

CALLBACK = "http://localhost:8765/callback"
VERIFIER = "verifier-" * 6
MACHINE_SETTINGS = {
    name: value for name, value in MACHINE.items() if name != "AllowedOAuthFlowsUserPoolClient"
}


@pytest.fixture(scope="module")
def pool(served):
    cognito = served.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="authlib")["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain="authlib", UserPoolId=pool_id)
    cognito.create_resource_server(
        UserPoolId=pool_id,
        Identifier="things",
        Name="things",
        Scopes=[{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write")],
    )
    cognito.admin_create_user(UserPoolId=pool_id, Username="anna", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(
        UserPoolId=pool_id, Username="anna", Password=PASSWORD, Permanent=True
    )
    return cognito, pool_id


def app_client(pool, **settings):
    cognito, pool_id = pool
    made = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="authlib",
        AllowedOAuthFlowsUserPoolClient=True,
        **settings,
    )
    return made["UserPoolClient"]


def metadata(served, pool_id):
    url = f"{served.url}/{pool_id}/.well-known/openid-configuration"
    return requests.get(url, timeout=10).json()


def signed_in(browser, page):
    """Fill in the login page as a person does; return where the browser is sent."""
    fields = {}
    for part in page.text.split("<input ")[1:]:
        name = part.split('name="')[1].split('"')[0]
        fields[name] = part.split('value="')[1].split('"')[0] if 'value="' in part[:200] else ""
    action = page.text.split('action="')[1].split('"')[0].replace("&amp;", "&")
    answer = browser.post(
        requests.compat.urljoin(page.url, action),
        data={**fields, "username": "anna", "password": PASSWORD},
        allow_redirects=False,
        timeout=10,
    )
    assert answer.status_code == 303
    return answer.headers["location"]


@pytest.mark.parametrize("secret", [False, True])
def test_code_with_pkce_refresh_user_info_and_revoke(served, pool, secret):
    client = app_client(
        pool,
        GenerateSecret=secret,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "profile"],
        CallbackURLs=[CALLBACK],
        SupportedIdentityProviders=["COGNITO"],
    )
    told = metadata(served, pool[1])
    session = OAuth2Session(
        client["ClientId"],
        client.get("ClientSecret"),
        scope="openid profile",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
    )
    url, state = session.create_authorization_url(
        told["authorization_endpoint"], code_verifier=VERIFIER, nonce="n1"
    )
    browser = requests.Session()
    location = signed_in(browser, browser.get(url, timeout=10))
    assert parse_qs(urlsplit(location).query)["iss"] == [told["issuer"]]
    tokens = session.fetch_token(
        told["token_endpoint"],
        authorization_response=location,
        code_verifier=VERIFIER,
        state=state,
    )
    keys = KeySet.import_key_set(requests.get(told["jwks_uri"], timeout=10).json())
    identity = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"])
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": told["issuer"]},
        aud={"essential": True, "value": client["ClientId"]},
        nonce={"essential": True, "value": "n1"},
    ).validate(identity.claims)
    assert session.get(told["userinfo_endpoint"]).json()["username"] == "anna"
    refreshed = session.refresh_token(told["token_endpoint"], refresh_token=tokens["refresh_token"])
    assert refreshed["access_token"] != tokens["access_token"]
    revoked = session.revoke_token(told["revocation_endpoint"], token=tokens["refresh_token"])
    assert revoked.status_code == 200
    # The browser is still signed in: no page is shown a second time.
    again = browser.get(url, allow_redirects=False, timeout=10)
    assert again.headers["location"].startswith(f"{CALLBACK}?code=")


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_client_credentials(served, pool, method):
    client = app_client(pool, GenerateSecret=True, **MACHINE_SETTINGS)
    told = metadata(served, pool[1])
    session = OAuth2Session(
        client["ClientId"],
        client["ClientSecret"],
        scope="things/read",
        token_endpoint_auth_method=method,
    )
    tokens = session.fetch_token(told["token_endpoint"], grant_type="client_credentials")
    assert tokens["token_type"] == "Bearer"

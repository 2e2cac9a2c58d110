"""openid-client for Node.js, a certified relying party, against a server as production runs it."""

import pytest
from kits.oauth import MACHINE
from kits.serving import PASSWORD

CALLBACK = "http://localhost:8765/callback"


@pytest.fixture(scope="module")
def pool(served):
    cognito = served.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="openid-client")["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain="openid-client", UserPoolId=pool_id)
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


def run(served, pool, javascript, settings, *arguments):
    cognito, pool_id = pool
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="app", GenerateSecret=True, **settings
    )["UserPoolClient"]
    return javascript(
        "openid_client.mjs",
        f"{served.url}/{pool_id}",
        client["ClientId"],
        client["ClientSecret"],
        CALLBACK,
        *arguments,
    )


def test_code_with_pkce_pushed_requests_refresh_introspection_and_logout(served, pool, javascript):
    settings = {
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid", "email"],
        "CallbackURLs": [CALLBACK],
        "LogoutURLs": [CALLBACK],
        "SupportedIdentityProviders": ["COGNITO"],
    }
    told = run(served, pool, javascript, settings, "anna", PASSWORD, "")
    assert told == {
        "username": "anna",
        "before": True,
        "after": False,
        "sameUser": True,
        "bye": CALLBACK,
        "bound": ["dpop", "dpop", "anna"],
    }


def test_client_credentials(served, pool, javascript):
    told = run(served, pool, javascript, MACHINE, "", "", "things/read")
    assert told == {"type": "bearer", "expires": 3600}

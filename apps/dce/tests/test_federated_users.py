"""Users whom an identity provider vouches for: a second Poolgate; the number is the checklist's."""

import pytest
from dce_installation import DceBrowser, keys_in
from dce_processes import PASSWORD, serving

PROVIDER = "Partner"


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("upstream") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def partner(installed, upstream):
    """Make a pool elsewhere whose users are this installation's; the value makes one of them."""
    there = upstream.client("cognito-idp")
    pool_id = there.create_user_pool(
        PoolName="partner", Schema=[{"Name": "roles", "AttributeDataType": "String"}]
    )["UserPool"]["Id"]
    there.create_user_pool_domain(Domain="partner", UserPoolId=pool_id)
    login_url = installed.settings()["DCE_LOGIN_URL"]
    client = there.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="dce",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "profile"],
        CallbackURLs=[f"{login_url}/oauth2/idpresponse"],
        SupportedIdentityProviders=["COGNITO"],
    )["UserPoolClient"]
    here = installed.server.client("cognito-idp")
    whom = {"UserPoolId": installed.outputs["cognito_user_pool_id"]}
    here.create_identity_provider(
        **whom,
        ProviderName=PROVIDER,
        ProviderType="OIDC",
        ProviderDetails={
            "client_id": client["ClientId"],
            "client_secret": client["ClientSecret"],
            "authorize_scopes": "openid profile",
            "attributes_request_method": "GET",
            "oidc_issuer": f"{upstream.url}/{pool_id}",
        },
        AttributeMapping={"custom:roles": "custom:roles"},
    )
    whom["ClientId"] = installed.outputs["cognito_user_pool_client_id"]
    before = here.describe_user_pool_client(**whom)["UserPoolClient"]
    kept = {
        name: before[name]
        for name in (
            "ClientName",
            "AllowedOAuthFlowsUserPoolClient",
            "AllowedOAuthFlows",
            "AllowedOAuthScopes",
            "CallbackURLs",
            "LogoutURLs",
            "ExplicitAuthFlows",
            "SupportedIdentityProviders",
            "WriteAttributes",
        )
    }
    changed = {
        "SupportedIdentityProviders": ["COGNITO", PROVIDER],
        "WriteAttributes": ["email", "custom:roles"],
    }
    here.update_user_pool_client(**whom, **{**kept, **changed})

    def make(username: str, roles: str | None = None) -> str:
        attributes = [] if roles is None else [{"Name": "custom:roles", "Value": roles}]
        there.admin_create_user(
            UserPoolId=pool_id,
            Username=username,
            MessageAction="SUPPRESS",
            UserAttributes=attributes,
        )
        there.admin_set_user_password(
            UserPoolId=pool_id, Username=username, Password=PASSWORD, Permanent=True
        )
        return username

    yield make
    here.update_user_pool_client(**whom, **kept)


def keys_of(installed, username: str):
    """Sign in at the provider, beginning where `dce auth` sends the browser."""
    browser = DceBrowser.at(installed.api_url).leave_for_the_login()
    (link,) = (link for link in browser.page.links if f"identity_provider={PROVIDER}" in link)
    browser.open(link)
    return keys_in(browser.fill_in(username, PASSWORD).authentication_code)


def test_d60_users_of_a_provider_are_users_and_its_admins_are_admins(installed, partner):
    api = installed.api
    plain = keys_of(installed, partner("far-away"))
    assert api.signed(plain, "GET", "/leases").body == []
    assert api.signed(plain, "GET", "/accounts").status == 403
    admin = keys_of(installed, partner("far-admin", "staff, Admin"))
    assert api.signed(admin, "GET", "/accounts").status == 200
    lease = {"principalId": "somebody else"}
    assert api.signed(plain, "POST", "/leases", lease).status == 401
    assert api.signed(admin, "POST", "/leases", lease).status == 500

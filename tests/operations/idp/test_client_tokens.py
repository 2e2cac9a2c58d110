"""GetClientToken: who gets a machine-to-machine token, and what it says."""

from typing import Any

import pytest
from kits.people import claims_of
from kits.refusals import refusal, refusal_code

from poolgate.foundation.secret import Secret
from poolgate.testing import LocalPoolgate

INVALID = "InvalidParameterException"
NOT_AUTHORIZED = "NotAuthorizedException"
SCOPES = ["api/read", "api/write"]
FLOW = ["ALLOW_CLIENT_TOKEN_AUTH"]


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


@pytest.fixture
def pool_id(cognito: Any) -> str:
    made: str = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    cognito.create_resource_server(
        UserPoolId=made,
        Identifier="api",
        Name="api",
        Scopes=[
            {"ScopeName": name, "ScopeDescription": name} for name in ("read", "write", "delete")
        ],
    )
    return made


def make(cognito: Any, pool_id: str, **members: Any) -> dict[str, str]:
    """Make an app client for machines and return what it proves itself with."""
    settings = {
        "ExplicitAuthFlows": FLOW,
        "GenerateSecret": True,
        "AllowedOAuthScopes": SCOPES,
        **members,
    }
    made = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="machine", **settings)
    app_client = made["UserPoolClient"]
    return {"ClientId": app_client["ClientId"], "Secret": app_client["ClientSecret"]}


@pytest.mark.documented("auth_flows.md 11.4", "No username, cognito:groups, device_key, origin_jti")
def test_the_token_says_exactly_what_a_client_credentials_token_says(
    poolgate: LocalPoolgate, cognito: Any, pool_id: str
) -> None:
    machine = make(cognito, pool_id)
    answer = cognito.get_client_token(**machine)["ClientAuthenticationResult"]
    assert set(answer) == {"AccessToken", "ExpiresIn", "TokenType"}
    assert (answer["ExpiresIn"], answer["TokenType"]) == (3600, "Bearer")
    claims = claims_of(Secret(answer["AccessToken"]))
    issued_at = claims["iat"]
    assert claims.pop("jti") != claims["sub"]
    assert claims == {
        "sub": machine["ClientId"],
        "client_id": machine["ClientId"],
        "token_use": "access",
        "scope": "api/read api/write",
        "auth_time": issued_at,
        "iat": issued_at,
        "exp": issued_at + 3600,
        "iss": f"{poolgate.url}/{pool_id}",
        "version": 2,
    }


@pytest.mark.documented("API_GetClientToken", "can't use IAM credentials to authorize requests")
def test_no_signature_is_needed(poolgate: LocalPoolgate, cognito: Any, pool_id: str) -> None:
    machine = make(cognito, pool_id)
    answer = poolgate.post_json("cognito-idp", "GetClientToken", machine)
    assert answer.status == 200


@pytest.mark.documented("API_GetClientToken", "The custom scopes to authorize in the access token")
def test_asked_scopes_are_granted_where_allowed(cognito: Any, pool_id: str) -> None:
    machine = make(cognito, pool_id)
    answer = cognito.get_client_token(**machine, Scopes=["api/write", "api/write"])
    token = Secret(answer["ClientAuthenticationResult"]["AccessToken"])
    assert claims_of(token)["scope"] == "api/write"


@pytest.mark.assumed("how scopes that cannot be granted to a client are refused")
def test_other_scopes_are_refused(cognito: Any, pool_id: str) -> None:
    machine = make(cognito, pool_id, AllowedOAuthScopes=[*SCOPES, "openid"])
    ask = cognito.get_client_token
    assert refusal(ask, **machine, Scopes=["api/read", "api/delete"]) == (
        NOT_AUTHORIZED,
        "Scope api/delete is not allowed for this client.",
    )
    for unknown in ("api/other", "other/read", "openid", "aws.cognito.signin.user.admin"):
        told = refusal(ask, **machine, Scopes=["api/read", unknown])
        assert told == (INVALID, f"Scope {unknown} does not exist.")
    nothing = make(cognito, pool_id, AllowedOAuthScopes=["openid"])
    assert refusal(ask, **nothing) == (INVALID, "There is no scope to authorize.")


@pytest.mark.documented("API_DeleteResourceServer", "can no longer generate access tokens")
def test_scopes_end_with_their_resource_server(cognito: Any, pool_id: str) -> None:
    machine = make(cognito, pool_id)
    named = {"UserPoolId": pool_id, "Identifier": "api"}
    cognito.update_resource_server(
        **named, Name="api", Scopes=[{"ScopeName": "read", "ScopeDescription": "x"}]
    )
    answer = cognito.get_client_token(**machine)["ClientAuthenticationResult"]
    assert claims_of(Secret(answer["AccessToken"]))["scope"] == "api/read"
    cognito.delete_resource_server(**named)
    assert refusal_code(cognito.get_client_token, **machine) == INVALID


@pytest.mark.documented("API_GetClientToken", "An active secret for the app client")
def test_every_active_secret_proves_the_client(cognito: Any, pool_id: str) -> None:
    machine = make(cognito, pool_id)
    named = {"UserPoolId": pool_id, "ClientId": machine["ClientId"]}
    (first,) = cognito.list_user_pool_client_secrets(**named)["ClientSecrets"]
    added = cognito.add_user_pool_client_secret(**named)["ClientSecretDescriptor"]
    second = {"ClientId": machine["ClientId"], "Secret": added["ClientSecretValue"]}
    assert cognito.get_client_token(**machine)
    assert cognito.get_client_token(**second)
    cognito.delete_user_pool_client_secret(**named, ClientSecretId=first["ClientSecretId"])
    assert refusal_code(cognito.get_client_token, **machine) == NOT_AUTHORIZED
    assert cognito.get_client_token(**second)


@pytest.mark.assumed("the text for a wrong plain secret is not documented")
def test_a_wrong_secret_proves_nothing(cognito: Any, pool_id: str) -> None:
    machine = make(cognito, pool_id)
    anothers = make(cognito, pool_id)["Secret"]
    for wrong in (anothers, "x" * 52):
        told = refusal(cognito.get_client_token, ClientId=machine["ClientId"], Secret=wrong)
        assert told == (
            NOT_AUTHORIZED,
            f"Unable to verify secret for client {machine['ClientId']}",
        )


@pytest.mark.documented("API_GetClientToken", "enable the ALLOW_CLIENT_TOKEN_AUTH flow")
def test_clients_for_users_get_no_token_for_themselves(cognito: Any, pool_id: str) -> None:
    for_users = make(cognito, pool_id, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    assert refusal(cognito.get_client_token, **for_users) == (
        INVALID,
        "Auth flow not enabled for this client",
    )
    machine = make(cognito, pool_id)
    told = refusal_code(
        cognito.initiate_auth,
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=machine["ClientId"],
        AuthParameters={"USERNAME": "a", "PASSWORD": "b", "SECRET_HASH": "c"},
    )
    assert told == INVALID


@pytest.mark.documented("API_GetClientToken", "must be the only authentication flow")
def test_the_flow_stands_alone_and_needs_a_secret(cognito: Any, pool_id: str) -> None:
    asked = {"UserPoolId": pool_id, "ClientName": "machine"}
    create = cognito.create_user_pool_client
    mixed = {"GenerateSecret": True, "ExplicitAuthFlows": [*FLOW, "ALLOW_REFRESH_TOKEN_AUTH"]}
    assert refusal_code(create, **asked, **mixed) == INVALID
    assert refusal_code(create, **asked, ExplicitAuthFlows=FLOW) == INVALID
    machine = make(cognito, pool_id)
    shown = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=machine["ClientId"])
    assert shown["UserPoolClient"]["ExplicitAuthFlows"] == FLOW


@pytest.mark.model("GetClientTokenRequest")
def test_bad_input_is_refused_by_the_model(cognito: Any, pool_id: str) -> None:
    machine = make(cognito, pool_id)
    ask = cognito.get_client_token
    assert refusal_code(ask, ClientId=machine["ClientId"]) == INVALID
    assert refusal_code(ask, ClientId=machine["ClientId"], Secret="short") == INVALID
    assert refusal_code(ask, **machine, Scopes=["with space"]) == INVALID
    assert refusal_code(ask, **machine, Scopes=[f"api/s{n}" for n in range(51)]) == INVALID
    unknown = {"ClientId": "a" * 26, "Secret": "s" * 30}
    assert refusal_code(ask, **unknown) == "ResourceNotFoundException"


@pytest.mark.documented("error texts", "Access Token does not have required scopes")
def test_a_machines_token_is_no_users_token(cognito: Any, pool_id: str) -> None:
    answer = cognito.get_client_token(**make(cognito, pool_id))["ClientAuthenticationResult"]
    assert refusal(cognito.get_user, AccessToken=answer["AccessToken"]) == (
        NOT_AUTHORIZED,
        "Access Token does not have required scopes",
    )


@pytest.mark.documented("API_CreateUserPoolClient", "AccessTokenValidity")
def test_the_token_lives_as_long_as_the_client_says(cognito: Any, pool_id: str) -> None:
    machine = make(
        cognito, pool_id, AccessTokenValidity=5, TokenValidityUnits={"AccessToken": "minutes"}
    )
    answer = cognito.get_client_token(**machine)["ClientAuthenticationResult"]
    claims = claims_of(Secret(answer["AccessToken"]))
    assert answer["ExpiresIn"] == claims["exp"] - claims["iat"] == 300

"""Pre token generation: three versions of its event, and what functions may change."""

import base64
import json
from typing import Any

import pytest
from kits.cognito import PASSWORD, App, refused
from kits.functions import FUNCTION, Recorder

from poolgate.testing import LocalPoolgate

SIGN_IN = "TokenGeneration_Authentication"
PAGE = "user-pool-lambda-pre-token-generation"
UNREADABLE = ("InvalidLambdaResponseException", "Unrecognizable lambda output")
USER_SCOPE = "aws.cognito.signin.user.admin"


@pytest.fixture
def function(poolgate: LocalPoolgate) -> Recorder:
    return Recorder(poolgate)


def versioned(version: str) -> dict[str, Any]:
    return {"PreTokenGenerationConfig": {"LambdaVersion": version, "LambdaArn": FUNCTION}}


def app_of(poolgate: LocalPoolgate, version: str | None = None, **client: Any) -> App:
    config = {"PreTokenGeneration": FUNCTION} if version is None else versioned(version)
    return App.of(poolgate, pool={"LambdaConfig": config}, **client)


def claims(token: str) -> Any:
    segment = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def both(result: Any) -> tuple[Any, Any]:
    return claims(result["IdToken"]), claims(result["AccessToken"])


@pytest.mark.documented("API_LambdaConfigType", "PreTokenGeneration: for legacy purposes")
def test_both_members_show_the_one_function(poolgate: LocalPoolgate) -> None:
    for version, app in (
        ("V1_0", app_of(poolgate)),
        ("V2_0", app_of(poolgate, "V2_0")),
    ):
        pool = app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
        assert pool["LambdaConfig"] == {"PreTokenGeneration": FUNCTION, **versioned(version)}


@pytest.mark.assumed("texts for functions that pools cannot ask")
def test_members_must_name_the_same_function(poolgate: LocalPoolgate) -> None:
    cognito = poolgate.client("cognito-idp")
    text = "PreTokenGeneration and PreTokenGenerationConfig must name the same function."
    with refused("InvalidParameterException", text):
        cognito.create_user_pool(
            PoolName="p",
            LambdaConfig={"PreTokenGeneration": FUNCTION + "2", **versioned("V2_0")},
        )


@pytest.mark.documented(PAGE, "Essentials or Plus feature plan")
def test_later_versions_need_a_higher_tier(poolgate: LocalPoolgate) -> None:
    cognito = poolgate.client("cognito-idp")
    for version in ("V2_0", "V3_0"):
        with refused("FeatureUnavailableInTierException"):
            cognito.create_user_pool(
                PoolName="p", UserPoolTier="LITE", LambdaConfig=versioned(version)
            )
    cognito.create_user_pool(PoolName="p", UserPoolTier="LITE", LambdaConfig=versioned("V1_0"))


@pytest.mark.documented(PAGE, "Pre token generation trigger event, version 1")
def test_first_version_changes_the_id_token_and_groups(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(poolgate)
    sub = app.user(email="alice@example.com")
    role = "arn:aws:iam::123456789012:role/people"
    app.cognito.create_group(UserPoolId=app.pool_id, GroupName="people", RoleArn=role)
    app.cognito.admin_add_user_to_group(
        UserPoolId=app.pool_id, Username="alice", GroupName="people"
    )
    function.response[SIGN_IN] = {
        "claimsOverrideDetails": {
            "claimsToAddOrOverride": {"tenant": "t1", "sub": "mallory", "email": "x@example.com"},
            "claimsToSuppress": ["cognito:username", "event_id"],
            "groupOverrideDetails": {"groupsToOverride": ["others"]},
        }
    }
    identity, access = both(app.sign_in()["AuthenticationResult"])
    event = function.event(SIGN_IN)
    assert event["version"] == "1"
    assert event["request"]["groupConfiguration"] == {
        "groupsToOverride": ["people"],
        "iamRolesToOverride": [role],
        "preferredRole": role,
    }
    assert "scopes" not in event["request"]
    assert event["response"] == {"claimsOverrideDetails": None}
    assert (identity["tenant"], identity["sub"], identity["email"]) == ("t1", sub, "x@example.com")
    assert identity["cognito:username"] == "alice"
    assert "event_id" in identity
    assert identity["cognito:groups"] == access["cognito:groups"] == ["others"]
    assert "cognito:roles" not in identity
    assert "tenant" not in access


@pytest.mark.documented(PAGE, "claimsAndScopeOverrideDetails")
def test_second_version_changes_both_tokens(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate, "V2_0")
    app.user()
    function.response[SIGN_IN] = {
        "claimsAndScopeOverrideDetails": {
            "idTokenGeneration": {"claimsToAddOrOverride": {"limits": {"cpu": 4}}},
            "accessTokenGeneration": {
                "claimsToAddOrOverride": {"tenants": ["a", "b"], "client_id": "another"},
                "scopesToAdd": ["reports.read"],
            },
        }
    }
    result = app.sign_in()["AuthenticationResult"]
    identity, access = both(result)
    event = function.event(SIGN_IN)
    assert (event["version"], event["request"]["scopes"]) == ("2", [USER_SCOPE])
    assert identity["limits"] == {"cpu": 4}
    assert (access["tenants"], access["client_id"]) == (["a", "b"], app.client_id)
    assert access["scope"] == f"{USER_SCOPE} reports.read"
    assert app.cognito.get_user(AccessToken=result["AccessToken"])["Username"] == "alice"


@pytest.mark.documented(PAGE, "scopesToSuppress")
def test_suppressed_scope_closes_the_users_own_operations(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(poolgate, "V2_0")
    app.user()
    function.response[SIGN_IN] = {
        "claimsAndScopeOverrideDetails": {
            "accessTokenGeneration": {"scopesToSuppress": [USER_SCOPE]}
        }
    }
    with refused("NotAuthorizedException", "Access Token does not have required scopes"):
        app.cognito.get_user(AccessToken=app.access_token())


@pytest.mark.documented(PAGE, "an empty or null object suppresses the groups")
@pytest.mark.parametrize("details", [None, {}, {"groupsToOverride": []}])
def test_empty_group_override_removes_groups(
    poolgate: LocalPoolgate, function: Recorder, details: object
) -> None:
    app = app_of(poolgate, "V2_0")
    app.user()
    app.cognito.create_group(UserPoolId=app.pool_id, GroupName="people")
    app.cognito.admin_add_user_to_group(
        UserPoolId=app.pool_id, Username="alice", GroupName="people"
    )
    for answered, groups in (
        ({"claimsAndScopeOverrideDetails": {}}, ["people"]),
        ({"claimsAndScopeOverrideDetails": {"groupOverrideDetails": details}}, None),
    ):
        function.response[SIGN_IN] = answered
        for token in both(app.sign_in()["AuthenticationResult"]):
            assert token.get("cognito:groups") == groups


@pytest.mark.assumed("text for an answer that cannot be read")
@pytest.mark.parametrize(
    ("version", "details"),
    [
        ("V1_0", {"claimsToAddOrOverride": {"n": 1}}),
        ("V1_0", {"claimsToSuppress": "email"}),
        ("V2_0", {"accessTokenGeneration": {"scopesToAdd": ["two scopes"]}}),
        ("V2_0", {"accessTokenGeneration": {"scopesToAdd": [""]}}),
        ("V2_0", {"idTokenGeneration": {"claimsToSuppress": [str(n) for n in range(5001)]}}),
        ("V3_0", "text"),
    ],
)
def test_answer_that_cannot_be_read_issues_no_tokens(
    poolgate: LocalPoolgate, function: Recorder, version: str, details: object
) -> None:
    app = app_of(poolgate, version)
    app.user()
    member = "claimsOverrideDetails" if version == "V1_0" else "claimsAndScopeOverrideDetails"
    function.response[SIGN_IN] = {member: details}
    with refused(*UNREADABLE):
        app.sign_in()


@pytest.mark.documented(PAGE, "TokenGeneration_RefreshTokens")
def test_refreshing_asks_again(poolgate: LocalPoolgate, function: Recorder) -> None:
    app = app_of(poolgate, "V2_0")
    app.user()
    refresh_token = app.sign_in()["AuthenticationResult"]["RefreshToken"]
    function.response["TokenGeneration_RefreshTokens"] = {
        "claimsAndScopeOverrideDetails": {
            "accessTokenGeneration": {"claimsToAddOrOverride": {"fresh": True}}
        }
    }
    refreshed = app.cognito.initiate_auth(
        AuthFlow="REFRESH_TOKEN_AUTH",
        ClientId=app.client_id,
        AuthParameters={"REFRESH_TOKEN": refresh_token},
    )
    assert both(refreshed["AuthenticationResult"])[1]["fresh"] is True


@pytest.mark.documented("API_AdminUserGlobalSignOut", "signs out a user from all devices")
@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("admin_user_global_sign_out", "Refresh Token has been revoked"),
        ("admin_disable_user", "Refresh Token has been revoked"),
        ("admin_delete_user", "Invalid Refresh Token"),
    ],
)
def test_sign_in_that_ends_while_the_function_runs_is_not_refreshed(
    poolgate: LocalPoolgate, function: Recorder, ending: str, text: str
) -> None:
    app = app_of(poolgate)
    app.user()
    refresh_token = app.sign_in()["AuthenticationResult"]["RefreshToken"]

    def end(event: dict[str, Any]) -> dict[str, Any]:
        getattr(app.cognito, ending)(UserPoolId=app.pool_id, Username="alice")
        return event

    function.instead = end
    with refused("NotAuthorizedException", text):
        app.cognito.initiate_auth(
            AuthFlow="REFRESH_TOKEN_AUTH",
            ClientId=app.client_id,
            AuthParameters={"REFRESH_TOKEN": refresh_token},
        )


@pytest.mark.documented("API_AdminUserGlobalSignOut", "signs out a user from all devices")
def test_user_disabled_while_the_function_runs_gets_no_tokens(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(poolgate)
    app.user()

    def disable(event: dict[str, Any]) -> dict[str, Any]:
        app.disable()
        return event

    function.instead = disable
    with refused("NotAuthorizedException", "User is disabled."):
        app.sign_in()


@pytest.mark.documented("API_GetTokensFromRefreshToken", "ClientMetadata")
def test_failing_function_does_not_use_up_a_rotating_token(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(
        poolgate,
        "V2_0",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
    )
    app.user()
    refresh_token = app.sign_in()["AuthenticationResult"]["RefreshToken"]
    function.error = "Down"
    request = {
        "ClientId": app.client_id,
        "RefreshToken": refresh_token,
        "ClientMetadata": {"device": "d"},
    }
    with refused("UserLambdaValidationException", "PreTokenGeneration failed with error Down."):
        app.cognito.get_tokens_from_refresh_token(**request)
    function.error = None
    assert "AuthenticationResult" in app.cognito.get_tokens_from_refresh_token(**request)
    assert function.events[-1]["triggerSource"] == SIGN_IN
    assert function.events[-1]["request"]["clientMetadata"] == {"device": "d"}


@pytest.mark.documented(PAGE, "TokenGeneration_NewPasswordChallenge")
def test_new_password_is_an_occasion_of_its_own(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app = app_of(poolgate)
    app.user(status="FORCE_CHANGE_PASSWORD")
    challenge = app.sign_in()
    assert not function.events
    app.cognito.respond_to_auth_challenge(
        ChallengeName="NEW_PASSWORD_REQUIRED",
        ClientId=app.client_id,
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "alice", "NEW_PASSWORD": PASSWORD},
        ClientMetadata={"first": "yes"},
    )
    event = function.event("TokenGeneration_NewPasswordChallenge")
    assert event["request"]["clientMetadata"] == {"first": "yes"}


def machine(poolgate: LocalPoolgate, version: str) -> tuple[App, dict[str, Any]]:
    pool = {"LambdaConfig": versioned(version)}
    cognito = poolgate.client("cognito-idp", validate=False)
    pool_id = cognito.create_user_pool(PoolName="people", **pool)["UserPool"]["Id"]
    cognito.create_resource_server(
        UserPoolId=pool_id,
        Identifier="api",
        Name="api",
        Scopes=[{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write")],
    )
    made = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="machine",
        GenerateSecret=True,
        ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH"],
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["api/read"],
        AllowedOAuthFlowsUserPoolClient=True,
    )["UserPoolClient"]
    app = App(poolgate, cognito, pool_id, made["ClientId"], made["ClientSecret"])
    return app, {"ClientId": app.client_id, "Secret": app.client_secret}


@pytest.mark.documented(PAGE, "version 3: client credentials")
def test_third_version_is_asked_about_machines(poolgate: LocalPoolgate, function: Recorder) -> None:
    app, request = machine(poolgate, "V3_0")
    function.response["TokenGeneration_ClientCredentials"] = {
        "claimsAndScopeOverrideDetails": {
            "accessTokenGeneration": {
                "claimsToAddOrOverride": {"tier": "gold"},
                "scopesToAdd": ["api/write"],
            }
        }
    }
    answer = app.cognito.get_client_token(**request, ClientMetadata={"job": "nightly"})
    access = claims(answer["ClientAuthenticationResult"]["AccessToken"])
    assert (access["tier"], access["scope"]) == ("gold", "api/read api/write")
    event = function.event("TokenGeneration_ClientCredentials")
    assert (event["version"], event["userName"]) == ("3", "ClientCredentials")
    assert event["request"] == {
        "userAttributes": {},
        "groupConfiguration": None,
        "scopes": ["api/read"],
        "clientMetadata": {"job": "nightly"},
    }


@pytest.mark.documented(PAGE, "version 3: client credentials")
def test_earlier_versions_are_not_asked_about_machines(
    poolgate: LocalPoolgate, function: Recorder
) -> None:
    app, request = machine(poolgate, "V2_0")
    app.cognito.get_client_token(**request)
    assert not function.events

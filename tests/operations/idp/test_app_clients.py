"""App clients: defaults, lifetimes, flows, OAuth settings, secrets, and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kits.refusals import refusal, refusal_code

from poolgate.testing import LocalPoolgate

ARGON2ID = {"poolgate:password-storage": "argon2id"}
INVALID = "InvalidParameterException"


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


@pytest.fixture
def pool_id(cognito: Any) -> str:
    made: str = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    return made


def make(cognito: Any, pool_id: str, **members: Any) -> dict[str, Any]:
    client: dict[str, Any] = cognito.create_user_pool_client(
        **{"UserPoolId": pool_id, "ClientName": "app", **members}
    )["UserPoolClient"]
    return client


def described(cognito: Any, client: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = cognito.describe_user_pool_client(
        UserPoolId=client["UserPoolId"], ClientId=client["ClientId"]
    )["UserPoolClient"]
    return shown


@pytest.mark.recorded("CreateUserPoolClient answers published by users, 2023-08-30 and 2024-11-22")
def test_a_client_is_described_with_aws_defaults(cognito: Any, pool_id: str) -> None:
    client = make(cognito, pool_id)
    assert described(cognito, client) == client
    assert len(client["ClientId"]) == 26
    assert client.pop("CreationDate") == client.pop("LastModifiedDate")
    assert client == {
        "UserPoolId": pool_id,
        "ClientName": "app",
        "ClientId": client["ClientId"],
        "RefreshTokenValidity": 30,
        "TokenValidityUnits": {},
        "AllowedOAuthFlowsUserPoolClient": False,
        "EnableTokenRevocation": True,
        "EnablePropagateAdditionalUserContextData": False,
        "AuthSessionValidity": 3,
    }


@pytest.mark.documented("CLI create-user-pool-client", "the example's members are echoed")
def test_what_was_set_is_echoed(cognito: Any, pool_id: str) -> None:
    given = {
        "RefreshTokenValidity": 10,
        "AccessTokenValidity": 60,
        "IdTokenValidity": 90,
        "TokenValidityUnits": {
            "AccessToken": "minutes",
            "IdToken": "minutes",
            "RefreshToken": "days",
        },
        "ReadAttributes": ["email", "phone_number", "email_verified"],
        "WriteAttributes": ["email", "phone_number"],
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "SupportedIdentityProviders": ["COGNITO"],
        "CallbackURLs": ["https://example.com", "http://localhost:8001", "myapp://example"],
        "LogoutURLs": ["https://example.com/out", "http://127.0.0.1/out", "http://[::1]:5/out"],
        "DefaultRedirectURI": "https://example.com",
        "AllowedOAuthFlows": ["code", "implicit"],
        "AllowedOAuthScopes": ["openid", "profile", "aws.cognito.signin.user.admin"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "PreventUserExistenceErrors": "ENABLED",
        "EnableTokenRevocation": False,
        "EnablePropagateAdditionalUserContextData": True,
        "AuthSessionValidity": 4,
    }
    client = make(cognito, pool_id, GenerateSecret=True, **given)
    assert {member: client[member] for member in given} == given
    assert described(cognito, client) == client


@pytest.mark.documented("API_UpdateUserPoolClient", "If you don't provide a value, it is default")
def test_update_resets_what_it_omits(poolgate: LocalPoolgate, cognito: Any, pool_id: str) -> None:
    client = make(
        cognito,
        pool_id,
        GenerateSecret=True,
        AccessTokenValidity=2,
        ExplicitAuthFlows=["ALLOW_USER_AUTH"],
        PreventUserExistenceErrors="ENABLED",
        AuthSessionValidity=15,
    )
    poolgate.clock.advance(5)
    updated = cognito.update_user_pool_client(
        UserPoolId=pool_id, ClientId=client["ClientId"], ClientName="renamed"
    )["UserPoolClient"]
    assert updated == described(cognito, client)
    assert updated["ClientName"] == "renamed"
    # The secret is no setting.
    assert updated["ClientSecret"] == client["ClientSecret"]
    assert updated["LastModifiedDate"] > updated["CreationDate"]
    assert updated["AuthSessionValidity"] == 3
    for member in ("AccessTokenValidity", "ExplicitAuthFlows", "PreventUserExistenceErrors"):
        assert member not in updated
    cognito.update_user_pool_client(UserPoolId=pool_id, ClientId=client["ClientId"])
    assert described(cognito, client)["ClientName"] == "renamed"


@pytest.mark.documented("API_CreateUserPoolClient", "5 minutes to 1 day; 60 minutes to 10 years")
@pytest.mark.parametrize(
    "members",
    [
        {"AccessTokenValidity": 4, "TokenValidityUnits": {"AccessToken": "minutes"}},
        {"IdTokenValidity": 299, "TokenValidityUnits": {"IdToken": "seconds"}},
        {"AccessTokenValidity": 25},
        {"IdTokenValidity": 2, "TokenValidityUnits": {"IdToken": "days"}},
        {"RefreshTokenValidity": 3651},
        {"RefreshTokenValidity": 59, "TokenValidityUnits": {"RefreshToken": "minutes"}},
    ],
)
def test_lifetimes_have_their_range(cognito: Any, pool_id: str, members: dict[str, Any]) -> None:
    answer = refusal(
        cognito.create_user_pool_client, UserPoolId=pool_id, ClientName="app", **members
    )
    assert answer == (INVALID, "Invalid range for token validity.")


@pytest.mark.documented("API_CreateUserPoolClient", "0 is overridden with the default of 30 days")
def test_a_refresh_validity_of_zero_means_thirty_days(cognito: Any, pool_id: str) -> None:
    assert make(cognito, pool_id, RefreshTokenValidity=0)["RefreshTokenValidity"] == 30


@pytest.mark.assumed("text for a refresh token that would end before the others")
def test_a_refresh_token_outlives_the_others(cognito: Any, pool_id: str) -> None:
    code, message = refusal(
        cognito.create_user_pool_client,
        UserPoolId=pool_id,
        ClientName="app",
        AccessTokenValidity=10,
        RefreshTokenValidity=5,
        TokenValidityUnits={"RefreshToken": "hours"},
    )
    assert code == INVALID
    assert "longer" in message


@pytest.mark.recorded("messages published by users of terraform, CDK and the console")
@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"AllowedOAuthFlows": ["client_credentials", "code"]},
            (
                "InvalidOAuthFlowException",
                (
                    "client_credentials flow can not be selected along with code flow or implicit "
                    "flow."
                ),
            ),
        ),
        (
            {"AllowedOAuthFlows": ["client_credentials"]},
            (
                "InvalidOAuthFlowException",
                (
                    "client_credentials flow can not be selected if client does not have a client "
                    "secret."
                ),
            ),
        ),
        (
            {
                "AllowedOAuthFlows": ["client_credentials"],
                "AllowedOAuthScopes": ["openid"],
                "GenerateSecret": True,
            },
            ("InvalidOAuthFlowException", "openid is not supported with client_credentials flow"),
        ),
        (
            {"AllowedOAuthFlowsUserPoolClient": True, "AllowedOAuthFlows": ["code"]},
            (
                INVALID,
                (
                    "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is "
                    "allowed to use OAuth flows."
                ),
            ),
        ),
        (
            {"CallbackURLs": ["http://example.com/"]},
            (INVALID, "http://example.com/ cannot use the HTTP protocol."),
        ),
        (
            {"LogoutURLs": ["http://localhost.example.com/"]},
            (INVALID, "http://localhost.example.com/ cannot use the HTTP protocol."),
        ),
        (
            {"WriteAttributes": ["custom:absent"]},
            (INVALID, "Invalid write attributes specified while creating a client"),
        ),
        (
            {"ReadAttributes": ["absent"]},
            (INVALID, "Invalid read attributes specified while creating a client"),
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    cognito: Any, pool_id: str, members: dict[str, Any], expected: tuple[str, str]
) -> None:
    create = cognito.create_user_pool_client
    assert refusal(create, UserPoolId=pool_id, ClientName="app", **members) == expected
    assert cognito.list_user_pool_clients(UserPoolId=pool_id)["UserPoolClients"] == []


@pytest.mark.recorded("message published by a user of terraform, update of a client")
def test_an_update_without_a_required_attribute_is_refused(cognito: Any) -> None:
    schema = [{"Name": "email", "Required": True}]
    pool_id = cognito.create_user_pool(PoolName="p", Schema=schema)["UserPool"]["Id"]
    client_id = make(cognito, pool_id)["ClientId"]
    asked = {"UserPoolId": pool_id, "ClientId": client_id, "WriteAttributes": ["name"]}
    assert refusal(cognito.update_user_pool_client, **asked) == (
        INVALID,
        "Invalid write attributes specified while updating a client",
    )


@pytest.mark.assumed("our texts where AWS's are not known")
@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"CallbackURLs": ["https://example.com/#a"]}, "must not include a fragment"),
        ({"CallbackURLs": ["example.com"]}, "is not a valid URL"),
        ({"CallbackURLs": ["https://"]}, "is not a valid URL"),
        ({"CallbackURLs": ["http://[::1"]}, "is not a valid URL"),
        ({"DefaultRedirectURI": "https://example.com"}, "must be one of the CallbackURLs"),
        ({"SupportedIdentityProviders": ["Google"]}, "The provider Google does not exist for"),
        ({"ExplicitAuthFlows": ["ADMIN_NO_SRP_AUTH", "ALLOW_USER_SRP_AUTH"]}, "Legacy values"),
        ({"EnablePropagateAdditionalUserContextData": True}, "requires a client secret"),
        ({"WriteAttributes": ["email", "email_verified"]}, "Invalid write attributes"),
        ({"WriteAttributes": ["sub"]}, "Invalid write attributes"),
        (
            {"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}},
            "ALLOW_REFRESH_TOKEN_AUTH must not be allowed",
        ),
        ({"GenerateSecret": True, "ClientSecret": "s" * 24}, "cannot be specified together"),
        ({"AnalyticsConfiguration": {"UserDataShared": True}}, "AnalyticsConfiguration is not"),
    ],
)
def test_other_faults_are_refused_too(
    cognito: Any, pool_id: str, members: dict[str, Any], expected: str
) -> None:
    code, message = refusal(
        cognito.create_user_pool_client, UserPoolId=pool_id, ClientName="app", **members
    )
    assert code == INVALID
    assert expected in message


@pytest.mark.documented("API_CreateUserPoolClient", "ScopeDoesNotExistException")
def test_a_scope_without_resource_server_does_not_exist(cognito: Any, pool_id: str) -> None:
    create = cognito.create_user_pool_client
    asked = {"UserPoolId": pool_id, "ClientName": "app", "AllowedOAuthScopes": ["api/read"]}
    assert refusal_code(create, **asked) == "ScopeDoesNotExistException"


@pytest.mark.documented("API_CreateUserPoolClient", "Required attributes must be writable")
def test_required_attributes_must_be_writable(cognito: Any) -> None:
    schema = [{"Name": "email", "Required": True, "Mutable": True}]
    pool_id = cognito.create_user_pool(PoolName="p", Schema=schema)["UserPool"]["Id"]
    create = cognito.create_user_pool_client
    asked = {"UserPoolId": pool_id, "ClientName": "app", "WriteAttributes": ["name"]}
    assert refusal_code(create, **asked) == INVALID
    assert create(**{**asked, "WriteAttributes": ["name", "email"]})


@pytest.mark.documented("API_CreateUserPoolClient", "RefreshTokenRotation")
def test_rotation_is_echoed_where_the_old_refresh_flow_is_off(cognito: Any, pool_id: str) -> None:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    client = make(cognito, pool_id, RefreshTokenRotation=rotation, ExplicitAuthFlows=flows)
    assert described(cognito, client)["RefreshTokenRotation"] == rotation


@pytest.mark.documented("API_CreateUserPoolClient", "Essentials tier or higher")
def test_choice_based_sign_in_needs_a_higher_tier(cognito: Any) -> None:
    pool = cognito.create_user_pool(PoolName="p", UserPoolTier="LITE")["UserPool"]
    asked = {"UserPoolId": pool["Id"], "ClientName": "app"}
    asked["ExplicitAuthFlows"] = ["ALLOW_USER_AUTH"]
    assert refusal_code(cognito.create_user_pool_client, **asked) == (
        "FeatureUnavailableInTierException"
    )


@pytest.mark.model("CreateUserPoolClientRequest, UpdateUserPoolClientRequest")
@pytest.mark.parametrize(
    ("operation", "members", "path"),
    [
        ("create_user_pool_client", {}, "clientName"),
        ("create_user_pool_client", {"ClientName": ""}, "clientName"),
        ("create_user_pool_client", {"ClientName": "app?"}, "clientName"),
        ("create_user_pool_client", {"ClientName": "a", "AuthSessionValidity": 2}, "authSession"),
        ("create_user_pool_client", {"ClientName": "a", "AuthSessionValidity": 16}, "authSession"),
        ("create_user_pool_client", {"ClientName": "a", "ClientSecret": "short"}, "clientSecret"),
        ("create_user_pool_client", {"ClientName": "a", "ExplicitAuthFlows": ["X"]}, "explicit"),
        ("create_user_pool_client", {"ClientName": "a", "AllowedOAuthFlows": ["x"]}, "allowedO"),
        ("create_user_pool_client", {"ClientName": "a", "IdTokenValidity": 0}, "idTokenValidity"),
        (
            "create_user_pool_client",
            {
                "ClientName": "a",
                "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 61},
            },
            "refreshTokenRotation",
        ),
        ("describe_user_pool_client", {"ClientId": "no client"}, "clientId"),
        ("update_user_pool_client", {}, "clientId"),
        ("delete_user_pool_client", {"ClientId": "x" * 129}, "clientId"),
        ("list_user_pool_clients", {"MaxResults": 0}, "maxResults"),
        ("add_user_pool_client_secret", {"ClientId": "a", "ClientSecret": "a b"}, "clientSecret"),
        ("delete_user_pool_client_secret", {"ClientId": "a"}, "clientSecretId"),
    ],
)
def test_malformed_requests_are_refused(
    cognito: Any, pool_id: str, operation: str, members: dict[str, Any], path: str
) -> None:
    code, message = refusal(getattr(cognito, operation), UserPoolId=pool_id, **members)
    assert code == INVALID
    assert "validation error" in message
    assert f"'{path}" in message


@pytest.mark.assumed("text for an unknown app client")
def test_an_unknown_client_and_one_of_another_pool_are_the_same(cognito: Any, pool_id: str) -> None:
    other = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    elsewhere = make(cognito, other)["ClientId"]
    for client_id in ("absent", elsewhere):
        expected = (
            "ResourceNotFoundException",
            f"User pool client {client_id} does not exist.",
        )
        for operation, members in {
            "describe_user_pool_client": {},
            "update_user_pool_client": {},
            "delete_user_pool_client": {},
            "add_user_pool_client_secret": {},
            "list_user_pool_client_secrets": {},
            "delete_user_pool_client_secret": {"ClientSecretId": "x"},
        }.items():
            call = getattr(cognito, operation)
            asked = {"UserPoolId": pool_id, "ClientId": client_id, **members}
            assert refusal(call, **asked) == expected
    assert described(cognito, {"UserPoolId": other, "ClientId": elsewhere})


@pytest.mark.documented("API_DeleteUserPoolClient", "Deletes a user pool app client")
def test_a_deleted_client_is_gone(cognito: Any, pool_id: str) -> None:
    client = make(cognito, pool_id, GenerateSecret=True)
    named = {"UserPoolId": pool_id, "ClientId": client["ClientId"]}
    cognito.delete_user_pool_client(**named)
    assert refusal_code(cognito.describe_user_pool_client, **named) == "ResourceNotFoundException"
    assert refusal_code(cognito.delete_user_pool_client, **named) == "ResourceNotFoundException"


@pytest.mark.documented("API_ListUserPoolClients", "ids and names")
def test_clients_are_listed_in_pages_without_secrets(cognito: Any, pool_id: str) -> None:
    made = {make(cognito, pool_id, GenerateSecret=True)["ClientId"] for _ in range(3)}
    first = cognito.list_user_pool_clients(UserPoolId=pool_id, MaxResults=2)
    second = cognito.list_user_pool_clients(
        UserPoolId=pool_id, MaxResults=2, NextToken=first["NextToken"]
    )
    listed = first["UserPoolClients"] + second["UserPoolClients"]
    assert "NextToken" not in second
    assert [client["ClientId"] for client in listed] == sorted(made)
    assert all(set(client) == {"ClientId", "UserPoolId", "ClientName"} for client in listed)
    other = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    foreign = {"UserPoolId": other, "NextToken": first["NextToken"]}
    assert refusal_code(cognito.list_user_pool_clients, **foreign) == INVALID
    dynamic = cognito.list_user_pool_clients(UserPoolId=pool_id, ClientType="DCR")
    assert dynamic["UserPoolClients"] == []


@pytest.mark.documented("API_AddUserPoolClientSecret", "up to 2 active secrets per app client")
def test_a_secret_is_replaced_by_way_of_a_second_one(
    poolgate: LocalPoolgate, cognito: Any, pool_id: str
) -> None:
    client = make(cognito, pool_id, GenerateSecret=True)
    named = {"UserPoolId": pool_id, "ClientId": client["ClientId"]}
    assert len(client["ClientSecret"]) == 52
    added = cognito.add_user_pool_client_secret(**named)["ClientSecretDescriptor"]
    assert added["ClientSecretValue"] != client["ClientSecret"]
    assert added["ClientSecretId"].startswith(f"{client['ClientId']}--")
    assert refusal_code(cognito.add_user_pool_client_secret, **named) == "LimitExceededException"
    listed = cognito.list_user_pool_client_secrets(**named)["ClientSecrets"]
    assert [set(secret) for secret in listed] == [{"ClientSecretId", "ClientSecretCreateDate"}] * 2
    assert listed[1]["ClientSecretId"] == added["ClientSecretId"]
    first_id = listed[0]["ClientSecretId"]
    cognito.delete_user_pool_client_secret(**named, ClientSecretId=first_id)
    # What was added later is shown once only.
    assert "ClientSecret" not in described(cognito, client)
    remove = cognito.delete_user_pool_client_secret
    assert refusal_code(remove, **named, ClientSecretId=added["ClientSecretId"]) == INVALID
    absent = refusal_code(remove, **named, ClientSecretId=first_id)
    assert absent == "ResourceNotFoundException"
    assert added["ClientSecretValue"] not in poolgate.log.getvalue()


@pytest.mark.documented("ClientSecretDescriptorType", "custom secrets are not included")
def test_a_given_secret_is_not_repeated_when_it_is_added(cognito: Any, pool_id: str) -> None:
    client = make(cognito, pool_id, ClientSecret="first" * 5)
    assert described(cognito, client)["ClientSecret"] == "first" * 5
    added = cognito.add_user_pool_client_secret(
        UserPoolId=pool_id, ClientId=client["ClientId"], ClientSecret="second" * 5
    )["ClientSecretDescriptor"]
    assert "ClientSecretValue" not in added


@pytest.mark.documented("API_AddUserPoolClientSecret", "an existing confidential app client")
def test_a_public_client_gets_no_secret(cognito: Any, pool_id: str) -> None:
    client = make(cognito, pool_id)
    named = {"UserPoolId": pool_id, "ClientId": client["ClientId"]}
    assert refusal_code(cognito.add_user_pool_client_secret, **named) == INVALID
    assert cognito.list_user_pool_client_secrets(**named)["ClientSecrets"] == []


@pytest.mark.documented("API_AddUserPoolClientSecret", "up to 2 active secrets per app client")
def test_of_concurrent_additions_one_is_the_second_secret(cognito: Any, pool_id: str) -> None:
    client = make(cognito, pool_id, GenerateSecret=True)
    named = {"UserPoolId": pool_id, "ClientId": client["ClientId"]}

    def add(_: int) -> bool:
        try:
            cognito.add_user_pool_client_secret(**named)
        except cognito.exceptions.LimitExceededException:
            return False
        return True

    with ThreadPoolExecutor(6) as callers:
        assert sum(callers.map(add, range(6))) == 1
    assert len(cognito.list_user_pool_client_secrets(**named)["ClientSecrets"]) == 2


@pytest.mark.assumed("a tag chooses how passwords are stored")
def test_an_argon2id_pool_never_gets_a_client_with_srp(cognito: Any) -> None:
    pool_id = cognito.create_user_pool(PoolName="p", UserPoolTags=ARGON2ID)["UserPool"]["Id"]
    client = make(cognito, pool_id)
    legacy = make(cognito, pool_id, ExplicitAuthFlows=["ADMIN_NO_SRP_AUTH"])
    srp = {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}
    create, update = cognito.create_user_pool_client, cognito.update_user_pool_client
    code, message = refusal(create, UserPoolId=pool_id, ClientName="app", **srp)
    assert (code, "Argon2id" in message) == (INVALID, True)
    for made in (client, legacy):
        asked = {"UserPoolId": pool_id, "ClientId": made["ClientId"], **srp}
        assert refusal_code(update, **asked) == INVALID
        code, message = refusal(
            cognito.initiate_auth,
            AuthFlow="USER_SRP_AUTH",
            ClientId=made["ClientId"],
            AuthParameters={"USERNAME": "ann", "SRP_A": "ab" * 384},
        )
        assert (code, message) == (INVALID, "USER_SRP_AUTH is not enabled for the client.")


@pytest.mark.assumed("a tag chooses how passwords are stored")
def test_how_passwords_are_stored_cannot_change(cognito: Any) -> None:
    pool = cognito.create_user_pool(PoolName="p", UserPoolTags=ARGON2ID)["UserPool"]
    plain = cognito.create_user_pool(PoolName="plain")["UserPool"]
    (name,) = ARGON2ID
    other = {name: "srp"}
    assert refusal_code(cognito.create_user_pool, PoolName="p", UserPoolTags=other) == INVALID
    for changed in (pool, plain):
        wanted = ARGON2ID if changed is plain else other
        tag, update = cognito.tag_resource, cognito.update_user_pool
        assert refusal_code(tag, ResourceArn=changed["Arn"], Tags=wanted) == INVALID
        assert refusal_code(update, UserPoolId=changed["Id"], UserPoolTags=wanted) == INVALID
    untag = {"ResourceArn": pool["Arn"], "TagKeys": [name]}
    assert refusal_code(cognito.untag_resource, **untag) == INVALID
    cognito.update_user_pool(UserPoolId=pool["Id"])
    kept = cognito.list_tags_for_resource(ResourceArn=pool["Arn"])["Tags"]
    assert kept == ARGON2ID

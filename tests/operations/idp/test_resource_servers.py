"""Resource servers, and the scopes they give to app clients."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kits.refusals import refusal, refusal_code

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.testing import LocalPoolgate
from poolgate.userpools import resource_servers
from poolgate.userpools.resource_servers import ResourceServer, ResourceServerExists

API = "https://api.example.com/v1"
INVALID = "InvalidParameterException"
NOT_FOUND = "ResourceNotFoundException"
READ = {"ScopeName": "read", "ScopeDescription": "See everything"}
WRITE = {"ScopeName": "write", "ScopeDescription": "Change everything"}


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


@pytest.fixture
def pool_id(cognito: Any) -> str:
    made: str = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    return made


def make(cognito: Any, pool_id: str, identifier: str = API, **members: Any) -> Any:
    answer = cognito.create_resource_server(
        UserPoolId=pool_id, Identifier=identifier, **{"Name": "api", **members}
    )
    return answer["ResourceServer"]


@pytest.mark.model("ResourceServerType")
def test_a_resource_server_is_shown_as_it_was_made(cognito: Any, pool_id: str) -> None:
    made = make(cognito, pool_id, Scopes=[WRITE, READ])
    assert made == {
        "UserPoolId": pool_id,
        "Identifier": API,
        "Name": "api",
        "Scopes": [WRITE, READ],
    }
    described = cognito.describe_resource_server(UserPoolId=pool_id, Identifier=API)
    assert described["ResourceServer"] == made


@pytest.mark.documented("API_UpdateResourceServer", "it is set to the default value")
def test_update_replaces_the_name_and_omitted_scopes_go(cognito: Any, pool_id: str) -> None:
    make(cognito, pool_id, Scopes=[READ])
    named = {"UserPoolId": pool_id, "Identifier": API}
    changed = cognito.update_resource_server(**named, Name="other", Scopes=[WRITE])
    assert changed["ResourceServer"]["Scopes"] == [WRITE]
    changed = cognito.update_resource_server(**named, Name="third")["ResourceServer"]
    assert (changed["Name"], changed["Scopes"]) == ("third", [])
    assert cognito.describe_resource_server(**named)["ResourceServer"] == changed


@pytest.mark.assumed("texts for resource servers that exist or do not")
def test_identifiers_are_unique_in_a_pool(cognito: Any, pool_id: str) -> None:
    make(cognito, pool_id)
    again = {"UserPoolId": pool_id, "Identifier": API, "Name": "again"}
    assert refusal(cognito.create_resource_server, **again) == (
        INVALID,
        f"{API} already exists in user pool {pool_id}.",
    )
    elsewhere = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    assert make(cognito, elsewhere)["UserPoolId"] == elsewhere


@pytest.mark.assumed("texts for resource servers that exist or do not")
def test_unknown_resource_servers_are_not_found(cognito: Any, pool_id: str) -> None:
    named = {"UserPoolId": pool_id, "Identifier": API}
    missing = (NOT_FOUND, f"Resource server {API} does not exist.")
    assert refusal(cognito.describe_resource_server, **named) == missing
    assert refusal(cognito.update_resource_server, **named, Name="x") == missing
    assert refusal(cognito.delete_resource_server, **named) == missing


@pytest.mark.model("declared errors: ResourceNotFoundException")
def test_unknown_pools_are_not_found(cognito: Any) -> None:
    named = {"UserPoolId": "us-east-1_Missing00", "Identifier": API}
    for operation, members in (
        (cognito.create_resource_server, {**named, "Name": "x"}),
        (cognito.update_resource_server, {**named, "Name": "x"}),
        (cognito.describe_resource_server, named),
        (cognito.delete_resource_server, named),
        (cognito.list_resource_servers, {"UserPoolId": named["UserPoolId"]}),
    ):
        assert refusal_code(operation, **members) == NOT_FOUND


@pytest.mark.model("ResourceServerScopeNameType, ResourceServerScopeListType")
@pytest.mark.parametrize(
    "members",
    [
        {"Identifier": "with space"},
        {"Name": ""},
        {"Scopes": [{"ScopeName": "a/b", "ScopeDescription": "x"}]},
        {"Scopes": [{"ScopeName": "a"}]},
        {"Scopes": [{"ScopeName": f"s{n}", "ScopeDescription": "x"} for n in range(101)]},
    ],
)
def test_bad_input_is_refused_by_the_model(
    cognito: Any, pool_id: str, members: dict[str, Any]
) -> None:
    asked = {"UserPoolId": pool_id, "Identifier": API, "Name": "api", **members}
    assert refusal_code(cognito.create_resource_server, **asked) == INVALID


@pytest.mark.assumed("a scope that is given twice is refused")
def test_a_scope_is_given_once(cognito: Any, pool_id: str) -> None:
    asked = {"UserPoolId": pool_id, "Identifier": API, "Name": "api", "Scopes": [READ, READ]}
    twice = (INVALID, "Scope read is defined more than once.")
    assert refusal(cognito.create_resource_server, **asked) == twice
    make(cognito, pool_id)
    assert refusal(cognito.update_resource_server, **asked) == twice


@pytest.mark.documented("Quotas", "Resource servers per user pool")
def test_a_pool_holds_twenty_five(cognito: Any, pool_id: str) -> None:
    for number in range(resource_servers.MAX_SERVERS_OF_A_POOL):
        make(cognito, pool_id, f"api-{number}")
    one_more = {"UserPoolId": pool_id, "Identifier": "one-more", "Name": "api"}
    assert refusal_code(cognito.create_resource_server, **one_more) == "LimitExceededException"
    listed = cognito.list_resource_servers(UserPoolId=pool_id)["ResourceServers"]
    assert len(listed) == resource_servers.MAX_SERVERS_OF_A_POOL


@pytest.mark.model("ListResourceServersRequest")
def test_listing_pages_through_all(cognito: Any, pool_id: str) -> None:
    for identifier in ("c", "a", "b"):
        make(cognito, pool_id, identifier, Scopes=[READ])
    first = cognito.list_resource_servers(UserPoolId=pool_id, MaxResults=2)
    rest = cognito.list_resource_servers(
        UserPoolId=pool_id, MaxResults=2, NextToken=first["NextToken"]
    )
    servers = first["ResourceServers"] + rest["ResourceServers"]
    assert [server["Identifier"] for server in servers] == ["a", "b", "c"]
    assert all(server["Scopes"] == [READ] for server in servers)
    assert "NextToken" not in rest
    assert refusal_code(cognito.list_resource_servers, UserPoolId=pool_id, MaxResults=51) == INVALID
    assert refusal_code(cognito.list_resource_servers, UserPoolId=pool_id, NextToken="x") == INVALID


@pytest.mark.documented("API_CreateUserPoolClient", "ScopeDoesNotExistException")
def test_app_clients_take_the_scopes_that_exist(cognito: Any, pool_id: str) -> None:
    make(cognito, pool_id, Scopes=[READ])
    scopes = [f"{API}/read", "openid"]
    asked = {"UserPoolId": pool_id, "ClientName": "app"}
    made = cognito.create_user_pool_client(**asked, AllowedOAuthScopes=scopes)["UserPoolClient"]
    assert made["AllowedOAuthScopes"] == scopes
    for unknown in (f"{API}/write", "read", "/read", API, f"{API}/read/"):
        told = refusal_code(
            cognito.create_user_pool_client, **asked, AllowedOAuthScopes=["openid", unknown]
        )
        assert told == "ScopeDoesNotExistException"
    named = {"UserPoolId": pool_id, "ClientId": made["ClientId"]}
    told = refusal_code(
        cognito.update_user_pool_client, **named, AllowedOAuthScopes=[f"{API}/write"]
    )
    assert told == "ScopeDoesNotExistException"
    elsewhere = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    told = refusal_code(
        cognito.create_user_pool_client,
        UserPoolId=elsewhere,
        ClientName="app",
        AllowedOAuthScopes=scopes,
    )
    assert told == "ScopeDoesNotExistException"


@pytest.mark.assumed("userpools.md 13: deleting a scope leaves it inactive on clients")
def test_app_clients_keep_the_names_of_scopes_that_went(cognito: Any, pool_id: str) -> None:
    make(cognito, pool_id, Scopes=[READ])
    made = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="app", AllowedOAuthScopes=[f"{API}/read"]
    )["UserPoolClient"]
    cognito.delete_resource_server(UserPoolId=pool_id, Identifier=API)
    named = {"UserPoolId": pool_id, "ClientId": made["ClientId"]}
    described = cognito.describe_user_pool_client(**named)["UserPoolClient"]
    assert described["AllowedOAuthScopes"] == [f"{API}/read"]


@pytest.mark.documented("userpools.md 13", "Identifier unique")
def test_of_parallel_creators_one_wins(poolgate: LocalPoolgate, pool_id: str) -> None:
    call = poolgate.application.installation.new_call(request_id="t", source_address="127.0.0.1")

    def create(number: int) -> type[Failure] | None:
        server = ResourceServer(
            pool_id=PoolId(pool_id), identifier=API, name=f"api {number}", scopes=()
        )
        try:
            resource_servers.create(call, server)
        except Failure as failure:
            return type(failure)
        return None

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(create, range(4)))
    assert outcomes.count(None) == 1
    assert outcomes.count(ResourceServerExists) == 3


@pytest.mark.documented("API_DeleteUserPool", "deletes the specified user pool")
def test_resource_servers_go_with_their_pool(cognito: Any, pool_id: str) -> None:
    make(cognito, pool_id)
    cognito.delete_user_pool(UserPoolId=pool_id)
    told = refusal_code(cognito.describe_resource_server, UserPoolId=pool_id, Identifier=API)
    assert told == NOT_FOUND

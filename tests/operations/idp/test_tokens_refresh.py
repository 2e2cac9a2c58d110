"""REFRESH_TOKEN_AUTH over the wire: answers and refusals in AWS's words."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.people import People, claims_of

from poolgate.credentials.secret_hash import make_secret_hash
from poolgate.foundation.secret import Secret
from poolgate.testing import LocalPoolgate
from poolgate.userpools import app_clients, refresh_tokens
from poolgate.userpools.client_settings import ClientSettings, Validity
from poolgate.userpools.tokens import TokenSet

FLOWS = ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN")


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp")


def initiate(
    cognito: Any, people: People, token_set: TokenSet, flow: str = FLOWS[0], **parameters: str
) -> Any:
    assert token_set.refresh_token is not None
    return cognito.initiate_auth(
        AuthFlow=flow,
        ClientId=people.app_client.client_id,
        AuthParameters={"REFRESH_TOKEN": token_set.refresh_token.reveal()} | parameters,
    )


def refused(answer: Any, code: str, message: str) -> None:
    with pytest.raises(ClientError) as caught:
        answer()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["Error"]["Message"] == message


@pytest.mark.documented("AuthFlows", "REFRESH_TOKEN_AUTH/REFRESH_TOKEN")
@pytest.mark.parametrize("flow", FLOWS)
def test_both_names_give_new_tokens_and_no_refresh_token(
    people: People, cognito: Any, flow: str
) -> None:
    first = people.sign_in(people.user())
    answer = initiate(cognito, people, first, flow)
    result = answer["AuthenticationResult"]
    assert set(result) == {"AccessToken", "IdToken", "ExpiresIn", "TokenType"}
    assert (result["ExpiresIn"], result["TokenType"]) == (3600, "Bearer")
    assert answer["ChallengeParameters"] == {}
    before, after = claims_of(first.id_token), claims_of(Secret(result["IdToken"]))
    assert before["origin_jti"] == after["origin_jti"]
    assert before["jti"] != after["jti"]


@pytest.mark.documented("AdminInitiateAuth", "REFRESH_TOKEN_AUTH")
def test_an_administrator_refreshes_as_well(people: People, cognito: Any) -> None:
    first = people.sign_in(people.user())
    assert first.refresh_token is not None
    answer = cognito.admin_initiate_auth(
        UserPoolId=people.pool.pool_id,
        ClientId=people.app_client.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": first.refresh_token.reveal()},
    )
    assert "AccessToken" in answer["AuthenticationResult"]


@pytest.mark.documented("error texts", "Invalid Refresh Token")
def test_garbage_and_foreign_tokens_are_invalid(people: People, cognito: Any) -> None:
    elsewhere = People.of(people.poolgate)
    foreign = elsewhere.sign_in(elsewhere.user())
    garbage = TokenSet(foreign.access_token, foreign.id_token, Secret("garbage"), 0)
    as_refresh = TokenSet(foreign.access_token, foreign.id_token, foreign.id_token, 0)
    for token_set in (foreign, garbage, as_refresh):
        refused(
            lambda token_set=token_set: initiate(cognito, people, token_set),
            "NotAuthorizedException",
            "Invalid Refresh Token",
        )


@pytest.mark.documented("error texts", "Refresh Token has been revoked")
def test_revoked_token_is_told(people: People, cognito: Any) -> None:
    user = people.user()
    first = people.sign_in(user)
    refresh_tokens.sign_out_everywhere(people.call, user)
    refused(
        lambda: initiate(cognito, people, first),
        "NotAuthorizedException",
        "Refresh Token has been revoked",
    )


@pytest.mark.documented("error texts", "Refresh Token has expired")
def test_expired_token_is_told(poolgate: LocalPoolgate, cognito: Any) -> None:
    people = People.of(poolgate, refresh_token_validity=Validity(2, "hours"))
    first = people.sign_in(people.user())
    poolgate.clock.advance(7200)
    refused(
        lambda: initiate(cognito, people, first),
        "NotAuthorizedException",
        "Refresh Token has expired",
    )


@pytest.mark.assumed("auth_flows.md 10: belief")
def test_disabled_user_is_told(people: People, cognito: Any) -> None:
    user = people.user()
    first = people.sign_in(user)
    people.change(user, enabled=False)
    refused(lambda: initiate(cognito, people, first), "NotAuthorizedException", "User is disabled.")


@pytest.mark.documented("userpools.md 5.1", "in REFRESH_TOKEN_AUTH the stored username")
def test_secret_hash_is_of_the_stored_username(people: People, cognito: Any) -> None:
    secret = Secret("s" * 30)
    people.app_client = app_clients.create(
        people.call, people.pool.pool_id, "confidential", ClientSettings(), secret
    )
    client_id = people.app_client.client_id
    first = people.sign_in(people.user())
    refused(
        lambda: initiate(cognito, people, first),
        "NotAuthorizedException",
        f"Client {client_id} is configured with secret but SECRET_HASH was not received",
    )
    refused(
        lambda: initiate(
            cognito, people, first, SECRET_HASH=make_secret_hash(secret, "bob", client_id)
        ),
        "NotAuthorizedException",
        f"Unable to verify secret hash for client {client_id}",
    )
    good = make_secret_hash(secret, "alice", client_id)
    assert initiate(cognito, people, first, SECRET_HASH=good)["AuthenticationResult"]


@pytest.mark.documented("error texts", "Missing required parameter")
def test_missing_refresh_token_is_told(people: People, cognito: Any) -> None:
    refused(
        lambda: cognito.initiate_auth(
            AuthFlow="REFRESH_TOKEN_AUTH",
            ClientId=people.app_client.client_id,
            AuthParameters={"USERNAME": "alice"},
        ),
        "InvalidParameterException",
        "Missing required parameter REFRESH_TOKEN",
    )

"""GetTokensFromRefreshToken: rotation, grace, reuse, and how the app client proves itself."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.people import People, claims_of
from kits.refusals import refusal

from poolgate.foundation.secret import Secret
from poolgate.testing import LocalPoolgate
from poolgate.userpools import app_clients, refresh_tokens
from poolgate.userpools.client_settings import ClientSettings
from poolgate.userpools.tokens import TokenSet

NOT_AUTHORIZED = "NotAuthorizedException"
REUSED = ("RefreshTokenReuseException", "Refresh Token has been used before.")
REVOKED = (NOT_AUTHORIZED, "Refresh Token has been revoked")
INVALID = (NOT_AUTHORIZED, "Invalid Refresh Token")
PASSWORD_ONLY = ("ALLOW_USER_PASSWORD_AUTH",)


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp")


def rotating(poolgate: LocalPoolgate, *, grace_seconds: int = 0) -> People:
    return People.of(
        poolgate,
        explicit_auth_flows=PASSWORD_ONLY,
        refresh_token_rotation=True,
        rotation_grace_seconds=grace_seconds,
    )


def refresh_token_of(token_set: TokenSet) -> str:
    assert token_set.refresh_token is not None
    return token_set.refresh_token.reveal()


def asked(people: People, refresh_token: str, **members: str) -> dict[str, str]:
    return {"ClientId": people.app_client.client_id, "RefreshToken": refresh_token} | members


def refresh(cognito: Any, people: People, refresh_token: str, **members: str) -> Any:
    answer = cognito.get_tokens_from_refresh_token(**asked(people, refresh_token, **members))
    return answer["AuthenticationResult"]


@pytest.mark.documented("GetTokensFromRefreshToken", "issues new ID and access tokens only")
def test_without_rotation_no_refresh_token_comes_back(people: People, cognito: Any) -> None:
    first = people.sign_in(people.user())
    tokens = refresh(cognito, people, refresh_token_of(first))
    assert set(tokens) == {"AccessToken", "IdToken", "ExpiresIn", "TokenType"}
    assert (tokens["ExpiresIn"], tokens["TokenType"]) == (3600, "Bearer")
    before, after = claims_of(first.access_token), claims_of(Secret(tokens["AccessToken"]))
    assert before["origin_jti"] == after["origin_jti"]
    assert before["jti"] != after["jti"]


@pytest.mark.documented("GetTokensFromRefreshToken", "invalidates the original refresh token")
def test_rotation_replaces_the_token_and_reuse_ends_the_sign_in(
    poolgate: LocalPoolgate, cognito: Any
) -> None:
    people = rotating(poolgate)
    first = refresh_token_of(people.sign_in(people.user()))
    second = refresh(cognito, people, first)["RefreshToken"]
    third = refresh(cognito, people, second)["RefreshToken"]
    assert len({first, second, third}) == 3
    assert refusal(cognito.get_tokens_from_refresh_token, **asked(people, first)) == REUSED
    assert refusal(cognito.get_tokens_from_refresh_token, **asked(people, third)) == REVOKED


@pytest.mark.documented("RefreshTokenRotationType", "RetryGracePeriodSeconds")
def test_the_former_token_works_until_the_grace_is_over(
    poolgate: LocalPoolgate, cognito: Any
) -> None:
    people = rotating(poolgate, grace_seconds=30)
    first = refresh_token_of(people.sign_in(people.user()))
    second = refresh(cognito, people, first)["RefreshToken"]
    poolgate.clock.advance(29)
    retried = refresh(cognito, people, first)["RefreshToken"]
    assert retried not in {first, second}
    assert refresh(cognito, people, second)["AccessToken"]
    poolgate.clock.advance(1)
    assert refusal(cognito.get_tokens_from_refresh_token, **asked(people, first)) == REUSED
    assert refusal(cognito.get_tokens_from_refresh_token, **asked(people, retried)) == REVOKED


@pytest.mark.documented("auth_flows.md 10", "inherits the remaining lifetime")
def test_a_successor_lives_as_long_as_the_first_token_would(
    poolgate: LocalPoolgate, cognito: Any
) -> None:
    people = rotating(poolgate)
    first = refresh_token_of(people.sign_in(people.user()))
    poolgate.clock.advance(29 * 86400)
    second = refresh(cognito, people, first)["RefreshToken"]
    poolgate.clock.advance(86400)
    assert refusal(cognito.get_tokens_from_refresh_token, **asked(people, second)) == (
        NOT_AUTHORIZED,
        "Refresh Token has expired",
    )


@pytest.mark.documented("RefreshTokenRotation", "You can't authenticate with REFRESH_TOKEN_AUTH")
def test_rotating_clients_do_not_use_refresh_token_auth(
    poolgate: LocalPoolgate, cognito: Any
) -> None:
    people = rotating(poolgate)
    first = refresh_token_of(people.sign_in(people.user()))
    told = refusal(
        cognito.initiate_auth,
        AuthFlow="REFRESH_TOKEN_AUTH",
        ClientId=people.app_client.client_id,
        AuthParameters={"REFRESH_TOKEN": first},
    )
    assert told == ("InvalidParameterException", "Refresh Token flow not enabled for this client")
    assert refresh(cognito, people, first)["RefreshToken"]


@pytest.mark.assumed("AWS does not say what a client that neither rotates nor refreshes gets")
def test_a_client_that_neither_rotates_nor_refreshes_is_refused(
    poolgate: LocalPoolgate, cognito: Any
) -> None:
    people = People.of(poolgate, explicit_auth_flows=PASSWORD_ONLY)
    first = refresh_token_of(people.sign_in(people.user()))
    assert refusal(cognito.get_tokens_from_refresh_token, **asked(people, first)) == (
        "InvalidParameterException",
        "Refresh Token flow not enabled for this client",
    )


@pytest.mark.documented("error texts", "Invalid Refresh Token")
def test_garbage_foreign_and_other_tokens_are_invalid(people: People, cognito: Any) -> None:
    elsewhere = People.of(people.poolgate)
    foreign = elsewhere.sign_in(elsewhere.user())
    for presented in ("garbage", refresh_token_of(foreign), foreign.access_token.reveal()):
        told = refusal(cognito.get_tokens_from_refresh_token, **asked(people, presented))
        assert told == INVALID


@pytest.mark.documented("error texts", "Refresh Token has been revoked")
def test_an_ended_sign_in_is_not_refreshed(people: People, cognito: Any) -> None:
    user = people.user()
    first = refresh_token_of(people.sign_in(user))
    refresh_tokens.sign_out_everywhere(people.call, user)
    assert refusal(cognito.get_tokens_from_refresh_token, **asked(people, first)) == REVOKED


@pytest.mark.documented("userpools.md 5.1", "take the plain ClientSecret")
def test_a_confidential_client_sends_its_plain_secret(people: People, cognito: Any) -> None:
    secrets = ("s" * 30, "t" * 30)
    people.app_client = app_clients.create(
        people.call, people.pool.pool_id, "confidential", ClientSettings(), Secret(secrets[0])
    )
    client_id = people.app_client.client_id
    app_clients.add_secret(people.call, people.pool.pool_id, client_id, Secret(secrets[1]))
    first = refresh_token_of(people.sign_in(people.user()))
    for client_secret in secrets:
        assert refresh(cognito, people, first, ClientSecret=client_secret)["AccessToken"]
    assert refusal(cognito.get_tokens_from_refresh_token, **asked(people, first)) == (
        NOT_AUTHORIZED,
        f"Client {client_id} is configured for secret but secret was not received",
    )


@pytest.mark.assumed("the text for a wrong plain secret is not documented")
@pytest.mark.parametrize("confidential", [True, False])
def test_a_wrong_secret_is_refused_before_the_token_is_used(
    poolgate: LocalPoolgate, cognito: Any, *, confidential: bool
) -> None:
    people = rotating(poolgate)
    settings = ClientSettings(explicit_auth_flows=PASSWORD_ONLY, refresh_token_rotation=True)
    secret = Secret("s" * 30)
    if confidential:
        people.app_client = app_clients.create(
            people.call, people.pool.pool_id, "confidential", settings, secret
        )
    first = refresh_token_of(people.sign_in(people.user()))
    wrong = asked(people, first, ClientSecret="t" * 30)
    assert refusal(cognito.get_tokens_from_refresh_token, **wrong) == (
        NOT_AUTHORIZED,
        f"Unable to verify secret for client {people.app_client.client_id}",
    )
    good = {"ClientSecret": secret.reveal()} if confidential else {}
    assert refresh(cognito, people, first, **good)["RefreshToken"]


@pytest.mark.model("GetTokensFromRefreshTokenRequest")
def test_bad_input_is_refused_by_the_model(people: People, poolgate: LocalPoolgate) -> None:
    cognito = poolgate.client("cognito-idp", validate=False)
    client_id = people.app_client.client_id
    for members in ({"ClientId": client_id}, {"ClientId": client_id, "RefreshToken": "no spaces"}):
        code, _ = refusal(cognito.get_tokens_from_refresh_token, **members)
        assert code == "InvalidParameterException"
    unknown = {"ClientId": "a" * 26, "RefreshToken": "x"}
    code, _ = refusal(cognito.get_tokens_from_refresh_token, **unknown)
    assert code == "ResourceNotFoundException"


@pytest.mark.assumed("auth_flows.md 10: belief")
def test_a_disabled_user_is_told(people: People, cognito: Any) -> None:
    user = people.user()
    first = refresh_token_of(people.sign_in(user))
    people.change(user, enabled=False)
    assert refusal(cognito.get_tokens_from_refresh_token, **asked(people, first)) == (
        NOT_AUTHORIZED,
        "User is disabled.",
    )


@pytest.mark.documented("RefreshTokenRotationType", "immediately invalidates the submitted token")
def test_of_parallel_takers_one_gets_a_successor_and_nobody_keeps_it(
    poolgate: LocalPoolgate,
) -> None:
    people = rotating(poolgate)
    first = refresh_token_of(people.sign_in(people.user()))
    takers = 5
    together = threading.Barrier(takers)

    def take(_: int) -> str:
        cognito = poolgate.client("cognito-idp")
        together.wait()
        try:
            return "" if refresh(cognito, people, first) else "no answer"
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])

    with ThreadPoolExecutor(takers) as threads:
        outcomes = sorted(threads.map(take, range(takers)))
    assert outcomes.count("") == 1
    assert outcomes.count("RefreshTokenReuseException") == 1
    assert outcomes.count(NOT_AUTHORIZED) == takers - 2

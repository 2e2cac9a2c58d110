"""GetDerivedToken: tokens for other services, and who acts for whom."""

from typing import Any

import pytest
from kits.cognito import EVERY_FLOW, App, refused
from kits.people import claims_of

from poolgate.foundation.secret import Secret
from poolgate.testing import LocalPoolgate

INVALID = "InvalidParameterException"
NOT_AUTHORIZED = "NotAuthorizedException"
USER_SCOPE = "aws.cognito.signin.user.admin"
EXCHANGES = ["ALLOW_TOKEN_EXCHANGE_IMPERSONATION", "ALLOW_TOKEN_EXCHANGE_DELEGATION"]
MACHINE = {"ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"], "secret": True}


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    """An app client that signs in and exchanges, in a pool with a resource server."""
    app = App.of(poolgate, ExplicitAuthFlows=[*EVERY_FLOW, *EXCHANGES])
    app.cognito.create_resource_server(
        UserPoolId=app.pool_id,
        Identifier="api",
        Name="api",
        Scopes=[{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write")],
    )
    app.user(email="alice@example.com")
    return app


def tokens_of(app: App) -> Any:
    return app.sign_in()["AuthenticationResult"]


def asked(app: App, subject: str, **members: Any) -> dict[str, Any]:
    of_subject = {"SubjectToken": subject, "SubjectTokenType": "ACCESS_TOKEN"}
    return {"ClientId": app.client_id, **of_subject, **members}


def derive(app: App, subject: str, **members: Any) -> Any:
    return app.cognito.get_derived_token(**asked(app, subject, **members))


def machine_token(app: App) -> tuple[str, str]:
    """Return an app client's id and its own access token."""
    machine = app.another_client(**MACHINE, AllowedOAuthScopes=["api/read", "api/write"])
    answer = app.cognito.get_client_token(ClientId=machine.client_id, Secret=machine.client_secret)
    return machine.client_id, answer["ClientAuthenticationResult"]["AccessToken"]


def claims(answer: Any) -> dict[str, Any]:
    return claims_of(Secret(answer["IssuedToken"]))


@pytest.mark.documented("API_GetDerivedToken", "appears as if the user acted directly")
def test_without_an_actor_the_user_seems_to_act(app: App) -> None:
    subject = tokens_of(app)["AccessToken"]
    answer = derive(app, subject, Audiences=["billing"])
    assert {name: answer[name] for name in ("IssuedTokenType", "TokenType", "Scopes")} == {
        "IssuedTokenType": "ACCESS_TOKEN",
        "TokenType": "Bearer",
        "Scopes": [USER_SCOPE],
    }
    assert 3590 <= answer["ExpiresIn"] <= 3600
    before, after = claims_of(Secret(subject)), claims(answer)
    same = ("sub", "iss", "username", "auth_time", "origin_jti", "token_use", "scope", "client_id")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["jti"] != before["jti"]
    assert after["aud"] == "billing"
    assert "act" not in after


@pytest.mark.documented("API_GetDerivedToken", "carries an act claim that identifies")
def test_actors_are_named_the_newest_outermost(app: App) -> None:
    subject = tokens_of(app)["AccessToken"]
    first_id, first = machine_token(app)
    second_id, second = machine_token(app)
    of_actor = {"ActorTokenType": "ACCESS_TOKEN"}
    once = derive(app, subject, ActorToken=first, **of_actor)
    assert claims(once)["act"] == {"sub": first_id}
    twice = derive(app, once["IssuedToken"], ActorToken=second, **of_actor)
    assert claims(twice)["act"] == {"sub": second_id, "act": {"sub": first_id}}
    assert claims(twice)["sub"] == claims_of(Secret(subject))["sub"]


@pytest.mark.assumed("an exchange without an actor keeps the actors of its subject token")
def test_a_delegation_is_not_laundered(app: App) -> None:
    actor_id, actor = machine_token(app)
    subject = tokens_of(app)["AccessToken"]
    delegated = derive(app, subject, ActorToken=actor, ActorTokenType="ACCESS_TOKEN")
    again = derive(app, delegated["IssuedToken"])
    assert claims(again)["act"] == {"sub": actor_id}


@pytest.mark.documented("API_GetDerivedToken", "or the request fails")
def test_each_kind_of_exchange_needs_its_flow(app: App) -> None:
    subject = tokens_of(app)["AccessToken"]
    _, actor = machine_token(app)
    acting = {"ActorToken": actor, "ActorTokenType": "ACCESS_TOKEN"}
    disabled = (INVALID, "Auth flow not enabled for this client")
    impersonates = app.another_client(ExplicitAuthFlows=EXCHANGES[:1])
    delegates = app.another_client(ExplicitAuthFlows=EXCHANGES[1:])
    assert derive(impersonates, subject)
    assert derive(delegates, subject, **acting)
    with refused(*disabled):
        derive(impersonates, subject, **acting)
    with refused(*disabled):
        derive(delegates, subject)


@pytest.mark.documented("API_GetDerivedToken", "the intersection of these requested scopes")
def test_scopes_only_become_fewer(app: App) -> None:
    subject = tokens_of(app)["AccessToken"]
    narrow = app.another_client(
        ExplicitAuthFlows=EXCHANGES, AllowedOAuthScopes=["api/read", USER_SCOPE]
    )
    answer = derive(narrow, subject, Scopes=["api/read", USER_SCOPE, "openid"])
    assert answer["Scopes"] == [USER_SCOPE]
    assert claims(answer)["scope"] == USER_SCOPE
    nothing = (INVALID, "None of the scopes can be authorized for this subject token.")
    with refused(*nothing):
        derive(narrow, subject, Scopes=["api/read"])
    with refused(*nothing):
        derive(app, subject, Scopes=[USER_SCOPE])


@pytest.mark.assumed("an ID token carries no scopes, so no access token is derived from it")
def test_id_tokens_become_id_tokens_only(app: App) -> None:
    tokens = tokens_of(app)
    of_id = {"SubjectTokenType": "ID_TOKEN"}
    with refused(INVALID):
        derive(app, tokens["IdToken"], **of_id)
    answer = derive(
        app, tokens["IdToken"], **of_id, RequestedTokenType="ID_TOKEN", Audiences=["billing"]
    )
    assert (answer["IssuedTokenType"], answer["TokenType"], "Scopes" in answer) == (
        "ID_TOKEN",
        "N_A",
        False,
    )
    told = claims(answer)
    assert (told["token_use"], told["aud"], told["azp"]) == ("id", "billing", app.client_id)
    assert told["email"] == "alice@example.com"
    again = derive(app, answer["IssuedToken"], **of_id, RequestedTokenType="ID_TOKEN")
    assert claims(again)["aud"] == app.client_id
    with refused(INVALID, "Scopes cannot be requested for an ID token."):
        derive(app, tokens["AccessToken"], RequestedTokenType="ID_TOKEN", Scopes=["openid"])


@pytest.mark.assumed("a derived token ends no later than its subject token")
def test_a_derived_token_does_not_outlive_its_subject(app: App, poolgate: LocalPoolgate) -> None:
    subject = tokens_of(app)["AccessToken"]
    poolgate.clock.advance(3000)
    answer = derive(app, subject)
    assert claims(answer)["exp"] == claims_of(Secret(subject))["exp"]
    assert 0 < answer["ExpiresIn"] <= 600
    poolgate.clock.advance(600)
    with refused(NOT_AUTHORIZED, "Subject token has expired."):
        derive(app, answer["IssuedToken"])


@pytest.mark.assumed("a derived token ends with the sign-in that it came from")
def test_derived_tokens_end_with_their_sign_in(app: App) -> None:
    tokens = tokens_of(app)
    derived = derive(app, tokens["AccessToken"])["IssuedToken"]
    assert app.cognito.get_user(AccessToken=derived)["Username"] == "alice"
    app.cognito.revoke_token(ClientId=app.client_id, Token=tokens["RefreshToken"])
    with refused(NOT_AUTHORIZED, "Access Token has been revoked"):
        app.cognito.get_user(AccessToken=derived)
    with refused(NOT_AUTHORIZED, "Subject token has been revoked."):
        derive(app, tokens["AccessToken"])


@pytest.mark.documented("API_GetDerivedToken", "identifier of a resource server in your user pool")
def test_resources_are_resource_servers(app: App) -> None:
    subject = tokens_of(app)["AccessToken"]
    assert claims(derive(app, subject, Resources=["api"]))["aud"] == "api"
    with refused("ResourceNotFoundException", "Resource server other does not exist."):
        derive(app, subject, Resources=["other"])
    with refused(INVALID, "Audiences and Resources cannot be requested together."):
        derive(app, subject, Resources=["api"], Audiences=["api"])


@pytest.mark.assumed("how a token that does not count is refused in an exchange")
def test_tokens_that_do_not_count_are_refused(app: App, poolgate: LocalPoolgate) -> None:
    tokens = tokens_of(app)
    elsewhere = App.of(poolgate)
    elsewhere.user()
    foreign = tokens_of(elsewhere)["AccessToken"]
    altered = tokens["AccessToken"][:-8] + "AAAAAAAA"
    for bad in ("garbage", foreign, altered, tokens["IdToken"], tokens["RefreshToken"]):
        with refused(NOT_AUTHORIZED, "Subject token is invalid."):
            derive(app, bad)
        with refused(NOT_AUTHORIZED, "Actor token is invalid."):
            derive(app, tokens["AccessToken"], ActorToken=bad, ActorTokenType="ACCESS_TOKEN")


@pytest.mark.assumed("how a token that does not count is refused in an exchange")
def test_a_machine_is_no_subject_and_vanished_machines_do_not_act(app: App) -> None:
    machine_id, machine = machine_token(app)
    with refused("UserNotFoundException"):
        derive(app, machine)
    app.cognito.delete_user_pool_client(UserPoolId=app.pool_id, ClientId=machine_id)
    with refused(NOT_AUTHORIZED, "Actor token is invalid."):
        derive(
            app, tokens_of(app)["AccessToken"], ActorToken=machine, ActorTokenType="ACCESS_TOKEN"
        )


@pytest.mark.documented("error texts", "User is disabled.")
def test_nobody_acts_for_a_disabled_user(app: App) -> None:
    subject = tokens_of(app)["AccessToken"]
    app.disable()
    with refused(NOT_AUTHORIZED):
        derive(app, subject)


@pytest.mark.documented("API_GetDerivedToken", "must have IAM credentials, or you must present")
def test_a_confidential_client_is_proven_by_its_secret_or_by_iam(
    app: App, poolgate: LocalPoolgate
) -> None:
    subject = tokens_of(app)["AccessToken"]
    client = app.another_client(ExplicitAuthFlows=EXCHANGES, secret=True)
    members = asked(client, subject)

    def unsigned(**more: str) -> int:
        return poolgate.post_json("cognito-idp", "GetDerivedToken", members | more).status

    assert derive(client, subject)["IssuedToken"]
    assert unsigned() == 400
    assert unsigned(ClientSecret="x" * 52) == 400
    assert unsigned(ClientSecret=client.client_secret or "") == 200
    with refused(NOT_AUTHORIZED, f"Unable to verify secret for client {client.client_id}"):
        derive(client, subject, ClientSecret="x" * 52)


@pytest.mark.documented("IAM", "not authorized to perform")
def test_a_principal_without_rights_does_not_stand_in_for_a_secret(
    app: App, poolgate: LocalPoolgate
) -> None:
    subject = tokens_of(app)["AccessToken"]
    client = app.another_client(ExplicitAuthFlows=EXCHANGES, secret=True)
    iam = poolgate.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    signer = type(poolgate.root_credentials)(key["AccessKeyId"], key["SecretAccessKey"])
    limited = App(
        poolgate,
        poolgate.client("cognito-idp", credentials=signer, validate=False),
        app.pool_id,
        client.client_id,
    )
    with refused("AccessDeniedException"):
        derive(limited, subject)
    assert derive(limited, subject, ClientSecret=client.client_secret)["IssuedToken"]


@pytest.mark.model("GetDerivedTokenRequest")
def test_bad_input_is_refused(app: App) -> None:
    subject = tokens_of(app)["AccessToken"]
    for members in (
        {"SubjectTokenType": "REFRESH_TOKEN"},
        {"SubjectTokenType": "SAML2"},
        {"SubjectTokenProviderName": "corporate"},
        {"ActorToken": subject},
        {"ActorTokenType": "ACCESS_TOKEN"},
        {"RequestedTokenType": "SAML2"},
        {"Audiences": ["a", "b"]},
        {"Scopes": ["with space"]},
    ):
        with refused(INVALID):
            derive(app, subject, **members)
    with refused("ResourceNotFoundException"):
        derive(app, subject, ClientId="missing")

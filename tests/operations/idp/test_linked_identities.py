"""Users linked to identities at other providers, and users kept from signing in some way."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kits.cognito import WRONG, App, refused
from kits.people import claims_of, new_call
from kits.refusals import refusal, refusal_code

from poolgate.foundation.clock import epoch_millis
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Sub, Username
from poolgate.foundation.randomness import random_uuid
from poolgate.foundation.secret import Secret
from poolgate.testing import LocalPoolgate
from poolgate.userpools import (
    identity_providers,
    linked_identities,
    pools,
    user_transfer,
    users,
)
from poolgate.userpools.linked_identities import AlreadyLinked, Identity
from poolgate.userpools.user_records import parse_line, render_line
from poolgate.userpools.users import UserStatus

INVALID = "InvalidParameterException"
NOT_FOUND = "ResourceNotFoundException"
NO_USER = ("UserNotFoundException", "User does not exist.")
DETAILS = {"client_id": "c", "client_secret": "s", "authorize_scopes": "openid email"}
OIDC = {
    **DETAILS,
    "attributes_request_method": "GET",
    "oidc_issuer": "https://idp.example.com",
    "authorize_url": "https://idp.example.com/authorize",
    "token_url": "https://idp.example.com/token",
    "attributes_url": "https://idp.example.com/userinfo",
    "jwks_uri": "https://idp.example.com/jwks",
}


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    app = App.of(poolgate)
    for name, kind, details in (("Google", "Google", DETAILS), ("Partner", "OIDC", OIDC)):
        app.cognito.create_identity_provider(
            UserPoolId=app.pool_id,
            ProviderName=name,
            ProviderType=kind,
            ProviderDetails=details,
            AttributeMapping={"email": "email"},
        )
    return app


def person(provider: str, value: str, attribute: str = "Cognito_Subject") -> dict[str, str]:
    return {
        "ProviderName": provider,
        "ProviderAttributeName": attribute,
        "ProviderAttributeValue": value,
    }


def link(app: App, source: dict[str, str], username: str = "alice") -> Any:
    return app.cognito.admin_link_provider_for_user(
        UserPoolId=app.pool_id, DestinationUser=person("Cognito", username), SourceUser=source
    )


def disable(app: App, user: dict[str, str]) -> Any:
    return app.cognito.admin_disable_provider_for_user(UserPoolId=app.pool_id, User=user)


def identities(app: App, username: str = "alice") -> Any:
    return json.loads(app.attributes(username).get("identities", "[]"))


def federated(app: App, username: str) -> Sub:
    """Make the profile that a first sign-in at a provider makes."""
    call, sub = new_call(app.poolgate), Sub(random_uuid())
    provider, _, subject = username.partition("_")
    with call.db.writing() as transaction:
        pool = pools.get(transaction, PoolId(app.pool_id))
        profile = users.new_user(
            call,
            pool.pool_id,
            sub,
            Username(username),
            status=UserStatus.EXTERNAL_PROVIDER,
            attributes=linked_identities.own_identity(
                identity_providers.get(transaction, pool.pool_id, provider),
                subject,
                issuer=None,
                now_millis=call.now_millis,
            ),
            password=None,
        )
        users.insert(transaction, pool, profile)
    return sub


@pytest.mark.documented("seen in AdminGetUser of AWS", "attribute identities, behind sub")
def test_a_link_is_shown_among_the_attributes(app: App) -> None:
    app.user(email="alice@example.com")
    link(app, person("Google", "1234"))
    attributes = app.described()["UserAttributes"]
    assert [attribute["Name"] for attribute in attributes[:2]] == ["sub", "identities"]
    now = epoch_millis(app.poolgate.clock.now())
    assert attributes[1]["Value"] == (
        '[{"userId":"1234","providerName":"Google","providerType":"Google","issuer":null,'
        f'"primary":false,"dateCreated":{now}}}]'
    )
    link(app, person("Partner", "5678"))
    assert [entry["userId"] for entry in identities(app)] == ["1234", "5678"]
    assert identities(app)[1]["providerType"] == "OIDC"


@pytest.mark.documented("seen in ID tokens of AWS", "claim identities")
@pytest.mark.parametrize("client", [{}, {"ReadAttributes": ["email"]}])
def test_tokens_tell_of_links(app: App, client: dict[str, Any]) -> None:
    app.user(email="alice@example.com")
    link(app, person("Google", "1234"))
    tokens = app.another_client(**client).sign_in()["AuthenticationResult"]
    assert claims_of(Secret(tokens["IdToken"]))["identities"] == [
        {
            "dateCreated": str(epoch_millis(app.poolgate.clock.now())),
            "userId": "1234",
            "providerName": "Google",
            "providerType": "Google",
            "issuer": None,
            "primary": "false",
        }
    ]
    assert "identities" not in claims_of(Secret(tokens["AccessToken"]))
    shown = app.cognito.get_user(AccessToken=tokens["AccessToken"])["UserAttributes"]
    assert "identities" in {attribute["Name"] for attribute in shown}


@pytest.mark.documented("userpools.md 3.2", "identities can't be written")
def test_nobody_writes_the_attribute(app: App) -> None:
    app.user(email="alice@example.com")
    link(app, person("Google", "1234"))
    before = identities(app)
    forged = [{"Name": "identities", "Value": "[]"}]
    named = {"UserPoolId": app.pool_id, "Username": "alice"}
    access_token = app.access_token()
    for operation, members in (
        (app.cognito.update_user_attributes, {"AccessToken": access_token}),
        (app.cognito.admin_update_user_attributes, named),
    ):
        assert refusal_code(operation, **members, UserAttributes=forged)
    for operation, members in (
        (app.cognito.delete_user_attributes, {"AccessToken": access_token}),
        (app.cognito.admin_delete_user_attributes, named),
    ):
        assert refusal_code(operation, **members, UserAttributeNames=["identities"])
    app.cognito.admin_update_user_attributes(
        **named, UserAttributes=[{"Name": "email", "Value": "a@example.org"}]
    )
    assert identities(app) == before


@pytest.mark.documented("logs of pre sign-up functions", "as AWS answered")
def test_an_identity_is_linked_once(app: App) -> None:
    app.user()
    app.user("bob")
    link(app, person("Google", "1234"))
    linked = (INVALID, "SourceUser is already linked to DestinationUser")
    for username in ("alice", "bob"):
        with refused(*linked):
            link(app, person("Google", "1234"), username)
    assert identities(app, "bob") == []
    link(app, person("Partner", "1234"), "bob")


@pytest.mark.documented("aws-sdk-net issue 1000", "as AWS answered")
def test_who_has_signed_up_is_not_linked(app: App) -> None:
    app.user()
    federated(app, "Google_1234")
    with refused(
        INVALID,
        "Merging is not currently supported, provide a SourceUser that has not been signed up in "
        "order to link",
    ):
        link(app, person("Google", "1234"))


@pytest.mark.documented("API_AdminLinkProviderForUser", "federated identities ... is five")
def test_a_user_has_five_links(app: App) -> None:
    app.user()
    for number in range(5):
        link(app, person("Google", str(number)))
    with refused("LimitExceededException", "A user can have at most 5 linked identities."):
        link(app, person("Google", "5"))
    assert len(identities(app)) == 5
    app.user("bob")
    link(app, person("Google", "5"), "bob")


@pytest.mark.documented("API_AdminLinkProviderForUser", "a federated user: provider-specific id")
def test_the_destination_may_be_a_federated_profile(app: App) -> None:
    federated(app, "Google_1234")
    app.cognito.admin_link_provider_for_user(
        UserPoolId=app.pool_id,
        DestinationUser=person("Google", "1234", "ignored"),
        SourceUser=person("Partner", "5678"),
    )
    assert [entry["userId"] for entry in identities(app, "Google_1234")] == ["1234", "5678"]


@pytest.mark.documented("API_AdminLinkProviderForUser", "any mapped value from a claim")
def test_others_than_social_providers_are_linked_by_a_mapped_attribute(app: App) -> None:
    app.user()
    by_email = person("Partner", "alice@example.com", "email")
    link(app, by_email)
    assert [entry["userId"] for entry in identities(app)] == ["alice@example.com"]
    disable(app, by_email)
    assert identities(app) == []


@pytest.mark.assumed("texts for users that cannot be linked")
def test_sources_that_cannot_be_are_refused(app: App) -> None:
    app.user()
    for source in (
        person("Cognito", "bob"),
        person("Google", "alice@example.com", "email"),
        person("Partner", "Alice", "name"),
        person("Partner", "x" * 513),
        person("Google", ""),
        {"ProviderName": "Google", "ProviderAttributeValue": "1"},
        {},
    ):
        asked = {"DestinationUser": person("Cognito", "alice"), "SourceUser": source}
        told = refusal_code(
            app.cognito.admin_link_provider_for_user, UserPoolId=app.pool_id, **asked
        )
        assert told == INVALID
    assert identities(app) == []


@pytest.mark.assumed("texts for users that cannot be linked")
def test_what_is_not_there_is_told(app: App) -> None:
    app.user()
    with refused(*NO_USER):
        link(app, person("Google", "1"), "nobody")
    with refused(NOT_FOUND, "Identity provider Other does not exist."):
        link(app, person("Other", "1"))
    with refused(NOT_FOUND, "Identity provider Other does not exist."):
        disable(app, person("Other", "1"))
    for user in (person("Google", "1"), person("Partner", "a@b", "email"), person("Cognito", "x")):
        with refused(*NO_USER):
            disable(app, user)
    missing = {"UserPoolId": "us-east-1_Missing00"}
    told = refusal_code(
        app.cognito.admin_disable_provider_for_user, **missing, User=person("Google", "1")
    )
    assert told == NOT_FOUND
    told = refusal(
        app.cognito.admin_disable_provider_for_user,
        UserPoolId=app.pool_id,
        User=person("Cognito", "alice", "Other"),
    )
    assert told == (INVALID, "ProviderAttributeName must be Cognito_Subject.")


@pytest.mark.documented("API_AdminDisableProviderForUser", "any link ... is removed")
def test_a_link_is_removed(app: App) -> None:
    app.user()
    link(app, person("Google", "1234"))
    link(app, person("Partner", "1234"))
    disable(app, person("Google", "1234"))
    assert [entry["providerName"] for entry in identities(app)] == ["Partner"]
    disable(app, person("Partner", "1234"))
    assert "identities" not in app.attributes()
    assert app.sign_in()["AuthenticationResult"]
    link(app, person("Google", "1234"))


@pytest.mark.documented("API_AdminDisableProviderForUser", "can't use their password to sign in")
def test_a_password_no_longer_signs_in(app: App) -> None:
    app.user(email="alice@example.com", email_verified="true")
    disable(app, person("Cognito", "alice"))
    with refused(*WRONG):
        app.sign_in()
    assert app.status() == "EXTERNAL_PROVIDER"
    with refused("NotAuthorizedException", "User password cannot be reset in the current state."):
        app.cognito.forgot_password(ClientId=app.client_id, Username="alice")
    app.set_password("alice")
    assert app.sign_in()["AuthenticationResult"]


@pytest.mark.assumed("a federated profile is disabled as a whole")
def test_a_federated_profile_is_disabled(app: App) -> None:
    federated(app, "Google_1234")
    disable(app, person("Google", "1234"))
    assert app.described("Google_1234")["Enabled"] is False
    # Not somebody else, who chose a name like that.
    app.user("Google_5678")
    with refused(*NO_USER):
        disable(app, person("Google", "5678"))


@pytest.mark.documented("docs/users.md", "linked_identities")
def test_links_are_exported_and_imported(app: App, poolgate: LocalPoolgate) -> None:
    app.user(email="alice@example.com")
    link(app, person("Google", "1234"))
    poolgate.clock.advance(60)
    link(app, person("Partner", "alice@example.com", "email"))
    call = new_call(poolgate)
    (exported,) = user_transfer.records(
        call, PoolId(app.pool_id), with_passwords=False, with_mfa_secrets=False
    )
    record = parse_line(render_line(exported.record))
    before, modified = identities(app), app.described()["UserLastModifiedDate"]
    with call.db.reading() as transaction:
        pool = pools.get(transaction, PoolId(app.pool_id))
    app.user("bob")
    app.cognito.admin_delete_user(UserPoolId=app.pool_id, Username="alice")
    link(app, person("Google", "1234"), "bob")
    with pytest.raises(AlreadyLinked):
        user_transfer.put_record(new_call(poolgate), pool, record)
    with refused(*NO_USER):
        app.described()
    disable(app, person("Google", "1234"))
    assert user_transfer.put_record(new_call(poolgate), pool, record)
    assert identities(app) == before
    assert app.described()["UserLastModifiedDate"] == modified
    with refused(INVALID, "SourceUser is already linked to DestinationUser"):
        link(app, person("Partner", "alice@example.com", "email"), "bob")


@pytest.mark.documented("API_AdminDeleteUser", "deletes a user")
def test_links_go_with_their_user(app: App) -> None:
    app.user()
    link(app, person("Google", "1234"))
    app.cognito.admin_delete_user(UserPoolId=app.pool_id, Username="alice")
    app.user("bob")
    link(app, person("Google", "1234"), "bob")


@pytest.mark.documented("logs of pre sign-up functions", "as AWS answered")
def test_of_parallel_linkers_one_wins(app: App) -> None:
    names = ["alice", "bob", "carol", "dave"]
    for name in names:
        app.user(name)
    call, source = new_call(app.poolgate), Identity("Google", "Cognito_Subject", "1234")

    def run(name: str) -> type[Failure] | None:
        destination = Identity("Cognito", "Cognito_Subject", name)
        try:
            linked_identities.link(call, PoolId(app.pool_id), destination, source)
        except Failure as failure:
            return type(failure)
        return None

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(run, names))
    assert outcomes.count(None) == 1
    assert outcomes.count(AlreadyLinked) == 3
    assert sum(len(identities(app, name)) for name in names) == 1

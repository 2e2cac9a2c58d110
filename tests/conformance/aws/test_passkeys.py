"""Passkeys over HTTP, through boto3, at a real server that is started again in between."""

import json
from pathlib import Path
from typing import Any

import pytest
from kits.passkeys import RP_ID, Passkey
from kits.serving import PASSWORD, PoolMade, Served, make_user, serving


def make_pool(client: Any, **settings: str) -> PoolMade:
    pool_id = client.create_user_pool(
        PoolName="passkeys",
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
    )["UserPool"]["Id"]
    client.set_user_pool_mfa_config(UserPoolId=pool_id, WebAuthnConfiguration=settings)
    app_client = client.create_user_pool_client(
        UserPoolId=pool_id, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_AUTH"]
    )
    return PoolMade(pool_id, app_client["UserPoolClient"]["ClientId"])


def begin(client: Any, pool: PoolMade, preferred: str, **more: str) -> Any:
    return client.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "alice", "PREFERRED_CHALLENGE": preferred, **more},
    )


def answer(client: Any, pool: PoolMade, begun: Any, passkey: Passkey) -> Any:
    options = begun["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"]
    return client.respond_to_auth_challenge(
        ClientId=pool.client_id,
        ChallengeName="WEB_AUTHN",
        Session=begun["Session"],
        ChallengeResponses={"USERNAME": "alice", "CREDENTIAL": json.dumps(passkey.get(options))},
    )["AuthenticationResult"]


@pytest.mark.model("StartWebAuthnRegistration, CompleteWebAuthnRegistration, WEB_AUTHN")
def test_passkeys_and_their_counters_outlive_a_restart(tmp_path: Path) -> None:
    passkey, data = Passkey(), tmp_path / "data"
    with serving(data) as served:
        client = served.client("cognito-idp")
        pool = make_pool(client, RelyingPartyId=RP_ID)
        make_user(client, pool, "alice")
        tokens = begin(client, pool, "PASSWORD", PASSWORD=PASSWORD)["AuthenticationResult"]
        options = client.start_web_authn_registration(AccessToken=tokens["AccessToken"])
        client.complete_web_authn_registration(
            AccessToken=tokens["AccessToken"],
            Credential=passkey.create(options["CredentialCreationOptions"]),
        )
        for _ in range(2):
            answer(client, pool, begin(client, pool, "WEB_AUTHN"), passkey)
        waiting = begin(client, pool, "WEB_AUTHN")
    with serving(data) as served:
        client = served.client("cognito-idp")
        tokens = answer(client, pool, waiting, passkey)
        (shown,) = client.list_web_authn_credentials(AccessToken=tokens["AccessToken"])[
            "Credentials"
        ]
        assert shown["RelyingPartyId"] == RP_ID
        passkey.sign_count = 1
        with pytest.raises(client.exceptions.NotAuthorizedException):
            answer(client, pool, begin(client, pool, "WEB_AUTHN"), passkey)


@pytest.mark.model("StartWebAuthnRegistration.errors WebAuthnConfigurationMissingException")
def test_pages_at_an_address_have_no_passkeys(served: Served) -> None:
    client = served.client("cognito-idp")
    pool = make_pool(client)
    make_user(client, pool, "alice")
    client.create_user_pool_domain(UserPoolId=pool.pool_id, Domain="passkeys-at-an-address")
    tokens = begin(client, pool, "PASSWORD", PASSWORD=PASSWORD)["AuthenticationResult"]
    with pytest.raises(client.exceptions.WebAuthnConfigurationMissingException):
        client.start_web_authn_registration(AccessToken=tokens["AccessToken"])

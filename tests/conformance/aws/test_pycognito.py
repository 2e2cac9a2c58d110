"""pycognito, unchanged but for the endpoint."""

import time

import pytest
import requests
from kits.authenticator import totp_code
from kits.serving import PASSWORD, make_pool, make_user, serving
from pycognito import Cognito
from pycognito.aws_srp import AWSSRP
from pycognito.exceptions import (
    ForceChangePasswordException,
    SoftwareTokenMFAChallengeException,
)

NEW_PASSWORD = "Battery-Staple-2"


def srp(client, pool, username, password, **device):
    return AWSSRP(
        username=username,
        password=password,
        pool_id=pool.pool_id,
        client_id=pool.client_id,
        client=client,
        **device,
    )


@pytest.mark.model("USER_SRP_AUTH as pycognito computes it")
def test_pycognito_signs_in_by_srp(served):
    client = served.client("cognito-idp")
    pool = make_pool(client, "pycognito")
    make_user(client, pool, "alice")

    answer = srp(client, pool, "alice", PASSWORD).authenticate_user()

    assert answer["AuthenticationResult"]["TokenType"] == "Bearer"
    with pytest.raises(client.exceptions.NotAuthorizedException):
        srp(client, pool, "alice", "Wrong-Horse-1").authenticate_user()


@pytest.mark.model("NEW_PASSWORD_REQUIRED as pycognito answers it")
def test_pycognito_answers_new_password_required(served):
    client = served.client("cognito-idp")
    pool = make_pool(client, "pycognito-new")
    make_user(client, pool, "bob", permanent=False)

    with pytest.raises(ForceChangePasswordException):
        srp(client, pool, "bob", PASSWORD).authenticate_user()
    srp(client, pool, "bob", PASSWORD).set_new_password_challenge(NEW_PASSWORD)

    signed_in = srp(client, pool, "bob", NEW_PASSWORD).authenticate_user()
    assert signed_in["AuthenticationResult"]["AccessToken"]


@pytest.mark.model("GetUser, token refresh and sign-out as pycognito sends them")
def test_pycognito_reads_refreshes_and_signs_out(served):
    client = served.client("cognito-idp")
    pool = make_pool(client, "pycognito-user")
    make_user(client, pool, "carol")
    answer = srp(client, pool, "carol", PASSWORD).authenticate_user()["AuthenticationResult"]
    user = Cognito(
        pool.pool_id,
        pool.client_id,
        user_pool_region="us-east-1",
        username="carol",
        access_token=answer["AccessToken"],
        refresh_token=answer["RefreshToken"],
        id_token=answer["IdToken"],
        boto3_client_kwargs={"endpoint_url": served.url},
    )
    assert user.get_user().email == "carol@example.com"
    user.logout()
    with pytest.raises(client.exceptions.NotAuthorizedException):
        client.get_user(AccessToken=answer["AccessToken"])


@pytest.mark.model("software tokens as pycognito sets them up and answers them")
def test_pycognito_sets_up_an_app_and_signs_in_with_it(served):
    client = served.client("cognito-idp")
    pool = make_pool(client, "pycognito-totp")
    make_user(client, pool, "dora")
    client.set_user_pool_mfa_config(
        UserPoolId=pool.pool_id,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    user = Cognito(
        pool.pool_id,
        pool.client_id,
        user_pool_region="us-east-1",
        username="dora",
        boto3_client_kwargs={"endpoint_url": served.url},
    )
    user.authenticate(PASSWORD)
    secret_code = user.associate_software_token()
    assert user.verify_software_token(totp_code(secret_code, int(time.time())), "phone")
    user.set_user_mfa_preference(sms_mfa=False, software_token_mfa=True, preferred="SOFTWARE_TOKEN")
    user.access_token = None

    with pytest.raises(SoftwareTokenMFAChallengeException):
        user.authenticate(PASSWORD)
    # The code of this step set the app up; the next one's is early, and counts.
    user.respond_to_software_token_mfa_challenge(totp_code(secret_code, int(time.time()) + 30))

    assert client.get_user(AccessToken=user.access_token)["PreferredMfaSetting"] == (
        "SOFTWARE_TOKEN_MFA"
    )


@pytest.mark.model("the device operations and DEVICE_SRP_AUTH as pycognito sends them")
def test_pycognito_skips_the_second_factor_on_a_remembered_device(served, monkeypatch):
    # Its device operations know no endpoint but AWS's.
    posted = requests.post
    monkeypatch.setattr(requests, "post", lambda _url, **sent: posted(served.url, **sent))
    client = served.client("cognito-idp")
    pool = make_pool(
        client,
        "pycognito-devices",
        DeviceConfiguration={
            "ChallengeRequiredOnNewDevice": True,
            "DeviceOnlyRememberedOnUserPrompt": True,
        },
    )
    client.set_user_pool_mfa_config(
        UserPoolId=pool.pool_id,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    make_user(client, pool, "dina")
    first = srp(client, pool, "dina", PASSWORD)
    tokens = first.authenticate_user()
    confirmed, device_password = first.confirm_device(tokens, "laptop")
    assert confirmed.json() == {"UserConfirmationNecessary": True}
    device = {
        "device_key": first.device_key,
        "device_group_key": first.device_group_key,
        "device_password": device_password,
    }
    access_token = tokens["AuthenticationResult"]["AccessToken"]
    first.update_device_status(True, access_token, first.device_key)  # noqa: FBT003 - its interface
    secret_code = client.associate_software_token(AccessToken=access_token)["SecretCode"]
    client.verify_software_token(
        AccessToken=access_token, UserCode=totp_code(secret_code, int(time.time()))
    )
    client.set_user_mfa_preference(
        AccessToken=access_token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )

    with pytest.raises(SoftwareTokenMFAChallengeException):
        srp(client, pool, "dina", PASSWORD).authenticate_user()
    on_device = srp(client, pool, "dina", PASSWORD, **device)
    again = on_device.authenticate_user()["AuthenticationResult"]
    on_device.forget_device(again["AccessToken"], device["device_key"])
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        srp(client, pool, "dina", PASSWORD, **device).authenticate_user()


@pytest.mark.model("ConfirmDevice, UpdateDeviceStatus, DEVICE_SRP_AUTH as pycognito sends them")
def test_a_device_of_pycognito_is_known_after_a_restart(tmp_path, monkeypatch):
    data, posted = tmp_path / "data", requests.post

    def to_our_endpoint(server):
        monkeypatch.setattr(requests, "post", lambda _url, **sent: posted(server.url, **sent))

    with serving(data) as first:
        to_our_endpoint(first)
        client = first.client("cognito-idp")
        configuration = {"DeviceOnlyRememberedOnUserPrompt": False}
        pool = make_pool(client, "pycognito-devices", DeviceConfiguration=configuration)
        make_user(client, pool, "emil")
        new = srp(client, pool, "emil", PASSWORD)
        confirmed, device_secret = new.confirm_device(new.authenticate_user(), "laptop")
        assert confirmed.json() == {"UserConfirmationNecessary": False}

    device = {"device_key": new.device_key, "device_group_key": new.device_group_key}
    with serving(data) as second:
        to_our_endpoint(second)
        client = second.client("cognito-idp")
        known = srp(client, pool, "emil", PASSWORD, **device, device_password=device_secret)
        signed_in = known.authenticate_user()["AuthenticationResult"]
        assert "NewDeviceMetadata" not in signed_in
        (listed,) = client.list_devices(AccessToken=signed_in["AccessToken"])["Devices"]
        assert listed["DeviceKey"] == new.device_key
        assert {"Name": "device_name", "Value": "laptop"} in listed["DeviceAttributes"]
        stolen = srp(client, pool, "emil", PASSWORD, **device, device_password="guessed")
        with pytest.raises(client.exceptions.NotAuthorizedException):
            stolen.authenticate_user()

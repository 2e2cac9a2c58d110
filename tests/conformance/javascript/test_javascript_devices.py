"""amazon-cognito-identity-js on a device that is remembered."""

import time

import pytest
from kits.authenticator import totp_code
from kits.serving import PASSWORD, make_pool, make_user


@pytest.mark.model("ConfirmDevice, DEVICE_SRP_AUTH as amazon-cognito-identity-js sends them")
@pytest.mark.parametrize("asks_user", [False, True])
def test_a_remembered_device_skips_the_second_factor(served, javascript, *, asks_user):
    client = served.client("cognito-idp")
    configuration = {
        "ChallengeRequiredOnNewDevice": True,
        "DeviceOnlyRememberedOnUserPrompt": asks_user,
    }
    pool = make_pool(client, "javascript-devices", DeviceConfiguration=configuration)
    make_user(client, pool, "alice")
    client.set_user_pool_mfa_config(
        UserPoolId=pool.pool_id,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    signed_in = client.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    begun = client.associate_software_token(AccessToken=signed_in["AccessToken"])
    now = int(time.time())
    client.verify_software_token(
        AccessToken=signed_in["AccessToken"], UserCode=totp_code(begun["SecretCode"], now)
    )

    told = javascript(
        "devices.mjs",
        served.url,
        pool.pool_id,
        pool.client_id,
        "alice",
        PASSWORD,
        # The code of this step set the app up; the next one's is early, and counts.
        totp_code(begun["SecretCode"], now + 30),
    )

    assert told.get("error") is None, told
    assert told["first"] == ["SOFTWARE_TOKEN_MFA"]
    assert told["must_be_asked"] is asks_user
    assert told["second"] == []
    (device_key,) = {
        *told["device_keys"],
        told["refreshed_device_key"],
        told["shown_device_key"],
    }
    assert device_key.startswith("us-east-1_")
    assert told["listed_devices"] == 1
    assert told["forgotten"] == ["SOFTWARE_TOKEN_MFA"]

"""Devices as the JavaScript clients remember them."""

import pytest
from kits.serving import PASSWORD, PoolMade, make_pool, make_user


@pytest.fixture
def tracking(served_dev, request) -> PoolMade:
    """A pool that remembers devices when their users say so, and asks for the code of an app."""
    client = served_dev.client("cognito-idp")
    pool = make_pool(
        client,
        request.node.name,
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
    make_user(client, pool, "dora")
    return pool


@pytest.mark.model("the device operations as amazon-cognito-identity-js calls them")
def test_identity_js_skips_the_second_factor_on_a_remembered_device(
    served_dev, javascript, tracking
):
    told = javascript(
        "identity_devices.mjs",
        served_dev.url,
        tracking.pool_id,
        tracking.client_id,
        "dora",
        PASSWORD,
    )
    assert told == {
        "person_decides": True,
        "remembered": "SUCCESS",
        "devices": [True],
        "asked_on_device": None,
        "still_valid": True,
        "refreshed": True,
        "forgotten": "SUCCESS",
        "asked_elsewhere": "SOFTWARE_TOKEN_MFA",
    }


@pytest.mark.model("the device operations as aws-amplify calls them")
def test_amplify_skips_the_second_factor_on_a_remembered_device(served_dev, javascript, tracking):
    told = javascript(
        "amplify_devices.mjs",
        served_dev.url,
        tracking.pool_id,
        tracking.client_id,
        "dora",
        PASSWORD,
    )
    assert told == {
        "signed_in": True,
        "devices": 1,
        "signed_in_on_device": True,
        "names_the_device": True,
        "asked_elsewhere": "CONFIRM_SIGN_IN_WITH_TOTP_CODE",
        "signed_in_with_totp": True,
    }


@pytest.mark.model("Device does not exist. as amazon-cognito-identity-js reads it")
def test_identity_js_drops_a_device_that_was_forgotten_elsewhere(served_dev, javascript):
    client = served_dev.client("cognito-idp")
    pool = make_pool(
        client, "forgotten", DeviceConfiguration={"DeviceOnlyRememberedOnUserPrompt": False}
    )
    make_user(client, pool, "dora")
    told = javascript(
        "forgotten_device.mjs", served_dev.url, pool.pool_id, pool.client_id, "dora", PASSWORD
    )
    assert told == {"same_device": True, "same_device_after": False}

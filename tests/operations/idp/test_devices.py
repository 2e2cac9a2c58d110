"""Devices: confirmed, shown, listed, remembered, forgotten; by users and by administrators."""

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kits.cognito import App
from kits.devices import (
    ALWAYS,
    ASKING,
    BESIDE_MFA,
    Device,
    confirmed_device,
    device_attributes,
    tracking_app,
)
from kits.people import claims_of
from kits.refusals import refusal, refusal_code

from poolgate.credentials.srp_group import MODULUS
from poolgate.foundation.secret import Secret
from poolgate.testing import LocalPoolgate

INVALID = "InvalidParameterException"
NOT_FOUND = ("ResourceNotFoundException", "Device does not exist.")
REFUSED_KEY = (INVALID, "Invalid device key given.")
REFUSED_VERIFIER = (INVALID, "Invalid device secret verifier.")
REVOKED = ("NotAuthorizedException", "Access Token has been revoked")
NOBODYS = "us-east-1_00000000-0000-4000-8000-000000000000"
UNTRACKED = "InvalidUserPoolConfigurationException"


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    """A pool that remembers devices always, with a user."""
    app = tracking_app(poolgate, ALWAYS)
    app.user()
    return app


def token_of(signed_in: Any) -> str:
    return str(signed_in["AuthenticationResult"]["AccessToken"])


def own_device(app: App, **more: Any) -> tuple[Device, str]:
    """Sign in, confirm the device, and return it with its access token."""
    signed_in = app.sign_in()
    return confirmed_device(app, signed_in, **more), token_of(signed_in)


# ---- the pool's setting -----------------------------------------------------------------------


@pytest.mark.documented("API_DeviceConfigurationType", "any value activates device remembering")
@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (ALWAYS, ALWAYS),
        ({"DeviceOnlyRememberedOnUserPrompt": False}, BESIDE_MFA),
        ({"ChallengeRequiredOnNewDevice": True}, ALWAYS),
    ],
)
def test_device_configuration_is_echoed(
    poolgate: LocalPoolgate, given: dict[str, bool], shown: dict[str, bool]
) -> None:
    cognito = poolgate.client("cognito-idp")
    made = cognito.create_user_pool(PoolName="p", DeviceConfiguration=given)["UserPool"]
    assert made["DeviceConfiguration"] == shown
    cognito.update_user_pool(UserPoolId=made["Id"])
    described = cognito.describe_user_pool(UserPoolId=made["Id"])["UserPool"]
    assert "DeviceConfiguration" not in described
    cognito.update_user_pool(UserPoolId=made["Id"], DeviceConfiguration=given)
    described = cognito.describe_user_pool(UserPoolId=made["Id"])["UserPool"]
    assert described["DeviceConfiguration"] == shown


@pytest.mark.assumed("an empty DeviceConfiguration tracks nothing")
def test_an_empty_device_configuration_tracks_nothing(poolgate: LocalPoolgate) -> None:
    app = tracking_app(poolgate, {})
    app.user()
    described = app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
    assert "DeviceConfiguration" not in described
    assert "NewDeviceMetadata" not in app.sign_in()["AuthenticationResult"]


# ---- a new device -----------------------------------------------------------------------------


@pytest.mark.documented("cognito-user-pools-device-tracking", "Amazon Cognito returns a device key")
def test_a_sign_in_without_a_device_gets_names_for_one(app: App) -> None:
    signed_in = app.sign_in()["AuthenticationResult"]
    metadata = signed_in["NewDeviceMetadata"]
    assert metadata["DeviceKey"].startswith("us-east-1_")
    assert metadata["DeviceGroupKey"].startswith("-")
    claims = claims_of(Secret(signed_in["AccessToken"]))
    assert claims["device_key"] == metadata["DeviceKey"]
    assert "device_key" not in claims_of(Secret(signed_in["IdToken"]))
    again = app.sign_in()["AuthenticationResult"]["NewDeviceMetadata"]
    assert again["DeviceKey"] != metadata["DeviceKey"]
    assert again["DeviceGroupKey"] == metadata["DeviceGroupKey"]
    by_srp = app.answer_srp(srp := app.srp(), app.begin_srp(srp))
    assert "NewDeviceMetadata" in by_srp["AuthenticationResult"]


@pytest.mark.model("InitiateAuth: NewDeviceMetadata is of pools that remember devices")
def test_a_pool_without_tracking_says_nothing_of_devices(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate)
    app.user()
    signed_in = app.sign_in(DEVICE_KEY=NOBODYS)["AuthenticationResult"]
    assert "NewDeviceMetadata" not in signed_in
    assert "device_key" not in claims_of(Secret(signed_in["AccessToken"]))


@pytest.mark.documented("API_ConfirmDevice", "UserConfirmationNecessary")
@pytest.mark.parametrize(("configuration", "asks"), [(ALWAYS, False), (ASKING, True)])
def test_confirming_tells_whether_the_user_must_be_asked(
    poolgate: LocalPoolgate, configuration: dict[str, bool], *, asks: bool
) -> None:
    app = tracking_app(poolgate, configuration)
    app.user()
    signed_in = app.sign_in()
    device = Device.of(app, signed_in)
    token = token_of(signed_in)
    assert device.confirm(token)["UserConfirmationNecessary"] is asks
    shown = app.cognito.get_device(AccessToken=token, DeviceKey=device.device_key)["Device"]
    status = device_attributes(shown)["dev:device_remembered_status"]
    assert status == ("not_remembered" if asks else "remembered")


@pytest.mark.documented("API_AdminListDevices", "the example: names and order of the attributes")
def test_a_device_is_shown_as_aws_shows_it(app: App) -> None:
    began = app.poolgate.clock.now()
    device, token = own_device(app, DeviceName="Phone")
    shown = app.cognito.get_device(AccessToken=token, DeviceKey=device.device_key)["Device"]
    owner = f"alice.{app.pool_id}"
    account = app.poolgate.account_id
    assert shown["DeviceAttributes"] == [
        {"Name": "device_status", "Value": "valid"},
        {"Name": "device_name", "Value": "Phone"},
        {
            "Name": "dev:device_arn",
            "Value": f"arn:aws:cognito-idp:us-east-1:{account}:owner/{owner}"
            f"/device/{device.device_key}",
        },
        {"Name": "dev:device_owner", "Value": owner},
        {"Name": "last_ip_used", "Value": "127.0.0.1"},
        {"Name": "dev:device_remembered_status", "Value": "remembered"},
        {"Name": "dev:device_sdk", "Value": "aws-sdk-unknown-unknown"},
    ]
    for date in ("DeviceCreateDate", "DeviceLastModifiedDate", "DeviceLastAuthenticatedDate"):
        assert abs(shown[date] - began) < timedelta(seconds=1)
    by_admin = app.cognito.admin_get_device(
        UserPoolId=app.pool_id, Username="alice", DeviceKey=device.device_key
    )
    assert by_admin["Device"] == shown


@pytest.mark.documented("userpools.md 11", "Invalid device key given.")
def test_only_the_key_of_the_own_sign_in_is_confirmed(app: App) -> None:
    first, second = app.sign_in(), app.sign_in()
    device = Device.of(app, first)
    assert refusal(device.confirm, access_token=token_of(second)) == REFUSED_KEY
    app.user("bob")
    assert refusal(device.confirm, access_token=app.access_token("bob")) == REFUSED_KEY
    device.device_key = NOBODYS
    assert refusal(device.confirm, access_token=token_of(first)) == REFUSED_KEY


@pytest.mark.model("ConfirmDevice: DeviceKeyExistsException")
def test_a_device_is_confirmed_once(app: App) -> None:
    device, token = own_device(app)
    assert refusal_code(device.confirm, access_token=token) == "DeviceKeyExistsException"


@pytest.mark.model("ConfirmDevice: DeviceKeyExistsException")
def test_of_several_takers_one_confirms_the_device(app: App) -> None:
    signed_in = app.sign_in()
    device = Device.of(app, signed_in)

    def attempt(_number: int) -> str:
        try:
            device.confirm(token_of(signed_in))
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "confirmed"

    with ThreadPoolExecutor(8) as takers:
        answers = sorted(takers.map(attempt, range(8)))
    assert answers == ["DeviceKeyExistsException"] * 7 + ["confirmed"]


def number(value: int, length: int = 384) -> str:
    return base64.b64encode(value.to_bytes(length, "big")).decode()


@pytest.mark.assumed("text for a device secret that cannot be")
@pytest.mark.parametrize(
    "changes",
    [
        {"PasswordVerifier": number(0)},
        {"PasswordVerifier": number(1)},
        {"PasswordVerifier": number(int(MODULUS) - 1)},
        {"PasswordVerifier": number(int(MODULUS))},
        {"PasswordVerifier": number(int(MODULUS) + 2)},
        {"PasswordVerifier": number(int(MODULUS) * 2, 386)},
        {"PasswordVerifier": number(5, 386)},
        {"PasswordVerifier": "no base64!"},
        {"PasswordVerifier": "\u00e4"},
        {"Salt": number(1, 7)},
        {"Salt": number(1, 65)},
        {"Salt": "===="},
    ],
)
def test_a_verifier_that_proves_nothing_is_refused(app: App, changes: dict[str, str]) -> None:
    signed_in = app.sign_in()
    device = Device.of(app, signed_in)
    good = device.verifier_config
    device.verifier_config = {**good, **changes}
    assert refusal(device.confirm, access_token=token_of(signed_in)) == REFUSED_VERIFIER
    device.verifier_config = good
    device.confirm(token_of(signed_in))


@pytest.mark.assumed("text for a device secret that cannot be")
@pytest.mark.parametrize("left_out", ["Salt", "PasswordVerifier", None])
def test_a_device_without_a_secret_is_not_confirmed(app: App, left_out: str | None) -> None:
    signed_in = app.sign_in()
    device = Device.of(app, signed_in)
    config = {name: text for name, text in device.verifier_config.items() if name != left_out}
    members: dict[str, Any] = {"AccessToken": token_of(signed_in), "DeviceKey": device.device_key}
    if left_out is not None:
        members["DeviceSecretVerifierConfig"] = config
    code, message = refusal(app.cognito.confirm_device, **members)
    assert (code, "PasswordVerifier" in message) == (INVALID, True)


@pytest.mark.assumed("operations on devices while they are not tracked")
def test_without_tracking_there_are_no_devices(app: App) -> None:
    device, token = own_device(app)
    app.cognito.update_user_pool(UserPoolId=app.pool_id)
    by_user = {"AccessToken": token, "DeviceKey": device.device_key}
    by_admin = {
        "UserPoolId": app.pool_id,
        "Username": "alice",
        "DeviceKey": device.device_key,
    }
    listed_by_admin = {"UserPoolId": app.pool_id, "Username": "alice"}
    cognito = app.cognito
    assert refusal_code(device.confirm, access_token=token) == UNTRACKED
    assert refusal_code(cognito.list_devices, AccessToken=token) == UNTRACKED
    assert refusal_code(cognito.admin_list_devices, **listed_by_admin) == UNTRACKED
    for operation in (cognito.get_device, cognito.update_device_status, cognito.forget_device):
        assert refusal_code(operation, **by_user) == UNTRACKED
    for operation in (
        cognito.admin_get_device,
        cognito.admin_update_device_status,
        cognito.admin_forget_device,
    ):
        assert refusal_code(operation, **by_admin) == UNTRACKED


@pytest.mark.assumed("a device operation without its optional access token is refused")
def test_a_device_operation_needs_the_access_token(app: App) -> None:
    for operation in (app.cognito.get_device, app.cognito.forget_device):
        assert refusal(operation, DeviceKey=NOBODYS) == (
            "NotAuthorizedException",
            "Invalid Access Token",
        )


# ---- listing ----------------------------------------------------------------------------------


@pytest.mark.model("ListDevices, AdminListDevices: Limit and PaginationToken")
def test_devices_are_listed_by_pages(app: App) -> None:
    keys = sorted(own_device(app)[0].device_key for _ in range(3))
    token = app.access_token()
    app.user("bob")
    first = app.cognito.list_devices(AccessToken=token, Limit=2)
    rest = app.cognito.list_devices(
        AccessToken=token, Limit=2, PaginationToken=first["PaginationToken"]
    )
    assert [each["DeviceKey"] for each in first["Devices"] + rest["Devices"]] == keys
    assert "PaginationToken" not in rest
    by_admin = app.cognito.admin_list_devices(UserPoolId=app.pool_id, Username="alice")
    assert [each["DeviceKey"] for each in by_admin["Devices"]] == keys
    of_bob = {"UserPoolId": app.pool_id, "Username": "bob"}
    assert app.cognito.admin_list_devices(**of_bob)["Devices"] == []
    foreign = {**of_bob, "PaginationToken": first["PaginationToken"]}
    assert refusal_code(app.cognito.admin_list_devices, **foreign) == INVALID


@pytest.mark.model("ListDevices: unconfirmed keys are no devices")
def test_a_device_that_is_not_confirmed_is_not_listed(app: App) -> None:
    signed_in = app.sign_in()
    device = Device.of(app, signed_in)
    token = token_of(signed_in)
    assert app.cognito.list_devices(AccessToken=token)["Devices"] == []
    named = {"AccessToken": token, "DeviceKey": device.device_key}
    assert refusal(app.cognito.get_device, **named) == NOT_FOUND


@pytest.mark.documented("userpools.md 14", "Device does not exist.")
def test_devices_of_others_do_not_exist(app: App) -> None:
    device, _ = own_device(app)
    app.user("bob")
    by_user = {"AccessToken": app.access_token("bob"), "DeviceKey": device.device_key}
    by_admin = {"UserPoolId": app.pool_id, "Username": "bob", "DeviceKey": device.device_key}
    remembered = {"DeviceRememberedStatus": "not_remembered"}
    cognito = app.cognito
    for operation in (cognito.get_device, cognito.forget_device, cognito.update_device_status):
        assert refusal(operation, **by_user) == NOT_FOUND
    assert refusal(cognito.update_device_status, **by_user, **remembered) == NOT_FOUND
    for operation in (
        cognito.admin_get_device,
        cognito.admin_forget_device,
        cognito.admin_update_device_status,
    ):
        assert refusal(operation, **by_admin) == NOT_FOUND
    assert refusal(cognito.admin_update_device_status, **by_admin, **remembered) == NOT_FOUND


# ---- remembering and forgetting ---------------------------------------------------------------


@pytest.mark.documented("API_UpdateDeviceStatus", "remembered, not_remembered")
def test_a_device_is_remembered_and_no_longer_is(app: App) -> None:
    device, token = own_device(app)

    def status() -> str:
        named = {"AccessToken": token, "DeviceKey": device.device_key}
        shown = app.cognito.get_device(**named)["Device"]
        return device_attributes(shown)["dev:device_remembered_status"]

    by_admin = {"UserPoolId": app.pool_id, "Username": "alice", "DeviceKey": device.device_key}
    app.cognito.update_device_status(
        AccessToken=token,
        DeviceKey=device.device_key,
        DeviceRememberedStatus="not_remembered",
    )
    assert status() == "not_remembered"
    app.cognito.admin_update_device_status(**by_admin, DeviceRememberedStatus="remembered")
    assert status() == "remembered"
    app.cognito.admin_update_device_status(**by_admin)
    assert status() == "remembered"
    app.poolgate.clock.advance(60)
    app.cognito.admin_update_device_status(**by_admin, DeviceRememberedStatus="remembered")
    shown = app.cognito.admin_get_device(**by_admin)["Device"]
    changed = shown["DeviceLastModifiedDate"] - shown["DeviceCreateDate"]
    assert changed == timedelta(seconds=60)


@pytest.mark.documented("amazon-cognito-user-pools-device-tracking", "Forget a device")
@pytest.mark.parametrize("by_admin", [True, False])
def test_forgetting_a_device_ends_its_sign_ins(app: App, *, by_admin: bool) -> None:
    signed_in = app.sign_in()["AuthenticationResult"]
    device = confirmed_device(app, {"AuthenticationResult": signed_in})
    elsewhere = app.access_token()
    if by_admin:
        app.cognito.admin_forget_device(
            UserPoolId=app.pool_id, Username="alice", DeviceKey=device.device_key
        )
    else:
        app.cognito.forget_device(AccessToken=elsewhere, DeviceKey=device.device_key)
    assert refusal(app.cognito.get_user, AccessToken=signed_in["AccessToken"]) == REVOKED
    assert refusal(
        app.cognito.initiate_auth,
        ClientId=app.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={
            "REFRESH_TOKEN": signed_in["RefreshToken"],
            "DEVICE_KEY": device.device_key,
        },
    ) == ("NotAuthorizedException", "Refresh Token has been revoked")
    assert app.cognito.get_user(AccessToken=elsewhere)["Username"] == "alice"
    assert app.cognito.list_devices(AccessToken=elsewhere)["Devices"] == []


@pytest.mark.assumed("a device that was forgotten is not confirmed again")
def test_a_forgotten_device_does_not_come_back_by_an_old_access_token(
    poolgate: LocalPoolgate,
) -> None:
    app = tracking_app(poolgate, ALWAYS, EnableTokenRevocation=False)
    app.user()
    device, token = own_device(app)
    app.cognito.forget_device(AccessToken=token, DeviceKey=device.device_key)
    assert app.cognito.get_user(AccessToken=token)["Username"] == "alice"
    assert refusal(device.confirm, access_token=token) == REFUSED_KEY


@pytest.mark.documented("userpools.md 15", "AdminDeleteUser: user, group links, devices, sessions")
def test_devices_go_with_their_user(app: App) -> None:
    device, _ = own_device(app)
    app.cognito.admin_delete_user(UserPoolId=app.pool_id, Username="alice")
    app.user()
    named = {"UserPoolId": app.pool_id, "Username": "alice"}
    assert app.cognito.admin_list_devices(**named)["Devices"] == []
    assert refusal(app.sign_in, DEVICE_KEY=device.device_key) == NOT_FOUND

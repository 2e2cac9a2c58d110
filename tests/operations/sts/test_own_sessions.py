import base64
from types import SimpleNamespace

import pytest
from kits.authenticator import Authenticator
from kits.keychain import allow, document, keys_of, make_role, trusting

ADMIN = document(allow("*"))


@pytest.fixture
def ada(user_credentials):
    return user_credentials("ada", ADMIN)


@pytest.mark.documented("API_GetSessionToken", "the caller's own permissions, limits")
def test_a_users_session_is_the_user_without_iam_and_further_sessions(poolgate, refused, ada):
    sts = poolgate.client("sts", credentials=ada)
    credentials = keys_of(sts.get_session_token(DurationSeconds=900))
    session = poolgate.client("sts", credentials=credentials)
    assert session.get_caller_identity()["Arn"].endswith(":user/ada")
    poolgate.client("cognito-idp", credentials=credentials).list_user_pools(MaxResults=1)
    as_session = poolgate.client("iam", credentials=credentials)
    assert refused(as_session.list_users)["code"] == "AccessDenied"
    for operation, members in (
        (session.get_session_token, {}),
        (session.get_federation_token, {"Name": "bob"}),
    ):
        assert refused(operation, **members)["code"] == "AccessDenied"


@pytest.mark.documented("API_GetSessionToken", "the root's sessions last an hour")
def test_the_roots_session_is_an_hour_at_most(poolgate):
    sts = poolgate.client("sts")
    long = sts.get_session_token(DurationSeconds=7200)["Credentials"]["Expiration"]
    short = sts.get_session_token(DurationSeconds=3600)["Credentials"]["Expiration"]
    assert long == short


@pytest.mark.recorded("sts/test_sts.snapshot.json TestSTSIntegrations::test_get_federation_token")
def test_a_federated_user_has_the_members_that_aws_answers_with(poolgate, ada):
    sts = poolgate.client("sts", credentials=ada)
    answer = sts.get_federation_token(Name="bob")
    assert answer["FederatedUser"] == {
        "Arn": f"arn:aws:sts::{poolgate.account_id}:federated-user/bob",
        "FederatedUserId": f"{poolgate.account_id}:bob",
    }
    assert answer["PackedPolicySize"] == 0


@pytest.mark.documented("API_GetFederationToken", "the intersection; without a policy nothing")
def test_a_federated_user_may_what_both_allow(poolgate, iam, refused, ada):
    sts = poolgate.client("sts", credentials=ada)
    pools = document(allow("cognito-idp:ListUserPools"))

    def pools_as(**members):
        keys = keys_of(sts.get_federation_token(Name="bob", **members))
        return poolgate.client("cognito-idp", credentials=keys), keys

    nothing, _ = pools_as()
    assert refused(nothing.list_user_pools, MaxResults=1)["code"] == "AccessDeniedException"
    listing, keys = pools_as(Policy=pools)
    listing.list_user_pools(MaxResults=1)
    assert refused(listing.create_user_pool, PoolName="x")["code"] == "AccessDeniedException"
    trust = trusting({"AWS": poolgate.account_id})
    role_arn = make_role(iam, "r", trust)
    assert (
        refused(
            poolgate.client("sts", credentials=keys).assume_role,
            RoleArn=role_arn,
            RoleSessionName="run",
        )["code"]
        == "AccessDenied"
    )
    iam.put_user_policy(
        UserName="ada", PolicyName="granted", PolicyDocument=document(allow("sts:*"))
    )
    assert refused(listing.list_user_pools, MaxResults=1)["code"] == "AccessDeniedException"
    by_root = keys_of(poolgate.client("sts").get_federation_token(Name="bob", Policy=pools))
    poolgate.client("cognito-idp", credentials=by_root).list_user_pools(MaxResults=1)


@pytest.fixture
def device(poolgate, iam, ada):  # noqa: ARG001 - the device is enabled for her, so she is there first
    """Ada's authenticator app, enabled."""
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="ada")["VirtualMFADevice"]
    app = Authenticator(SimpleNamespace(poolgate=poolgate), made["Base32StringSeed"].decode())
    first = app.code()
    second = app.next_code()
    iam.enable_mfa_device(
        UserName="ada",
        SerialNumber=made["SerialNumber"],
        AuthenticationCode1=first,
        AuthenticationCode2=second,
    )
    return made["SerialNumber"], app


@pytest.mark.documented("id_credentials_mfa_configure-api-require", "GetSessionToken with MFA")
def test_a_session_with_mfa_may_what_asks_for_mfa(poolgate, refused, ada, device):
    serial_number, app = device
    sts = poolgate.client("sts", credentials=ada)
    wrong = {"SerialNumber": serial_number, "TokenCode": "000000"}
    assert refused(sts.get_session_token, **wrong) == {
        "code": "AccessDenied",
        "message": "MultiFactorAuthentication failed with invalid MFA one time pass code.",
        "status": 403,
    }
    right = {"SerialNumber": serial_number, "TokenCode": app.next_code()}
    credentials = keys_of(sts.get_session_token(**right))
    assert refused(sts.get_session_token, **right)["code"] == "AccessDenied"
    poolgate.client("iam", credentials=credentials).list_users()
    assert refused(sts.get_session_token, SerialNumber=serial_number)["code"] == "ValidationError"


@pytest.mark.documented("id_credentials_mfa_configure-api-require", "AssumeRole with MFA")
def test_a_role_may_ask_for_mfa(poolgate, iam, refused, ada, device):
    serial_number, app = device
    with_mfa = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    role_arn = make_role(iam, "r", trusting({"AWS": poolgate.account_id}, **with_mfa))
    sts = poolgate.client("sts", credentials=ada)
    asked = {"RoleArn": role_arn, "RoleSessionName": "run"}
    assert refused(sts.assume_role, **asked)["code"] == "AccessDenied"
    sts.assume_role(**asked, SerialNumber=serial_number, TokenCode=app.next_code())


@pytest.mark.documented("security.md C4", "guessing is slowed down")
def test_guessing_codes_is_slowed_down(poolgate, refused, ada, device):
    serial_number, app = device
    sts = poolgate.client("sts", credentials=ada)
    for _ in range(5):
        refused(sts.get_session_token, SerialNumber=serial_number, TokenCode="000000")
    right = app.next_code()
    shown = {"SerialNumber": serial_number, "TokenCode": right}
    assert refused(sts.get_session_token, **shown)["code"] == "AccessDenied"
    app.next_code()
    sts.get_session_token(SerialNumber=serial_number, TokenCode=app.next_code())


@pytest.mark.documented("API_CreateVirtualMFADevice", "seed, QR code, life of a device")
def test_a_device_is_made_enabled_and_given_back(poolgate, iam, refused, device):
    serial_number, app = device
    assert serial_number == f"arn:aws:iam::{poolgate.account_id}:mfa/ada"
    [listed] = iam.list_mfa_devices(UserName="ada")["MFADevices"]
    assert (listed["UserName"], listed["SerialNumber"]) == ("ada", serial_number)
    [assigned] = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert assigned["User"]["UserName"] == "ada"
    assert iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"] == []
    assert refused(iam.delete_virtual_mfa_device, SerialNumber=serial_number)["code"] == (
        "DeleteConflict"
    )
    for codes in (("000000", "000001"), (app.code(), app.code())):
        refusal = refused(
            iam.resync_mfa_device,
            UserName="ada",
            SerialNumber=serial_number,
            AuthenticationCode1=codes[0],
            AuthenticationCode2=codes[1],
        )
        assert refusal["code"] == "InvalidAuthenticationCode"
    iam.deactivate_mfa_device(UserName="ada", SerialNumber=serial_number)
    iam.delete_virtual_mfa_device(SerialNumber=serial_number)
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="other")["VirtualMFADevice"]
    assert base64.b32decode(made["Base32StringSeed"] + b"=" * 4)
    assert made["QRCodePNG"].startswith(b"\x89PNG")

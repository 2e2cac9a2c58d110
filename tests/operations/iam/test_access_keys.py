import re
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from poolgate.testing.local import Credentials


@pytest.mark.documented("API_CreateAccessKey", "the secret access key is shown once")
def test_a_new_key_signs_and_its_secret_is_shown_once(poolgate, iam):
    iam.create_user(UserName="ada")
    made = iam.create_access_key(UserName="ada")["AccessKey"]
    assert made.keys() == {"UserName", "AccessKeyId", "Status", "SecretAccessKey", "CreateDate"}
    assert made["Status"] == "Active"
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", made["AccessKeyId"])
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", made["SecretAccessKey"])
    (listed,) = iam.list_access_keys(UserName="ada")["AccessKeyMetadata"]
    assert listed == {name: made[name] for name in made if name != "SecretAccessKey"}
    credentials = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    sts = poolgate.client("sts", credentials=credentials)
    assert sts.get_caller_identity()["Arn"].endswith(":user/ada")


@pytest.mark.documented("API_ListAccessKeys", "Marker, MaxItems")
def test_keys_are_listed_in_pages(iam):
    iam.create_user(UserName="ada")
    made = {iam.create_access_key(UserName="ada")["AccessKey"]["AccessKeyId"] for _ in range(2)}
    first = iam.list_access_keys(UserName="ada", MaxItems=1)
    assert first["IsTruncated"] is True
    second = iam.list_access_keys(UserName="ada", Marker=first["Marker"])
    assert second["IsTruncated"] is False
    keys = first["AccessKeyMetadata"] + second["AccessKeyMetadata"]
    assert {key["AccessKeyId"] for key in keys} == made


@pytest.mark.documented("IAM quotas", "Access keys assigned to an IAM user: 2")
def test_a_user_has_at_most_two_keys(iam, refused):
    iam.create_user(UserName="ada")
    iam.create_access_key(UserName="ada")
    iam.create_access_key(UserName="ada")
    assert refused(iam.create_access_key, UserName="ada") == {
        "code": "LimitExceeded",
        "message": "Cannot exceed quota for AccessKeysPerUser: 2",
        "status": 409,
    }


@pytest.mark.documented("API_UpdateAccessKey", "Inactive: the key cannot be used")
def test_an_inactive_key_does_not_sign_until_it_is_active_again(poolgate, iam, user_credentials):
    credentials = user_credentials("ada")
    sts = poolgate.client("sts", credentials=credentials)
    key = credentials.access_key_id
    iam.update_access_key(UserName="ada", AccessKeyId=key, Status="Inactive")
    with pytest.raises(ClientError) as caught:
        sts.get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "InvalidClientTokenId"
    (listed,) = iam.list_access_keys(UserName="ada")["AccessKeyMetadata"]
    assert listed["Status"] == "Inactive"
    iam.update_access_key(UserName="ada", AccessKeyId=key, Status="Active")
    assert sts.get_caller_identity()["Arn"].endswith(":user/ada")


@pytest.mark.documented("API_DeleteAccessKey", "deletes the access key pair")
def test_a_deleted_key_does_not_sign(poolgate, iam, user_credentials, refused):
    credentials = user_credentials("ada")
    sts = poolgate.client("sts", credentials=credentials)
    iam.delete_access_key(UserName="ada", AccessKeyId=credentials.access_key_id)
    assert refused(sts.get_caller_identity)["code"] == "InvalidClientTokenId"
    assert iam.list_access_keys(UserName="ada")["AccessKeyMetadata"] == []


@pytest.mark.assumed("text of an unknown access key")
@pytest.mark.parametrize("operation", ["update_access_key", "delete_access_key"])
def test_keys_of_somebody_else_are_not_found(iam, user_credentials, refused, operation):
    key = user_credentials("ada").access_key_id
    iam.create_user(UserName="grace")
    status = {"Status": "Inactive"} if operation == "update_access_key" else {}
    for members in ({"UserName": "grace"}, {}):
        assert refused(getattr(iam, operation), AccessKeyId=key, **status, **members) == {
            "code": "NoSuchEntity",
            "message": f"The Access Key with id {key} cannot be found.",
            "status": 404,
        }
    (listed,) = iam.list_access_keys(UserName="ada")["AccessKeyMetadata"]
    assert listed["Status"] == "Active"


@pytest.mark.recorded("iam/test_iam.snapshot.json test_id_match_user_mismatch (same text)")
def test_an_unknown_user_is_named(iam, refused):
    for operation in (iam.create_access_key, iam.list_access_keys):
        assert refused(operation, UserName="nobody") == {
            "code": "NoSuchEntity",
            "message": "The user with name nobody cannot be found.",
            "status": 404,
        }


@pytest.mark.model("statusType, accessKeyIdType")
@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Status": "Sleeping"}, "ValidationError"),
        ({"Status": "Expired"}, "InvalidInput"),
        ({}, "ValidationError"),
        ({"Status": "Inactive", "AccessKeyId": "short"}, "ValidationError"),
    ],
)
def test_a_malformed_update_is_refused(iam, user_credentials, refused, members, code):
    key = user_credentials("ada").access_key_id
    asked = {"UserName": "ada", "AccessKeyId": key} | members
    refusal = refused(iam.update_access_key, **asked)
    assert (refusal["code"], refusal["status"]) == (code, 400)


@pytest.mark.documented("API_CreateAccessKey", "If no user name, based on the signing key")
def test_without_a_name_the_callers_own_keys_are_meant(poolgate, user_credentials):
    document = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*AccessKey*",'
        '"Resource":"arn:aws:iam::*:user/${aws:username}"}}'
    )
    credentials = user_credentials("ada", document)
    own = poolgate.client("iam", credentials=credentials)
    (listed,) = own.list_access_keys()["AccessKeyMetadata"]
    assert (listed["UserName"], listed["AccessKeyId"]) == ("ada", credentials.access_key_id)
    second = own.create_access_key()["AccessKey"]
    assert second["UserName"] == "ada"
    own.delete_access_key(AccessKeyId=second["AccessKeyId"])


@pytest.mark.documented("IAM root user access keys", "the root can have access keys")
def test_the_root_manages_its_own_keys(poolgate, iam):
    second = iam.create_access_key()["AccessKey"]
    as_root = Credentials(second["AccessKeyId"], second["SecretAccessKey"])
    identity = poolgate.client("sts", credentials=as_root).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{poolgate.account_id}:root"
    assert len(iam.list_access_keys()["AccessKeyMetadata"]) == 2
    iam.delete_access_key(AccessKeyId=second["AccessKeyId"])


@pytest.mark.documented("security.md A7", "secret keys encrypted at rest, shown once")
def test_secrets_are_neither_stored_nor_logged_in_the_open(tmp_path):
    from poolgate.testing import LocalPoolgate  # noqa: PLC0415 - a file of its own, here alone

    with LocalPoolgate(database_url=f"sqlite:///{tmp_path}/db") as poolgate:
        iam = poolgate.client("iam")
        iam.create_user(UserName="ada")
        secret = iam.create_access_key(UserName="ada")["AccessKey"]["SecretAccessKey"].encode()
        log = poolgate.log.getvalue().encode()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"ada" in stored
    assert secret not in stored + log


@pytest.mark.documented("API_GetAccessKeyLastUsed", "date, service and region; N/A before")
def test_the_last_use_of_a_key_is_told_to_the_hour(poolgate, iam, user_credentials):
    credentials = user_credentials("ada")
    sts = poolgate.client("sts", credentials=credentials, region="eu-west-1")

    def used():
        answer = iam.get_access_key_last_used(AccessKeyId=credentials.access_key_id)
        assert answer["UserName"] == "ada"
        return answer["AccessKeyLastUsed"]

    assert used() == {"ServiceName": "N/A", "Region": "N/A"}
    sts.get_caller_identity()
    poolgate.write_uses()
    first = used()
    assert (first["ServiceName"], first["Region"]) == ("sts", "eu-west-1")
    poolgate.clock.advance(3600)
    with pytest.raises(ClientError):
        poolgate.client("cognito-idp", credentials=credentials).list_user_pools(MaxResults=1)
    poolgate.write_uses()
    second = used()
    assert (second["ServiceName"], second["Region"]) == ("cognito-idp", "us-east-1")
    assert second["LastUsedDate"] - first["LastUsedDate"] == timedelta(hours=1)
    poolgate.write_uses()
    assert used() == second


@pytest.mark.assumed("error of an access key that does not exist")
def test_an_unknown_key_has_no_last_use(iam, refused):
    answer = refused(iam.get_access_key_last_used, AccessKeyId="AKIAUNKNOWN123456789")
    assert answer["code"] == "NoSuchEntity"

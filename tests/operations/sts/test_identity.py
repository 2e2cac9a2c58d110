import pytest

DENY_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'


@pytest.mark.documented("API_GetCallerIdentity", "UserId, Account, Arn")
def test_the_root_is_the_account(poolgate):
    identity = poolgate.client("sts").get_caller_identity()
    account = poolgate.account_id
    assert (identity["UserId"], identity["Account"]) == (account, account)
    assert identity["Arn"] == f"arn:aws:iam::{account}:root"


@pytest.mark.documented("API_GetCallerIdentity", "No permissions are required; a deny is no bar")
def test_a_user_may_always_ask_who_it_is(poolgate, iam, user_credentials):
    sts = poolgate.client("sts", credentials=user_credentials("ada", DENY_ALL, path="/maths/"))
    identity = sts.get_caller_identity()
    user = iam.get_user(UserName="ada")["User"]
    assert (identity["UserId"], identity["Arn"]) == (user["UserId"], user["Arn"])
    assert identity["Account"] == poolgate.account_id


@pytest.mark.documented("API_GetAccessKeyInfo", "returns the account of the key, active or not")
def test_the_account_of_a_key_is_told(poolgate, iam, user_credentials):
    key = user_credentials("ada").access_key_id
    iam.update_access_key(UserName="ada", AccessKeyId=key, Status="Inactive")
    answer = poolgate.client("sts").get_access_key_info(AccessKeyId=key)
    assert answer["Account"] == poolgate.account_id


@pytest.mark.assumed("error of an access key that does not exist")
def test_an_unknown_key_has_no_account(poolgate, refused):
    sts = poolgate.client("sts")
    refusal = refused(sts.get_access_key_info, AccessKeyId="AKIAIOSFODNN7EXAMPLE")
    assert (refusal["code"], refusal["status"]) == ("ValidationError", 400)


@pytest.mark.documented("API_GetAccessKeyInfo", "an IAM action like others")
def test_asking_about_keys_needs_permission(poolgate, user_credentials, refused):
    credentials = user_credentials("ada")
    sts = poolgate.client("sts", credentials=credentials)
    refusal = refused(sts.get_access_key_info, AccessKeyId=credentials.access_key_id)
    assert (refusal["code"], refusal["status"]) == ("AccessDenied", 403)

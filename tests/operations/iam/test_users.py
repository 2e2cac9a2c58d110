import re
import string

import pytest

BASIC_USER = "iam/test_basic_user.snapshot.json TestBasicCRD::test_black_box"
CREDENTIAL = "iam/test_iam.snapshot.json TestIAMServiceSpecificCredentials"


@pytest.mark.recorded(BASIC_USER)
def test_a_user_has_the_members_that_aws_answers_with(poolgate, iam):
    user = iam.create_user(UserName="ada")["User"]
    assert user.keys() == {"Arn", "CreateDate", "Path", "UserId", "UserName"}
    assert user["Arn"] == f"arn:aws:iam::{poolgate.account_id}:user/ada"
    assert user["Path"] == "/"
    assert re.fullmatch(r"AIDA[A-Z2-7]{17}", user["UserId"])
    assert iam.get_user(UserName="ada")["User"] == user


@pytest.mark.documented("IAM identifiers", "friendly names and paths")
def test_a_path_is_part_of_the_arn(poolgate, iam):
    user = iam.create_user(UserName="ada", Path="/maths/pioneers/")["User"]
    assert user["Arn"] == f"arn:aws:iam::{poolgate.account_id}:user/maths/pioneers/ada"


@pytest.mark.recorded(f"{CREDENTIAL}::test_create_service_specific_credential_invalid_user")
def test_an_unknown_user_is_named(iam, refused):
    assert refused(iam.get_user, UserName="nobody") == {
        "code": "NoSuchEntity",
        "message": "The user with name nobody cannot be found.",
        "status": 404,
    }


@pytest.mark.assumed("text of EntityAlreadyExists")
@pytest.mark.parametrize("name", ["ada", "ADA"])
def test_names_are_unique_whatever_their_case(iam, refused, name):
    iam.create_user(UserName="ada")
    assert refused(iam.create_user, UserName=name) == {
        "code": "EntityAlreadyExists",
        "message": f"User with name {name} already exists.",
        "status": 409,
    }
    assert iam.get_user(UserName=name)["User"]["UserName"] == "ada"


@pytest.mark.model("userNameType, pathType, tagListType")
@pytest.mark.parametrize(
    "members",
    [
        {},
        {"UserName": ""},
        {"UserName": "a b"},
        {"UserName": "a" * 65},
        {"UserName": "ada", "Path": "maths"},
        {"UserName": "ada", "Path": "/maths"},
        {"UserName": "ada", "Path": "/" + "m" * 511 + "/"},
        {"UserName": "ada", "Tags": [{"Key": "", "Value": ""}]},
        {"UserName": "ada", "Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]},
    ],
)
def test_malformed_requests_are_refused_and_change_nothing(iam, refused, members):
    refusal = refused(iam.create_user, **members)
    assert (refusal["code"], refusal["status"]) == ("ValidationError", 400)
    assert iam.list_users()["Users"] == []


@pytest.mark.documented("IAM error of a boundary that is no policy", "Scope ARN: ...")
def test_a_permissions_boundary_is_refused_rather_than_ignored(iam, refused):
    arn = "arn:aws:iam::123456789012:policy/limits"
    assert refused(iam.create_user, UserName="ada", PermissionsBoundary=arn) == {
        "code": "NoSuchEntity",
        "message": f"Scope ARN: {arn} does not exist or is not attachable.",
        "status": 404,
    }
    assert iam.list_users()["Users"] == []


@pytest.mark.documented("API_ListUsers", "Marker, MaxItems, IsTruncated")
def test_users_are_listed_in_pages(iam):
    for letter in reversed(string.ascii_lowercase[:5]):
        iam.create_user(UserName=letter)
    first = iam.list_users(MaxItems=2)
    assert [user["UserName"] for user in first["Users"]] == ["a", "b"]
    assert first["IsTruncated"] is True
    pages = iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 2})
    assert [user["UserName"] for page in pages for user in page["Users"]] == list("abcde")
    last = iam.list_users(MaxItems=5)
    assert last["IsTruncated"] is False
    assert "Marker" not in last


@pytest.mark.documented("API_ListUsers", "PathPrefix")
def test_users_are_listed_by_path(iam):
    iam.create_user(UserName="a", Path="/x/")
    iam.create_user(UserName="b", Path="/x/y/")
    iam.create_user(UserName="c", Path="/z_/")
    assert [u["UserName"] for u in iam.list_users(PathPrefix="/x/")["Users"]] == ["a", "b"]
    assert [u["UserName"] for u in iam.list_users(PathPrefix="/z%")["Users"]] == []


@pytest.mark.assumed("text of a bad marker")
def test_a_marker_of_another_listing_is_refused(iam, refused):
    for name in ("a", "b"):
        iam.create_user(UserName=name, Path="/x/")
    marker = iam.list_users(MaxItems=1)["Marker"]
    for bad in (marker[:-2] + "AA", "junk", "ü"):
        refusal = refused(iam.list_users, Marker=bad)
        assert refusal == {"code": "ValidationError", "message": "Invalid Marker.", "status": 400}
    assert refused(iam.list_users, Marker=marker, PathPrefix="/x/")["code"] == "ValidationError"


@pytest.mark.documented("API_UpdateUser", "changes the name and/or the path")
def test_a_user_is_renamed_and_keeps_id_keys_and_policies(iam):
    before = iam.create_user(UserName="ada")["User"]
    key = iam.create_access_key(UserName="ada")["AccessKey"]["AccessKeyId"]
    iam.update_user(UserName="ada", NewUserName="Augusta", NewPath="/maths/")
    after = iam.get_user(UserName="augusta")["User"]
    assert after["UserId"] == before["UserId"]
    assert after["Arn"].endswith(":user/maths/Augusta")
    (listed,) = iam.list_access_keys(UserName="Augusta")["AccessKeyMetadata"]
    assert listed["AccessKeyId"] == key


@pytest.mark.assumed("text of EntityAlreadyExists")
def test_a_user_is_not_renamed_to_a_taken_name(iam, refused):
    iam.create_user(UserName="ada")
    iam.create_user(UserName="grace")
    refusal = refused(iam.update_user, UserName="ada", NewUserName="GRACE")
    assert (refusal["code"], refusal["status"]) == ("EntityAlreadyExists", 409)
    iam.update_user(UserName="ada", NewUserName="ADA")
    assert iam.get_user(UserName="ada")["User"]["UserName"] == "ADA"


@pytest.mark.documented("API_DeleteUser", "must be deleted manually: access keys, inline policies")
def test_a_user_is_deleted_when_nothing_is_left(iam, refused):
    document = '{"Version":"2012-10-17","Statement":[]}'
    document = document.replace("[]", '[{"Effect":"Allow","Action":"sts:*","Resource":"*"}]')
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]["AccessKeyId"]
    iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=document)
    assert refused(iam.delete_user, UserName="ada") == {
        "code": "DeleteConflict",
        "message": "Cannot delete entity, must delete access keys first.",
        "status": 409,
    }
    iam.delete_access_key(UserName="ada", AccessKeyId=key)
    assert refused(iam.delete_user, UserName="ada") == {
        "code": "DeleteConflict",
        "message": "Cannot delete entity, must delete policies first.",
        "status": 409,
    }
    iam.delete_user_policy(UserName="ada", PolicyName="p")
    iam.delete_user(UserName="ada")
    assert refused(iam.delete_user, UserName="ada")["code"] == "NoSuchEntity"


@pytest.mark.documented("API_GetUser", "If you do not specify a user name, ... implicitly")
def test_get_user_without_a_name_is_about_the_caller(poolgate, iam, user_credentials):
    root = iam.get_user()["User"]
    assert root["Arn"] == f"arn:aws:iam::{poolgate.account_id}:root"
    assert root["UserId"] == poolgate.account_id
    document = '{"Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}}'
    ada = poolgate.client("iam", credentials=user_credentials("ada", document))
    assert ada.get_user()["User"]["UserName"] == "ada"


@pytest.mark.documented("API_TagUser", "overwrites a tag with the same key")
def test_tags_are_added_replaced_and_removed(iam):
    iam.create_user(UserName="ada", Tags=[{"Key": "Team", "Value": "one"}])
    iam.tag_user(UserName="ada", Tags=[{"Key": "team", "Value": "two"}, {"Key": "b", "Value": ""}])
    tags = [{"Key": "b", "Value": ""}, {"Key": "team", "Value": "two"}]
    assert iam.list_user_tags(UserName="ada") | {"ResponseMetadata": 0} == {
        "Tags": tags,
        "IsTruncated": False,
        "ResponseMetadata": 0,
    }
    user = iam.get_user(UserName="ada")["User"]
    assert sorted(user["Tags"], key=lambda tag: tag["Key"]) == tags
    assert "Tags" not in iam.list_users()["Users"][0]
    iam.untag_user(UserName="ada", TagKeys=["TEAM", "absent"])
    assert iam.list_user_tags(UserName="ada")["Tags"] == [{"Key": "b", "Value": ""}]


@pytest.mark.documented("API_ListUserTags", "Marker, MaxItems")
def test_tags_are_listed_in_pages(iam):
    iam.create_user(UserName="ada", Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(5)])
    first = iam.list_user_tags(UserName="ada", MaxItems=3)
    assert first["IsTruncated"] is True
    second = iam.list_user_tags(UserName="ada", MaxItems=3, Marker=first["Marker"])
    assert second["IsTruncated"] is False
    keys = [tag["Key"] for tag in first["Tags"] + second["Tags"]]
    assert keys == ["k0", "k1", "k2", "k3", "k4"]


@pytest.mark.recorded("sts/test_sts.snapshot.json test_assume_role_tag_validation (same text)")
def test_tag_keys_that_differ_in_case_only_are_refused(iam, refused):
    tags = [{"Key": "team", "Value": "1"}, {"Key": "Team", "Value": "2"}]
    assert refused(iam.create_user, UserName="ada", Tags=tags) == {
        "code": "InvalidInput",
        "message": "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        "status": 400,
    }


@pytest.mark.assumed("texts of the tag limits")
def test_a_user_has_at_most_fifty_tags_and_none_of_aws(iam, refused):
    iam.create_user(UserName="ada", Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(50)])
    refusal = refused(iam.tag_user, UserName="ada", Tags=[{"Key": "more", "Value": ""}])
    assert (refusal["code"], refusal["status"]) == ("LimitExceeded", 409)
    refusal = refused(iam.tag_user, UserName="ada", Tags=[{"Key": "aws:x", "Value": ""}])
    assert (refusal["code"], refusal["status"]) == ("InvalidInput", 400)
    assert len(iam.list_user_tags(UserName="ada")["Tags"]) == 50

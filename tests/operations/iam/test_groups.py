import json

import pytest
from kits.keychain import allow, document

POLICY = document(allow("sts:*"))


@pytest.mark.documented("API_CreateGroup", "response elements")
def test_a_group_has_members_and_is_found_by_them(poolgate, iam):
    group = iam.create_group(GroupName="Readers", Path="/team/")["Group"]
    assert group["Arn"] == f"arn:aws:iam::{poolgate.account_id}:group/team/Readers"
    assert group["GroupId"].startswith("AGPA")
    for name in ("ada", "grace"):
        iam.create_user(UserName=name)
        iam.add_user_to_group(GroupName="readers", UserName=name)
    got = iam.get_group(GroupName="READERS")
    assert got["Group"] == group
    assert [user["UserName"] for user in got["Users"]] == ["ada", "grace"]
    assert iam.list_groups_for_user(UserName="ada")["Groups"] == [group]
    assert iam.list_groups(PathPrefix="/team/")["Groups"] == [group]
    iam.remove_user_from_group(GroupName="Readers", UserName="ada")
    assert iam.list_groups_for_user(UserName="ada")["Groups"] == []


@pytest.mark.documented("API_RemoveUserFromGroup", "NoSuchEntity")
def test_who_is_not_there_is_named(iam, refused):
    iam.create_group(GroupName="readers")
    iam.create_user(UserName="ada")
    for operation, members, text in (
        (iam.get_group, {"GroupName": "x"}, "The group with name x cannot be found."),
        (
            iam.add_user_to_group,
            {"GroupName": "readers", "UserName": "x"},
            "The user with name x cannot be found.",
        ),
        (
            iam.remove_user_from_group,
            {"GroupName": "readers", "UserName": "ada"},
            "The user with name ada cannot be found.",
        ),
    ):
        refusal = refused(operation, **members)
        assert (refusal["code"], refusal["message"]) == ("NoSuchEntity", text)


@pytest.mark.documented("API_DeleteGroup", "DeleteConflict")
def test_a_group_that_has_something_left_is_not_deleted(iam, refused):
    read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.create_group(GroupName="g")
    iam.create_user(UserName="ada")
    iam.add_user_to_group(GroupName="g", UserName="ada")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=POLICY)
    iam.attach_group_policy(GroupName="g", PolicyArn=read_only)
    assert refused(iam.delete_user, UserName="ada")["code"] == "DeleteConflict"
    assert refused(iam.delete_group, GroupName="g")["code"] == "DeleteConflict"
    iam.remove_user_from_group(GroupName="g", UserName="ada")
    assert refused(iam.delete_group, GroupName="g")["code"] == "DeleteConflict"
    iam.delete_group_policy(GroupName="g", PolicyName="p")
    assert refused(iam.delete_group, GroupName="g")["code"] == "DeleteConflict"
    iam.detach_group_policy(GroupName="g", PolicyArn=read_only)
    iam.delete_group(GroupName="g")
    assert iam.list_groups()["Groups"] == []


@pytest.mark.documented("API_UpdateGroup", "NewGroupName, NewPath")
def test_a_renamed_group_keeps_its_members_and_policies(iam, refused):
    iam.create_group(GroupName="g")
    iam.create_group(GroupName="other")
    iam.create_user(UserName="ada")
    iam.add_user_to_group(GroupName="g", UserName="ada")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=POLICY)
    assert refused(iam.update_group, GroupName="g", NewGroupName="OTHER")["code"] == (
        "EntityAlreadyExists"
    )
    iam.update_group(GroupName="g", NewGroupName="h", NewPath="/x/")
    assert [user["UserName"] for user in iam.get_group(GroupName="h")["Users"]] == ["ada"]
    got = iam.get_group_policy(GroupName="h", PolicyName="p")
    assert got["PolicyDocument"] == json.loads(POLICY)


@pytest.mark.documented("reference_iam-quotas", "IAM groups that an IAM user can be a member of")
def test_a_user_is_in_ten_groups_at_most(iam, refused):
    iam.create_user(UserName="ada")
    for number in range(11):
        iam.create_group(GroupName=f"g{number}")
    for number in range(10):
        iam.add_user_to_group(GroupName=f"g{number}", UserName="ada")
    iam.add_user_to_group(GroupName="g0", UserName="ada")
    assert refused(iam.add_user_to_group, GroupName="g10", UserName="ada") == {
        "code": "LimitExceeded",
        "message": "Cannot exceed quota for GroupsPerUser: 10",
        "status": 409,
    }
    first = iam.list_groups_for_user(UserName="ada", MaxItems=6)
    second = iam.list_groups_for_user(UserName="ada", MaxItems=6, Marker=first["Marker"])
    assert len(first["Groups"]) + len(second["Groups"]) == 10

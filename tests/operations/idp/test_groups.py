"""Groups and who is in them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kits.refusals import refusal, refusal_code

from poolgate.testing import LocalPoolgate
from poolgate.userpools import groups

ROLE = "arn:aws:iam::123456789012:role/admin"
EXISTS = ("GroupExistsException", "A group with the name already exists")
NOT_FOUND = ("ResourceNotFoundException", "Group not found.")
INVALID = "InvalidParameterException"


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


@pytest.fixture
def pool_id(cognito: Any) -> str:
    made: str = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    return made


def add_user(cognito: Any, pool_id: str, username: str, *group_names: str) -> None:
    cognito.admin_create_user(UserPoolId=pool_id, Username=username, MessageAction="SUPPRESS")
    for name in group_names:
        cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=username, GroupName=name)


def groups_of(cognito: Any, pool_id: str, username: str) -> list[str]:
    answer = cognito.admin_list_groups_for_user(UserPoolId=pool_id, Username=username)
    return [group["GroupName"] for group in answer["Groups"]]


@pytest.mark.documented("CLI create-group", "the example's answer")
def test_a_group_shows_what_was_set(cognito: Any, pool_id: str) -> None:
    plain = cognito.create_group(UserPoolId=pool_id, GroupName="plain")["Group"]
    assert set(plain) == {"GroupName", "UserPoolId", "LastModifiedDate", "CreationDate"}
    full = cognito.create_group(
        UserPoolId=pool_id, GroupName="full", Description="all", RoleArn=ROLE, Precedence=0
    )["Group"]
    assert full == cognito.get_group(UserPoolId=pool_id, GroupName="full")["Group"]
    assert (full["Description"], full["RoleArn"], full["Precedence"]) == ("all", ROLE, 0)


@pytest.mark.documented("API_UpdateGroup", "updates any of the properties")
def test_update_keeps_what_it_omits(poolgate: LocalPoolgate, cognito: Any, pool_id: str) -> None:
    named = {"UserPoolId": pool_id, "GroupName": "group"}
    cognito.create_group(**named, Description="first", RoleArn=ROLE, Precedence=7)
    poolgate.clock.advance(5)
    updated = cognito.update_group(**named, Precedence=0)["Group"]
    assert (updated["Description"], updated["RoleArn"], updated["Precedence"]) == ("first", ROLE, 0)
    assert updated["LastModifiedDate"] > updated["CreationDate"]
    assert cognito.update_group(**named, Description="second")["Group"]["Precedence"] == 0


@pytest.mark.assumed("texts for a group that exists or does not")
def test_names_are_unique_in_a_pool(cognito: Any, pool_id: str) -> None:
    named = {"UserPoolId": pool_id, "GroupName": "group"}
    for operation in ("get_group", "update_group", "delete_group", "list_users_in_group"):
        assert refusal(getattr(cognito, operation), **named) == NOT_FOUND
    cognito.create_group(**named)
    assert refusal(cognito.create_group, **named) == EXISTS
    other = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    assert cognito.create_group(UserPoolId=other, GroupName="group")
    cognito.delete_group(**named)
    assert refusal(cognito.delete_group, **named) == NOT_FOUND
    assert cognito.create_group(**named)


@pytest.mark.model("CreateGroup: GroupExistsException")
def test_of_concurrent_creators_one_makes_the_group(cognito: Any, pool_id: str) -> None:
    def create(_: int) -> bool:
        try:
            cognito.create_group(UserPoolId=pool_id, GroupName="group")
        except cognito.exceptions.GroupExistsException:
            return False
        return True

    with ThreadPoolExecutor(8) as creators:
        assert sum(creators.map(create, range(8))) == 1


@pytest.mark.documented("API_AdminAddUserToGroup", "adding and removing are idempotent")
def test_membership_is_added_and_removed_any_number_of_times(cognito: Any, pool_id: str) -> None:
    cognito.create_group(UserPoolId=pool_id, GroupName="group")
    add_user(cognito, pool_id, "ann", "group", "group")
    assert groups_of(cognito, pool_id, "ann") == ["group"]
    listed = cognito.list_users_in_group(UserPoolId=pool_id, GroupName="group")["Users"]
    assert [user["Username"] for user in listed] == ["ann"]
    assert listed == cognito.list_users(UserPoolId=pool_id)["Users"]
    named = {"UserPoolId": pool_id, "Username": "ann", "GroupName": "group"}
    for _ in range(2):
        cognito.admin_remove_user_from_group(**named)
    assert groups_of(cognito, pool_id, "ann") == []


@pytest.mark.documented("API_AdminAddUserToGroup", "ResourceNotFoundException and more")
def test_a_missing_group_or_user_is_told(cognito: Any, pool_id: str) -> None:
    cognito.create_group(UserPoolId=pool_id, GroupName="group")
    add_user(cognito, pool_id, "ann")
    for operation in (cognito.admin_add_user_to_group, cognito.admin_remove_user_from_group):
        asked = {"UserPoolId": pool_id, "Username": "ann", "GroupName": "absent"}
        assert refusal(operation, **asked) == NOT_FOUND
        asked = {"UserPoolId": pool_id, "Username": "bob", "GroupName": "group"}
        assert refusal(operation, **asked) == ("UserNotFoundException", "User does not exist.")
    unknown = {"UserPoolId": pool_id, "Username": "bob"}
    assert refusal_code(cognito.admin_list_groups_for_user, **unknown) == "UserNotFoundException"


@pytest.mark.documented("API_DeleteGroup, API_AdminDeleteUser", "memberships go, users stay")
def test_deletion_ends_memberships(cognito: Any, pool_id: str) -> None:
    for name in ("a", "b"):
        cognito.create_group(UserPoolId=pool_id, GroupName=name)
    add_user(cognito, pool_id, "ann", "a", "b")
    cognito.delete_group(UserPoolId=pool_id, GroupName="a")
    assert groups_of(cognito, pool_id, "ann") == ["b"]
    cognito.admin_delete_user(UserPoolId=pool_id, Username="ann")
    assert cognito.list_users_in_group(UserPoolId=pool_id, GroupName="b")["Users"] == []


@pytest.mark.model("ListGroups, AdminListGroupsForUser, ListUsersInGroup: Limit, NextToken")
def test_listings_come_in_pages(cognito: Any, pool_id: str) -> None:
    names = ["a", "b", "c"]
    for name in names:
        cognito.create_group(UserPoolId=pool_id, GroupName=name)
    for username in ("ann", "bob", "cyd"):
        add_user(cognito, pool_id, username, *names)

    def pages(operation: str, member: str, **asked: str) -> list[list[Any]]:
        found, page_token = [], {}
        while True:
            answer = getattr(cognito, operation)(UserPoolId=pool_id, Limit=2, **asked, **page_token)
            found.append(answer[member])
            if "NextToken" not in answer:
                return found
            page_token = {"NextToken": answer["NextToken"]}

    for listed in (
        pages("list_groups", "Groups"),
        pages("admin_list_groups_for_user", "Groups", Username="ann"),
    ):
        shown = [[group["GroupName"] for group in page] for page in listed]
        assert shown == [["a", "b"], ["c"]]
    members = pages("list_users_in_group", "Users", GroupName="a")
    assert [len(page) for page in members] == [2, 1]
    assert {user["Username"] for page in members for user in page} == {"ann", "bob", "cyd"}
    # 0 asks for the most there can be.
    assert len(cognito.list_groups(UserPoolId=pool_id, Limit=0)["Groups"]) == 3
    page_token = cognito.list_groups(UserPoolId=pool_id, Limit=1)["NextToken"]
    foreign = {"UserPoolId": pool_id, "GroupName": "a", "NextToken": page_token}
    assert refusal_code(cognito.list_users_in_group, **foreign) == INVALID
    altered = page_token[:-2] + "AA"
    asked = {"UserPoolId": pool_id, "NextToken": altered}
    assert refusal_code(cognito.list_groups, **asked) == INVALID


@pytest.mark.documented("quotas", "100 groups per user; 10,000 groups per pool")
def test_groups_have_their_limits(
    cognito: Any, pool_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The quotas themselves would take ten thousand requests.
    assert (groups.MAX_GROUPS_OF_A_USER, groups.MAX_GROUPS_OF_A_POOL) == (100, 10_000)
    monkeypatch.setattr(groups, "MAX_GROUPS_OF_A_USER", 2)
    monkeypatch.setattr(groups, "MAX_GROUPS_OF_A_POOL", 3)
    for name in ("a", "b", "c"):
        cognito.create_group(UserPoolId=pool_id, GroupName=name)
    create, join = cognito.create_group, cognito.admin_add_user_to_group
    assert refusal_code(create, UserPoolId=pool_id, GroupName="d") == "LimitExceededException"
    add_user(cognito, pool_id, "ann", "a", "b")
    asked = {"UserPoolId": pool_id, "Username": "ann", "GroupName": "c"}
    assert refusal_code(join, **asked) == "LimitExceededException"
    join(UserPoolId=pool_id, Username="ann", GroupName="a")
    assert groups_of(cognito, pool_id, "ann") == ["a", "b"]
    assert len(cognito.list_groups(UserPoolId=pool_id)["Groups"]) == 3


@pytest.mark.model("CreateGroupRequest, ListGroupsRequest, AdminAddUserToGroupRequest")
@pytest.mark.parametrize(
    ("operation", "members", "path"),
    [
        ("create_group", {}, "groupName"),
        ("create_group", {"GroupName": ""}, "groupName"),
        ("create_group", {"GroupName": "two words"}, "groupName"),
        ("create_group", {"GroupName": "x" * 129}, "groupName"),
        ("create_group", {"GroupName": "g", "Precedence": -1}, "precedence"),
        ("create_group", {"GroupName": "g", "RoleArn": "role"}, "roleArn"),
        ("create_group", {"GroupName": "g", "Description": "x" * 2049}, "description"),
        ("update_group", {}, "groupName"),
        ("get_group", {}, "groupName"),
        ("delete_group", {}, "groupName"),
        ("list_groups", {"Limit": 61}, "limit"),
        ("list_groups", {"Limit": -1}, "limit"),
        ("list_groups", {"NextToken": ""}, "nextToken"),
        ("list_users_in_group", {}, "groupName"),
        ("admin_add_user_to_group", {"GroupName": "g"}, "username"),
        ("admin_remove_user_from_group", {"Username": "u"}, "groupName"),
        ("admin_list_groups_for_user", {"Username": ""}, "username"),
    ],
)
def test_malformed_requests_are_refused(
    cognito: Any, pool_id: str, operation: str, members: dict[str, Any], path: str
) -> None:
    code, message = refusal(getattr(cognito, operation), UserPoolId=pool_id, **members)
    assert code == INVALID
    assert "validation error" in message
    assert f"'{path}'" in message
    assert cognito.list_groups(UserPoolId=pool_id)["Groups"] == []

"""ListUsers: filters, pages, attributes, and what is refused."""

from typing import Any

import pytest
from kits.refusals import refusal, refusal_code

from poolgate.testing import LocalPoolgate

INVALID = "InvalidParameterException"
PEOPLE: dict[str, dict[str, str]] = {
    "ann": {"email": "Ann@example.com", "given_name": "Ann", "family_name": 'O"Neil\\'},
    "bob": {"email": "bob@example.com", "given_name": "Bob", "phone_number": "+15550001"},
    "Cyd": {"email": "ann@example.org", "name": "Cyd Ann", "preferred_username": "ada"},
    "dee": {"custom:team": "red", "given_name": "anna"},
}


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


@pytest.fixture
def pool_id(cognito: Any) -> str:
    """A pool with the four PEOPLE, dee disabled and bob confirmed."""
    schema = [{"Name": "team", "AttributeDataType": "String", "Mutable": True}]
    made: str = cognito.create_user_pool(PoolName="pool", Schema=schema)["UserPool"]["Id"]
    for username, attributes in PEOPLE.items():
        given = [{"Name": name, "Value": value} for name, value in attributes.items()]
        cognito.admin_create_user(
            UserPoolId=made, Username=username, UserAttributes=given, MessageAction="SUPPRESS"
        )
    cognito.admin_disable_user(UserPoolId=made, Username="dee")
    cognito.admin_set_user_password(
        UserPoolId=made, Username="bob", Password="Correct-horse-1", Permanent=True
    )
    return made


def found(cognito: Any, pool_id: str, filter_text: str) -> set[str]:
    users = cognito.list_users(UserPoolId=pool_id, Filter=filter_text)["Users"]
    return {user["Username"] for user in users}


@pytest.mark.documented("API_ListUsers", "Filter")
@pytest.mark.parametrize(
    ("filter_text", "expected"),
    [
        ("", {"ann", "bob", "Cyd", "dee"}),
        ('username = "ann"', {"ann"}),
        ('username = "Ann"', set()),
        ('username ^= "C"', {"Cyd"}),
        ('username ^= "c"', set()),
        ('username ^= ""', {"ann", "bob", "Cyd", "dee"}),
        ('email = "ann@example.com"', {"ann"}),
        ('email = "ANN@EXAMPLE.COM"', {"ann"}),
        ('email ^= "ann@"', {"ann", "Cyd"}),
        ('email ^= "ann@example.o"', {"Cyd"}),
        ('email ^= ""', {"ann", "bob", "Cyd"}),
        ('email = ""', set()),
        ('  given_name   ^=   "AN"  ', {"ann", "dee"}),
        ('given_name="Ann"', {"ann"}),
        ('given_name^="Ann"', {"ann", "dee"}),
        (r'family_name = "O\"Neil\\"', {"ann"}),
        (r'family_name ^= "O\""', {"ann"}),
        ('phone_number = "+15550001"', {"bob"}),
        ('phone_number ^= "+1"', {"bob"}),
        ('name = "Cyd Ann"', {"Cyd"}),
        ('preferred_username = "ada"', {"Cyd"}),
        ('status = "Enabled"', {"ann", "bob", "Cyd"}),
        ('status = "Disabled"', {"dee"}),
        ('status = "disabled"', set()),
        ('status ^= "Dis"', {"dee"}),
        ('cognito:user_status = "CONFIRMED"', {"bob"}),
        ('cognito:user_status = "FORCE_CHANGE_PASSWORD"', {"ann", "Cyd", "dee"}),
        ('sub = "absent"', set()),
        ('email ^= "%"', set()),
        ('email ^= "_"', set()),
    ],
)
def test_a_filter_finds_its_users(
    cognito: Any, pool_id: str, filter_text: str, expected: set[str]
) -> None:
    assert found(cognito, pool_id, filter_text) == expected


@pytest.mark.assumed("user states compare with case")
def test_user_states_compare_with_case(cognito: Any, pool_id: str) -> None:
    assert found(cognito, pool_id, 'cognito:user_status = "confirmed"') == set()


@pytest.mark.documented("API_ListUsers", "sub")
def test_users_are_found_by_sub(cognito: Any, pool_id: str) -> None:
    user = cognito.list_users(UserPoolId=pool_id, Filter='username = "bob"')["Users"][0]
    sub = user["Attributes"][0]["Value"]
    assert found(cognito, pool_id, f'sub = "{sub}"') == {"bob"}
    assert "bob" in found(cognito, pool_id, f'sub ^= "{sub[:8]}"')


@pytest.mark.documented("API_ListUsers", "case insensitive pools")
def test_usernames_compare_without_case_where_the_pool_does(cognito: Any) -> None:
    made = cognito.create_user_pool(
        PoolName="pool", UsernameConfiguration={"CaseSensitive": False}
    )["UserPool"]["Id"]
    cognito.admin_create_user(UserPoolId=made, Username="Ann", MessageAction="SUPPRESS")
    assert found(cognito, made, 'username = "aNN"') == {"Ann"}
    assert found(cognito, made, 'username ^= "AN"') == {"Ann"}


@pytest.mark.recorded("answers of AWS published by its users")
@pytest.mark.parametrize(
    "filter_text",
    [
        "email",
        "email =",
        "email = ann",
        'email = "ann',
        'email == "ann"',
        'email *= "ann"',
        'email = "a" and name = "b"',
        'email = "a"b"',
        r'email = "a\nb"',
        'email = "a\\"',
        '= "ann"',
        '"email" = "ann"',
        " ",
    ],
)
def test_what_is_no_filter_is_refused(cognito: Any, pool_id: str, filter_text: str) -> None:
    assert refusal(cognito.list_users, UserPoolId=pool_id, Filter=filter_text) == (
        INVALID,
        "Error while parsing filter",
    )


@pytest.mark.recorded("answers of AWS published by its users")
@pytest.mark.parametrize("attribute", ["custom:team", "address", "Email", "user_status", "x"])
def test_other_attributes_cannot_be_searched(cognito: Any, pool_id: str, attribute: str) -> None:
    answer = refusal(cognito.list_users, UserPoolId=pool_id, Filter=f'{attribute} = "red"')
    assert answer == (INVALID, f"Invalid search attribute: {attribute}")


@pytest.mark.documented("API_ListUsers", "PaginationToken, Limit")
@pytest.mark.parametrize(
    "filter_text",
    ["", 'email ^= ""', 'given_name ^= "a"', 'status = "Enabled"', 'username ^= ""', 'sub ^= ""'],
)
def test_pages_hold_every_user_once(cognito: Any, pool_id: str, filter_text: str) -> None:
    asked = {"UserPoolId": pool_id, "Filter": filter_text}
    whole = [user["Username"] for user in cognito.list_users(**asked)["Users"]]
    assert len(whole) > 1
    paged, page_token = [], {}
    while True:
        answer = cognito.list_users(**asked, Limit=1, **page_token)
        paged += [user["Username"] for user in answer["Users"]]
        if "PaginationToken" not in answer:
            break
        page_token = {"PaginationToken": answer["PaginationToken"]}
    assert paged == whole
    assert len(cognito.list_users(**asked, Limit=0)["Users"]) == len(whole)


@pytest.mark.documented("how-to-manage-user-accounts", "the token is valid for one hour")
def test_a_pagination_token_lives_for_an_hour(
    poolgate: LocalPoolgate, cognito: Any, pool_id: str
) -> None:
    page_token = cognito.list_users(UserPoolId=pool_id, Limit=1)["PaginationToken"]
    poolgate.clock.advance(3590)
    asked = {"UserPoolId": pool_id, "Limit": 1, "PaginationToken": page_token}
    assert len(cognito.list_users(**asked)["Users"]) == 1
    poolgate.clock.advance(20)
    assert refusal_code(cognito.list_users, **asked) == INVALID


@pytest.mark.assumed("text for a page token that was altered or belongs to another listing")
def test_a_pagination_token_belongs_to_its_filter_and_pool(cognito: Any, pool_id: str) -> None:
    listed = cognito.list_users
    page_token = listed(UserPoolId=pool_id, Limit=1, Filter='email ^= ""')["PaginationToken"]
    other = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    for asked in (
        {"UserPoolId": pool_id},
        {"UserPoolId": pool_id, "Filter": 'name ^= ""'},
        {"UserPoolId": other, "Filter": 'email ^= ""'},
    ):
        answer = refusal(listed, **asked, PaginationToken=page_token)
        assert answer == (INVALID, "Invalid pagination token.")
    altered = page_token.swapcase()
    asked = {"UserPoolId": pool_id, "Filter": 'email ^= ""', "PaginationToken": altered}
    assert refusal_code(listed, **asked) == INVALID


@pytest.mark.documented("CLI list-users", "the example's answer")
def test_a_listed_user_shows_everything(cognito: Any, pool_id: str) -> None:
    (user,) = cognito.list_users(UserPoolId=pool_id, Filter='username = "dee"')["Users"]
    attributes = {each["Name"]: each["Value"] for each in user["Attributes"]}
    assert user["Attributes"][0]["Name"] == "sub"
    assert attributes == {"sub": attributes["sub"], "custom:team": "red", "given_name": "anna"}
    assert user["Enabled"] is False
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert user["UserCreateDate"] <= user["UserLastModifiedDate"]


@pytest.mark.documented("API_ListUsers", "AttributesToGet")
def test_only_wanted_attributes_are_shown(cognito: Any, pool_id: str) -> None:
    asked = {"UserPoolId": pool_id, "AttributesToGet": ["email", "given_name"]}
    users = cognito.list_users(**asked)["Users"]
    shown = {user["Username"]: {each["Name"] for each in user["Attributes"]} for user in users}
    assert shown == {
        "ann": {"email", "given_name"},
        "bob": {"email", "given_name"},
        "Cyd": {"email"},
        "dee": {"given_name"},
    }


@pytest.mark.documented("API_ListUsers", "must have a value set in every user profile")
def test_an_attribute_that_cannot_be_searched_must_be_set_for_all(
    cognito: Any, pool_id: str
) -> None:
    asked = {"UserPoolId": pool_id, "AttributesToGet": ["custom:team"]}
    assert refusal_code(cognito.list_users, **asked) == INVALID
    (user,) = cognito.list_users(**asked, Filter='username = "dee"')["Users"]
    assert user["Attributes"] == [{"Name": "custom:team", "Value": "red"}]


@pytest.mark.model("ListUsersRequest")
@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"Limit": 61}, "limit"),
        ({"Limit": -1}, "limit"),
        ({"Filter": "x" * 257}, "filter"),
        ({"PaginationToken": "a b"}, "paginationToken"),
        ({"AttributesToGet": [""]}, "attributesToGet"),
    ],
)
def test_malformed_requests_are_refused(
    cognito: Any, pool_id: str, members: dict[str, Any], path: str
) -> None:
    code, message = refusal(cognito.list_users, UserPoolId=pool_id, **members)
    assert code == INVALID
    assert "validation error" in message
    assert f"'{path}" in message


@pytest.mark.documented("API_ListUsers", "what is found follows every change")
def test_changes_are_found_at_once(cognito: Any, pool_id: str) -> None:
    named = {"UserPoolId": pool_id, "Username": "bob"}
    changed = [{"Name": "email", "Value": "robert@example.com"}]
    cognito.admin_update_user_attributes(**named, UserAttributes=changed)
    assert found(cognito, pool_id, 'email = "bob@example.com"') == set()
    assert found(cognito, pool_id, 'email = "robert@example.com"') == {"bob"}
    cognito.admin_disable_user(**named)
    assert found(cognito, pool_id, 'status = "Disabled"') == {"bob", "dee"}
    cognito.admin_delete_user(**named)
    assert found(cognito, pool_id, 'email ^= "rob"') == set()
    assert found(cognito, pool_id, "") == {"ann", "Cyd", "dee"}

"""The schema of a pool: standard attributes at creation, custom ones then or later."""

from typing import Any

import pytest
from kits.refusals import refusal, refusal_code

from poolgate.testing import LocalPoolgate

INVALID = "InvalidParameterException"


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


@pytest.fixture
def pool_id(cognito: Any) -> str:
    made: str = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    return made


def attribute(cognito: Any, pool_id: str, name: str) -> dict[str, Any]:
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    (found,) = [each for each in pool["SchemaAttributes"] if each["Name"] == name]
    return found  # type: ignore[no-any-return]  # the client is untyped


@pytest.mark.recorded("describe-user-pool answer in aws-cdk issue 8624, 2020-06-18")
def test_a_standard_attribute_named_without_mutable_is_immutable(cognito: Any) -> None:
    schema = [{"Name": "email", "Required": True}]
    pool_id = cognito.create_user_pool(PoolName="p", Schema=schema)["UserPool"]["Id"]
    assert attribute(cognito, pool_id, "email") == {
        "Name": "email",
        "AttributeDataType": "String",
        "DeveloperOnlyAttribute": False,
        "Mutable": False,
        "Required": True,
        "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"},
    }
    assert attribute(cognito, pool_id, "website")["Mutable"] is True


@pytest.mark.documented("CLI describe-user-pool", "custom attributes in the example's answer")
def test_custom_attributes_are_described_behind_the_standard_ones(
    cognito: Any, pool_id: str
) -> None:
    cognito.add_custom_attributes(
        UserPoolId=pool_id,
        CustomAttributes=[
            {
                "Name": "111",
                "AttributeDataType": "String",
                "Mutable": True,
                "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "256"},
            },
            {"Name": "222", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
            {
                "Name": "age",
                "AttributeDataType": "Number",
                "NumberAttributeConstraints": {"MinValue": "-1", "MaxValue": "150"},
            },
            {"Name": "born", "AttributeDataType": "DateTime"},
            {"Name": "vip", "AttributeDataType": "Boolean"},
        ],
    )
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    custom = pool["SchemaAttributes"][20:]
    assert [each["Name"] for each in custom] == [
        "custom:111",
        "dev:custom:222",
        "custom:age",
        "custom:born",
        "custom:vip",
    ]
    assert custom[0]["StringAttributeConstraints"] == {"MinLength": "1", "MaxLength": "256"}
    assert custom[1]["StringAttributeConstraints"] == {}
    assert custom[1]["DeveloperOnlyAttribute"] is True
    assert custom[2]["NumberAttributeConstraints"] == {"MinValue": "-1", "MaxValue": "150"}
    for plain in custom[3:]:
        assert set(plain) == {
            "Name",
            "AttributeDataType",
            "DeveloperOnlyAttribute",
            "Mutable",
            "Required",
        }


@pytest.mark.assumed("texts that are known from other implementations only")
@pytest.mark.parametrize(
    ("definition", "message"),
    [
        (
            {"Name": "email", "AttributeDataType": "Number"},
            (
                "You can not change AttributeDataType or set developerOnlyAttribute for standard "
                "schema attribute email"
            ),
        ),
        (
            {"Name": "name", "DeveloperOnlyAttribute": True},
            (
                "You can not change AttributeDataType or set developerOnlyAttribute for standard "
                "schema attribute name"
            ),
        ),
        (
            {"Name": "a"},
            "Invalid AttributeDataType input, consider using the provided AttributeDataType enum.",
        ),
        (
            {"Name": "a", "AttributeDataType": "String", "Required": True},
            "Required custom attributes are not supported currently.",
        ),
        (
            {
                "Name": "a",
                "AttributeDataType": "String",
                "StringAttributeConstraints": {"MaxLength": "2049"},
            },
            "user.custom:a: String attributes cannot have a length of more than 2048",
        ),
        (
            {
                "Name": "a",
                "AttributeDataType": "String",
                "StringAttributeConstraints": {"MinLength": "3", "MaxLength": "2"},
            },
            "user.custom:a: Max length cannot be less than min length.",
        ),
        (
            {
                "Name": "a",
                "AttributeDataType": "Number",
                "NumberAttributeConstraints": {"MinValue": "3", "MaxValue": "2"},
            },
            "user.custom:a: Max value cannot be less than min value.",
        ),
        (
            {
                "Name": "a",
                "AttributeDataType": "String",
                "StringAttributeConstraints": {"MinLength": "two"},
            },
            "Invalid StringAttributeConstraints for schema attribute a",
        ),
        (
            {
                "Name": "a",
                "AttributeDataType": "Number",
                "NumberAttributeConstraints": {"MinValue": "9" * 5000},
            },
            "Invalid NumberAttributeConstraints for schema attribute a",
        ),
    ],
)
def test_a_faulty_definition_makes_no_pool(
    cognito: Any, definition: dict[str, Any], message: str
) -> None:
    answer = refusal(cognito.create_user_pool, PoolName="p", Schema=[definition])
    assert answer == (INVALID, message)
    assert cognito.list_user_pools(MaxResults=1)["UserPools"] == []


@pytest.mark.assumed("text for a name in use")
def test_a_name_is_used_once_and_all_are_added_or_none(cognito: Any, pool_id: str) -> None:
    first = {"Name": "team", "AttributeDataType": "String"}
    cognito.add_custom_attributes(UserPoolId=pool_id, CustomAttributes=[first])
    more = [{"Name": "other", "AttributeDataType": "String"}, first]
    add = cognito.add_custom_attributes
    assert refusal(add, UserPoolId=pool_id, CustomAttributes=more) == (
        INVALID,
        "custom:team: Existing attribute already has name custom:team.",
    )
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert [each["Name"] for each in pool["SchemaAttributes"][20:]] == ["custom:team"]


@pytest.mark.documented("quotas", "50 custom attributes per pool, 25 per call")
def test_custom_attributes_have_their_limits(cognito: Any, pool_id: str) -> None:
    def definitions(first: int, number: int) -> list[dict[str, str]]:
        names = [f"a{n}" for n in range(first, first + number)]
        return [{"Name": name, "AttributeDataType": "String"} for name in names]

    add = cognito.add_custom_attributes
    too_many = {"UserPoolId": pool_id, "CustomAttributes": definitions(0, 26)}
    assert "validation error" in refusal(add, **too_many)[1]
    for first in (0, 25):
        add(UserPoolId=pool_id, CustomAttributes=definitions(first, 25))
    one_more = {"UserPoolId": pool_id, "CustomAttributes": definitions(50, 1)}
    assert refusal_code(add, **one_more) == INVALID
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert len(pool["SchemaAttributes"]) == 70


@pytest.mark.model("AddCustomAttributesRequest, SchemaAttributeType")
@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        (None, "customAttributes"),
        ([], "customAttributes"),
        ([{"Name": "x" * 21, "AttributeDataType": "String"}], "customAttributes.1.member.name"),
        ([{"Name": "a b", "AttributeDataType": "String"}], "customAttributes.1.member.name"),
        ([{"Name": "", "AttributeDataType": "String"}], "customAttributes.1.member.name"),
        ([{"Name": "a", "AttributeDataType": "Text"}], "attributeDataType"),
    ],
)
def test_malformed_definitions_are_refused(
    cognito: Any, pool_id: str, attributes: list[dict[str, str]] | None, path: str
) -> None:
    asked = {} if attributes is None else {"CustomAttributes": attributes}
    code, message = refusal(cognito.add_custom_attributes, UserPoolId=pool_id, **asked)
    assert code == INVALID
    assert path in message
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert len(pool["SchemaAttributes"]) == 20


@pytest.mark.documented("API_AddCustomAttributes", "Adds additional user attributes")
def test_a_new_attribute_is_usable_at_once(cognito: Any, pool_id: str) -> None:
    definition = {"Name": "team", "AttributeDataType": "String", "Mutable": True}
    cognito.add_custom_attributes(UserPoolId=pool_id, CustomAttributes=[definition])
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username="ann",
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "custom:team", "Value": "red"}],
    )
    (user,) = cognito.list_users(UserPoolId=pool_id)["Users"]
    assert {"Name": "custom:team", "Value": "red"} in user["Attributes"]

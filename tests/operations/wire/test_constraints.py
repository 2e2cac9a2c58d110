"""Constraint texts, through the whole pipeline (protocol.md 2.2)."""

import re
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from poolgate.testing import LocalPoolgate
from poolgate.wire.constraints import constraint_message
from poolgate.wire.patterns import compiled
from poolgate.wire.services import load_services


def refused(poolgate: LocalPoolgate, operation: str, members: Any) -> dict[str, Any]:
    answer = poolgate.post_json("cognito-idp", operation, members)
    assert answer.status == 400
    return msgspec.json.decode(answer.body)


def problems(service: str, shape: str, members: dict[str, Any]) -> list[str]:
    found: list[str] = []
    load_services()[service].checks.of(shape)(members, "", found)
    return found


@pytest.mark.recorded("sts: roleSessionName, captured message of protocol.md 2.2")
def test_pattern_is_told_as_modelled() -> None:
    members = {"RoleArn": "arn:aws:iam::123456789012:role/x", "RoleSessionName": "Session1:2"}
    assert constraint_message(problems("sts", "AssumeRoleRequest", members)) == (
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy "
        r"constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*"
    )


@pytest.mark.recorded("iam: serviceSpecificCredentialId, recordings/iam")
def test_iam_leaves_values_out() -> None:
    members = {"ServiceSpecificCredentialId": "not/valid/but-long-enough", "Status": "broken"}
    told = problems("iam", "UpdateServiceSpecificCredentialRequest", members)
    id_problem = (
        "Value at 'serviceSpecificCredentialId' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w]+"
    )
    status_problem = (
        "Value at 'status' failed to satisfy constraint: Member must satisfy enum value set"
    )
    assert told == [id_problem, status_problem]


@pytest.mark.assumed("protocol.md 2.2: several items are joined by `; `, their order is not fixed")
def test_several_problems_are_told_at_once(poolgate: LocalPoolgate) -> None:
    told = refused(poolgate, "InitiateAuth", {"ClientId": "has space", "Session": "short"})
    assert told["__type"] == "InvalidParameterException"
    assert told["message"].startswith("3 validation errors detected: ")
    assert (
        "Value null at 'authFlow' failed to satisfy constraint: Member must not be null"
        in told["message"]
    )
    assert (
        r"Value at 'clientId' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+]+" in told["message"]
    )
    assert "has space" not in told["message"]
    assert "short" not in told["message"]


def test_paths_count_list_entries_from_one() -> None:
    members = {
        "UserPoolId": "eu-west-1_abc",
        "Username": "x",
        "UserAttributes": [{"Name": "a"}, {}],
    }
    assert problems("cognito-idp", "AdminUpdateUserAttributesRequest", members) == [
        (
            "Value null at 'userAttributes.2.member.name' failed to satisfy constraint: "
            "Member must not be null"
        )
    ]


def test_lengths_and_numbers_are_told() -> None:
    long_name = {"PoolName": "x" * 129}
    assert problems("cognito-idp", "CreateUserPoolRequest", long_name) == [
        (
            f"Value '{'x' * 129}' at 'poolName' failed to satisfy constraint: "
            "Member must have length less than or equal to 128"
        )
    ]
    assert problems("cognito-idp", "ListUserPoolsRequest", {"MaxResults": 61}) == [
        (
            "Value '61' at 'maxResults' failed to satisfy constraint: "
            "Member must have value less than or equal to 60"
        )
    ]
    assert problems("cognito-idp", "ListUserPoolsRequest", {"MaxResults": 0}) == [
        (
            "Value '0' at 'maxResults' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        )
    ]


def test_enum_set_is_told_in_the_models_order() -> None:
    members = {"PoolName": "x", "MfaConfiguration": "MAYBE"}
    assert problems("cognito-idp", "CreateUserPoolRequest", members) == [
        (
            "Value 'MAYBE' at 'mfaConfiguration' failed to satisfy constraint: "
            "Member must satisfy enum value set: [OFF, ON, OPTIONAL]"
        )
    ]


def test_lists_are_shown_in_brackets() -> None:
    members = {"UserPoolId": "eu-west-1_abc", "ClientName": "x", "CallbackURLs": ["u"] * 101}
    (problem,) = problems("cognito-idp", "CreateUserPoolClientRequest", members)
    assert problem.startswith("Value '[u, u, u")
    assert problem.endswith(
        "at 'callbackURLs' failed to satisfy constraint: "
        "Member must have length less than or equal to 100"
    )


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("anna", True),
        ("änna", True),
        ("安娜", True),
        ("😀", True),
        ("an na", False),
        ("a\u3000b", False),
    ],
)
def test_unicode_categories_are_javas(value: str, *, accepted: bool) -> None:
    members = {"UserPoolId": "eu-west-1_abc", "Username": value}
    found = problems("cognito-idp", "AdminGetUserRequest", members)
    assert (found == []) is accepted


def test_word_characters_are_ascii() -> None:
    assert problems("cognito-idp", "DescribeUserPoolRequest", {"UserPoolId": "größe_abc"}) != []


@pytest.mark.model("every pattern of the five models")
def test_every_pattern_compiles() -> None:
    for service in load_services().values():
        for shape in service.model.shapes.values():
            if shape.pattern is not None:
                assert isinstance(compiled(shape.pattern), re.Pattern)


@pytest.mark.documented("protocol.md 2.2", "IAM and STS answer ValidationError")
def test_query_services_call_it_validation_error(poolgate: LocalPoolgate) -> None:
    iam = poolgate.client("iam", validate=False)
    with pytest.raises(ClientError) as caught:
        iam.create_user(UserName="not valid")
    assert caught.value.response["Error"] == {
        "Type": "Sender",
        "Code": "ValidationError",
        "Message": "1 validation error detected: Value at 'userName' failed to satisfy "
        r"constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+",
    }


def test_long_values_are_cut_in_the_message(poolgate: LocalPoolgate) -> None:
    answer = poolgate.post_json(
        "cognito-idp",
        "ListUserPools",
        {"MaxResults": 1, "NextToken": "x" * 200_000},
        signed_by=poolgate.root_credentials,
    )
    assert answer.status == 400
    assert len(answer.body) < 2000
    assert len(answer.headers["x-amzn-errormessage"]) <= 1024

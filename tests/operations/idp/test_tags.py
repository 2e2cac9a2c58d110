"""Tags of user pools."""

from typing import Any

import pytest
from kits.refusals import refusal, refusal_code

from poolgate.testing import LocalPoolgate


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


@pytest.fixture
def arn(cognito: Any) -> str:
    pool = cognito.create_user_pool(PoolName="pool", UserPoolTags={"stage": "test"})["UserPool"]
    made: str = pool["Arn"]
    return made


@pytest.mark.documented("API_TagResource", "Assigns a set of tags to a user pool")
def test_tags_are_added_replaced_and_removed(cognito: Any, arn: str) -> None:
    cognito.tag_resource(ResourceArn=arn, Tags={"stage": "prod", "team": "a"})
    tags = cognito.list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert tags == {"stage": "prod", "team": "a"}
    cognito.untag_resource(ResourceArn=arn, TagKeys=["team", "absent"])
    pool_id = arn.rpartition("/")[2]
    described = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert described["UserPoolTags"] == {"stage": "prod"}


@pytest.mark.documented("API_TagResource", "A user pool can have as many as 50 tags")
def test_the_fifty_first_tag_is_refused(cognito: Any, arn: str) -> None:
    cognito.tag_resource(ResourceArn=arn, Tags={f"t{n}": "" for n in range(49)})
    code, message = refusal(cognito.tag_resource, ResourceArn=arn, Tags={"more": ""})
    assert (code, "50" in message) == ("InvalidParameterException", True)
    assert len(cognito.list_tags_for_resource(ResourceArn=arn)["Tags"]) == 50


@pytest.mark.documented("tagging", "aws: is reserved")
def test_reserved_tags_are_refused(cognito: Any, arn: str) -> None:
    tags = {"aws:mine": "x"}
    assert refusal_code(cognito.tag_resource, ResourceArn=arn, Tags=tags) == (
        "InvalidParameterException"
    )


@pytest.mark.assumed("text for an ARN that names no user pool of the account")
def test_other_arns_are_refused(cognito: Any, arn: str) -> None:
    listed = cognito.list_tags_for_resource
    for other in (
        arn.replace(":userpool/", ":identitypool/"),
        arn.replace("cognito-idp", "cognito-sync"),
        "arn:aws:cognito-idp:us-east-1:000000000000:userpool/" + arn.rpartition("/")[2],
    ):
        assert refusal_code(listed, ResourceArn=other) == "InvalidParameterException"
    unknown = arn[:-1] + ("a" if arn[-1] != "a" else "b")
    assert refusal_code(listed, ResourceArn=unknown) == "ResourceNotFoundException"


@pytest.mark.model("TagResourceRequest")
@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("tag_resource", {}),
        ("tag_resource", {"ResourceArn": "pool", "Tags": {}}),
        ("tag_resource", {"ResourceArn": "arn:aws:x:y:1:z", "Tags": {"x" * 129: ""}}),
        ("untag_resource", {"ResourceArn": "arn:aws:cognito-idp:us-east-1:1:userpool/x"}),
        ("list_tags_for_resource", {}),
    ],
)
def test_malformed_requests_are_refused(
    cognito: Any, operation: str, members: dict[str, Any]
) -> None:
    code, message = refusal(getattr(cognito, operation), **members)
    assert code == "InvalidParameterException"
    assert "validation error" in message

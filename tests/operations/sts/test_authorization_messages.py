import json

import pytest
from botocore.exceptions import ClientError
from kits.keychain import allow, deny, document

from poolgate.testing import LocalPoolgate

HEADER = "x-poolgate-encoded-authorization-message"
REASON = "refusals carry the encoded message in a header"


def encoded_message(operation, **members):
    with pytest.raises(ClientError) as caught:
        operation(**members)
    return caught.value.response["ResponseMetadata"]["HTTPHeaders"][HEADER]


@pytest.fixture
def refused_user(user_credentials):
    return user_credentials(
        "ada",
        document(
            allow("iam:*"),
            deny(
                "iam:List*",
                Sid="NoLists",
                Condition={"StringNotEquals": {"aws:PrincipalTag/team": "red"}},
            ),
        ),
    )


@pytest.mark.assumed(REASON)
def test_a_refusal_says_why_to_those_who_may_decode_it(poolgate, refused, refused_user):
    as_ada = poolgate.client("iam", credentials=refused_user)
    encoded = encoded_message(as_ada.list_users)
    assert "NoLists" not in encoded
    sts_of_ada = poolgate.client("sts", credentials=refused_user)
    answer = refused(sts_of_ada.decode_authorization_message, EncodedMessage=encoded)
    assert answer["code"] == "AccessDenied"
    decoded = poolgate.client("sts").decode_authorization_message(EncodedMessage=encoded)
    told = json.loads(decoded["DecodedMessage"])
    assert (told["allowed"], told["explicitDeny"]) == (False, True)
    (statement,) = told["matchedStatements"]["items"]
    assert statement["statementId"] == "NoLists"
    assert statement["effect"] == "DENY"
    assert statement["actions"] == {"items": [{"value": "iam:List*"}]}
    assert statement["conditions"]["items"] == [
        {"key": "aws:PrincipalTag/team", "values": {"items": [{"value": "red"}]}}
    ]
    context = told["context"]
    assert context["principal"]["arn"].endswith(":user/ada")
    assert context["action"] == "iam:ListUsers"
    assert "aws:SourceIp" in {each["key"] for each in context["conditions"]["items"]}


@pytest.mark.assumed(REASON)
def test_what_nobody_allows_is_told_as_an_implicit_deny(poolgate, user_credentials):
    pools = poolgate.client("cognito-idp", credentials=user_credentials("bob"))
    encoded = encoded_message(pools.list_user_pools, MaxResults=1)
    decoded = poolgate.client("sts").decode_authorization_message(EncodedMessage=encoded)
    told = json.loads(decoded["DecodedMessage"])
    assert (told["explicitDeny"], told["matchedStatements"]["items"]) == (False, [])


@pytest.mark.model("errors: InvalidAuthorizationMessageException")
def test_altered_foreign_and_old_messages_are_not_decoded(poolgate, refused, user_credentials):
    pools = poolgate.client("cognito-idp", credentials=user_credentials("bob"))
    encoded = encoded_message(pools.list_user_pools, MaxResults=1)
    sts = poolgate.client("sts")
    end = "A" if encoded[0] != "A" else "B"
    with LocalPoolgate(frozen=True) as other:
        foreign = other.client("sts")
        for where, text in (
            (sts, end + encoded[1:]),
            (sts, "not a message"),
            (sts, encoded[:-4]),
            (foreign, encoded),
        ):
            answer = refused(where.decode_authorization_message, EncodedMessage=text)
            assert answer["code"] == "InvalidAuthorizationMessageException"
            assert answer["status"] == 400
    sts.decode_authorization_message(EncodedMessage=encoded)
    poolgate.clock.advance(25 * 3600)
    answer = refused(sts.decode_authorization_message, EncodedMessage=encoded)
    assert answer["code"] == "InvalidAuthorizationMessageException"

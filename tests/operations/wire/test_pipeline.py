"""The order of checks, and what becomes of a defect."""

import json

import msgspec
from kits.lost_tables import lost_table

from poolgate.testing import LocalPoolgate
from poolgate.wire.pipeline import AWS_PIPELINE


def error_of(poolgate: LocalPoolgate, operation: str, members: object, *, signed: bool) -> str:
    signer = poolgate.root_credentials if signed else None
    answer = poolgate.post_json("cognito-idp", operation, members, signed_by=signer)
    return msgspec.json.decode(answer.body)["__type"]


def test_the_order_is_written_in_one_place() -> None:
    assert [step.__name__ for step in AWS_PIPELINE] == [
        "limit_size",
        "name_operation",
        "authenticate_caller",
        "limit_rate",
        "decode_request",
        "make_call",
        "authorize_caller",
        "run_operation",
        "encode_response",
    ]


def test_each_check_comes_before_the_next(poolgate: LocalPoolgate) -> None:
    too_large = b"x" * 2_200_000
    malformed, wrong = b"{", {"UserPoolId": "no pool id"}
    foreign = {"UserPoolId": "us-east-1_abcdefghi"}
    assert (
        error_of(poolgate, "Nothing", too_large, signed=False) == "RequestEntityTooLargeException"
    )
    assert error_of(poolgate, "Nothing", malformed, signed=False) == "UnknownOperationException"
    unsigned = error_of(poolgate, "DescribeUserPool", malformed, signed=False)
    assert unsigned == "MissingAuthenticationTokenException"
    assert (
        error_of(poolgate, "DescribeUserPool", malformed, signed=True) == "SerializationException"
    )
    assert error_of(poolgate, "DescribeUserPool", wrong, signed=True) == "InvalidParameterException"
    assert (
        error_of(poolgate, "DescribeUserPool", foreign, signed=True) == "ResourceNotFoundException"
    )


def test_constraints_come_before_access_tokens(poolgate: LocalPoolgate) -> None:
    members = {"AccessToken": "x", "UserAttributeNames": [""]}
    found = error_of(poolgate, "DeleteUserAttributes", members, signed=False)
    assert found == "InvalidParameterException"
    members = {"AccessToken": "x", "UserAttributeNames": ["name"]}
    found = error_of(poolgate, "DeleteUserAttributes", members, signed=False)
    assert found == "NotAuthorizedException"


def test_a_defect_tells_the_caller_nothing_and_the_log_where(poolgate: LocalPoolgate) -> None:
    members = {
        "ClientId": "abc",
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "hidden"},
    }
    with lost_table(poolgate, "app_clients"):
        answer = poolgate.post_json("cognito-idp", "InitiateAuth", members)
    assert answer.status == 500
    assert msgspec.json.decode(answer.body) == {
        "__type": "InternalErrorException",
        "message": "An internal error occurred.",
    }
    line = json.loads(poolgate.log.getvalue().splitlines()[-1])
    assert line["level"] == "error"
    assert line["defect"].split(" at ")[0] in {"OperationalError", "UndefinedTable"}
    assert line["request_id"] == answer.headers["x-amzn-requestid"]
    assert "hidden" not in poolgate.log.getvalue()
    assert "app_clients" not in line["defect"].replace("app_clients.py", "")


def test_query_services_have_their_own_internal_error(poolgate: LocalPoolgate) -> None:
    headers = {"authorization": ""}
    body = b"Action=GetUser&Version=2010-05-08"
    signed = poolgate.signature("iam", poolgate.root_credentials, headers={}, body=body)
    with lost_table(poolgate, "access_keys"):
        answer = poolgate.send("POST", "/", headers={**headers, **signed}, body=body)
    assert answer.status == 500
    assert b"<Type>Receiver</Type><Code>ServiceFailure</Code>" in answer.body

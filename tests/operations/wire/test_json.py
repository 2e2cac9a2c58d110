"""JSON 1.1 on the wire: bodies that are not what they should be, headers, limits."""

import uuid
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import pytest

from poolgate.testing import LocalPoolgate

TARGET = "AWSCognitoIdentityProviderService."


def said(answer: Any) -> dict[str, str]:
    return msgspec.json.decode(answer.body)


@pytest.mark.assumed("protocol.md 2: SerializationException, belief")
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b"7",
        b'"text"',
        b"{'a': 1}",
        b'{"ClientId": "\xff"}',
        b'{"ClientId": "\\ud800"}',
        b'{"x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"ClientId": 7, "AuthFlow": "USER_AUTH"}',
        b'{"ClientId": ["a"], "AuthFlow": "USER_AUTH"}',
        b'{"ClientId": {}, "AuthFlow": "USER_AUTH"}',
        b'{"ClientId": true, "AuthFlow": "USER_AUTH"}',
        b'{"ClientId": "a", "AuthFlow": "a\\u0000"}',
        b'{"ClientMetadata": []}',
        b'{"AuthParameters": {"USERNAME": 7}}',
        b'{"AnalyticsMetadata": "x"}',
    ],
)
def test_malformed_bodies_are_serialization_exceptions(
    poolgate: LocalPoolgate, body: bytes
) -> None:
    answer = poolgate.post_json("cognito-idp", "InitiateAuth", body)
    assert answer.status == 400
    assert said(answer)["__type"] == "SerializationException"


@pytest.mark.assumed("protocol.md 2: text of a wrong type")
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("5", "STRING_VALUE can not be converted to an Integer"),
        (True, "TRUE_VALUE can not be converted to an Integer"),
        (5.5, "NUMBER_VALUE can not be converted to an Integer"),
        (2**31, "Value can not be converted to an Integer"),
        (2**70, "Value can not be converted to an Integer"),
        ([], "Start of list found where not expected"),
        ({}, "Start of structure or map found where not expected."),
    ],
)
def test_wrong_types_are_told(poolgate: LocalPoolgate, value: Any, message: str) -> None:
    answer = poolgate.post_json(
        "cognito-idp", "ListUserPools", {"MaxResults": value}, signed_by=poolgate.root_credentials
    )
    assert answer.status == 400
    assert said(answer) == {"__type": "SerializationException", "message": message}


@pytest.mark.assumed("protocol.md 2: an empty body counts as {}, null members as absent")
def test_empty_body_is_an_empty_object_and_null_is_absent(poolgate: LocalPoolgate) -> None:
    nothing = said(poolgate.post_json("cognito-idp", "GetUser", b""))
    null = said(poolgate.post_json("cognito-idp", "GetUser", {"AccessToken": None, "New": 1}))
    assert nothing == null
    assert "Value null at 'accessToken'" in nothing["message"]


@pytest.mark.documented("protocol.md 2.1", "x-amzn-ErrorType ends with a colon")
def test_errors_are_named_in_headers_and_body(poolgate: LocalPoolgate) -> None:
    answer = poolgate.post_json("cognito-idp", "GetUser", {"AccessToken": "not.a.token"})
    told = said(answer)
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == told["__type"] + ":"
    assert answer.headers["x-amzn-errormessage"] == told["message"]
    assert uuid.UUID(answer.headers["x-amzn-requestid"]).version == 4
    assert parsedate_to_datetime(answer.headers["date"]) is not None
    assert b": " not in answer.body.replace(told["message"].encode(), b"")


def test_a_message_cannot_write_headers(poolgate: LocalPoolgate) -> None:
    answer = poolgate.post_json(
        "cognito-idp",
        "CreateUserPool",
        {"PoolName": "a\r\nSet-Cookie: b=c\u2028é", "MfaConfiguration": "x\r\ny: z"},
        signed_by=poolgate.root_credentials,
    )
    assert answer.status == 400
    assert all(" " <= character <= "~" for character in answer.headers["x-amzn-errormessage"])


@pytest.mark.parametrize("size", [2 * 1024 * 1024 + 1, 3_000_000])
def test_large_bodies_are_refused_before_anything_else(poolgate: LocalPoolgate, size: int) -> None:
    answer = poolgate.post_json("cognito-idp", "SignUp", b"x" * size)
    assert answer.status == 413
    assert said(answer)["__type"] == "RequestEntityTooLargeException"


def test_a_body_of_the_limit_is_read(poolgate: LocalPoolgate) -> None:
    answer = poolgate.post_json("cognito-idp", "GetUser", b" " * (2 * 1024 * 1024 - 2) + b"{}")
    assert said(answer)["__type"] == "InvalidParameterException"


def test_large_or_many_headers_are_refused(poolgate: LocalPoolgate) -> None:
    target = {"x-amz-target": TARGET + "GetUser"}
    large = poolgate.send("POST", "/", headers={**target, "x-large": "x" * 40_000})
    many = poolgate.send("POST", "/", headers={**target, **{f"x-{n}": "1" for n in range(200)}})
    assert (large.status, many.status) == (431, 431)
    assert said(large)["__type"] == "RequestHeaderTooLargeException"


def test_large_form_bodies_are_refused_in_xml(poolgate: LocalPoolgate) -> None:
    answer = poolgate.send("POST", "/", body=b"Action=" + b"x" * 3_000_000)
    assert answer.status == 413
    assert b"<Code>RequestEntityTooLarge</Code>" in answer.body


@pytest.mark.assumed("protocol.md 5: belief")
def test_preflight_lets_any_origin_post(poolgate: LocalPoolgate) -> None:
    asked = "authorization,x-amz-target,x-new-header"
    answer = poolgate.send(
        "OPTIONS",
        "/",
        headers={"origin": "https://app.example", "access-control-request-headers": asked},
    )
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == asked
    assert answer.headers["access-control-max-age"] == "172800"


def test_preflight_echoes_only_header_names(poolgate: LocalPoolgate) -> None:
    answer = poolgate.send(
        "OPTIONS", "/", headers={"access-control-request-headers": "x\r\nset-cookie: a=b"}
    )
    assert "\r" not in answer.headers["access-control-allow-headers"]


def test_answers_expose_the_error_type_to_browsers(poolgate: LocalPoolgate) -> None:
    answer = poolgate.post_json("cognito-idp", "GetUser", {})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-amzn-ErrorType" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


def test_query_services_do_not_open_to_browsers(poolgate: LocalPoolgate) -> None:
    answer = poolgate.send("POST", "/", body=b"Action=GetCallerIdentity&Version=2011-06-15")
    assert "access-control-allow-origin" not in answer.headers


def test_nothing_of_a_request_is_logged(poolgate: LocalPoolgate) -> None:
    members = {"ClientId": "abc", "Username": "very-secret-name", "Password": "very-secret-word"}
    poolgate.post_json("cognito-idp", "SignUp", members)
    poolgate.send("GET", "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Signature=secret")
    assert "secret" not in poolgate.log.getvalue()
    assert '"operation":"SignUp"' in poolgate.log.getvalue()

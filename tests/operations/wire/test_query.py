"""The Query protocol on the wire."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from botocore.exceptions import ClientError

from poolgate.foundation.secret import Secret
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import presign
from poolgate.testing import LocalPoolgate

NAMESPACE = "{https://sts.amazonaws.com/doc/2011-06-15/}"
WHO = "Action=GetCallerIdentity&Version=2011-06-15"


def code(answer: Any) -> str:
    return re.search(rb"<Code>(.*)</Code>", answer.body)[1].decode()


def presigned(poolgate: LocalPoolgate, **changes: Any) -> str:
    root = poolgate.root_credentials
    terms = {
        "access_key_id": root.access_key_id,
        "secret_access_key": Secret(root.secret_access_key),
        "session_token": None,
        "region": "us-east-1",
        "service": "sts",
        "now": poolgate.clock.now(),
        "expires_seconds": 60,
    } | changes
    return presign(RequestParts("GET", "/", WHO, (("host", "poolgate.test"),), b""), **terms)


@pytest.mark.documented("protocol.md 3", "the parameters in a GET query string work too")
def test_presigned_get_tells_who_signed(poolgate: LocalPoolgate) -> None:
    answer = poolgate.send("GET", f"/?{presigned(poolgate)}")
    assert answer.status == 200
    root = ET.fromstring(answer.body)  # noqa: S314 - our own answer
    assert root.tag == NAMESPACE + "GetCallerIdentityResponse"
    arn = root.find(f"{NAMESPACE}GetCallerIdentityResult/{NAMESPACE}Arn")
    assert arn.text == f"arn:aws:iam::{poolgate.account_id}:root"
    request_id = root.find(f"{NAMESPACE}ResponseMetadata/{NAMESPACE}RequestId")
    assert request_id.text == answer.headers["x-amzn-requestid"]
    assert answer.headers["content-type"] == "text/xml"


def test_presigned_url_ends(poolgate: LocalPoolgate) -> None:
    query = presigned(poolgate)
    poolgate.clock.advance(3600)
    answer = poolgate.send("GET", f"/?{query}")
    assert (answer.status, code(answer)) == (403, "SignatureDoesNotMatch")
    assert b"Signature expired: " in answer.body


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"service": "iam"}, "SignatureDoesNotMatch"),
        ({"access_key_id": "AKIAAAAAAAAAAAAAAAAA"}, "InvalidClientTokenId"),
        ({"secret_access_key": Secret("x" * 40)}, "SignatureDoesNotMatch"),
        ({"session_token": "made up"}, "InvalidClientTokenId"),
    ],
)
def test_bad_proofs_are_refused(
    poolgate: LocalPoolgate, changes: dict[str, Any], expected: str
) -> None:
    answer = poolgate.send("GET", f"/?{presigned(poolgate, **changes)}")
    assert (answer.status, code(answer)) == (403, expected)


def test_unsigned_call_misses_authentication(poolgate: LocalPoolgate) -> None:
    answer = poolgate.send("POST", "/", body=WHO.encode())
    assert (answer.status, code(answer)) == (403, "MissingAuthenticationToken")
    assert b"<Type>Sender</Type>" in answer.body


@pytest.mark.documented("protocol.md 6.3", "the same texts under other names for JSON services")
def test_json_services_have_other_names(poolgate: LocalPoolgate) -> None:
    unsigned = poolgate.post_json("cognito-idp", "ListUserPools", {"MaxResults": 1})
    assert unsigned.status == 400
    assert unsigned.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException:"
    stranger = poolgate.client("cognito-idp", credentials=stranger_to(poolgate))
    with pytest.raises(ClientError) as caught:
        stranger.list_user_pools(MaxResults=1)
    assert caught.value.response["Error"]["Code"] == "UnrecognizedClientException"


def stranger_to(poolgate: LocalPoolgate) -> Any:
    return type(poolgate.root_credentials)("AKIAAAAAAAAAAAAAAAAA", "x" * 40)


def test_unsigned_operation_is_open_to_bad_signatures(poolgate: LocalPoolgate) -> None:
    headers = {"content-type": "application/x-amz-json-1.1"}
    headers["x-amz-target"] = "AWSCognitoIdentityProviderService.GetUser"
    signed = poolgate.signature("cognito-idp", stranger_to(poolgate), headers=headers, body=b"{}")
    answer = poolgate.send("POST", "/", headers=headers | signed, body=b"{}")
    assert b"accessToken" in answer.body


@pytest.mark.assumed("protocol.md 3: belief")
@pytest.mark.parametrize(
    ("body", "expected", "message"),
    [
        ("", "MissingAction", "Missing Action"),
        ("Version=2011-06-15", "MissingAction", "Missing Action"),
        (
            "Action=Nothing&Version=2011-06-15",
            "InvalidAction",
            "Could not find operation Nothing for version 2011-06-15",
        ),
        (
            "Action=GetCallerIdentity&Version=2000-01-01",
            "InvalidAction",
            "Could not find operation GetCallerIdentity for version 2000-01-01",
        ),
        (
            "Action=CreateUser&Version=2011-06-15",
            "InvalidAction",
            "Could not find operation CreateUser for version 2011-06-15",
        ),
    ],
)
def test_unknown_actions(poolgate: LocalPoolgate, body: str, expected: str, message: str) -> None:
    answer = poolgate.send("POST", "/", body=body.encode())
    assert (answer.status, code(answer)) == (400, expected)
    assert message.encode() in answer.body


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "TRACE"])
def test_other_methods_are_not_allowed(poolgate: LocalPoolgate, method: str) -> None:
    answer = poolgate.send(method, "/", body=WHO.encode())
    assert (answer.status, code(answer)) == (405, "MethodNotAllowed")
    headers = {"x-amz-target": "AWSCognitoIdentityProviderService.GetUser"}
    assert poolgate.send("GET", "/", headers=headers).status == 405


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"Action=%zz", "MalformedQueryString"),
        (b"Action=a%", "MalformedQueryString"),
        (b"Action=%ff", "MalformedInput"),
        (b"Action=a%00", "MalformedInput"),
        (b"Action=a&Action=b", "MalformedInput"),
        (b"Action" + b".a" * 100 + b"=b", "MalformedInput"),
        (b"&".join(b"a%d=b" % number for number in range(6000)), "MalformedInput"),
    ],
)
def test_malformed_forms(poolgate: LocalPoolgate, body: bytes, expected: str) -> None:
    answer = poolgate.send("POST", "/", body=body)
    assert (answer.status, code(answer)) == (400, expected)


def test_echoed_text_is_escaped(poolgate: LocalPoolgate) -> None:
    answer = poolgate.send("POST", "/", body=b"Action=%3Cb%3E%26%01&Version=2011-06-15")
    ET.fromstring(answer.body)  # noqa: S314 - our own answer
    assert b"&lt;b&gt;&amp;" in answer.body
    assert b"\x01" not in answer.body


def test_region_of_a_call_is_the_signed_one(poolgate: LocalPoolgate) -> None:
    pool = poolgate.client("cognito-idp", region="eu-central-1").create_user_pool(PoolName="p")
    assert pool["UserPool"]["Id"].startswith("eu-central-1_")


@pytest.mark.documented("protocol.md 6.3", "5 min for Cognito, 15 min elsewhere")
def test_clock_skew_differs_by_service(poolgate: LocalPoolgate) -> None:
    root = poolgate.root_credentials
    headers = {"content-type": "application/x-amz-json-1.1"}
    headers["x-amz-target"] = "AWSCognitoIdentityProviderService.ListUserPools"
    body = b'{"MaxResults":1}'
    cognito = headers | poolgate.signature("cognito-idp", root, headers=headers, body=body)
    form = {"content-type": "application/x-www-form-urlencoded"}
    sts = form | poolgate.signature("sts", root, headers=form, body=WHO.encode())
    poolgate.clock.advance(301)
    late = poolgate.send("POST", "/", headers=cognito, body=body)
    assert late.headers["x-amzn-errortype"] == "InvalidSignatureException:"
    assert b"- 5 min.)" in late.body
    assert poolgate.send("POST", "/", headers=sts, body=WHO.encode()).status == 200
    poolgate.clock.advance(600)
    assert b"- 15 min.)" in poolgate.send("POST", "/", headers=sts, body=WHO.encode()).body

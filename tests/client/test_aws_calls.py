"""Keys that AWS's tools would find, and calls that are signed with them."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from kits.functions import function_server

from poolgate.client.aws_calls import IAM, IDENTITY, SECRETS_MANAGER, STS, AwsDoor
from poolgate.client.aws_keys import AwsKeys, keys_at_hand, keys_of_environment
from poolgate.client.exchanges import AddressRefused
from poolgate.client.failures import AwsRefused, KeysMissing, ServerUnreachable
from poolgate.foundation.clock import MovableClock
from poolgate.foundation.secret import Secret

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = AwsKeys("AKIDEXAMPLE", Secret("secret"), Secret("session"))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".aws").mkdir()
    return tmp_path


@pytest.fixture
def server():
    with function_server() as running:
        yield running


def door(server=None, **members):
    url = server.url if server is not None else None
    clock = MovableClock(frozen_at=NOW)
    return AwsDoor(region="eu-west-1", clock=clock, keys=KEYS, endpoint_url=url, **members)


def test_variables_win_over_profiles_unless_one_is_named(home, monkeypatch):
    (home / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = s\n"
        "[other]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = s\n"
        "aws_session_token = t\n"
    )
    assert keys_at_hand().access_key_id == "AKIDFILE"
    monkeypatch.setenv("AWS_PROFILE", "other")
    assert keys_at_hand() == AwsKeys("AKIDOTHER", Secret("s"), Secret("t"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDVARIABLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "v")
    assert keys_at_hand().access_key_id == "AKIDVARIABLE"
    assert keys_at_hand("other").access_key_id == "AKIDOTHER"
    assert keys_of_environment() == AwsKeys("AKIDVARIABLE", Secret("v"))


def test_a_profile_may_name_a_process(home):
    told = json.dumps({"Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": "s"})
    (home / "keys.json").write_text(told)
    (home / ".aws" / "config").write_text(
        f"[profile run]\ncredential_process = cat {home / 'keys.json'}\n"
        "[profile bad]\ncredential_process = cat /nowhere\n"
        "[profile sso]\nsso_session = corporate\n"
    )
    assert keys_at_hand("run").access_key_id == "ASIAX"
    with pytest.raises(KeysMissing, match="gives no keys"):
        keys_at_hand("bad")
    with pytest.raises(KeysMissing, match="aws configure export-credentials --profile sso"):
        keys_at_hand("sso")
    with pytest.raises(KeysMissing, match="there is no AWS profile 'absent'"):
        keys_at_hand("absent")
    with pytest.raises(KeysMissing):
        keys_of_environment()


def test_a_file_that_cannot_be_read_is_told(home):
    (home / ".aws" / "credentials").write_text("no section")
    with pytest.raises(KeysMissing, match="cannot be read"):
        keys_at_hand()


def test_services_are_reached_where_variables_and_profiles_say(home, monkeypatch):
    (home / ".aws" / "config").write_text("[default]\nendpoint_url = https://profile.example\n")
    assert door().endpoint_of(STS) == "https://profile.example"
    (home / ".aws" / "config").unlink()
    assert door().endpoint_of(STS) == "https://sts.eu-west-1.amazonaws.com"
    assert door().endpoint_of(IAM) == "https://iam.amazonaws.com"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://all.example")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "https://sts.example")
    assert door().endpoint_of(STS) == "https://sts.example"
    assert door().endpoint_of(IDENTITY) == "https://all.example"


def test_a_call_is_signed_and_named(server):
    server.body = b'{"Name": "x"}'
    told = door(server).call_json(SECRETS_MANAGER, "DescribeSecret", {"SecretId": "x"})
    assert told == {"Name": "x"}
    [(path, headers, body)] = server.received
    assert (path, json.loads(body)) == ("/", {"SecretId": "x"})
    assert headers["X-Amz-Target"] == "secretsmanager.DescribeSecret"
    assert "/eu-west-1/secretsmanager/aws4_request" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "session"


def test_a_query_is_flattened_and_its_answer_read(server):
    server.body = b"""<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
        <GetRoleResult><Role><RoleName>r</RoleName><Tags><member><Key>a</Key></member>
        <member><Key>b</Key></member></Tags></Role></GetRoleResult></GetRoleResponse>"""
    members = {"RoleName": "r", "Tags": [{"Key": "a"}, {"Key": "b"}]}
    told = door(server).call_query(IAM, "GetRole", members)
    assert told == {"Role": {"RoleName": "r", "Tags": [{"Key": "a"}, {"Key": "b"}]}}
    [(_, headers, body)] = server.received
    assert b"Action=GetRole&Version=2010-05-08&RoleName=r&Tags.member.1.Key=a" in body
    # IAM is one for all regions.
    assert "/us-east-1/iam/aws4_request" in headers["Authorization"]


def test_refusals_are_told_with_their_code(server):
    server.status = 400
    server.body = b'{"__type": "com.x#ResourceNotFoundException", "Message": "no\\u001b[2J"}'
    with pytest.raises(AwsRefused) as refused:
        door(server).call_json(SECRETS_MANAGER, "GetSecretValue", {})
    assert refused.value.error_code == "ResourceNotFoundException"
    assert "\x1b" not in str(refused.value)
    server.body = b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
    with pytest.raises(AwsRefused, match="GetRole was refused: AccessDenied"):
        door(server).call_query(IAM, "GetRole", {})
    server.status, server.body = 502, b"<html>Bad gateway"
    with pytest.raises(AwsRefused, match="HTTP 502"):
        door(server).call_json(SECRETS_MANAGER, "GetSecretValue", {})
    with pytest.raises(ServerUnreachable, match="not that of an AWS service"):
        door(server).call_query(IAM, "GetRole", {})


def test_a_clock_that_is_wrong_is_named_in_refusals(server):
    server.status = 403
    server.body = b'{"__type": "InvalidSignatureException", "message": "Signature expired"}'
    ahead = MovableClock()
    ahead.advance(timedelta(hours=1).total_seconds())
    skewed = AwsDoor(region="eu-west-1", clock=ahead, keys=KEYS, endpoint_url=server.url)
    with pytest.raises(AwsRefused, match=r"this machine's clock is 3\d{3} s ahead of the server's"):
        skewed.call_json(SECRETS_MANAGER, "GetSecretValue", {})


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><x>&a;</x>',
        b"",
        b"<x>",
        b"text",
    ],
)
def test_an_answer_that_is_no_plain_xml_is_refused(server, body):
    server.body = body
    with pytest.raises(ServerUnreachable):
        door(server).call_query(IAM, "GetRole", {})


def test_keys_are_not_sent_over_plain_http_to_another_machine(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1")
    with pytest.raises(AddressRefused, match="POOLGATE_PLAIN_HTTP_HOSTS"):
        door().call_json(SECRETS_MANAGER, "GetSecretValue", {})
    assert repr(KEYS).count("***") == 2

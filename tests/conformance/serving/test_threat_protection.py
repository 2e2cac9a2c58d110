"""A server process with lists of breached passwords and a log of its pools' activity."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from kits.serving import BIN, serving

GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:exported"
UNCOMMON = "Zq7#vLw9-mXk2"
SENDER = {"LogLevel": "ERROR", "EventSource": "userNotification"}
EVENTS = {"LogLevel": "INFO", "EventSource": "userAuthEvents"}
DESTINATION = {"CloudWatchLogsConfiguration": {"LogGroupArn": GROUP}}


def watched_pool(cognito: Any) -> tuple[str, str]:
    pool_id = cognito.create_user_pool(
        PoolName="watched",
        UserPoolTier="PLUS",
        UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"},
    )["UserPool"]["Id"]
    app_client = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]
    cognito.set_log_delivery_configuration(
        UserPoolId=pool_id, LogConfigurations=[{**EVENTS, **DESTINATION}]
    )
    cognito.admin_create_user(UserPoolId=pool_id, Username="alice", MessageAction="SUPPRESS")
    return pool_id, app_client["ClientId"]


def sign_in(cognito: Any, client_id: str) -> Any:
    return cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "alice", "PASSWORD": UNCOMMON},
    )


def test_breached_passwords_and_activity_outlive_a_restart(tmp_path: Path) -> None:
    breached, activity = tmp_path / "breached.txt", tmp_path / "activity.jsonl"
    digest = hashlib.sha1(UNCOMMON.encode(), usedforsecurity=False).hexdigest().upper()
    breached.write_text(f"{'0' * 40}:1\n{'F' * 40}:1\n")
    settings = {
        "POOLGATE_BREACHED_PASSWORDS": str(breached),
        "POOLGATE_ACTIVITY_LOG": str(activity),
    }
    with serving(tmp_path / "data", **settings) as served:
        cognito = served.client("cognito-idp")
        pool_id, client_id = watched_pool(cognito)
        cognito.admin_set_user_password(
            UserPoolId=pool_id, Username="alice", Password=UNCOMMON, Permanent=True
        )
        assert "AuthenticationResult" in sign_in(cognito, client_id)
    breached.write_text(f"{'0' * 40}:1\n{digest}:7\n{'F' * 40}:1\n")
    with serving(tmp_path / "data", **settings) as served:
        cognito = served.client("cognito-idp")
        with pytest.raises(cognito.exceptions.NotAuthorizedException):
            sign_in(cognito, client_id)
        with pytest.raises(cognito.exceptions.PasswordResetRequiredException):
            sign_in(cognito, client_id)
        events = cognito.admin_list_user_auth_events(UserPoolId=pool_id, Username="alice")
    assert [event["EventResponse"] for event in events["AuthEvents"]] == ["Fail", "Pass"]
    logged = [json.loads(line)["message"] for line in activity.read_text().splitlines()]
    assert [line["eventResponse"] for line in logged] == ["Pass", "Fail"]
    assert [line["compromisedCredentialDetected"] for line in logged] == ["false", "true"]
    assert activity.stat().st_mode & 0o077 == 0


def test_a_list_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("password\n")
    flags = ["--port", "0", "--breached-passwords", tmp_path / "list"]
    refused = subprocess.run(
        [BIN / "poolgate", "serve", "--data", tmp_path / "data", *flags],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert refused.returncode != 0
    assert "does not begin with a SHA-1 digest" in refused.stderr

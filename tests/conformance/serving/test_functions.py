"""A server process whose pools ask functions behind HTTP."""

import base64
import json
import subprocess
from pathlib import Path

import pytest
import requests
from kits.decryption import decrypted_by_kms, decrypted_text
from kits.functions import FUNCTION, function_server
from kits.kms import KEY_ARN, OneKey
from kits.serving import BIN, make_pool, make_user, serving

SIGN_UP = {"Username": "alice", "Password": "Correct-Horse-1"}


def test_webhook_of_the_settings_file_is_asked(tmp_path: Path) -> None:
    with function_server() as hook:
        config = tmp_path / "poolgate.toml"
        config.write_text(f'[triggers]\n"{FUNCTION}" = "{hook.url}/hook"\n')
        settings = {"POOLGATE_TRIGGER_SIGNING_SECRET": "shared"}
        with serving(tmp_path / "data", "--config", str(config), **settings) as served:
            cognito = served.client("cognito-idp")
            pool = make_pool(cognito, "people", LambdaConfig={"PreSignUp": FUNCTION})
            cognito.sign_up(ClientId=pool.client_id, **SIGN_UP)
            hook.status = 422
            hook.body = json.dumps({"errorMessage": "Closed"}).encode()
            with pytest.raises(cognito.exceptions.UserLambdaValidationException) as refused:
                cognito.sign_up(ClientId=pool.client_id, **{**SIGN_UP, "Username": "bob"})
    assert refused.value.response["Error"]["Message"] == "PreSignUp failed with error Closed."
    assert [event["userName"] for event in hook.events] == ["alice", "bob"]
    assert all("Poolgate-Signature" in headers for _, headers, _ in hook.received)


def test_lambda_endpoint_is_asked(tmp_path: Path) -> None:
    with function_server() as endpoint:
        settings = {
            "POOLGATE_LAMBDA_ENDPOINT_URL": endpoint.url,
            "POOLGATE_LAMBDA_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "POOLGATE_LAMBDA_SECRET_ACCESS_KEY": "secret",
        }
        with serving(tmp_path / "data", **settings) as served:
            cognito = served.client("cognito-idp")
            pool = make_pool(cognito, "people", LambdaConfig={"PreTokenGeneration": FUNCTION})
            make_user(cognito, pool, "alice")
            answer = cognito.initiate_auth(
                ClientId=pool.client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": "alice", "PASSWORD": SIGN_UP["Password"]},
            )
    assert "AuthenticationResult" in answer
    ((target, headers, _),) = endpoint.received
    assert target == "/2015-03-31/functions/triggers/invocations"
    assert "/eu-west-1/lambda/aws4_request" in headers["Authorization"]


def test_custom_sender_of_aws_decrypts_by_kms(tmp_path: Path, monkeypatch) -> None:
    sender = {"LambdaVersion": "V1_0", "LambdaArn": FUNCTION}
    with function_server() as hook, function_server() as kms:
        kms.handler, kms.headers = OneKey(), {"Content-Type": "application/x-amz-json-1.1"}
        config = tmp_path / "poolgate.toml"
        config.write_text(f'[triggers]\n"{FUNCTION}" = "{hook.url}/hook"\n')
        settings = {
            "POOLGATE_TRIGGER_SIGNING_SECRET": "shared",
            "POOLGATE_KMS_ENDPOINT_URL": kms.url,
            "POOLGATE_KMS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "POOLGATE_KMS_SECRET_ACCESS_KEY": "secret",
        }
        with serving(tmp_path / "data", "--config", str(config), **settings) as served:
            cognito = served.client("cognito-idp")
            pool = make_pool(
                cognito,
                "people",
                AutoVerifiedAttributes=["email"],
                LambdaConfig={"CustomEmailSender": sender, "KMSKeyID": KEY_ARN},
            )
            cognito.sign_up(
                ClientId=pool.client_id,
                UserAttributes=[{"Name": "email", "Value": "alice@example.com"}],
                **SIGN_UP,
            )
            assert hook.asked.wait(10)
            monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", kms.url)
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
            sent = base64.b64decode(hook.events[0]["request"]["code"])
            code, context = decrypted_by_kms(sent, KEY_ARN)
            assert context == {"userpool-id": pool.pool_id}
            cognito.confirm_sign_up(
                ClientId=pool.client_id, Username="alice", ConfirmationCode=code
            )


def test_custom_sender_gets_what_was_queued_before_a_restart(tmp_path: Path) -> None:
    key_arn = "arn:aws:kms:us-east-1:123456789012:key/codes"
    sender = {"LambdaVersion": "V1_0", "LambdaArn": FUNCTION}
    with function_server() as hook:
        config = tmp_path / "poolgate.toml"
        config.write_text(f'[triggers]\n"{FUNCTION}" = "{hook.url}/hook"\n')
        data, flags = tmp_path / "data", ("--dev", "--config", str(config))
        settings = {"POOLGATE_TRIGGER_SIGNING_SECRET": "shared"}
        hook.status = 500
        with serving(data, *flags, **settings) as served:
            cognito = served.client("cognito-idp")
            pool = make_pool(
                cognito,
                "people",
                AutoVerifiedAttributes=["email"],
                LambdaConfig={"CustomEmailSender": sender, "KMSKeyID": key_arn},
            )
            cognito.sign_up(
                ClientId=pool.client_id,
                UserAttributes=[{"Name": "email", "Value": "alice@example.com"}],
                **SIGN_UP,
            )
            assert hook.asked.wait(10)
        hook.status = 200
        hook.asked.clear()
        printed = subprocess.run(
            [BIN / "poolgate", "keys", "custom-sender", "--data", data, "--kms-key", key_arn],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        with serving(data, *flags, **settings) as served:
            # Whether the first server died before or after it noted the failure: it is due by now.
            requests.post(
                f"{served.url}/_poolgate/clock", json={"advance_seconds": 600}, timeout=10
            )
            assert hook.asked.wait(10)
            code = decrypted_text(hook.events[-1]["request"]["code"], printed, key_arn)
            served.client("cognito-idp").confirm_sign_up(
                ClientId=pool.client_id, Username="alice", ConfirmationCode=code
            )

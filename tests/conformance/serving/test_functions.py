"""A server process whose pools ask functions behind HTTP."""

import json
from pathlib import Path

import pytest
from kits.functions import FUNCTION, function_server
from kits.serving import make_pool, make_user, serving

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

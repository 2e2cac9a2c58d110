"""The plain AWS CLI against a real server, set up by `eval "$(poolgate env)"`."""

import json
import urllib.request

import pytest
from kits.aws_cli import aws
from kits.serving import PASSWORD

pytestmark = pytest.mark.timeout(300)


def make_pool_and_client(environment, name):
    pool = aws(
        environment,
        "cognito-idp",
        "create-user-pool",
        "--pool-name",
        name,
        "--auto-verified-attributes",
        "email",
    )["UserPool"]["Id"]
    client = aws(
        environment,
        "cognito-idp",
        "create-user-pool-client",
        "--user-pool-id",
        pool,
        "--client-name",
        name,
        "--explicit-auth-flows",
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    )["UserPoolClient"]["ClientId"]
    return pool, client


@pytest.mark.documented("cognito-idp CLI reference", "sign-up, confirm-sign-up, initiate-auth")
def test_cli_creates_a_pool_and_a_stranger_signs_up_confirms_and_signs_in(served_dev):
    environment = served_dev.environment()
    pool, client = make_pool_and_client(environment, "cli")
    idp = ("cognito-idp",)
    sign_up = aws(
        environment,
        *idp,
        "sign-up",
        "--client-id",
        client,
        "--username",
        "dora",
        "--password",
        PASSWORD,
        "--user-attributes",
        "Name=email,Value=dora@example.com",
    )
    assert sign_up["UserConfirmed"] is False
    assert sign_up["CodeDeliveryDetails"]["Destination"] == "d***@e***"
    auth = (
        "initiate-auth",
        "--auth-flow",
        "USER_PASSWORD_AUTH",
        "--client-id",
        client,
        "--auth-parameters",
    )
    right = f"USERNAME=dora,PASSWORD={PASSWORD}"
    aws(environment, *idp, *auth, right, fails_with="UserNotConfirmedException")
    confirm = (
        "confirm-sign-up",
        "--client-id",
        client,
        "--username",
        "dora",
        "--confirmation-code",
    )
    with urllib.request.urlopen(f"{served_dev.url}/_poolgate/outbox?pool={pool}") as answer:
        code = json.load(answer)["messages"][-1]["code"]
    wrong = "000000" if code != "000000" else "111111"
    aws(environment, *idp, *confirm, wrong, fails_with="CodeMismatchException")
    aws(environment, *idp, *confirm, code)
    aws(
        environment,
        *idp,
        *auth,
        "USERNAME=dora,PASSWORD=Wrong-Horse-1",
        fails_with="NotAuthorizedException",
    )
    tokens = aws(environment, *idp, *auth, right)["AuthenticationResult"]
    assert sorted(tokens) == ["AccessToken", "ExpiresIn", "IdToken", "RefreshToken", "TokenType"]
    user = aws(environment, *idp, "get-user", "--access-token", tokens["AccessToken"])
    assert user["Username"] == "dora"


@pytest.mark.documented("cognito-idp CLI reference", "create-user-pool, sign-up")
def test_cli_is_refused_with_a_wrong_secret_key_and_when_sign_up_is_closed(served):
    environment = served.environment()
    altered = {**environment, "AWS_SECRET_ACCESS_KEY": environment["AWS_SECRET_ACCESS_KEY"][::-1]}
    create = (
        "cognito-idp",
        "create-user-pool",
        "--pool-name",
        "closed",
        "--admin-create-user-config",
        "AllowAdminCreateUserOnly=true",
    )
    aws(altered, *create, fails_with="InvalidSignatureException")
    pool = aws(environment, *create)["UserPool"]["Id"]
    client = aws(
        environment,
        "cognito-idp",
        "create-user-pool-client",
        "--user-pool-id",
        pool,
        "--client-name",
        "closed",
    )["UserPoolClient"]["ClientId"]
    told = aws(
        environment,
        "cognito-idp",
        "sign-up",
        "--client-id",
        client,
        "--username",
        "eve",
        "--password",
        PASSWORD,
        fails_with="NotAuthorizedException",
    )
    assert "SignUp is not permitted for this user pool" in told


@pytest.mark.documented("sts and iam CLI reference", "get-caller-identity, create-user")
def test_cli_sees_root_and_an_iam_user_with_limited_rights(served):
    environment = served.environment()
    root = aws(environment, "sts", "get-caller-identity")
    assert root["Arn"] == f"arn:aws:iam::{root['Account']}:root"
    aws(environment, "iam", "create-user", "--user-name", "pool-lister")
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "cognito-idp:ListUserPools", "Resource": "*"}],
    }
    aws(
        environment,
        "iam",
        "put-user-policy",
        "--user-name",
        "pool-lister",
        "--policy-name",
        "read",
        "--policy-document",
        json.dumps(document),
    )
    made = aws(environment, "iam", "create-access-key", "--user-name", "pool-lister")["AccessKey"]
    reader = {
        **environment,
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
    }
    assert aws(reader, "sts", "get-caller-identity")["Arn"].endswith(":user/pool-lister")
    aws(reader, "cognito-idp", "list-user-pools", "--max-results", "5")
    told = aws(
        reader,
        "cognito-idp",
        "create-user-pool",
        "--pool-name",
        "no",
        fails_with="AccessDeniedException",
    )
    assert "because no identity-based policy allows the cognito-idp:CreateUserPool action" in told

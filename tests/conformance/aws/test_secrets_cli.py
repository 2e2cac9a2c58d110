"""Secrets Manager as the AWS CLI uses it."""

import json
import threading

import pytest
from kits.aws_cli import aws
from kits.functions import function_server
from kits.keychain import allow, document
from kits.serving import serving

pytestmark = pytest.mark.timeout(300)
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotate"
SECONDS = 60


@pytest.fixture(scope="module")
def environment(served):
    return served.environment()


@pytest.fixture
def secretsmanager(environment):
    def run(operation, *arguments, fails_with=None):
        return aws(environment, "secretsmanager", operation, *arguments, fails_with=fails_with)

    return run


@pytest.mark.documented(
    "secretsmanager CLI reference",
    "create-secret, get-secret-value, put-secret-value, list-secret-version-ids, describe-secret",
)
def test_cli_creates_reads_and_writes_a_secret(secretsmanager):
    name = ("--secret-id", "cli/database")
    made = secretsmanager(
        "create-secret", "--name", "cli/database", "--secret-string", '{"password":"one"}',
        "--description", "The database", "--tags", "Key=team,Value=data",
    )  # fmt: skip
    assert made["Name"] == "cli/database"
    read = secretsmanager("get-secret-value", *name)
    assert json.loads(read["SecretString"]) == {"password": "one"}
    assert read["VersionStages"] == ["AWSCURRENT"]

    put = secretsmanager("put-secret-value", *name, "--secret-string", '{"password":"two"}')
    assert secretsmanager("get-secret-value", *name)["VersionId"] == put["VersionId"]
    former = secretsmanager("get-secret-value", *name, "--version-stage", "AWSPREVIOUS")
    assert former["SecretString"] == '{"password":"one"}'
    listed = secretsmanager("list-secret-version-ids", *name)["Versions"]
    assert {version["VersionId"] for version in listed} == {made["VersionId"], put["VersionId"]}

    described = secretsmanager("describe-secret", "--secret-id", made["ARN"])
    assert described["Description"] == "The database"
    assert described["Tags"] == [{"Key": "team", "Value": "data"}]
    secretsmanager("create-secret", "--name", "cli/database", fails_with="ResourceExistsException")


@pytest.mark.documented("secretsmanager CLI reference", "create-secret, fileb://")
def test_cli_keeps_bytes(secretsmanager, tmp_path):
    (tmp_path / "bytes").write_bytes(bytes(range(256)))
    secretsmanager(
        "create-secret", "--name", "cli/bytes", "--secret-binary", f"fileb://{tmp_path / 'bytes'}"
    )
    read = secretsmanager("get-secret-value", "--secret-id", "cli/bytes")
    assert "SecretString" not in read
    assert read["SecretBinary"].startswith("AAECAwQF")


@pytest.mark.documented(
    "secretsmanager CLI reference", "list-secrets, batch-get-secret-value, get-random-password"
)
def test_cli_lists_secrets(secretsmanager):
    for number in range(3):
        secretsmanager(
            "create-secret", "--name", f"cli-list/{number}", "--secret-string", str(number)
        )
    only_these = ("--filters", "Key=name,Values=cli-list/")
    listed = secretsmanager("list-secrets", *only_these, "--page-size", "1")["SecretList"]
    assert sorted(each["Name"] for each in listed) == [f"cli-list/{n}" for n in range(3)]
    batch = secretsmanager("batch-get-secret-value", *only_these)["SecretValues"]
    assert sorted(each["SecretString"] for each in batch) == ["0", "1", "2"]
    random = secretsmanager("get-random-password", "--password-length", "40")
    assert len(random["RandomPassword"]) == 40


@pytest.mark.documented("secretsmanager CLI reference", "delete-secret, restore-secret")
def test_cli_deletes_and_restores(secretsmanager):
    secretsmanager("create-secret", "--name", "cli/gone", "--secret-string", "x")
    name = ("--secret-id", "cli/gone")
    assert "DeletionDate" in secretsmanager("delete-secret", *name)
    secretsmanager("get-secret-value", *name, fails_with="InvalidRequestException")
    secretsmanager("restore-secret", *name)
    assert secretsmanager("get-secret-value", *name)["SecretString"] == "x"
    secretsmanager("delete-secret", *name, "--force-delete-without-recovery")
    secretsmanager("get-secret-value", *name, fails_with="ResourceNotFoundException")


@pytest.mark.documented("secretsmanager CLI reference", "put-resource-policy, permissions")
def test_cli_reads_what_a_policy_allows_and_nothing_else(served, environment, secretsmanager):
    made = secretsmanager("create-secret", "--name", "cli/mine", "--secret-string", "mine")
    secretsmanager("create-secret", "--name", "cli/yours", "--secret-string", "yours")
    iam = served.client("iam")
    reader = iam.create_user(UserName="cli-reader")["User"]["Arn"]
    iam.put_user_policy(
        UserName="cli-reader",
        PolicyName="mine",
        PolicyDocument=document(allow("secretsmanager:GetSecretValue", made["ARN"])),
    )
    keys = iam.create_access_key(UserName="cli-reader")["AccessKey"]
    own = environment | {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
    }
    read = ("secretsmanager", "get-secret-value", "--secret-id")
    assert aws(own, *read, "cli/mine")["SecretString"] == "mine"
    aws(own, *read, "cli/yours", fails_with="AccessDeniedException")
    policy = document(allow("secretsmanager:GetSecretValue", Principal={"AWS": reader}))
    secretsmanager("put-resource-policy", "--secret-id", "cli/yours", "--resource-policy", policy)
    assert aws(own, *read, "cli/yours")["SecretString"] == "yours"


@pytest.mark.documented("secretsmanager CLI reference", "rotate-secret")
def test_cli_rotates_a_secret_by_a_function(tmp_path):
    done = threading.Event()
    with function_server() as hook:
        config = tmp_path / "poolgate.toml"
        config.write_text(f'[triggers]\n"{FUNCTION}" = "{hook.url}/hook"\n')
        settings = {"POOLGATE_TRIGGER_SIGNING_SECRET": "shared"}
        with serving(tmp_path / "data", "--config", str(config), **settings) as served:
            secrets = served.client("secretsmanager")

            def rotate(event):
                arn, version = event["SecretId"], event["ClientRequestToken"]
                if event["Step"] == "createSecret":
                    secrets.put_secret_value(
                        SecretId=arn,
                        ClientRequestToken=version,
                        SecretString="rotated",
                        VersionStages=["AWSPENDING"],
                    )
                if event["Step"] == "finishSecret":
                    stages = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
                    (current,) = (one for one in stages if "AWSCURRENT" in stages[one])
                    secrets.update_secret_version_stage(
                        SecretId=arn,
                        VersionStage="AWSCURRENT",
                        MoveToVersionId=version,
                        RemoveFromVersionId=current,
                    )
                    done.set()
                return {}

            hook.handler = rotate
            environment = served.environment()
            name = ("--secret-id", "rotated")
            create = ("create-secret", "--name", "rotated", "--secret-string", "first")
            aws(environment, "secretsmanager", *create)
            turn = ("rotate-secret", *name)
            aws(environment, "secretsmanager", *turn, fails_with="InvalidRequestException")
            aws(environment, "secretsmanager", *turn, "--rotation-lambda-arn", FUNCTION)
            assert done.wait(SECONDS)
            read = aws(environment, "secretsmanager", "get-secret-value", *name)
            assert read["SecretString"] == "rotated"
            former = ("--version-stage", "AWSPREVIOUS")
            read = aws(environment, "secretsmanager", "get-secret-value", *name, *former)
            assert read["SecretString"] == "first"
    assert [event["Step"] for event in hook.events] == [
        "createSecret",
        "setSecret",
        "testSecret",
        "finishSecret",
    ]

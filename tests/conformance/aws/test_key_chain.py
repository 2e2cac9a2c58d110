"""From tokens and roles to keys, as the AWS CLI and boto3's own providers go it."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from kits.aws_cli import aws
from kits.identity_chain import credentials_of
from kits.keychain import allow, document, keys_of, trusting
from kits.served_chain import ServedChain, make_served_chain
from kits.serving import Served

from poolgate.testing.local import Credentials

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def chain(served: Served) -> ServedChain:
    return make_served_chain(served, "chain", AllowClassicFlow=True)


def without_keys(environment: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in environment.items() if "KEY" not in name}


def with_keys(environment: dict[str, str], credentials: Credentials) -> dict[str, str]:
    keys = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
    }
    if credentials.session_token is not None:
        keys["AWS_SESSION_TOKEN"] = credentials.session_token
    return environment | keys


def boto3_client(served: Served, service: str, credentials: Credentials) -> Any:
    return boto3.client(
        service,
        endpoint_url=served.url,
        region_name=served.environment()["AWS_DEFAULT_REGION"],
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
    )


@pytest.mark.documented("cognito-identity CLI reference", "get-id, get-credentials-for-identity")
def test_cli_gets_keys_of_an_identity_without_signing(served, chain):
    anyone = without_keys(served.environment())
    pool_id = ("--identity-pool-id", chain.identity_pool_id)
    logins = ("--logins", f"{chain.provider}={chain.id_token('alice')}")
    identity = ("cognito-identity", "--no-sign-request")
    identity_id = aws(anyone, *identity, "get-id", *pool_id, *logins)["IdentityId"]
    get = ("get-credentials-for-identity", "--identity-id", identity_id)
    answer = aws(anyone, *identity, *get, *logins)
    assert answer["IdentityId"] == identity_id
    aws(anyone, *identity, *get, fails_with="NotAuthorizedException")

    member = with_keys(anyone, credentials_of(answer))
    caller = aws(member, "sts", "get-caller-identity")
    assert caller["Arn"].endswith(":assumed-role/chain-member/CognitoIdentityCredentials")
    aws(member, "iam", "list-users")
    aws(member, "iam", "list-roles", fails_with="AccessDenied")
    boto3_client(served, "iam", credentials_of(answer)).list_users()


@pytest.mark.documented("cognito-identity CLI reference", "get-id without logins")
def test_cli_gets_keys_of_a_guest(served, chain):
    anyone = without_keys(served.environment())
    identity = ("cognito-identity", "--no-sign-request")
    guest = aws(anyone, *identity, "get-id", "--identity-pool-id", chain.identity_pool_id)
    answer = aws(
        anyone,
        *identity,
        "get-credentials-for-identity",
        "--identity-id",
        guest["IdentityId"],
    )
    keys = with_keys(anyone, credentials_of(answer))
    assert ":assumed-role/chain-guest/" in aws(keys, "sts", "get-caller-identity")["Arn"]
    aws(keys, "iam", "list-users", fails_with="AccessDenied")


@pytest.mark.documented("sts CLI reference", "assume-role-with-web-identity")
def test_cli_assumes_a_role_by_the_token_of_an_identity_pool(served, chain):
    anyone = without_keys(served.environment())
    logins = ("--logins", f"{chain.provider}={chain.id_token('bob')}")
    identity = ("cognito-identity", "--no-sign-request")
    pool_id = ("--identity-pool-id", chain.identity_pool_id)
    identity_id = aws(anyone, *identity, "get-id", *pool_id, *logins)["IdentityId"]
    get = ("get-open-id-token", "--identity-id", identity_id)
    openid_token = aws(anyone, *identity, *get, *logins)["Token"]

    assume = ("sts", "assume-role-with-web-identity", "--role-session-name", "cli")
    token = ("--web-identity-token", openid_token)
    answer = aws(anyone, *assume, "--role-arn", chain.role_arn, *token)
    assert answer["SubjectFromWebIdentityToken"] == identity_id
    assert answer["Audience"] == chain.identity_pool_id
    member = with_keys(anyone, keys_of(answer))
    arn = aws(member, "sts", "get-caller-identity")["Arn"]
    assert arn == answer["AssumedRoleUser"]["Arn"]
    aws(member, "iam", "list-users")
    aws(anyone, *assume, "--role-arn", chain.guest_role_arn, *token, fails_with="AccessDenied")
    altered = ("--web-identity-token", openid_token[:-8] + "AAAAAAAA")
    aws(
        anyone,
        *assume,
        "--role-arn",
        chain.role_arn,
        *altered,
        fails_with="InvalidIdentityToken",
    )


@pytest.mark.documented("iam and sts CLI reference", "create-role, attach-role-policy, assume-role")
def test_cli_makes_a_role_and_assumes_it(served):
    root = served.environment()
    account = aws(root, "sts", "get-caller-identity")["Account"]
    name = ("--role-name", "cli-role")
    trust = ("--assume-role-policy-document", trusting({"AWS": account}))
    role_arn = aws(root, "iam", "create-role", *name, *trust)["Role"]["Arn"]
    listing = ("--policy-document", document(allow("iam:ListUsers")))
    policy = aws(root, "iam", "create-policy", "--policy-name", "cli-listing", *listing)["Policy"]
    aws(root, "iam", "attach-role-policy", *name, "--policy-arn", policy["Arn"])
    attached = aws(root, "iam", "list-attached-role-policies", *name)["AttachedPolicies"]
    assert attached == [{"PolicyName": "cli-listing", "PolicyArn": policy["Arn"]}]

    assume = ("sts", "assume-role", "--role-arn", role_arn, "--role-session-name", "run")
    aws(root, *assume, fails_with="AccessDenied")
    user = with_keys(root, make_operator(served, "cli-operator"))
    answer = aws(user, *assume, "--duration-seconds", "900")
    operator = with_keys(root, keys_of(answer))
    assert aws(operator, "sts", "get-caller-identity")["Arn"] == answer["AssumedRoleUser"]["Arn"]
    aws(operator, "iam", "list-users")
    aws(operator, "iam", "list-roles", fails_with="AccessDenied")

    aws(root, "iam", "detach-role-policy", *name, "--policy-arn", policy["Arn"])
    aws(operator, "iam", "list-users", fails_with="AccessDenied")

    own = with_keys(root, keys_of(aws(user, "sts", "get-session-token")))
    assert aws(own, "sts", "get-caller-identity")["Arn"].endswith(":user/cli-operator")


def make_operator(served: Served, name: str) -> Credentials:
    """Create an IAM user who may assume every role; return the user's access key."""
    iam = served.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(
        UserName=name, PolicyName="assume", PolicyDocument=document(allow("sts:AssumeRole"))
    )
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"], None)


@pytest.fixture
def profiles(served, monkeypatch, tmp_path) -> Path:
    """The AWS files of a person who has set up endpoints and nothing else."""
    environment = without_keys(served.environment())
    for name, text in environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, text)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


@pytest.mark.documented("boto3 credentials guide", "assume role provider")
def test_boto3_assumes_the_role_of_a_profile(served, profiles):
    operator = make_operator(served, "profile-operator")
    iam = served.client("iam")
    account = served.client("sts").get_caller_identity()["Account"]
    role = iam.create_role(
        RoleName="profile-role",
        AssumeRolePolicyDocument=trusting(
            {"AWS": account}, Condition={"StringEquals": {"sts:ExternalId": "partner"}}
        ),
    )["Role"]
    (profiles / "credentials").write_text(
        "[operator]\n"
        f"aws_access_key_id = {operator.access_key_id}\n"
        f"aws_secret_access_key = {operator.secret_access_key}\n"
    )
    profile = (
        f"role_arn = {role['Arn']}\nsource_profile = operator\n"
        "role_session_name = boto3\nduration_seconds = 900\n"
    )
    (profiles / "config").write_text(
        f"[profile partner]\n{profile}external_id = partner\n[profile stranger]\n{profile}"
    )
    caller = boto3.Session(profile_name="partner").client("sts").get_caller_identity()
    assert caller["Arn"] == f"arn:aws:sts::{account}:assumed-role/profile-role/boto3"
    with pytest.raises(ClientError) as refused:
        boto3.Session(profile_name="stranger").client("sts").get_caller_identity()
    assert refused.value.response["Error"]["Code"] == "AccessDenied"


@pytest.mark.documented("boto3 credentials guide", "assume role with web identity provider")
def test_boto3_assumes_the_role_of_a_token_in_a_file(served, chain, profiles):
    logins = {chain.provider: chain.id_token("carol")}
    identity = served.client("cognito-identity")
    identity_id = identity.get_id(IdentityPoolId=chain.identity_pool_id, Logins=logins)[
        "IdentityId"
    ]
    openid_token = identity.get_open_id_token(IdentityId=identity_id, Logins=logins)["Token"]
    (profiles / "token").write_text(openid_token)
    (profiles / "config").write_text(
        f"[profile web]\nrole_arn = {chain.role_arn}\n"
        f"web_identity_token_file = {profiles / 'token'}\nrole_session_name = boto3\n"
    )
    session = boto3.Session(profile_name="web")
    assert session.client("sts").get_caller_identity()["Arn"].endswith("/chain-member/boto3")
    session.client("iam").list_users()

"""The steps of VEDA's users and services, as its documentation has them, with Poolgate's parts.

A person signs in by password and gets tokens, then AWS keys of the group's role; a service's secret
becomes a token. Both by the client that VEDA publishes, and by the `poolgate` command.
"""

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kits.command import poolgate
from kits.identity_chain import COGNITO
from kits.keychain import allow, document
from kits.oauth import claims_of
from kits.serving import BIN, PASSWORD, Served, make_user
from kits.signed_in_pools import SignedInPool, make_signed_in_pool

from poolgate.guard import BearerTokens, Guard, GuardRequest, Permission, Refusal

pytestmark = pytest.mark.timeout(300)
STACK = "veda-auth-stack-dev"
REGION = "us-east-1"
SERVER = "veda-stac-ingestion-registry-server"
# VEDA's own client is written for the first major version of pydantic, which the second one brings
# along; AWS's endpoints come from the environment.
CLIENT = """
import json, sys, pydantic.v1
sys.modules["pydantic"] = pydantic.v1
import boto3
from cognito_client import CognitoClient

client = CognitoClient()
client.login()
keys = client.get_aws_credentials()
session = boto3.Session(
    aws_access_key_id=keys["AccessKeyId"],
    aws_secret_access_key=keys["SecretKey"],
    aws_session_token=keys["SessionToken"],
)
iam = session.client("iam")
told = {
    "access_token": client.access_token,
    "id_token": client.id_token,
    "user": client.get_user()["Username"],
    "caller": session.client("sts").get_caller_identity()["Arn"],
    "may_list_users": "Users" in iam.list_users(),
}
try:
    iam.list_roles()
except iam.exceptions.ClientError as refused:
    told["list_roles"] = refused.response["Error"]["Code"]
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Veda:
    """What the stack of VEDA makes, as far as clients see it."""

    served: Served
    pool: SignedInPool
    programmatic_client_id: str
    identity_pool_id: str
    role_arn: str

    @property
    def settings(self) -> dict[str, str]:
        """The variables that the documentation asks for, and that of the region."""
        return {
            "IDENTITY_POOL_ID": self.identity_pool_id,
            "USER_POOL_ID": self.pool.pool_id,
            "CLIENT_ID": self.programmatic_client_id,
            "CLIENT_REGION": REGION,
        }

    @property
    def endpoints(self) -> dict[str, str]:
        environment = self.served.environment()
        return {name: text for name, text in environment.items() if "KEY" not in name}


def existing_role(iam: Any, identity_pool_id: str) -> str:
    """Make a role that a function may assume, and append the statement for the group's members."""
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
    role = iam.create_role(
        RoleName="data-managers", AssumeRolePolicyDocument=document(*statements)
    )["Role"]
    iam.put_role_policy(
        RoleName="data-managers",
        PolicyName="data",
        PolicyDocument=document(
            allow("iam:ListUsers"), allow("secretsmanager:GetSecretValue", "*")
        ),
    )
    statements.append(
        {
            "Effect": "Allow",
            "Principal": {"Federated": COGNITO},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {f"{COGNITO}:aud": identity_pool_id},
                "ForAnyValue:StringLike": {f"{COGNITO}:amr": "authenticated"},
            },
        }
    )
    iam.update_assume_role_policy(RoleName="data-managers", PolicyDocument=document(*statements))
    return role["Arn"]


@pytest.fixture(scope="module")
def veda(served: Served) -> Veda:
    pool = make_signed_in_pool(
        served,
        "veda",
        AliasAttributes=["email"],
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
    )
    client_id = pool.cognito.create_user_pool_client(
        UserPoolId=pool.pool_id,
        ClientName="programmatic-client",
        ExplicitAuthFlows=[
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        ],
    )["UserPoolClient"]["ClientId"]
    provider = f"cognito-idp.{REGION}.amazonaws.com/{pool.pool_id}"
    identity, iam = served.client("cognito-identity"), served.client("iam")
    identity_pool_id = identity.create_identity_pool(
        IdentityPoolName=f"{STACK} IdentityPool",
        AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": client_id}],
    )["IdentityPoolId"]
    role_arn = existing_role(iam, identity_pool_id)
    identity.set_identity_pool_roles(
        IdentityPoolId=identity_pool_id,
        Roles={},
        RoleMappings={
            f"{provider}:{client_id}": {"Type": "Token", "AmbiguousRoleResolution": "Deny"}
        },
    )
    pool.cognito.create_group(
        UserPoolId=pool.pool_id,
        GroupName="veda-data-store-managers",
        RoleArn=role_arn,
        Precedence=1,
    )
    pool.cognito.admin_add_user_to_group(
        UserPoolId=pool.pool_id, GroupName="veda-data-store-managers", Username="alice"
    )
    make_user(pool.cognito, pool, "outsider")
    return Veda(served, pool, client_id, identity_pool_id, role_arn)


@pytest.fixture(scope="module")
def service_secret(veda: Veda) -> str:
    """Do what add_resource_server and add_service_client do; return the secret's id."""
    scopes = {"stac:register": "Create", "stac:cancel": "Cancel", "stac:list": "List"}
    cognito, pool_id = veda.pool.cognito, veda.pool.pool_id
    cognito.create_resource_server(
        UserPoolId=pool_id,
        Identifier=SERVER,
        Name="veda-stac-ingestion-registry",
        Scopes=[{"ScopeName": name, "ScopeDescription": text} for name, text in scopes.items()],
    )
    scope = f"{SERVER}/stac:register"
    app_client = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="workflows-client Service Access",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[scope],
    )["UserPoolClient"]
    members = {
        "flow": "client_credentials",
        "cognito_domain": f"{veda.served.url}/domains/veda",
        "client_id": app_client["ClientId"],
        "client_secret": app_client["ClientSecret"],
        "userpool_id": pool_id,
        "scope": scope,
        "aws_region": REGION,
    }
    secret_id = f"{STACK}/workflows-client"
    veda.served.client("secretsmanager").create_secret(
        Name=secret_id, SecretString=json.dumps(members)
    )
    return secret_id


@pytest.fixture
def person(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has set up nothing yet."""
    return {
        "HOME": str(tmp_path),
        "PATH": f"{BIN}:/usr/bin:/bin",
        "POOLGATE_CONFIG_DIR": str(tmp_path / "config"),
    }


def run_their_client(environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    script = folder / "tmp-creds-example.py"
    script.write_text(CLIENT)
    return subprocess.run(
        [sys.executable, script],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("configured", ["by variables", "by .env"])
def test_their_client_goes_from_password_to_tokens_to_keys(veda, person, tmp_path, configured):
    settings = veda.settings | {"USERNAME": "alice"}
    environment = person | veda.endpoints | {"HOME": str(tmp_path), "password": PASSWORD}
    if configured == "by variables":
        environment |= settings
    else:
        lines = "".join(f"{name}={text}\n" for name, text in settings.items())
        (tmp_path / ".env").write_text(lines)
    finished = run_their_client(environment, tmp_path)
    assert finished.returncode == 0, finished.stderr
    told = json.loads(finished.stdout)
    assert told["user"] == "alice"
    assert told["caller"].endswith(":assumed-role/data-managers/CognitoIdentityCredentials")
    assert told["may_list_users"]
    assert told["list_roles"] == "AccessDenied"
    assert claims_of(told["access_token"])["scope"] == "aws.cognito.signin.user.admin"
    assert claims_of(told["id_token"])["cognito:preferred_role"] == veda.role_arn


def test_their_client_gets_no_keys_for_whoever_is_in_no_group(veda, person, tmp_path):
    settings = veda.settings | {"USERNAME": "outsider", "password": PASSWORD}
    finished = run_their_client(person | veda.endpoints | settings, tmp_path)
    assert finished.returncode != 0
    assert "NotAuthorizedException" in finished.stderr


def login_flags(veda: Veda) -> tuple[str, ...]:
    return (
        "--issuer", veda.pool.issuer,
        "--client-id", veda.programmatic_client_id,
        "--identity-pool-id", veda.identity_pool_id,
        "--insecure-storage", "--password", "--auth-flow", "USER_PASSWORD_AUTH",
    )  # fmt: skip


def test_the_command_goes_from_password_to_tokens_to_keys(veda, person, service_secret):
    login = ("login", *login_flags(veda), "--username", "alice")
    signed_in = poolgate(person, *login, typed=f"{PASSWORD}\n")
    assert signed_in.exit_code == 0, signed_in.told
    for flags, token_use in (((), "access"), (("--id",), "id")):
        token = poolgate(person, "token", *flags).output
        assert claims_of(token)["token_use"] == token_use

    keys = poolgate(person, "credentials")
    assert keys.exit_code == 0, keys.told
    assert set(keys.json) >= {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    caller = poolgate(person, "exec", "--", "aws", "sts", "get-caller-identity")
    assert ":assumed-role/data-managers/" in caller.json["Arn"]
    listed = poolgate(person, "exec", "--", "aws", "iam", "list-users")
    assert listed.exit_code == 0, listed.told
    refused = poolgate(person, "exec", "--", "aws", "iam", "list-roles")
    assert refused.exit_code != 0
    assert "(AccessDenied)" in refused.told

    by_the_role = poolgate(person, "service-token", service_secret)
    assert by_the_role.exit_code == 0, by_the_role.told


def test_the_command_gets_no_keys_for_whoever_is_in_no_group(veda, person):
    login = ("login", *login_flags(veda), "--username", "outsider")
    assert poolgate(person, *login, typed=f"{PASSWORD}\n").exit_code == 0
    finished = poolgate(person, "credentials")
    assert (finished.exit_code, finished.output) == (1, "")
    assert "NotAuthorizedException" in finished.told


def test_a_services_secret_becomes_a_token_that_an_api_takes(veda, person, service_secret):
    environment = person | veda.served.environment() | person
    finished = poolgate(environment, "service-token", service_secret, "--json")
    assert finished.exit_code == 0, finished.told
    access_token = finished.json["access_token"]
    claims = claims_of(access_token)
    assert claims["sub"] == claims["client_id"]
    assert not {"username", "cognito:groups"} & set(claims)

    with contextlib.closing(
        Guard(BearerTokens(issuer=veda.pool.issuer, client_ids=[claims["client_id"]]))
    ) as api:
        verify_at_api(api, access_token)

    absent = poolgate(environment, "service-token", f"{STACK}/nobody")
    assert absent.exit_code == 1
    assert f"{STACK}/nobody" in absent.told


def verify_at_api(api: Guard, access_token: str) -> None:
    """See that an API takes the token for its scope, and not with another end."""
    request = GuardRequest(
        method="POST",
        path="/ingestions",
        headers=(("Authorization", f"Bearer {access_token}"),),
    )
    caller = api.authenticate(request)
    assert Permission.with_scope(f"{SERVER}/stac:register").allows(caller)
    assert not Permission.with_scope(f"{SERVER}/stac:cancel").allows(caller)
    altered = GuardRequest(
        method="POST",
        path="/ingestions",
        headers=(("Authorization", f"Bearer {access_token[:-8]}AAAAAAAA"),),
    )
    with pytest.raises(Refusal):
        api.authenticate(altered)

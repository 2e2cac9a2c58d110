"""`poolgate service-token`: a secret in Secrets Manager becomes an access token of a service."""

import base64
import json

import pytest
from kits.command import poolgate
from kits.key_holders import key_holder, requests_answered
from kits.keychain import allow, document
from kits.served_chain import make_served_chain
from kits.signed_in_pools import make_signed_in_pool

pytestmark = pytest.mark.timeout(300)
SERVER = "veda-stac-ingestion-registry-server"
SCOPES = [f"{SERVER}/stac:register", f"{SERVER}/stac:list"]


@pytest.fixture(scope="module")
def pool(served):
    made = make_signed_in_pool(served, "services")
    made.cognito.create_resource_server(
        UserPoolId=made.pool_id,
        Identifier=SERVER,
        Name="registry",
        Scopes=[
            {"ScopeName": "stac:register", "ScopeDescription": "Create ingestions"},
            {"ScopeName": "stac:list", "ScopeDescription": "List ingestions"},
            {"ScopeName": "stac:cancel", "ScopeDescription": "Cancel ingestions"},
        ],
    )
    return made


def service_client(pool, scopes=SCOPES):
    return pool.cognito.create_user_pool_client(
        UserPoolId=pool.pool_id,
        ClientName="workflows Service Access",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=scopes,
    )["UserPoolClient"]


@pytest.fixture
def secret(pool):
    """Return what makes a secret in the form of seed 003, with changes, and gives its id."""
    secrets = pool.served.client("secretsmanager")
    numbers = iter(range(100))

    def make(**changes):
        app_client = service_client(pool)
        members = {
            "flow": "client_credentials",
            "cognito_domain": f"{pool.served.url}/domains/services",
            "client_id": app_client["ClientId"],
            "client_secret": app_client["ClientSecret"],
            "userpool_id": pool.pool_id,
            "scope": " ".join(SCOPES),
            "aws_region": "us-east-1",
        } | changes
        kept = {name: value for name, value in members.items() if value is not None}
        name = f"veda-auth-stack-dev/{app_client['ClientId']}-{next(numbers)}"
        secrets.create_secret(Name=name, SecretString=json.dumps(kept))
        return name

    return make


@pytest.fixture
def run(served, tmp_path):
    environment = served.environment() | {"HOME": str(tmp_path)}

    def service_token(*arguments, **variables):
        return poolgate(environment | variables, "service-token", *arguments)

    return service_token


def claims_of(access_token):
    payload = access_token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_a_secret_becomes_a_token_of_the_service(run, secret):
    finished = run(secret(), "--json")
    assert finished.exit_code == 0, finished.told
    members = finished.json
    assert list(members) == ["access_token", "expires_in", "token_type"]
    assert members["token_type"] == "Bearer"
    assert 3500 < members["expires_in"] <= 3600
    claims = claims_of(members["access_token"])
    assert claims["token_use"] == "access"
    assert sorted(claims["scope"].split()) == sorted(SCOPES)
    assert claims["sub"] == claims["client_id"]
    assert not {"username", "cognito:groups"} & set(claims)


def test_a_token_is_kept_and_given_again_bare(run, secret, served, tmp_path):
    secret_id = secret()
    first = run(secret_id)
    assert first.exit_code == 0, first.told
    before = requests_answered(served.url)["GetSecretValue"]
    assert run(secret_id).output == first.output
    assert run(secret_id, "--json").json["access_token"] == first.output.strip()
    assert requests_answered(served.url)["GetSecretValue"] == before
    kept = [path for path in tmp_path.rglob("answers/*/*") if path.is_file()]
    assert kept
    assert {oct(path.stat().st_mode & 0o777) for path in kept} == {"0o600"}
    assert not any("client_secret" in path.read_text() for path in kept)


def test_without_a_scope_the_token_has_all_that_the_client_may(run, secret):
    finished = run(secret(scope=None))
    assert finished.exit_code == 0, finished.told
    assert sorted(claims_of(finished.output)["scope"].split()) == sorted(SCOPES)


def test_an_unknown_secret_is_named(run):
    finished = run("veda-auth-stack-dev/nobody")
    assert (finished.exit_code, finished.output) == (1, "")
    assert "there is no secret 'veda-auth-stack-dev/nobody'" in finished.told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"scope": f"{SERVER}/stac:cancel"}, "invalid_"),
        ({"flow": "user_password"}, "is for the flow 'user_password'"),
        ({"client_secret": None}, "lacks client_secret"),
        ({"cognito_domain": "http://192.0.2.1"}, "plain http to another machine"),
    ],
)
def test_a_secret_that_gives_no_token_is_told_why(run, secret, changes, told):
    finished = run(secret(**changes))
    assert (finished.exit_code, finished.output) == (1, "")
    assert told in finished.told
    assert "Traceback" not in finished.told


def test_a_secret_that_is_no_json_is_told(run, served):
    served.client("secretsmanager").create_secret(Name="plain-text", SecretString="hunter2")
    finished = run("plain-text")
    assert finished.exit_code == 1
    assert finished.told == "poolgate: the secret 'plain-text' is not JSON\n"


def test_keys_that_may_not_read_the_secret_are_told(run, secret, served):
    iam = served.client("iam")
    iam.create_user(UserName="curious")
    iam.put_user_policy(
        UserName="curious",
        PolicyName="p",
        PolicyDocument=document(allow("secretsmanager:ListSecrets")),
    )
    made = iam.create_access_key(UserName="curious")["AccessKey"]
    finished = run(
        secret(),
        AWS_ACCESS_KEY_ID=made["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=made["SecretAccessKey"],
    )
    assert finished.exit_code == 1
    assert "GetSecretValue was refused: AccessDeniedException" in finished.told


def test_the_keys_of_a_sign_in_read_the_secret(secret, served, tmp_path):
    chain = make_served_chain(served, "service-readers")
    served.client("iam").put_role_policy(
        RoleName="service-readers-member",
        PolicyName="read",
        PolicyDocument=document(allow("secretsmanager:GetSecretValue")),
    )
    alice = key_holder(chain, tmp_path, f"{served.url}/{chain.pool.pool_id}", endpoint_url=None)
    secret_id = secret()
    refused = alice.run("service-token", secret_id)
    assert refused.exit_code == 4
    assert "poolgate login" in refused.told
    alice.sign_in("alice")
    finished = alice.run("service-token", secret_id)
    assert finished.exit_code == 0, finished.told
    assert claims_of(finished.output)["token_use"] == "access"
    named = alice.run("service-token", secret_id, "--profile", "default", "--json")
    assert named.json["access_token"] == finished.output.strip()
    asked = ("policy", "explain", "--action", "iam:SimulatePrincipalPolicy")
    assert "was refused: AccessDenied" in alice.run(*asked).told


def test_without_keys_it_is_told_what_to_set(tmp_path):
    finished = poolgate({"HOME": str(tmp_path)}, "service-token", "any")
    assert finished.exit_code == 1
    assert "set AWS_ACCESS_KEY_ID" in finished.told

"""Users of the pool with an identity pool's keys; the numbers are the checklist's."""

import json
from dataclasses import dataclass

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from dce_api import denial
from dce_installation import DceBrowser, keys_in
from dce_processes import REGION

from poolgate.guard import CognitoIdentity
from poolgate_dce.aws_clients import signing_client
from poolgate_dce.pool_users import Pools, PoolUnavailable, PoolUsers

ANN = "arn:aws:sts::{account}:assumed-role/dce-{role}-main/CognitoIdentityCredentials"


def arn(api, role: str) -> str:
    return ANN.format(account=api.arn.split(":")[4], role=role)


@pytest.fixture(scope="module")
def ann(installed):
    """A plain user."""
    return installed.keys_of("ann")


@pytest.fixture(scope="module")
def ada(installed):
    """An administrator by group."""
    return installed.keys_of("ada", "Admins")


@pytest.fixture(scope="module")
def own_account(installed, desk_api, ada):
    """An account of the pool whose role the app may assume: the server's own."""
    account_id = installed.own_account
    body = {"id": account_id, "adminRoleArn": f"arn:aws:iam::{account_id}:role/Admin"}
    assert desk_api.signed(ada, "POST", "/accounts", body).status == 201
    return account_id


def lease(api, keys, principal_id: str) -> dict:
    """Lease the only account, waiting for its reset."""
    while True:
        made = api.signed(keys, "POST", "/leases", {"principalId": principal_id})
        if made.status != 500:
            assert made.status == 201, made.body
            return made.body


def test_d13_d14_d15_a_user_has_leases_and_usage_but_no_accounts(desk_api, ann):
    assert desk_api.signed(ann, "GET", "/leases").body == []
    assert desk_api.signed(ann, "GET", "/usage").body == []
    reply = desk_api.signed(ann, "GET", "/accounts")
    name = arn(desk_api, "user")
    assert (reply.status, reply.body) == (403, denial(name, desk_api, "GET", "/accounts"))


def test_d19_to_d24_a_user_leases_for_itself_only(installed, desk_api, ann, ada, own_account):
    refused = desk_api.signed(ann, "POST", "/leases", {"principalId": "ada"})
    assert (refused.status, refused.body["error"]["code"]) == (401, "UnauthorizedError")
    assert desk_api.signed(ann, "POST", "/leases/auth").body["error"]["code"] == "NotFound"
    own = lease(desk_api, ann, "ann")
    assert own["accountId"] == own_account
    path = f"/leases/{own['id']}"
    assert desk_api.signed(ann, "GET", "/leases").body == [own]

    other = installed.keys_of("otto")
    assert desk_api.signed(other, "GET", "/leases?principalId=ann").body == []
    assert desk_api.signed(other, "GET", path).status == 401
    assert desk_api.signed(other, "DELETE", path).status == 401
    hidden = desk_api.signed(other, "POST", f"{path}/auth")
    assert (hidden.status, hidden.body["error"]["code"]) == (404, "NotFound")
    assert desk_api.signed(other, "POST", "/leases/auth").status == 404

    for whose, sent in ((ann, f"{path}/auth"), (ann, "/leases/auth"), (ada, f"{path}/auth")):
        given = desk_api.signed(whose, "POST", sent)
        assert given.status == 201, given.body
        assert set(given.body) == {
            "accessKeyId",
            "secretAccessKey",
            "sessionToken",
            "consoleUrl",
        }
        sts = boto3.client(
            "sts",
            endpoint_url=installed.server.url,
            region_name=REGION,
            aws_access_key_id=given.body["accessKeyId"],
            aws_secret_access_key=given.body["secretAccessKey"],
            aws_session_token=given.body["sessionToken"],
        )
        name = "ann" if whose is ann else "ada"
        assert sts.get_caller_identity()["Arn"] == (
            f"arn:aws:sts::{own_account}:assumed-role/DCEPrincipal/{name}"
        )

    assert desk_api.signed(ada, "DELETE", path).body["leaseStatus"] == "Inactive"
    inactive = desk_api.signed(ann, "POST", f"{path}/auth")
    assert (inactive.status, inactive.body["error"]["code"]) == (401, "Unauthorized")
    assert installed.server.root.secret_key not in installed.log()
    assert given.body["secretAccessKey"] not in installed.log()


def test_account_whose_role_cannot_be_assumed_gives_no_keys(desk_api, ada, own_account):
    body = {"id": "100000000001", "adminRoleArn": "arn:aws:iam::100000000001:role/Admin"}
    assert desk_api.signed(ada, "POST", "/accounts", body).status == 201
    taken = lease(desk_api, ada, "first")
    if taken["accountId"] == own_account:
        taken = lease(desk_api, ada, "second")
    reply = desk_api.signed(ada, "POST", f"/leases/{taken['id']}/auth")
    assert (reply.status, reply.body["error"]["code"]) == (503, "ServerError")
    for one in desk_api.signed(ada, "GET", "/leases?status=Active").body:
        assert desk_api.signed(ada, "DELETE", f"/leases/{one['id']}").status == 200


@dataclass(frozen=True)
class Somebody:
    """A person, the role that the identity pool's rules give, and what the app makes of it."""

    username: str
    role: str
    is_admin: bool
    groups: tuple[str, ...] = ()
    roles: str | None = None


@pytest.mark.parametrize(
    "somebody",
    [
        Somebody("d5-admin", "admin", is_admin=True, groups=("Admin",)),
        Somebody("d7-contains", "admin", is_admin=True, groups=("staff", "DCEAdmins")),
        Somebody("lower-case", "user", is_admin=False, groups=("admins",)),
        Somebody("d8-role", "admin", is_admin=True, roles="Admin"),
        Somebody("d9-list", "admin", is_admin=True, roles="a, b , Admin ,c"),
        Somebody("d10-comma", "user", is_admin=False, roles=","),
        # The rule of the identity pool takes it for an admin, the app does not: both must.
        Somebody("d11-part", "admin", is_admin=False, roles="SuperAdmin"),
    ],
    ids=lambda somebody: somebody.username,
)
def test_who_is_an_admin(installed, desk_api, somebody):
    keys = installed.keys_of(somebody.username, *somebody.groups, roles=somebody.roles)
    reply = desk_api.signed(keys, "GET", "/accounts")
    if somebody.is_admin:
        assert reply.status == 200
    else:
        expected = denial(arn(desk_api, somebody.role), desk_api, "GET", "/accounts")
        assert (reply.status, reply.body) == (403, expected)
    others = desk_api.signed(keys, "DELETE", "/leases", {"accountId": "1", "principalId": "x"})
    assert others.status == (404 if somebody.is_admin else 401)


def test_d36_a_left_group_counts_at_once_and_a_joined_one_with_the_next_keys(installed, desk_api):
    keys = installed.keys_of("climber", "Admins")
    assert desk_api.signed(keys, "GET", "/accounts").status == 200
    installed.leave("climber", "Admins")
    assert desk_api.signed(keys, "GET", "/accounts").status == 403
    assert desk_api.signed(keys, "GET", "/leases").status == 200
    plain = keys_in(DceBrowser.at(installed.api_url).sign_in("climber").authentication_code)
    installed.join("climber", "Admins")
    assert desk_api.signed(plain, "GET", "/accounts").status == 403
    anew = keys_in(DceBrowser.at(installed.api_url).sign_in("climber").authentication_code)
    assert desk_api.signed(anew, "GET", "/accounts").status == 200


@pytest.mark.parametrize("ending", ["admin_disable_user", "admin_delete_user"])
def test_d61_keys_of_a_user_who_is_gone_give_nothing(installed, desk_api, ending):
    username = f"gone-{ending[6:13]}"
    keys = installed.keys_of(username, "Admins")
    assert desk_api.signed(keys, "GET", "/accounts").status == 200
    cognito = installed.server.client("cognito-idp")
    getattr(cognito, ending)(
        UserPoolId=installed.outputs["cognito_user_pool_id"], Username=username
    )
    for path in ("/accounts", "/leases", "/usage"):
        assert desk_api.signed(keys, "GET", path).status == 403


def test_identity_of_another_pool_is_nobody(installed, desk_api, ann):
    """Another identity pool over the same user pool may give a role that invokes everything."""
    server = installed.server
    iam, identity = server.client("iam"), server.client("cognito-identity")
    cognito = server.client("cognito-idp")
    pool_id = installed.outputs["cognito_user_pool_id"]
    client_id = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="other", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    provider = installed.outputs["cognito_user_pool_endpoint"]
    other = identity.create_identity_pool(
        IdentityPoolName="other",
        AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": client_id}],
    )["IdentityPoolId"]
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {"cognito-identity.amazonaws.com:aud": other},
                },
            }
        ],
    }
    role = iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    iam.put_role_policy(
        RoleName="other", PolicyName="all", PolicyDocument=installed.outputs["role_admin_policy"]
    )
    identity.set_identity_pool_roles(IdentityPoolId=other, Roles={"authenticated": role["Arn"]})
    id_token = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": "Correct-Horse-1"},
    )["AuthenticationResult"]["IdToken"]
    unsigned = boto3.client(
        "cognito-identity",
        endpoint_url=server.url,
        region_name=REGION,
        config=Config(signature_version=UNSIGNED),
    )
    logins = {provider: id_token}
    identity_id = unsigned.get_id(IdentityPoolId=other, Logins=logins)["IdentityId"]
    keys = unsigned.get_credentials_for_identity(IdentityId=identity_id, Logins=logins)[
        "Credentials"
    ]
    sent = type(ann)(keys["AccessKeyId"], keys["SecretKey"], keys["SessionToken"])
    assert desk_api.signed(sent, "GET", "/leases").status == 403
    assert desk_api.signed(ann, "GET", "/leases").status == 200


def test_pool_that_cannot_be_asked_lets_nobody_in(installed):
    """Who somebody is now cannot be told without the pool, so that nobody is an old self."""
    outputs = installed.outputs
    pools = Pools(outputs["cognito_user_pool_id"], outputs["cognito_identity_pool_id"])
    login = f"{pools.provider}:CognitoSignIn:00000000-0000-4000-8000-000000000000"
    identity = CognitoIdentity("i", pools.identity_pool_id, is_authenticated=True, logins=(login,))
    for url, key in (("http://127.0.0.1:1", ("A", "x")), (installed.server.url, ("AKIANO", "x"))):
        users = PoolUsers(pools, signing_client("cognito-idp", url, REGION, key))
        with pytest.raises(PoolUnavailable):
            users.find(identity)


def test_session_token_of_another_key_is_refused(desk_api, ann, ada):
    swapped = type(ann)(ann.access_key, ann.secret_key, ada.token)
    reply = desk_api.signed(swapped, "GET", "/leases")
    assert (reply.status, reply.headers["x-amzn-errortype"]) == (403, "UnrecognizedClientException")

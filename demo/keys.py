"""The chapter from a token to AWS keys: identity pool, role by group, signed calls."""

import json
from typing import Any

from botocore.exceptions import ClientError
from narration import Narrator, expect
from stage import PASSWORD, Stage

COGNITO = "cognito-identity.amazonaws.com"


def token_to_keys(narrator: Narrator, stage: Stage) -> None:
    """Give users keys of a role that their group decides, and use the keys."""
    narrator.chapter("5. From a token to AWS keys")
    identity, iam = stage.client("cognito-identity"), stage.client("iam")
    unsigned = stage.unsigned_client("cognito-identity")
    provider = f"cognito-idp.us-east-1.amazonaws.com/{stage.pool_id}"

    def pool() -> str:
        stage.identity_pool_id = identity.create_identity_pool(
            IdentityPoolName="dce",
            AllowUnauthenticatedIdentities=False,
            CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": stage.client_id}],
        )["IdentityPoolId"]
        return stage.identity_pool_id

    def role(name: str, *policies: str) -> str:
        made = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=trust_in(stage.identity_pool_id)
        )["Role"]
        for number, policy in enumerate(policies):
            iam.put_role_policy(RoleName=name, PolicyName=f"access{number}", PolicyDocument=policy)
        return str(made["Arn"])

    def rules() -> str:
        admins = {
            "Claim": "cognito:groups",
            "MatchType": "Contains",
            "Value": "Admin",
            "RoleARN": f"arn:aws:iam::{stage.account_id}:role/dce-admin",
        }
        identity.set_identity_pool_roles(
            IdentityPoolId=stage.identity_pool_id,
            Roles={"authenticated": f"arn:aws:iam::{stage.account_id}:role/dce-user"},
            RoleMappings={
                f"{provider}:{stage.client_id}": {
                    "Type": "Rules",
                    "AmbiguousRoleResolution": "AuthenticatedRole",
                    "RulesConfiguration": {"Rules": [admins]},
                }
            },
        )
        return "members of Admins get dce-admin, all others dce-user"

    def keys(name: str, wanted_role: str) -> str:
        logins = {provider: signed_in(stage, name)["IdToken"]}
        identity_id = unsigned.get_id(IdentityPoolId=stage.identity_pool_id, Logins=logins)[
            "IdentityId"
        ]
        made = unsigned.get_credentials_for_identity(IdentityId=identity_id, Logins=logins)
        shape = made["Credentials"]
        stage.access_keys[f"{name}'s keys"] = (
            shape["AccessKeyId"],
            shape["SecretKey"],
            shape["SessionToken"],
        )
        arn = str(stage.client("sts", f"{name}'s keys").get_caller_identity()["Arn"])
        expect(arn.split("/")[1], wanted_role, "role")
        return arn

    def users(name: str, wanted: str) -> str:
        cognito = stage.client("cognito-idp", f"{name}'s keys")
        try:
            found = cognito.list_users(UserPoolId=stage.pool_id)["Users"]
        except ClientError as error:
            got = str(error.response["Error"]["Code"])
        else:
            got = f"{len(found)} users"
        expect(got, wanted, "ListUsers")
        return got

    def join() -> str:
        stage.client("cognito-idp").admin_add_user_to_group(
            UserPoolId=stage.pool_id, GroupName="Admins", Username="alice"
        )
        return "with her next token"

    narrator.step("cognito-identity CreateIdentityPool dce", pool)
    narrator.step("iam CreateRole dce-user", lambda: role("dce-user"))
    narrator.step("iam CreateRole dce-admin", lambda: role("dce-admin", LIST_USERS))
    narrator.step("cognito-identity SetIdentityPoolRoles", rules)
    narrator.step("alice: GetId, GetCredentialsForIdentity", lambda: keys("alice", "dce-user"))
    narrator.step(
        "alice's keys: cognito-idp ListUsers", lambda: users("alice", "AccessDeniedException")
    )
    narrator.step("ada: GetId, GetCredentialsForIdentity", lambda: keys("ada", "dce-admin"))
    narrator.step("ada's keys: cognito-idp ListUsers", lambda: users("ada", "2 users"))
    narrator.step("cognito-idp AdminAddUserToGroup alice, Admins", join)
    narrator.step("alice: GetCredentialsForIdentity again", lambda: keys("alice", "dce-admin"))
    narrator.step("alice's keys: cognito-idp ListUsers", lambda: users("alice", "2 users"))


LIST_USERS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "cognito-idp:ListUsers", "Resource": "*"}],
    }
)


def trust_in(identity_pool_id: str) -> str:
    """Return the trust policy of a role for those who have signed in at an identity pool."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Federated": COGNITO},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {
                        "StringEquals": {f"{COGNITO}:aud": identity_pool_id},
                        "ForAnyValue:StringLike": {f"{COGNITO}:amr": "authenticated"},
                    },
                }
            ],
        }
    )


def signed_in(stage: Stage, name: str) -> dict[str, Any]:
    """Return fresh tokens of a user."""
    answer: dict[str, Any] = stage.unsigned_client("cognito-idp").initiate_auth(
        ClientId=stage.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    return answer

"""Makes what an installation needs in Poolgate: pools, hosted login, roles, and the app's own key.

Two roles, chosen by the identity pool's rules: a group whose name contains `Admin`, or a
`custom:roles` that does, gives the admin's, everything else the user's.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from poolgate_dce.hosted_login import SCOPES

_COGNITO_IDENTITY = "cognito-identity.amazonaws.com"
_ADMIN_MARK = "Admin"
_ROLES_ATTRIBUTE = "custom:roles"
# SEED: what a plain user may call; `*` reaches across slashes.
_USER_METHODS = (
    "GET/usage",
    "GET/leases",
    "GET/leases/*",
    "POST/leases",
    "POST/leases/*",
    "DELETE/leases",
    "DELETE/leases/*",
)


class AlreadySetUp(Exception):
    """The installation of this name is there already."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the installation shall be called and where it will be reached."""

    api_url: str
    poolgate_url: str
    login_url: str
    namespace: str
    namespace_prefix: str
    region: str
    api_id: str
    stage: str
    principal_role_name: str

    def named(self, part: str) -> str:
        """Return the name of a part of the installation."""
        return "-".join(filter(None, (self.namespace_prefix, part, self.namespace)))


@dataclass(frozen=True, slots=True, repr=False)
class Installed:
    """What was made: outputs for everybody, and the app's settings with its secret."""

    outputs: Mapping[str, str]
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Clients:
    """boto3 clients of an operator who may make all of it."""

    cognito: Any
    identity: Any
    iam: Any
    sts: Any


def set_up(clients: Clients, wishes: Wishes) -> Installed:
    """Make the installation; raise AlreadySetUp before anything is made twice."""
    account_id: str = clients.sts.get_caller_identity()["Account"]
    api_arn = f"arn:aws:execute-api:{wishes.region}:{account_id}:{wishes.api_id}/{wishes.stage}"
    _verify_new(clients.iam, wishes)
    user_pool_id, client_id, domain = _make_user_pool(clients.cognito, wishes, account_id)
    provider = f"cognito-idp.{wishes.region}.amazonaws.com/{user_pool_id}"
    identity_pool_id = clients.identity.create_identity_pool(
        IdentityPoolName=wishes.named(""),
        AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[
            {"ProviderName": provider, "ClientId": client_id, "ServerSideTokenCheck": True}
        ],
    )["IdentityPoolId"]
    may_use = _invoking(f"{api_arn}/{method}" for method in _USER_METHODS)
    may_do_all = _invoking([f"{api_arn}/*"])
    user_role_arn = _make_role(clients.iam, wishes.named("user"), identity_pool_id, may_use)
    admin_role_arn = _make_role(clients.iam, wishes.named("admin"), identity_pool_id, may_do_all)
    clients.identity.set_identity_pool_roles(
        IdentityPoolId=identity_pool_id,
        Roles={"authenticated": user_role_arn},
        RoleMappings={f"{provider}:{client_id}": _role_mapping(admin_role_arn)},
    )
    access_policy_name = wishes.named("api-execute-admin")
    access_policy_arn = clients.iam.create_policy(
        PolicyName=access_policy_name, PolicyDocument=may_do_all
    )["Policy"]["Arn"]
    access_key = _make_app_key(clients.iam, wishes, account_id, user_pool_id)
    login_url = wishes.login_url or f"{wishes.poolgate_url}/domains/{domain}"
    return Installed(
        outputs={
            "api_url": wishes.api_url,
            "api_access_policy_name": access_policy_name,
            "api_access_policy_arn": access_policy_arn,
            "cognito_user_pool_id": user_pool_id,
            "cognito_user_pool_client_id": client_id,
            "cognito_user_pool_domain": domain,
            "cognito_user_pool_endpoint": provider,
            "cognito_identity_pool_id": identity_pool_id,
            "role_user_arn": user_role_arn,
            "role_admin_arn": admin_role_arn,
            "role_user_policy": may_use,
            "role_admin_policy": may_do_all,
            "principal_role_name": wishes.principal_role_name,
            "namespace": wishes.namespace,
            "aws_region": wishes.region,
        },
        settings={
            "DCE_POOLGATE_URL": wishes.poolgate_url,
            "DCE_ACCESS_KEY_ID": access_key["AccessKeyId"],
            "DCE_SECRET_ACCESS_KEY": access_key["SecretAccessKey"],
            "DCE_ACCOUNT_ID": account_id,
            "DCE_REGION": wishes.region,
            "DCE_API_ID": wishes.api_id,
            "DCE_STAGE": wishes.stage,
            "DCE_PRINCIPAL_ROLE_NAME": wishes.principal_role_name,
            "DCE_USER_POOL_ID": user_pool_id,
            "DCE_IDENTITY_POOL_ID": identity_pool_id,
            "DCE_LOGIN_URL": login_url,
            "DCE_LOGIN_CLIENT_ID": client_id,
        },
    )


def _verify_new(iam: Any, wishes: Wishes) -> None:  # noqa: ANN401  boto3 makes its clients at run time
    try:
        iam.get_role(RoleName=wishes.named("user"))
    except iam.exceptions.NoSuchEntityException:
        return
    raise AlreadySetUp(f"{wishes.named('')} is set up already: the role {wishes.named('user')}")


def _make_user_pool(cognito: Any, wishes: Wishes, account_id: str) -> tuple[str, str, str]:  # noqa: ANN401  as above
    """Return the ids of the pool and of its app client, and the pool's domain."""
    name = wishes.named("")
    pool_id: str = cognito.create_user_pool(
        PoolName=name,
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        Schema=[{"Name": "roles", "AttributeDataType": "String", "Mutable": True}],
    )["UserPool"]["Id"]
    domain = wishes.named(account_id).lower()
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain=domain)
    page_url = f"{wishes.api_url}/auth"
    client_id: str = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName=name,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=list(SCOPES),
        CallbackURLs=[page_url],
        LogoutURLs=[page_url],
        SupportedIdentityProviders=["COGNITO"],
        # People sign in at the hosted login only, and may not write what makes them admins.
        ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"],
        WriteAttributes=["email"],
        PreventUserExistenceErrors="ENABLED",
    )["UserPoolClient"]["ClientId"]
    return pool_id, client_id, domain


def _make_role(iam: Any, name: str, identity_pool_id: str, policy: str) -> str:  # noqa: ANN401  as above
    trust = _document(
        Principal={"Federated": _COGNITO_IDENTITY},
        Action="sts:AssumeRoleWithWebIdentity",
        Condition={
            "StringEquals": {f"{_COGNITO_IDENTITY}:aud": identity_pool_id},
            "ForAnyValue:StringLike": {f"{_COGNITO_IDENTITY}:amr": "authenticated"},
        },
    )
    role_arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="api", PolicyDocument=policy)
    return role_arn


def _role_mapping(admin_role_arn: str) -> Mapping[str, Any]:
    return {
        "Type": "Rules",
        "AmbiguousRoleResolution": "AuthenticatedRole",
        "RulesConfiguration": {
            "Rules": [
                {
                    "Claim": claim,
                    "MatchType": "Contains",
                    "Value": _ADMIN_MARK,
                    "RoleARN": admin_role_arn,
                }
                for claim in ("cognito:groups", _ROLES_ATTRIBUTE)
            ]
        },
    }


def _make_app_key(
    iam: Any,  # noqa: ANN401  as above
    wishes: Wishes,
    account_id: str,
    user_pool_id: str,
) -> Mapping[str, str]:
    """Make the app's own user, who may do what the app does, and return its access key."""
    name = wishes.named("app")
    scope = f"arn:aws:poolgate:{wishes.region}:{account_id}:scope/execute-api/{wishes.region}"
    pool_arn = f"arn:aws:cognito-idp:{wishes.region}:{account_id}:userpool/{user_pool_id}"
    may = {
        scope: ["poolgate:GetSigningKey", "poolgate:VerifySignature"],
        pool_arn: ["cognito-idp:ListUsers", "cognito-idp:AdminListGroupsForUser"],
        f"arn:aws:iam::*:role/{wishes.principal_role_name}": ["sts:AssumeRole"],
    }
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": resource}
        for resource, actions in may.items()
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="app", PolicyDocument=policy)
    access_key: Mapping[str, str] = iam.create_access_key(UserName=name)["AccessKey"]
    return access_key


def _invoking(resources: Iterable[str]) -> str:
    return _document(Action="execute-api:Invoke", Resource=list(resources))


def _document(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})

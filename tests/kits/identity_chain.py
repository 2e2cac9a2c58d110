"""From a user pool to keys of a role, for tests."""

from dataclasses import dataclass
from typing import Any

from kits.cognito import App
from kits.keychain import allow, make_role, trusting

from poolgate.testing.local import Credentials, LocalPoolgate

WEB = "sts:AssumeRoleWithWebIdentity"
COGNITO = "cognito-identity.amazonaws.com"


def trust_in(pool_id, kind="authenticated", action=WEB):
    return trusting(
        {"Federated": COGNITO},
        action,
        Condition={
            "StringEquals": {f"{COGNITO}:aud": pool_id},
            "ForAnyValue:StringLike": {f"{COGNITO}:amr": kind},
        },
    )


@dataclass
class Chain:
    """A user pool, an identity pool on it, and a role for those who have signed in."""

    poolgate: LocalPoolgate
    iam: Any
    identity: Any
    app: App
    pool_id: str

    @property
    def provider(self) -> str:
        region = self.poolgate.region
        return f"cognito-idp.{region}.amazonaws.com/{self.app.pool_id}"

    def role(self, name, *statements, kind="authenticated", action=WEB):
        statements = statements or (allow("iam:ListUsers"),)
        return make_role(self.iam, name, trust_in(self.pool_id, kind, action), *statements)

    def id_token(self, username="alice", **attributes):
        self.app.user(username, **attributes)
        return self.app.sign_in(username)["AuthenticationResult"]["IdToken"]

    def logins(self, id_token):
        return {self.provider: id_token}

    def identity_of(self, id_token):
        return self.identity.get_id(IdentityPoolId=self.pool_id, Logins=self.logins(id_token))[
            "IdentityId"
        ]

    def keys(self, id_token, **members):
        return self.identity.get_credentials_for_identity(
            IdentityId=self.identity_of(id_token), Logins=self.logins(id_token), **members
        )

    def as_user(self, id_token, service="iam", **members):
        return self.poolgate.client(
            service, credentials=credentials_of(self.keys(id_token, **members))
        )

    def set_roles(self, roles, mapping=None):
        mappings = {f"{self.provider}:{self.app.client_id}": mapping} if mapping else {}
        self.identity.set_identity_pool_roles(
            IdentityPoolId=self.pool_id, Roles=roles, RoleMappings=mappings
        )


def credentials_of(answer):
    shape = answer["Credentials"]
    return Credentials(shape["AccessKeyId"], shape["SecretKey"], shape["SessionToken"])


def make_chain(poolgate, iam, *, guests=False, server_side=False, **pool):
    app = App.of(poolgate)
    identity = poolgate.client("cognito-identity", validate=False)
    provider = f"cognito-idp.{poolgate.region}.amazonaws.com/{app.pool_id}"
    made = identity.create_identity_pool(
        IdentityPoolName="people",
        AllowUnauthenticatedIdentities=guests,
        CognitoIdentityProviders=[
            {
                "ProviderName": provider,
                "ClientId": app.client_id,
                "ServerSideTokenCheck": server_side,
            }
        ],
        **pool,
    )
    return Chain(poolgate, iam, identity, app, made["IdentityPoolId"])

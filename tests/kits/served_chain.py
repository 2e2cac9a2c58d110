"""A user pool, an identity pool on it and roles, on a real server."""

from dataclasses import dataclass
from typing import Any

from kits.identity_chain import trust_in
from kits.keychain import allow, make_role
from kits.serving import PASSWORD, PoolMade, Served, make_pool, make_user


@dataclass(frozen=True)
class ServedChain:
    """What a client must know to come from a password to keys."""

    served: Served
    region: str
    pool: PoolMade
    identity_pool_id: str
    role_arn: str
    guest_role_arn: str

    @property
    def provider(self) -> str:
        return f"cognito-idp.{self.region}.amazonaws.com/{self.pool.pool_id}"

    def id_token(self, username: str) -> str:
        """Return the ID token of a new user."""
        client = self.served.client("cognito-idp")
        make_user(client, self.pool, username)
        answer = client.initiate_auth(
            ClientId=self.pool.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
        )
        return answer["AuthenticationResult"]["IdToken"]


def make_served_chain(served: Served, name: str, **settings: Any) -> ServedChain:
    """Create the chain: members may list IAM users, guests may do nothing but say who they are."""
    iam, identity = served.client("iam"), served.client("cognito-identity")
    pool, region = make_pool(served.client("cognito-idp"), name), iam.meta.region_name
    provider = f"cognito-idp.{region}.amazonaws.com/{pool.pool_id}"
    identity_pool_id = identity.create_identity_pool(
        IdentityPoolName=name,
        AllowUnauthenticatedIdentities=True,
        CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": pool.client_id}],
        **settings,
    )["IdentityPoolId"]
    role_arn = make_role(iam, f"{name}-member", trust_in(identity_pool_id), allow("iam:ListUsers"))
    guest_role_arn = make_role(iam, f"{name}-guest", trust_in(identity_pool_id, "unauthenticated"))
    identity.set_identity_pool_roles(
        IdentityPoolId=identity_pool_id,
        Roles={"authenticated": role_arn, "unauthenticated": guest_role_arn},
    )
    return ServedChain(served, region, pool, identity_pool_id, role_arn, guest_role_arn)

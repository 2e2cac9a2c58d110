"""From a user's ID token to temporary keys: the identity pool chooses the role by its rules."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from poolgate_dce.authentication_codes import CodeKeys
from poolgate_dce.hosted_login import LoginUnavailable, ends_at
from poolgate_dce.pool_users import Pools

# AWS API_GetCredentialsForIdentity, API_GetId: what says that this user gets no keys.
_REFUSALS = frozenset(
    {
        "NotAuthorizedException",
        "InvalidIdentityPoolConfigurationException",
        "ResourceConflictException",
    }
)


class KeysNotForUser(Exception):
    """The identity pool gives this user no keys."""


class PoolKeys:
    """Gives keys; `identity` is a boto3 client of the identity pools' service, unsigned."""

    def __init__(self, pools: Pools, identity: Any) -> None:  # noqa: ANN401  boto3 makes its clients at run time
        self._pools = pools
        self._identity = identity

    def keys_for(self, id_token: str) -> CodeKeys:
        """Return new keys for the token's user; raise KeysNotForUser or LoginUnavailable."""
        logins = {self._pools.provider: id_token}
        try:
            identity_id = self._identity.get_id(
                IdentityPoolId=self._pools.identity_pool_id, Logins=logins
            )["IdentityId"]
            keys = self._identity.get_credentials_for_identity(
                IdentityId=identity_id, Logins=logins
            )["Credentials"]
        except ClientError as error:
            if error.response["Error"]["Code"] in _REFUSALS:
                raise KeysNotForUser from error
            raise LoginUnavailable from error
        except BotoCoreError as error:
            raise LoginUnavailable from error
        return CodeKeys(
            keys["AccessKeyId"], keys["SecretKey"], keys["SessionToken"], ends_at(id_token)
        )

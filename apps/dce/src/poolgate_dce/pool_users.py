"""The users of the pool, looked up at each request that was signed with an identity pool's keys.

Keys tell who signed in once; whether that user still exists, is enabled, and what makes an admin
is read anew, so that it counts at once.
"""

import re
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from poolgate.guard import CognitoIdentity

ROLES_ATTRIBUTE = "custom:roles"
# What may stand between the quotes of a filter.
_SUB = re.compile(r"[A-Za-z0-9-]{1,128}")


class PoolUnavailable(Exception):
    """The pool cannot be asked now."""


@dataclass(frozen=True, slots=True)
class PoolUser:
    """A user as the pool tells it: its name, its groups, and its `custom:roles`."""

    username: str
    groups: tuple[str, ...]
    roles_attribute: str


@dataclass(frozen=True, slots=True)
class Pools:
    """The user pool, and the identity pool that gives its users keys."""

    user_pool_id: str
    identity_pool_id: str

    @property
    def region(self) -> str:
        """The region that the user pool is in."""
        return self.user_pool_id.partition("_")[0]

    @property
    def provider(self) -> str:
        """How identity pools call the user pool."""
        return f"cognito-idp.{self.region}.amazonaws.com/{self.user_pool_id}"


class PoolUsers:
    """Finds the user behind an identity; `cognito` is a boto3 client that may ListUsers."""

    def __init__(self, pools: Pools, cognito: Any) -> None:  # noqa: ANN401  boto3 makes its clients at run time
        self._pools = pools
        self._cognito = cognito

    def find(self, identity: CognitoIdentity) -> PoolUser | None:
        """Return the enabled user of this pool whose identity it is, None for anybody else.

        Raise PoolUnavailable.
        """
        # Another pool's user with the same `sub` would be somebody else.
        if identity.identity_pool_id != self._pools.identity_pool_id:
            return None
        sub = identity.sub_at(self._pools.provider)
        if sub is None or not _SUB.fullmatch(sub):
            return None
        try:
            return self._look_up(sub)
        except (BotoCoreError, ClientError) as error:
            raise PoolUnavailable from error

    def _look_up(self, sub: str) -> PoolUser | None:
        pool_id = self._pools.user_pool_id
        # SEED: exactly one user must have this `sub`.
        found = self._cognito.list_users(UserPoolId=pool_id, Filter=f'sub = "{sub}"', Limit=2)[
            "Users"
        ]
        if len(found) != 1 or not found[0]["Enabled"]:
            return None
        username: str = found[0]["Username"]
        pages = self._cognito.get_paginator("admin_list_groups_for_user").paginate(
            UserPoolId=pool_id, Username=username
        )
        attributes = {each["Name"]: each["Value"] for each in found[0]["Attributes"]}
        return PoolUser(
            username,
            tuple(group["GroupName"] for page in pages for group in page["Groups"]),
            attributes.get(ROLES_ATTRIBUTE, ""),
        )

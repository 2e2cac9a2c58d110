"""Who signed a request, as policies and ARNs name them."""

from dataclasses import dataclass, field
from enum import StrEnum

from poolgate.foundation.ids import AccessKeyId, AccountId, Arn


class PrincipalType(StrEnum):
    """The values of the condition key `aws:PrincipalType`.

    A web identity is only ever asked about by a role's trust policy; it signs nothing.
    """

    ACCOUNT = "Account"
    USER = "User"
    ASSUMED_ROLE = "AssumedRole"
    FEDERATED_USER = "FederatedUser"
    WEB_IDENTITY = "WebIdentity"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOrigin:
    """What temporary keys bring along: which they are, and the condition keys of their making.

    `context` holds them with their values, such as `aws:TokenIssueTime` or what the token that was
    exchanged said. `expires_at` is when the keys stop to
    work, in seconds since 1970. `for_pool_user` tells that an identity pool made them for a user.
    """

    access_key_id: AccessKeyId
    expires_at: int
    context: tuple[tuple[str, tuple[str, ...]], ...] = ()
    for_pool_user: bool = False


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified signer.

    `arn` is the caller ARN (a role session's own ARN); `principal_arn` is what `aws:PrincipalArn`
    holds: the role's ARN with its path for a role session, otherwise `arn`. `user_id` is the
    `aws:userid` value. `temporary` is None for long-term access keys.
    """

    type: PrincipalType
    arn: Arn
    account_id: AccountId
    user_id: str
    principal_arn: Arn
    username: str | None = None
    tags: tuple[tuple[str, str], ...] = field(default=())
    temporary: KeyOrigin | None = None

    @property
    def is_root(self) -> bool:
        """Tell whether this is the account's root."""
        return self.type is PrincipalType.ACCOUNT

"""Who signed a request, as policies and ARNs name them."""

from dataclasses import dataclass, field
from enum import StrEnum

from poolgate.foundation.ids import AccountId, Arn


class PrincipalType(StrEnum):
    """The values of the condition key `aws:PrincipalType`."""

    ACCOUNT = "Account"
    USER = "User"
    ASSUMED_ROLE = "AssumedRole"
    FEDERATED_USER = "FederatedUser"


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified signer.

    `arn` is the caller ARN (a role session's own ARN); `principal_arn` is what `aws:PrincipalArn`
    holds: the role's ARN with its path for a role session, otherwise `arn`. `user_id` is the
    `aws:userid` value.
    """

    type: PrincipalType
    arn: Arn
    account_id: AccountId
    user_id: str
    principal_arn: Arn
    username: str | None = None
    tags: tuple[tuple[str, str], ...] = field(default=())

    @property
    def is_root(self) -> bool:
        """Tell whether this is the account's root."""
        return self.type is PrincipalType.ACCOUNT

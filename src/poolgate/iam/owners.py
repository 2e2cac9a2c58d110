"""Who policies are put on or attached to: users, groups and roles, told apart by their ids."""

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from poolgate.foundation.ids import AccountId, Arn
from poolgate.iam.tables import iam_attachments, iam_inline_policies
from poolgate.store.database import Transaction

_ANY_INLINE = (
    sa.select(iam_inline_policies.c.name)
    .where(iam_inline_policies.c.owner_id == sa.bindparam("of_owner"))
    .limit(1)
)
_ANY_ATTACHED = (
    sa.select(iam_attachments.c.policy_arn)
    .where(iam_attachments.c.owner_id == sa.bindparam("of_owner"))
    .limit(1)
)


class OwnerKind(StrEnum):
    """What can have policies, as AWS's operation names have it."""

    USER = "User"
    GROUP = "Group"
    ROLE = "Role"


@dataclass(frozen=True, slots=True)
class PolicyOwner:
    """A user, group or role. The id stays when the name or path changes."""

    kind: OwnerKind
    owner_id: str
    name: str
    path: str

    def arn(self, account_id: AccountId) -> Arn:
        """Return the owner's ARN."""
        return entity_arn(account_id, self.kind, self.path, self.name)


def entity_arn(account_id: AccountId, kind: OwnerKind, path: str, name: str) -> Arn:
    """Return the ARN of a user, group or role."""
    return Arn(f"arn:aws:iam::{account_id}:{kind.value.lower()}{path}{name}")


def name_key(name: str) -> str:
    """Return what names are compared by: they are unique whatever their case."""
    return name.casefold()


def has_inline_policies(transaction: Transaction, owner_id: str) -> bool:
    """Tell whether the owner has any policy of its own."""
    return transaction.one(_ANY_INLINE, {"of_owner": owner_id}) is not None


def has_attached_policies(transaction: Transaction, owner_id: str) -> bool:
    """Tell whether any managed policy is attached to the owner."""
    return transaction.one(_ANY_ATTACHED, {"of_owner": owner_id}) is not None

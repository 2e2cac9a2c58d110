"""Who policies are put on or attached to: users, groups and roles, told apart by their ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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


def page_by_path(table: sa.Table) -> sa.Select[Any]:
    """Return the selection of a page by name, of the paths that begin with a prefix.

    Its parameters are those of `page_parameters`.
    """
    return (
        sa.select(table)
        .where(
            table.c.name_key > sa.bindparam("after"),
            sa.func.substr(table.c.path, 1, sa.bindparam("prefix_length", type_=sa.Integer))
            == sa.bindparam("path_prefix"),
        )
        .order_by(table.c.name_key)
        .limit(sa.bindparam("limit"))
    )


def page_parameters(path_prefix: str, after: str | None, limit: int) -> Mapping[str, str | int]:
    """Return what a page by path is asked with; a row beyond `limit` tells that more follow."""
    return {
        "after": after or "",
        "path_prefix": path_prefix,
        "prefix_length": len(path_prefix),
        "limit": limit + 1,
    }


def has_inline_policies(transaction: Transaction, owner_id: str) -> bool:
    """Tell whether the owner has any policy of its own."""
    return transaction.one(_ANY_INLINE, {"of_owner": owner_id}) is not None


def has_attached_policies(transaction: Transaction, owner_id: str) -> bool:
    """Tell whether any managed policy is attached to the owner."""
    return transaction.one(_ANY_ATTACHED, {"of_owner": owner_id}) is not None

"""Managed policies on users, groups and roles: attached ones and permission boundaries."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import Arn
from poolgate.foundation.paging import Page
from poolgate.iam import managed_policies
from poolgate.iam.inline_policies import FindOwner
from poolgate.iam.owners import OwnerKind, PolicyOwner
from poolgate.iam.tables import (
    iam_attachments,
    iam_groups,
    iam_roles,
    iam_users,
)
from poolgate.policy.arns import is_arn
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction

# AWS reference_iam-quotas.
POLICIES_PER_OWNER = 10

_TABLES = {
    OwnerKind.USER: (iam_users, iam_users.c.user_id),
    OwnerKind.GROUP: (iam_groups, iam_groups.c.group_id),
    OwnerKind.ROLE: (iam_roles, iam_roles.c.role_id),
}
_BOUNDED = {kind: table for kind, table in _TABLES.items() if "boundary_arn" in table[0].columns}

_INSERT = InsertIfAbsent(iam_attachments)
_DELETE = sa.delete(iam_attachments).where(
    iam_attachments.c.owner_id == sa.bindparam("of_owner"),
    iam_attachments.c.policy_arn == sa.bindparam("of_policy"),
)
_ARNS = (
    sa.select(iam_attachments.c.policy_arn)
    .where(iam_attachments.c.owner_id == sa.bindparam("of_owner"))
    .order_by(iam_attachments.c.policy_arn)
)
_ATTACHED_TO = {
    kind: sa.select(owner_id.label("owner_id"), table.c.name, table.c.path)
    .join_from(iam_attachments, table, iam_attachments.c.owner_id == owner_id)
    .where(iam_attachments.c.policy_arn == sa.bindparam("of_policy"))
    .order_by(table.c.name_key)
    for kind, (table, owner_id) in _TABLES.items()
}
_BOUNDARY_OF = {
    kind: sa.select(owner_id.label("owner_id"), table.c.name, table.c.path)
    .where(table.c.boundary_arn == sa.bindparam("of_policy"))
    .order_by(table.c.name_key)
    for kind, (table, owner_id) in _BOUNDED.items()
}
_SET_BOUNDARY = {
    kind: sa.update(table)
    .where(owner_id == sa.bindparam("of_owner"))
    .values(boundary_arn=sa.bindparam("new_boundary"))
    for kind, (table, owner_id) in _BOUNDED.items()
}
_GET_BOUNDARY = {
    kind: sa.select(table.c.boundary_arn).where(owner_id == sa.bindparam("of_owner"))
    for kind, (table, owner_id) in _BOUNDED.items()
}


class PolicyArnMalformed(Failure):
    """What should name a managed policy is no ARN."""


class PolicyNotAttachable(Failure):
    """No managed policy has this ARN, so it cannot be attached. Facts: arn."""


class PolicyNotAttached(Failure):
    """The policy is not attached to the owner. Facts: arn."""


class TooManyAttachedPolicies(Failure):
    """The owner has as many attached policies as it may. Facts: limit, kind."""


class BoundaryNotFound(Failure):
    """No managed policy has the ARN that is to be a permissions boundary. Facts: arn."""


class BoundaryNotSet(Failure):
    """There is no permissions boundary to be taken away. Facts: kind, name."""


@dataclass(frozen=True, slots=True)
class AttachedPolicy:
    """The name and ARN of an attached policy."""

    name: str
    arn: Arn


def attach(call: Call, find_owner: FindOwner, arn: str) -> None:
    """Attach a policy; one that is attached already stays."""
    verify_policy_arn(arn)
    with call.db.writing() as transaction:
        owner = find_owner(transaction)
        if managed_policies.find(transaction, arn) is None:
            raise PolicyNotAttachable(arn=arn)
        attached = arns_of(transaction, owner.owner_id)
        if arn not in attached and len(attached) >= POLICIES_PER_OWNER:
            raise TooManyAttachedPolicies(limit=str(POLICIES_PER_OWNER), kind=owner.kind.value)
        transaction.insert_if_absent(_INSERT, {"owner_id": owner.owner_id, "policy_arn": arn})


def detach(call: Call, find_owner: FindOwner, arn: str) -> None:
    """Take an attached policy away; raise PolicyNotAttached."""
    verify_policy_arn(arn)
    with call.db.writing() as transaction:
        owner = find_owner(transaction)
        if transaction.run(_DELETE, {"of_owner": owner.owner_id, "of_policy": arn}) == 0:
            raise PolicyNotAttached(arn=arn)


def list_page(
    transaction: Transaction,
    owner: PolicyOwner,
    *,
    path_prefix: str,
    after: str | None,
    limit: int,
) -> Page[AttachedPolicy]:
    """Return the owner's attached policies of the paths that begin with `path_prefix`."""
    attached = [
        managed_policies.get(transaction, arn) for arn in arns_of(transaction, owner.owner_id)
    ]
    rows = [
        AttachedPolicy(each.name, each.arn)
        for each in attached
        if each.path.startswith(path_prefix) and each.arn > (after or "")
    ]
    shown = tuple(rows[:limit])
    return Page(shown, shown[-1].arn if len(rows) > limit else None)


def arns_of(transaction: Transaction, owner_id: str) -> Sequence[str]:
    """Return the ARNs of all policies attached to an owner."""
    return [row.policy_arn for row in transaction.rows(_ARNS, {"of_owner": owner_id})]


def owners_of(
    transaction: Transaction, arn: str, kind: OwnerKind, *, as_boundary: bool
) -> Sequence[PolicyOwner]:
    """Return the owners of one kind that a policy is attached to, or limits as their boundary."""
    statement = _BOUNDARY_OF.get(kind) if as_boundary else _ATTACHED_TO[kind]
    if statement is None:
        return ()
    rows = transaction.rows(statement, {"of_policy": arn})
    return [PolicyOwner(kind, row.owner_id, row.name, row.path) for row in rows]


def set_boundary(call: Call, find_owner: FindOwner, arn: str) -> None:
    """Make a policy the owner's permissions boundary; raise BoundaryNotFound."""
    with call.db.writing() as transaction:
        owner = find_owner(transaction)
        verify_boundary(transaction, arn)
        _put_boundary(transaction, owner, arn)


def remove_boundary(call: Call, find_owner: FindOwner) -> None:
    """Take the owner's permissions boundary away; raise BoundaryNotSet."""
    with call.db.writing() as transaction:
        owner = find_owner(transaction)
        found = transaction.one(_GET_BOUNDARY[owner.kind], {"of_owner": owner.owner_id})
        if found is None or found.boundary_arn is None:
            raise BoundaryNotSet(kind=owner.kind.lower(), name=owner.name)
        _put_boundary(transaction, owner, None)


def verify_boundary(transaction: Transaction, arn: str | None) -> None:
    """Raise BoundaryNotFound unless `arn` is absent or names a managed policy."""
    if arn is not None and managed_policies.find(transaction, arn) is None:
        raise BoundaryNotFound(arn=arn)


def verify_policy_arn(arn: str) -> None:
    """Raise PolicyArnMalformed unless it could be a policy's ARN."""
    if not is_arn(arn):
        raise PolicyArnMalformed


def _put_boundary(transaction: Transaction, owner: PolicyOwner, arn: str | None) -> None:
    transaction.run(_SET_BOUNDARY[owner.kind], {"of_owner": owner.owner_id, "new_boundary": arn})

"""IAM groups: users that share policies."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import new_unique_id
from poolgate.foundation.paging import Page
from poolgate.iam import users
from poolgate.iam.named_rows import NamedRows
from poolgate.iam.owners import (
    OwnerKind,
    PolicyOwner,
    has_attached_policies,
    has_inline_policies,
    name_key,
)
from poolgate.iam.tables import iam_group_members, iam_groups, iam_users
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction

# AWS reference_iam-quotas.
GROUPS_PER_ACCOUNT = 300
GROUPS_PER_USER = 10


class IamGroupNotFound(Failure):
    """No IAM group has this name. Facts: name."""


class IamGroupExists(Failure):
    """The name is taken, whatever its case. Facts: name."""


class TooManyIamGroups(Failure):
    """The account has as many groups as it may. Facts: limit."""


class TooManyGroupsOfUser(Failure):
    """The user is in as many groups as it may. Facts: limit."""


class IamGroupHasMembers(Failure):
    """A group with members is not deleted."""


class IamGroupHasPolicies(Failure):
    """A group with inline policies is not deleted."""


class IamGroupHasAttachedPolicies(Failure):
    """A group with attached policies is not deleted."""


@dataclass(frozen=True, slots=True)
class IamGroup:
    """An IAM group as stored. `group_id` stays when the name or path changes."""

    group_id: str
    name: str
    path: str
    created_at: int

    @property
    def owner(self) -> PolicyOwner:
        """The group as one that policies are put on."""
        return PolicyOwner(OwnerKind.GROUP, self.group_id, self.name, self.path)


_ROWS = NamedRows(
    iam_groups, most=GROUPS_PER_ACCOUNT, exists=IamGroupExists, too_many=TooManyIamGroups
)
_ADD_MEMBER = InsertIfAbsent(iam_group_members)
_REMOVE_MEMBER = sa.delete(iam_group_members).where(
    iam_group_members.c.user_id == sa.bindparam("of_user"),
    iam_group_members.c.group_id == sa.bindparam("of_group"),
)
_MEMBERS = (
    sa.select(iam_users)
    .join_from(iam_group_members, iam_users, iam_group_members.c.user_id == iam_users.c.user_id)
    .where(
        iam_group_members.c.group_id == sa.bindparam("of_group"),
        iam_users.c.name_key > sa.bindparam("after"),
    )
    .order_by(iam_users.c.name_key)
    .limit(sa.bindparam("limit"))
)
_OF_USER = (
    sa.select(iam_groups)
    .join_from(iam_group_members, iam_groups, iam_group_members.c.group_id == iam_groups.c.group_id)
    .where(iam_group_members.c.user_id == sa.bindparam("of_user"))
    .order_by(iam_groups.c.name_key)
)


def create(call: Call, *, name: str, path: str) -> IamGroup:
    """Store a new group."""
    group = IamGroup(new_unique_id("AGPA"), name, path, call.now_millis)
    with call.db.writing() as transaction:
        _ROWS.insert(
            transaction,
            {
                "group_id": group.group_id,
                "name": name,
                "path": path,
                "created_at": group.created_at,
            },
        )
    return group


def find(transaction: Transaction, name: str) -> IamGroup | None:
    """Return the group of that name, whatever its case, or None."""
    row = _ROWS.find(transaction, name)
    return None if row is None else _group(row)


def get(transaction: Transaction, name: str) -> IamGroup:
    """Return the group of that name, whatever its case; raise IamGroupNotFound."""
    group = find(transaction, name)
    if group is None:
        raise IamGroupNotFound(name=name)
    return group


def list_page(
    transaction: Transaction, *, path_prefix: str, after: str | None, limit: int
) -> Page[IamGroup]:
    """Return groups by name, of the paths that begin with `path_prefix`."""
    return _ROWS.list_page(transaction, _group, path_prefix=path_prefix, after=after, limit=limit)


def update(call: Call, name: str, *, new_name: str | None, new_path: str | None) -> None:
    """Rename or move a group; its members and policies stay."""
    with call.db.writing() as transaction:
        group = get(transaction, name)
        _ROWS.rename(transaction, group.name, new_name=new_name, new_path=new_path)


def delete(call: Call, name: str) -> None:
    """Remove a group that has neither members nor policies."""
    with call.db.writing() as transaction:
        group = get(transaction, name)
        if members(transaction, group, after=None, limit=1).rows:
            raise IamGroupHasMembers
        if has_inline_policies(transaction, group.group_id):
            raise IamGroupHasPolicies
        if has_attached_policies(transaction, group.group_id):
            raise IamGroupHasAttachedPolicies
        _ROWS.delete(transaction, group.group_id)


def add_member(call: Call, name: str, user_name: str) -> None:
    """Put a user into a group; one that is in it already stays."""
    with call.db.writing() as transaction:
        group = get(transaction, name)
        user = users.get(transaction, user_name)
        others = [each for each in of_user(transaction, user.user_id) if each != group]
        if len(others) >= GROUPS_PER_USER:
            raise TooManyGroupsOfUser(limit=str(GROUPS_PER_USER))
        transaction.insert_if_absent(
            _ADD_MEMBER, {"user_id": user.user_id, "group_id": group.group_id}
        )


def remove_member(call: Call, name: str, user_name: str) -> None:
    """Take a user out of a group; raise IamUserNotFound for one that is not in it."""
    with call.db.writing() as transaction:
        group = get(transaction, name)
        user = users.get(transaction, user_name)
        membership = {"of_user": user.user_id, "of_group": group.group_id}
        if transaction.run(_REMOVE_MEMBER, membership) == 0:
            raise users.IamUserNotFound(name=user_name)


def members(
    transaction: Transaction, group: IamGroup, *, after: str | None, limit: int
) -> Page[users.IamUser]:
    """Return the group's users by name."""
    rows = transaction.rows(
        _MEMBERS, {"of_group": group.group_id, "after": after or "", "limit": limit + 1}
    )
    found = tuple(users.of_row(row) for row in rows[:limit])
    return Page(found, name_key(found[-1].name) if len(rows) > limit else None)


def of_user(transaction: Transaction, user_id: str) -> Sequence[IamGroup]:
    """Return the groups that a user is in, by name."""
    return [_group(row) for row in transaction.rows(_OF_USER, {"of_user": user_id})]


def _group(row: "sa.Row[tuple[object, ...]]") -> IamGroup:
    return IamGroup(row.group_id, row.name, row.path, row.created_at)

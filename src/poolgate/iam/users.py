"""IAM users: programs and people that sign requests with access keys of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccountId, Arn, new_unique_id
from poolgate.foundation.paging import Page
from poolgate.iam.attachments import verify_boundary
from poolgate.iam.named_rows import NamedRows
from poolgate.iam.owners import (
    OwnerKind,
    PolicyOwner,
    entity_arn,
    has_attached_policies,
    has_inline_policies,
)
from poolgate.iam.tables import (
    access_keys,
    iam_group_members,
    iam_mfa_devices,
    iam_users,
    temporary_keys,
)
from poolgate.iam.tags import decode_tags, encode_tags, merged_tags, remaining_tags
from poolgate.store.call import Call
from poolgate.store.database import Transaction

USERS_PER_ACCOUNT = 5000


class IamUserNotFound(Failure):
    """No IAM user has this name. Facts: name."""


class IamUserExists(Failure):
    """The name is taken, whatever its case. Facts: name."""


class TooManyIamUsers(Failure):
    """The account has as many users as it may. Facts: limit."""


class IamUserHasAccessKeys(Failure):
    """A user with access keys is not deleted."""


class IamUserHasPolicies(Failure):
    """A user with inline policies is not deleted."""


class IamUserHasAttachedPolicies(Failure):
    """A user with attached policies is not deleted."""


class IamUserInGroups(Failure):
    """A user that is in a group is not deleted."""


class IamUserHasMfaDevices(Failure):
    """A user with an MFA device is not deleted."""


@dataclass(frozen=True, slots=True)
class IamUser:
    """An IAM user as stored. `user_id` stays when the name or path changes."""

    user_id: str
    name: str
    path: str
    tags: Mapping[str, str]
    boundary_arn: str | None
    created_at: int

    @property
    def owner(self) -> PolicyOwner:
        """The user as one that policies are put on."""
        return PolicyOwner(OwnerKind.USER, self.user_id, self.name, self.path)


_ROWS = NamedRows(iam_users, most=USERS_PER_ACCOUNT, exists=IamUserExists, too_many=TooManyIamUsers)
_UPDATE_TAGS = (
    sa.update(iam_users)
    .where(iam_users.c.user_id == sa.bindparam("of_user"))
    .values(tags=sa.bindparam("new_tags"))
)
_ANY_ACCESS_KEY = (
    sa.select(access_keys.c.access_key_id)
    .where(access_keys.c.user_id == sa.bindparam("of_user"))
    .limit(1)
)
_ANY_GROUP = (
    sa.select(iam_group_members.c.group_id)
    .where(iam_group_members.c.user_id == sa.bindparam("of_user"))
    .limit(1)
)
_ANY_MFA_DEVICE = (
    sa.select(iam_mfa_devices.c.serial_number)
    .where(iam_mfa_devices.c.user_id == sa.bindparam("of_user"))
    .limit(1)
)
_END_SESSIONS = sa.delete(temporary_keys).where(
    temporary_keys.c.owner_id == sa.bindparam("of_user")
)


def user_arn(account_id: AccountId, path: str, name: str) -> Arn:
    """Return the ARN of an IAM user."""
    return entity_arn(account_id, OwnerKind.USER, path, name)


def create(
    call: Call,
    *,
    name: str,
    path: str,
    tags: Sequence[tuple[str, str]],
    boundary_arn: str | None = None,
) -> IamUser:
    """Store a new user."""
    user = IamUser(
        user_id=new_unique_id("AIDA"),
        name=name,
        path=path,
        tags=merged_tags({}, tags),
        boundary_arn=boundary_arn,
        created_at=call.now_millis,
    )
    with call.db.writing() as transaction:
        verify_boundary(transaction, boundary_arn)
        _ROWS.insert(
            transaction,
            {
                "user_id": user.user_id,
                "name": user.name,
                "path": user.path,
                "tags": encode_tags(user.tags),
                "boundary_arn": user.boundary_arn,
                "created_at": user.created_at,
            },
        )
    return user


def find(transaction: Transaction, name: str) -> IamUser | None:
    """Return the user of that name, whatever its case, or None."""
    row = _ROWS.find(transaction, name)
    return None if row is None else of_row(row)


def get(transaction: Transaction, name: str) -> IamUser:
    """Return the user of that name, whatever its case; raise IamUserNotFound."""
    user = find(transaction, name)
    if user is None:
        raise IamUserNotFound(name=name)
    return user


def find_by_id(transaction: Transaction, user_id: str) -> IamUser | None:
    """Return the user with that id, or None."""
    row = _ROWS.find_by_id(transaction, user_id)
    return None if row is None else of_row(row)


def get_by_id(transaction: Transaction, user_id: str, *, name: str) -> IamUser:
    """Return the user with that id; raise IamUserNotFound, told by `name`."""
    user = find_by_id(transaction, user_id)
    if user is None:
        raise IamUserNotFound(name=name)
    return user


def list_page(
    transaction: Transaction, *, path_prefix: str, after: str | None, limit: int
) -> Page[IamUser]:
    """Return users by name, of the paths that begin with `path_prefix`."""
    return _ROWS.list_page(transaction, of_row, path_prefix=path_prefix, after=after, limit=limit)


def update(call: Call, name: str, *, new_name: str | None, new_path: str | None) -> None:
    """Rename or move a user; its keys, policies and id stay."""
    with call.db.writing() as transaction:
        user = get(transaction, name)
        _ROWS.rename(transaction, user.name, new_name=new_name, new_path=new_path)


def delete(call: Call, name: str) -> None:
    """Remove a user who has nothing left; temporary keys made by the user end with it."""
    with call.db.writing() as transaction:
        user = get(transaction, name)
        of_user = {"of_user": user.user_id}
        for statement, failure in _OBSTACLES:
            if transaction.one(statement, of_user) is not None:
                raise failure
        if has_inline_policies(transaction, user.user_id):
            raise IamUserHasPolicies
        if has_attached_policies(transaction, user.user_id):
            raise IamUserHasAttachedPolicies
        transaction.run(_END_SESSIONS, of_user)
        _ROWS.delete(transaction, user.user_id)


_OBSTACLES: Sequence[tuple[sa.Executable, type[Failure]]] = (
    (_ANY_ACCESS_KEY, IamUserHasAccessKeys),
    (_ANY_MFA_DEVICE, IamUserHasMfaDevices),
    (_ANY_GROUP, IamUserInGroups),
)


def tag(call: Call, name: str, tags: Sequence[tuple[str, str]]) -> None:
    """Add tags; a key that is there already, whatever its case, is replaced."""
    with call.db.writing() as transaction:
        user = get(transaction, name)
        _put_tags(transaction, user, merged_tags(user.tags, tags))


def untag(call: Call, name: str, tag_keys: Sequence[str]) -> None:
    """Remove tags; a key that is not there is not missed."""
    with call.db.writing() as transaction:
        user = get(transaction, name)
        _put_tags(transaction, user, remaining_tags(user.tags, tag_keys))


def _put_tags(transaction: Transaction, user: IamUser, tags: Mapping[str, str]) -> None:
    transaction.run(_UPDATE_TAGS, {"of_user": user.user_id, "new_tags": encode_tags(tags)})


def of_row(row: "sa.Row[tuple[object, ...]]") -> IamUser:
    """Return the user of a row of the table, or of a join with it."""
    return IamUser(
        user_id=row.user_id,
        name=row.name,
        path=row.path,
        tags=decode_tags(row.tags),
        boundary_arn=row.boundary_arn,
        created_at=row.created_at,
    )

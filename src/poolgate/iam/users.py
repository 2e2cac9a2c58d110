"""IAM users: programs and people that sign requests with access keys of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccountId, Arn, new_unique_id
from poolgate.foundation.paging import Page
from poolgate.iam.tables import access_keys, iam_user_policies, iam_users
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction

USERS_PER_ACCOUNT = 5000
TAGS_PER_USER = 50
_RESERVED_TAG_PREFIX = "aws:"


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


class DuplicateTagKeys(Failure):
    """Two tag keys differ in nothing but case."""


class TooManyTags(Failure):
    """The user would have more tags than it may. Facts: limit."""


class ReservedTagKey(Failure):
    """Tag keys that begin with `aws:` are not a caller's. Facts: tag_key."""


@dataclass(frozen=True, slots=True)
class IamUser:
    """An IAM user as stored. `user_id` stays when the name or path changes."""

    user_id: str
    name: str
    path: str
    tags: Mapping[str, str]
    created_at: int


_ROOM = sa.select(sa.func.count()).select_from(iam_users)
_INSERT = InsertIfAbsent(iam_users)
_BY_NAME = sa.select(iam_users).where(iam_users.c.name_key == sa.bindparam("name_key"))
_BY_ID = sa.select(iam_users).where(iam_users.c.user_id == sa.bindparam("user_id"))
_PAGE = (
    sa.select(iam_users)
    .where(
        iam_users.c.name_key > sa.bindparam("after"),
        sa.func.substr(iam_users.c.path, 1, sa.bindparam("prefix_length", type_=sa.Integer))
        == sa.bindparam("path_prefix"),
    )
    .order_by(iam_users.c.name_key)
    .limit(sa.bindparam("limit"))
)
_UPDATE = (
    sa.update(iam_users)
    .where(iam_users.c.user_id == sa.bindparam("of_user"))
    .values(
        name=sa.bindparam("new_name"),
        name_key=sa.bindparam("new_name_key"),
        path=sa.bindparam("new_path"),
    )
)
_UPDATE_TAGS = (
    sa.update(iam_users)
    .where(iam_users.c.user_id == sa.bindparam("of_user"))
    .values(tags=sa.bindparam("new_tags"))
)
_DELETE = sa.delete(iam_users).where(iam_users.c.user_id == sa.bindparam("of_user"))
_ANY_ACCESS_KEY = (
    sa.select(access_keys.c.access_key_id)
    .where(access_keys.c.user_id == sa.bindparam("of_user"))
    .limit(1)
)
_ANY_POLICY = (
    sa.select(iam_user_policies.c.name)
    .where(iam_user_policies.c.user_id == sa.bindparam("of_user"))
    .limit(1)
)


def user_arn(account_id: AccountId, path: str, name: str) -> Arn:
    """Return the ARN of an IAM user."""
    return Arn(f"arn:aws:iam::{account_id}:user{path}{name}")


def create(call: Call, *, name: str, path: str, tags: Sequence[tuple[str, str]]) -> IamUser:
    """Store a new user."""
    user = IamUser(
        user_id=new_unique_id("AIDA"),
        name=name,
        path=path,
        tags=_merged_tags({}, tags),
        created_at=call.now_millis,
    )
    with call.db.writing() as transaction:
        if transaction.one(_ROOM)[0] >= USERS_PER_ACCOUNT:
            raise TooManyIamUsers(limit=str(USERS_PER_ACCOUNT))
        stored = {
            "user_id": user.user_id,
            "name": user.name,
            "name_key": _name_key(user.name),
            "path": user.path,
            "tags": _encoded_tags(user.tags),
            "created_at": user.created_at,
        }
        if not transaction.insert_if_absent(_INSERT, stored):
            raise IamUserExists(name=name)
    return user


def find(transaction: Transaction, name: str) -> IamUser | None:
    """Return the user of that name, whatever its case, or None."""
    row = transaction.one(_BY_NAME, {"name_key": _name_key(name)})
    return None if row is None else _user(row)


def get(transaction: Transaction, name: str) -> IamUser:
    """Return the user of that name, whatever its case; raise IamUserNotFound."""
    user = find(transaction, name)
    if user is None:
        raise IamUserNotFound(name=name)
    return user


def get_by_id(transaction: Transaction, user_id: str, *, name: str) -> IamUser:
    """Return the user with that id; raise IamUserNotFound, told by `name`."""
    row = transaction.one(_BY_ID, {"user_id": user_id})
    if row is None:
        raise IamUserNotFound(name=name)
    return _user(row)


def list_page(
    transaction: Transaction, *, path_prefix: str, after: str | None, limit: int
) -> Page[IamUser]:
    """Return users by name, of the paths that begin with `path_prefix`."""
    rows = transaction.rows(
        _PAGE,
        {
            "after": after or "",
            "path_prefix": path_prefix,
            "prefix_length": len(path_prefix),
            "limit": limit + 1,
        },
    )
    users = tuple(_user(row) for row in rows[:limit])
    return Page(users, _name_key(users[-1].name) if len(rows) > limit else None)


def update(call: Call, name: str, *, new_name: str | None, new_path: str | None) -> None:
    """Rename or move a user; its keys, policies and id stay."""
    with call.db.writing() as transaction:
        user = get(transaction, name)
        wanted_name = new_name or user.name
        holder = find(transaction, wanted_name)
        if holder is not None and holder.user_id != user.user_id:
            raise IamUserExists(name=wanted_name)
        transaction.run(
            _UPDATE,
            {
                "of_user": user.user_id,
                "new_name": wanted_name,
                "new_name_key": _name_key(wanted_name),
                "new_path": new_path or user.path,
            },
        )


def delete(call: Call, name: str) -> None:
    """Remove a user who has neither access keys nor policies."""
    with call.db.writing() as transaction:
        of_user = {"of_user": get(transaction, name).user_id}
        if transaction.one(_ANY_ACCESS_KEY, of_user) is not None:
            raise IamUserHasAccessKeys
        if transaction.one(_ANY_POLICY, of_user) is not None:
            raise IamUserHasPolicies
        transaction.run(_DELETE, of_user)


def tag(call: Call, name: str, tags: Sequence[tuple[str, str]]) -> None:
    """Add tags; a key that is there already, whatever its case, is replaced."""
    with call.db.writing() as transaction:
        user = get(transaction, name)
        _put_tags(transaction, user, _merged_tags(user.tags, tags))


def untag(call: Call, name: str, tag_keys: Sequence[str]) -> None:
    """Remove tags; a key that is not there is not missed."""
    removed = {tag_key.casefold() for tag_key in tag_keys}
    with call.db.writing() as transaction:
        user = get(transaction, name)
        kept = {key: value for key, value in user.tags.items() if key.casefold() not in removed}
        _put_tags(transaction, user, kept)


def _put_tags(transaction: Transaction, user: IamUser, tags: Mapping[str, str]) -> None:
    transaction.run(_UPDATE_TAGS, {"of_user": user.user_id, "new_tags": _encoded_tags(tags)})


def _merged_tags(
    existing: Mapping[str, str], added: Sequence[tuple[str, str]]
) -> Mapping[str, str]:
    folded = [key.casefold() for key, _ in added]
    if len(set(folded)) < len(folded):
        raise DuplicateTagKeys
    for key in folded:
        if key.startswith(_RESERVED_TAG_PREFIX):
            raise ReservedTagKey(tag_key=key)
    kept = {key: value for key, value in existing.items() if key.casefold() not in folded}
    merged = kept | dict(added)
    if len(merged) > TAGS_PER_USER:
        raise TooManyTags(limit=str(TAGS_PER_USER))
    return merged


def _name_key(name: str) -> str:
    return name.casefold()


def _encoded_tags(tags: Mapping[str, str]) -> str:
    return msgspec.json.encode(tags).decode()


def _user(row: "sa.Row[tuple[object, ...]]") -> IamUser:
    return IamUser(
        user_id=row.user_id,
        name=row.name,
        path=row.path,
        tags=msgspec.json.decode(row.tags, type=dict[str, str]),
        created_at=row.created_at,
    )

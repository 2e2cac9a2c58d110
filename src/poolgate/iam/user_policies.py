"""Inline policies of IAM users: kept as written, refused unless they can be evaluated."""

from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.paging import Page
from poolgate.iam import users
from poolgate.iam.tables import iam_user_policies
from poolgate.policy.documents import parse_policy
from poolgate.store.call import Call
from poolgate.store.database import Put, Transaction

# AWS reference_iam-quotas: all inline policies of a user together, white space not counted.
DOCUMENTS_PER_USER_CHARACTERS = 2048

_IS_POLICY = sa.and_(
    iam_user_policies.c.user_id == sa.bindparam("of_user"),
    iam_user_policies.c.name == sa.bindparam("of_name"),
)
_PUT = Put(iam_user_policies)
_GET = sa.select(iam_user_policies.c.document).where(_IS_POLICY)
_DELETE = sa.delete(iam_user_policies).where(_IS_POLICY)
_OTHERS = sa.select(iam_user_policies.c.document).where(
    iam_user_policies.c.user_id == sa.bindparam("of_user"),
    iam_user_policies.c.name != sa.bindparam("of_name"),
)
_ALL = (
    sa.select(iam_user_policies.c.name, iam_user_policies.c.document)
    .where(iam_user_policies.c.user_id == sa.bindparam("of_user"))
    .order_by(iam_user_policies.c.name)
)
_PAGE = (
    sa.select(iam_user_policies.c.name)
    .where(
        iam_user_policies.c.user_id == sa.bindparam("of_user"),
        iam_user_policies.c.name > sa.bindparam("after"),
    )
    .order_by(iam_user_policies.c.name)
    .limit(sa.bindparam("limit"))
)


class UserPolicyNotFound(Failure):
    """The user has no inline policy of this name. Facts: name."""


class UserPoliciesTooLarge(Failure):
    """The user's inline policies would be larger than they may. Facts: limit, name."""


@dataclass(frozen=True, slots=True)
class UserPolicy:
    """An inline policy; `document` is the text as it was given."""

    name: str
    document: str


def put(call: Call, user_name: str, iam_policy: UserPolicy) -> None:
    """Add or replace an inline policy; raise MalformedPolicy for what cannot be evaluated."""
    parse_policy(iam_policy.document, name=iam_policy.name)
    with call.db.writing() as transaction:
        user = users.get(transaction, user_name)
        others = transaction.rows(_OTHERS, {"of_user": user.user_id, "of_name": iam_policy.name})
        documents = [iam_policy.document, *(row.document for row in others)]
        if sum(map(_counted_length, documents)) > DOCUMENTS_PER_USER_CHARACTERS:
            raise UserPoliciesTooLarge(limit=str(DOCUMENTS_PER_USER_CHARACTERS), name=user.name)
        transaction.put(
            _PUT,
            {"user_id": user.user_id, "name": iam_policy.name, "document": iam_policy.document},
        )


def get(transaction: Transaction, user: users.IamUser, name: str) -> UserPolicy:
    """Return the user's policy of that name; raise UserPolicyNotFound."""
    row = transaction.one(_GET, {"of_user": user.user_id, "of_name": name})
    if row is None:
        raise UserPolicyNotFound(name=name)
    return UserPolicy(name, row.document)


def list_page(
    transaction: Transaction, user: users.IamUser, *, after: str | None, limit: int
) -> Page[str]:
    """Return the names of the user's policies."""
    rows = transaction.rows(
        _PAGE, {"of_user": user.user_id, "after": after or "", "limit": limit + 1}
    )
    names = tuple(row.name for row in rows[:limit])
    return Page(names, names[-1] if len(rows) > limit else None)


def delete(call: Call, user_name: str, name: str) -> None:
    """Remove the user's policy of that name; raise UserPolicyNotFound."""
    with call.db.writing() as transaction:
        user = users.get(transaction, user_name)
        if transaction.run(_DELETE, {"of_user": user.user_id, "of_name": name}) == 0:
            raise UserPolicyNotFound(name=name)


def of_user(transaction: Transaction, user_id: str) -> tuple[UserPolicy, ...]:
    """Return all policies of a user."""
    return tuple(
        UserPolicy(row.name, row.document) for row in transaction.rows(_ALL, {"of_user": user_id})
    )


def _counted_length(document: str) -> int:
    return len("".join(document.split()))

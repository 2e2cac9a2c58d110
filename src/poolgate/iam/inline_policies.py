"""Inline policies of users, groups and roles: kept as written, refused unless they can be used."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.paging import Page
from poolgate.iam.owners import OwnerKind, PolicyOwner
from poolgate.iam.tables import iam_inline_policies
from poolgate.policy.documents import parse_policy
from poolgate.store.call import Call
from poolgate.store.database import Put, Transaction

# AWS reference_iam-quotas: all inline policies of an owner together, white space not counted.
DOCUMENTS_CHARACTERS: Mapping[OwnerKind, int] = {
    OwnerKind.USER: 2048,
    OwnerKind.GROUP: 5120,
    OwnerKind.ROLE: 10_240,
}

_IS_POLICY = sa.and_(
    iam_inline_policies.c.owner_id == sa.bindparam("of_owner"),
    iam_inline_policies.c.name == sa.bindparam("of_name"),
)
_PUT = Put(iam_inline_policies)
_GET = sa.select(iam_inline_policies.c.document).where(_IS_POLICY)
_DELETE = sa.delete(iam_inline_policies).where(_IS_POLICY)
_OTHERS = sa.select(iam_inline_policies.c.document).where(
    iam_inline_policies.c.owner_id == sa.bindparam("of_owner"),
    iam_inline_policies.c.name != sa.bindparam("of_name"),
)
_PAGE = (
    sa.select(iam_inline_policies.c.name)
    .where(
        iam_inline_policies.c.owner_id == sa.bindparam("of_owner"),
        iam_inline_policies.c.name > sa.bindparam("after"),
    )
    .order_by(iam_inline_policies.c.name)
    .limit(sa.bindparam("limit"))
)
_ALL = (
    sa.select(iam_inline_policies.c.name, iam_inline_policies.c.document)
    .where(iam_inline_policies.c.owner_id == sa.bindparam("of_owner"))
    .order_by(iam_inline_policies.c.name)
)

# Finds the owner inside the transaction that changes its policies.
FindOwner = Callable[[Transaction], PolicyOwner]


class InlinePolicyNotFound(Failure):
    """The owner has no inline policy of this name. Facts: kind, name."""


class InlinePoliciesTooLarge(Failure):
    """The owner's inline policies would be larger than they may. Facts: limit, kind, name."""


@dataclass(frozen=True, slots=True)
class NamedDocument:
    """A policy of a name; `document` is the text as it was given."""

    name: str
    document: str


def put(call: Call, find_owner: FindOwner, given: NamedDocument) -> None:
    """Add or replace an inline policy; raise MalformedPolicy for what cannot be evaluated."""
    parse_policy(given.document, name=given.name)
    with call.db.writing() as transaction:
        owner = find_owner(transaction)
        others = transaction.rows(_OTHERS, {"of_owner": owner.owner_id, "of_name": given.name})
        documents = [given.document, *(row.document for row in others)]
        limit = DOCUMENTS_CHARACTERS[owner.kind]
        if sum(map(counted_length, documents)) > limit:
            raise InlinePoliciesTooLarge(limit=str(limit), kind=owner.kind.lower(), name=owner.name)
        transaction.put(
            _PUT, {"owner_id": owner.owner_id, "name": given.name, "document": given.document}
        )


def get(transaction: Transaction, owner: PolicyOwner, name: str) -> NamedDocument:
    """Return the owner's policy of that name; raise InlinePolicyNotFound."""
    row = transaction.one(_GET, {"of_owner": owner.owner_id, "of_name": name})
    if row is None:
        raise InlinePolicyNotFound(kind=owner.kind.lower(), name=name)
    return NamedDocument(name, row.document)


def list_page(
    transaction: Transaction, owner: PolicyOwner, *, after: str | None, limit: int
) -> Page[str]:
    """Return the names of the owner's policies."""
    rows = transaction.rows(
        _PAGE, {"of_owner": owner.owner_id, "after": after or "", "limit": limit + 1}
    )
    names = tuple(row.name for row in rows[:limit])
    return Page(names, names[-1] if len(rows) > limit else None)


def delete(call: Call, find_owner: FindOwner, name: str) -> None:
    """Remove the owner's policy of that name; raise InlinePolicyNotFound."""
    with call.db.writing() as transaction:
        owner = find_owner(transaction)
        if transaction.run(_DELETE, {"of_owner": owner.owner_id, "of_name": name}) == 0:
            raise InlinePolicyNotFound(kind=owner.kind.lower(), name=name)


def of_owner(transaction: Transaction, owner_id: str) -> tuple[NamedDocument, ...]:
    """Return all inline policies of an owner."""
    return tuple(
        NamedDocument(row.name, row.document)
        for row in transaction.rows(_ALL, {"of_owner": owner_id})
    )


def counted_length(document: str) -> int:
    """Return a document's length as AWS counts it: without white space."""
    return len("".join(document.split()))

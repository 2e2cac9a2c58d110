"""All documents that speak for and limit a user or role, read by one statement.

Every signed request needs them, so that they are not gathered policy by policy.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from poolgate.iam.aws_managed_policies import AWS_MANAGED_POLICIES
from poolgate.iam.inline_policies import NamedDocument
from poolgate.iam.tables import (
    iam_attachments,
    iam_group_members,
    iam_inline_policies,
    iam_managed_policies,
    iam_policy_versions,
    iam_roles,
    iam_users,
)
from poolgate.store.database import Transaction

_INLINE, _ATTACHED, _BOUNDARY = "inline", "attached", "boundary"

_OWNER = sa.bindparam("of_owner", type_=sa.Text)
# A user's groups speak for it as well; ids of roles and groups are in no group.
_OWNERS = sa.union_all(
    sa.select(_OWNER.label("owner_id")),
    sa.select(iam_group_members.c.group_id).where(iam_group_members.c.user_id == _OWNER),
).cte("owners")
_IN_EFFECT = sa.and_(
    iam_policy_versions.c.policy_id == iam_managed_policies.c.policy_id,
    iam_policy_versions.c.version == iam_managed_policies.c.default_version,
)


def _managed(
    kind: str, arn: "sa.ColumnElement[str]", start: sa.FromClause
) -> "sa.Select[tuple[str, ...]]":
    """Return the selection of managed policies; AWS's own have no row and so no document."""
    return sa.select(
        sa.literal(kind).label("kind"), arn.label("name"), iam_policy_versions.c.document
    ).select_from(
        start.outerjoin(iam_managed_policies, iam_managed_policies.c.arn == arn).outerjoin(
            iam_policy_versions, _IN_EFFECT
        )
    )


_DOCUMENTS = sa.union_all(
    sa.select(
        sa.literal(_INLINE).label("kind"),
        iam_inline_policies.c.name,
        iam_inline_policies.c.document,
    ).join_from(_OWNERS, iam_inline_policies, iam_inline_policies.c.owner_id == _OWNERS.c.owner_id),
    _managed(
        _ATTACHED,
        iam_attachments.c.policy_arn,
        _OWNERS.join(iam_attachments, iam_attachments.c.owner_id == _OWNERS.c.owner_id),
    ),
    *(
        _managed(_BOUNDARY, table.c.boundary_arn, table).where(
            table.c.boundary_arn.is_not(None), owner_id == _OWNER
        )
        for table, owner_id in (
            (iam_users, iam_users.c.user_id),
            (iam_roles, iam_roles.c.role_id),
        )
    ),
).order_by("kind", "name")


def read_documents(
    transaction: Transaction, owner_id: str
) -> tuple[tuple[NamedDocument, ...], NamedDocument | None]:
    """Return a user's (with its groups') or role's identity policies, and its boundary."""
    rows = transaction.rows(_DOCUMENTS, {"of_owner": owner_id})
    identity = tuple(_document(row) for row in rows if row.kind != _BOUNDARY)
    boundaries: Sequence[NamedDocument] = [_document(row) for row in rows if row.kind == _BOUNDARY]
    return identity, boundaries[0] if boundaries else None


def _document(row: "sa.Row[tuple[str, ...]]") -> NamedDocument:
    if row.kind == _INLINE:
        return NamedDocument(row.name, row.document)
    # A managed policy with effect somewhere is not deleted, so that it is there; a missing one
    # must not be taken for one that limits nothing.
    document = row.document if row.document is not None else AWS_MANAGED_POLICIES[row.name].document
    return NamedDocument(row.name.rpartition("/")[2], document)

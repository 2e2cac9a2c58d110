"""Roles: permissions that a trusted caller takes on for a while."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccountId, Arn, Region, new_unique_id
from poolgate.foundation.paging import Page
from poolgate.iam import principal_ids, trust_policies
from poolgate.iam.attachments import verify_boundary
from poolgate.iam.named_rows import NamedRows
from poolgate.iam.owners import (
    OwnerKind,
    PolicyOwner,
    entity_arn,
    has_attached_policies,
    has_inline_policies,
)
from poolgate.iam.tables import iam_roles, temporary_keys
from poolgate.iam.tags import decode_tags, encode_tags, merged_tags, remaining_tags
from poolgate.store.call import Call
from poolgate.store.database import Transaction

ROLES_PER_ACCOUNT = 1000  # AWS reference_iam-quotas
LONGEST_SESSION_SECONDS = 3600
# How exactly the last use of a role is told; more would be a commit for every request.
_USE_MILLIS = 3600_000


class RoleNotFound(Failure):
    """No role has this name. Facts: name."""


class RoleExists(Failure):
    """The name is taken, whatever its case. Facts: name."""


class TooManyRoles(Failure):
    """The account has as many roles as it may. Facts: limit."""


class RoleHasPolicies(Failure):
    """A role with inline or attached policies is not deleted."""


class ServiceLinkedRoleFixed(Failure):
    """A service's own role is changed by that service only. Facts: name."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role as stored. `trust_policy` names entities of this account by their unique ids."""

    role_id: str
    name: str
    path: str
    description: str | None
    trust_policy: str
    longest_session_seconds: int
    tags: Mapping[str, str]
    boundary_arn: str | None
    linked_service: str | None
    created_at: int
    used_at: int | None
    used_region: str | None

    @property
    def owner(self) -> PolicyOwner:
        """The role as one that policies are put on."""
        return PolicyOwner(OwnerKind.ROLE, self.role_id, self.name, self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRole:
    """What a role is created with."""

    name: str
    path: str
    trust_policy: str
    description: str | None = None
    longest_session_seconds: int = LONGEST_SESSION_SECONDS
    tags: Sequence[tuple[str, str]] = ()
    boundary_arn: str | None = None
    linked_service: str | None = None


_ROWS = NamedRows(iam_roles, most=ROLES_PER_ACCOUNT, exists=RoleExists, too_many=TooManyRoles)
_OF_ROLE = iam_roles.c.role_id == sa.bindparam("of_role")
_UPDATE = (
    sa.update(iam_roles)
    .where(_OF_ROLE)
    .values(
        description=sa.bindparam("new_description"),
        longest_session_seconds=sa.bindparam("new_seconds"),
    )
)
_SET_TRUST = sa.update(iam_roles).where(_OF_ROLE).values(trust_policy=sa.bindparam("new_trust"))
_SET_TAGS = sa.update(iam_roles).where(_OF_ROLE).values(tags=sa.bindparam("new_tags"))
_SET_USED = (
    sa.update(iam_roles)
    .where(_OF_ROLE)
    .values(used_at=sa.bindparam("now"), used_region=sa.bindparam("region"))
)
_END_SESSIONS = sa.delete(temporary_keys).where(
    temporary_keys.c.owner_id == sa.bindparam("of_role")
)


def role_arn(account_id: AccountId, path: str, name: str) -> Arn:
    """Return the ARN of a role."""
    return entity_arn(account_id, OwnerKind.ROLE, path, name)


def create(call: Call, new: NewRole) -> Role:
    """Store a new role."""
    with call.db.writing() as transaction:
        verify_boundary(transaction, new.boundary_arn)
        _ROWS.insert(
            transaction,
            {
                "role_id": new_unique_id("AROA"),
                "name": new.name,
                "path": new.path,
                "description": new.description,
                "trust_policy": _stored_trust(transaction, call, new.trust_policy),
                "longest_session_seconds": new.longest_session_seconds,
                "tags": encode_tags(merged_tags({}, new.tags)),
                "boundary_arn": new.boundary_arn,
                "linked_service": new.linked_service,
                "created_at": call.now_millis,
                "used_at": None,
                "used_region": None,
            },
        )
        return get(transaction, new.name)


def find(transaction: Transaction, name: str) -> Role | None:
    """Return the role of that name, whatever its case, or None."""
    row = _ROWS.find(transaction, name)
    return None if row is None else _role(row)


def get(transaction: Transaction, name: str) -> Role:
    """Return the role of that name, whatever its case; raise RoleNotFound."""
    role = find(transaction, name)
    if role is None:
        raise RoleNotFound(name=name)
    return role


def find_by_id(transaction: Transaction, role_id: str) -> Role | None:
    """Return the role of that id, or None."""
    row = _ROWS.find_by_id(transaction, role_id)
    return None if row is None else _role(row)


def find_by_arn(transaction: Transaction, account_id: AccountId, arn: str) -> Role | None:
    """Return the role that an ARN names exactly, in path and case, or None."""
    role = find(transaction, arn.rpartition("/")[2])
    if role is None or role_arn(account_id, role.path, role.name) != arn:
        return None
    return role


def list_page(
    transaction: Transaction, *, path_prefix: str, after: str | None, limit: int
) -> Page[Role]:
    """Return roles by name, of the paths that begin with `path_prefix`."""
    return _ROWS.list_page(transaction, _role, path_prefix=path_prefix, after=after, limit=limit)


def update(
    call: Call, name: str, *, description: str | None, longest_session_seconds: int | None
) -> Role:
    """Change what is given; the rest stays."""
    with call.db.writing() as transaction:
        role = _changeable(transaction, name)
        seconds = longest_session_seconds or role.longest_session_seconds
        transaction.run(
            _UPDATE,
            {
                "of_role": role.role_id,
                "new_description": role.description if description is None else description,
                "new_seconds": seconds,
            },
        )
        return get(transaction, name)


def set_trust_policy(call: Call, name: str, document: str) -> None:
    """Replace the trust policy; sessions that are there stay."""
    with call.db.writing() as transaction:
        role = _changeable(transaction, name)
        stored = _stored_trust(transaction, call, document)
        transaction.run(_SET_TRUST, {"of_role": role.role_id, "new_trust": stored})


def delete(call: Call, name: str) -> None:
    """Remove a role that has no policies left; its sessions end."""
    with call.db.writing() as transaction:
        role = _changeable(transaction, name)
        owned = has_inline_policies(transaction, role.role_id)
        if owned or has_attached_policies(transaction, role.role_id):
            raise RoleHasPolicies
        remove(transaction, role)


def remove(transaction: Transaction, role: Role) -> None:
    """Remove a role and its sessions."""
    transaction.run(_END_SESSIONS, {"of_role": role.role_id})
    _ROWS.delete(transaction, role.role_id)


def tag(call: Call, name: str, tags: Sequence[tuple[str, str]]) -> None:
    """Add tags; a key that is there already, whatever its case, is replaced."""
    with call.db.writing() as transaction:
        role = _changeable(transaction, name)
        _put_tags(transaction, role, merged_tags(role.tags, tags))


def untag(call: Call, name: str, tag_keys: Sequence[str]) -> None:
    """Remove tags; a key that is not there is not missed."""
    with call.db.writing() as transaction:
        role = _changeable(transaction, name)
        _put_tags(transaction, role, remaining_tags(role.tags, tag_keys))


def shown_trust_policy(transaction: Transaction, account_id: AccountId, role: Role) -> str:
    """Return the trust policy as it is shown: entities of this account by their ARNs."""
    return principal_ids.to_shown(transaction, account_id, role.trust_policy)


def note_use(transaction: Transaction, role: Role, region: Region, now_millis: int) -> None:
    """Remember that the role was assumed, to the hour."""
    if role.used_at is None or now_millis - role.used_at >= _USE_MILLIS:
        transaction.run(_SET_USED, {"of_role": role.role_id, "now": now_millis, "region": region})


def _stored_trust(transaction: Transaction, call: Call, document: str) -> str:
    trust_policies.verify_trust(document)
    return principal_ids.to_stored(transaction, call.account_id, document)


def _changeable(transaction: Transaction, name: str) -> Role:
    role = get(transaction, name)
    if role.linked_service is not None:
        raise ServiceLinkedRoleFixed(name=role.name)
    return role


def _put_tags(transaction: Transaction, role: Role, tags: Mapping[str, str]) -> None:
    transaction.run(_SET_TAGS, {"of_role": role.role_id, "new_tags": encode_tags(tags)})


def _role(row: "sa.Row[tuple[object, ...]]") -> Role:
    return Role(
        role_id=row.role_id,
        name=row.name,
        path=row.path,
        description=row.description,
        trust_policy=row.trust_policy,
        longest_session_seconds=row.longest_session_seconds,
        tags=decode_tags(row.tags),
        boundary_arn=row.boundary_arn,
        linked_service=row.linked_service,
        created_at=row.created_at,
        used_at=row.used_at,
        used_region=row.used_region,
    )

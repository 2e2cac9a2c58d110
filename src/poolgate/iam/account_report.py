"""The account as a whole: everything in it page by page, and how much there is of what."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from poolgate.foundation.paging import Page
from poolgate.iam import (
    access_keys,
    attachments,
    groups,
    inline_policies,
    managed_policies,
    roles,
    trust_policies,
    users,
)
from poolgate.iam import tables as iam_tables
from poolgate.iam.aws_managed_policies import AWS_MANAGED_POLICIES
from poolgate.iam.groups import IamGroup
from poolgate.iam.managed_policies import ManagedPolicy
from poolgate.iam.owners import OwnerKind
from poolgate.iam.roles import Role
from poolgate.iam.users import IamUser
from poolgate.store.database import Transaction

Entity = IamUser | IamGroup | Role | ManagedPolicy

_AN_OWN_KEY = sa.and_(
    iam_tables.access_keys.c.user_id.is_(None), iam_tables.access_keys.c.active.is_(True)
)


def _count(table: sa.Table, *wanted: "sa.ColumnElement[bool]") -> "sa.ScalarSelect[int]":
    return sa.select(sa.func.count()).select_from(table).where(*wanted).scalar_subquery()


_COUNTS = sa.select(
    _count(iam_tables.iam_users).label("Users"),
    _count(iam_tables.iam_groups).label("Groups"),
    _count(iam_tables.iam_roles).label("Roles"),
    _count(iam_tables.iam_managed_policies).label("Policies"),
    _count(iam_tables.iam_policy_versions).label("PolicyVersionsInUse"),
    (_count(iam_tables.iam_oidc_providers) + _count(iam_tables.iam_saml_providers)).label(
        "Providers"
    ),
    _count(iam_tables.iam_mfa_devices).label("MFADevices"),
    _count(iam_tables.iam_mfa_devices, iam_tables.iam_mfa_devices.c.user_id.is_not(None)).label(
        "MFADevicesInUse"
    ),
    _count(iam_tables.access_keys, _AN_OWN_KEY).label("AccountAccessKeysPresent"),
)
# What AWS counts and an account here cannot have.
_NEVER_THERE = (
    "AccountMFAEnabled",
    "AccountPasswordPresent",
    "AccountSigningCertificatesPresent",
    "InstanceProfiles",
    "InstanceProfilesQuota",
    "ServerCertificates",
    "ServerCertificatesQuota",
    "SigningCertificatesPerUserQuota",
)
_QUOTAS: Mapping[str, int] = {
    "UsersQuota": users.USERS_PER_ACCOUNT,
    "GroupsQuota": groups.GROUPS_PER_ACCOUNT,
    "GroupsPerUserQuota": groups.GROUPS_PER_USER,
    "RolesQuota": roles.ROLES_PER_ACCOUNT,
    "PoliciesQuota": managed_policies.POLICIES_PER_ACCOUNT,
    "PolicySizeQuota": managed_policies.DOCUMENT_CHARACTERS,
    "VersionsPerPolicyQuota": managed_policies.VERSIONS_PER_POLICY,
    "PolicyVersionsInUseQuota": managed_policies.POLICIES_PER_ACCOUNT
    * managed_policies.VERSIONS_PER_POLICY,
    "AccessKeysPerUserQuota": access_keys.ACCESS_KEYS_PER_USER,
    "AttachedPoliciesPerUserQuota": attachments.POLICIES_PER_OWNER,
    "AttachedPoliciesPerGroupQuota": attachments.POLICIES_PER_OWNER,
    "AttachedPoliciesPerRoleQuota": attachments.POLICIES_PER_OWNER,
    "UserPolicySizeQuota": inline_policies.DOCUMENTS_CHARACTERS[OwnerKind.USER],
    "GroupPolicySizeQuota": inline_policies.DOCUMENTS_CHARACTERS[OwnerKind.GROUP],
    "RolePolicySizeQuota": inline_policies.DOCUMENTS_CHARACTERS[OwnerKind.ROLE],
    "AssumeRolePolicySizeQuota": trust_policies.DOCUMENT_CHARACTERS,
}


class EntityKind(StrEnum):
    """What is reported, in the order in which it is, by AWS's names of it."""

    USER = "User"
    GROUP = "Group"
    ROLE = "Role"
    OWN_POLICY = "LocalManagedPolicy"
    AWS_POLICY = "AWSManagedPolicy"


@dataclass(frozen=True, slots=True)
class ReportPosition:
    """Where a report goes on: behind a row of a kind, or at its first where `after` is empty."""

    kind: EntityKind
    after: str = ""


def summary(transaction: Transaction) -> Mapping[str, int]:
    """Return counts and quotas by AWS's names of them."""
    counts = transaction.one(_COUNTS)._asdict()
    # AWS API_GetAccountSummary: whether there are keys, not how many.
    counts["AccountAccessKeysPresent"] = min(counts["AccountAccessKeysPresent"], 1)
    return {**dict.fromkeys(_NEVER_THERE, 0), **_QUOTAS, **counts}


def page(
    transaction: Transaction,
    kinds: Sequence[EntityKind],
    *,
    start: ReportPosition,
    limit: int,
) -> "tuple[Sequence[Entity], ReportPosition | None]":
    """Return what there is of the kinds, and where to go on or None at the end."""
    found: list[Entity] = []
    after = start.after
    remaining = kinds[kinds.index(start.kind) :]
    for position, kind in enumerate(remaining, start=1):
        listed = _LISTINGS[kind](transaction, after, limit - len(found))
        found += listed.rows
        if listed.next_position is not None:
            return found, ReportPosition(kind, listed.next_position)
        if len(found) == limit:
            return found, ReportPosition(remaining[position]) if remaining[position:] else None
        after = ""
    return found, None


def _users(transaction: Transaction, after: str, limit: int) -> Page[Entity]:
    listed = users.list_page(transaction, path_prefix="/", after=after, limit=limit)
    return Page(listed.rows, listed.next_position)


def _groups(transaction: Transaction, after: str, limit: int) -> Page[Entity]:
    listed = groups.list_page(transaction, path_prefix="/", after=after, limit=limit)
    return Page(listed.rows, listed.next_position)


def _roles(transaction: Transaction, after: str, limit: int) -> Page[Entity]:
    listed = roles.list_page(transaction, path_prefix="/", after=after, limit=limit)
    return Page(listed.rows, listed.next_position)


def _own_policies(transaction: Transaction, after: str, limit: int) -> Page[Entity]:
    listed = managed_policies.list_page(transaction, path_prefix="/", after=after, limit=limit)
    return Page(listed.rows, listed.next_position)


def _aws_policies(transaction: Transaction, after: str, limit: int) -> Page[Entity]:
    """Return those of AWS's policies that have effect on somebody."""
    used = [
        managed_policies.get(transaction, arn)
        for arn in sorted(AWS_MANAGED_POLICIES)
        if arn > after and managed_policies.usage(transaction, arn) != _UNUSED
    ]
    return Page(tuple(used[:limit]), used[limit - 1].arn if len(used) > limit else None)


_UNUSED = managed_policies.PolicyUsage(attachments=0, boundaries=0)
_LISTINGS: Mapping[EntityKind, Callable[[Transaction, str, int], Page[Entity]]] = {
    EntityKind.USER: _users,
    EntityKind.GROUP: _groups,
    EntityKind.ROLE: _roles,
    EntityKind.OWN_POLICY: _own_policies,
    EntityKind.AWS_POLICY: _aws_policies,
}

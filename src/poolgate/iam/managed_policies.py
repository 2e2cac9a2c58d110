"""Managed policies: the account's own with up to five versions, and those that AWS defines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccountId, Arn, new_unique_id
from poolgate.foundation.paging import Page
from poolgate.iam.aws_managed_policies import AWS_MANAGED_POLICIES
from poolgate.iam.inline_policies import counted_length
from poolgate.iam.owners import name_key, page_by_path, page_parameters
from poolgate.iam.tables import (
    iam_attachments,
    iam_managed_policies,
    iam_policy_versions,
    iam_roles,
    iam_users,
)
from poolgate.iam.tags import decode_tags, encode_tags, merged_tags, remaining_tags
from poolgate.policy.documents import parse_policy
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction

# AWS reference_iam-quotas.
POLICIES_PER_ACCOUNT = 1500
VERSIONS_PER_POLICY = 5
DOCUMENT_CHARACTERS = 6144


class ManagedPolicyNotFound(Failure):
    """No managed policy has this ARN. Facts: arn."""


class ManagedPolicyExists(Failure):
    """The name is taken, whatever its case and path. Facts: name."""


class TooManyManagedPolicies(Failure):
    """The account has as many managed policies as it may. Facts: limit."""


class ManagedPolicyTooLarge(Failure):
    """The document is larger than it may be. Facts: limit."""


class PolicyVersionNotFound(Failure):
    """The policy has no such version. Facts: arn, version."""


class TooManyPolicyVersions(Failure):
    """The policy has as many versions as it may. Facts: arn, limit."""


class DefaultVersionInUse(Failure):
    """The default version is not deleted but with its policy."""


class ManagedPolicyAttached(Failure):
    """A policy that is attached, or somebody's boundary, is not deleted."""


class ManagedPolicyHasVersions(Failure):
    """A policy with versions besides the default one is not deleted."""


class AwsManagedPolicyFixed(Failure):
    """AWS's own policies cannot be changed. Facts: arn."""


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """A managed policy without its documents. `default_version` is a number: 1 for `v1`."""

    policy_id: str
    name: str
    path: str
    arn: Arn
    description: str | None
    default_version: int
    tags: Mapping[str, str]
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of a managed policy."""

    number: int
    document: str
    is_default: bool
    created_at: int


@dataclass(frozen=True, slots=True)
class PolicyUsage:
    """On how many users, groups and roles a policy has effect."""

    attachments: int
    boundaries: int


_COUNT = sa.select(sa.func.count()).select_from(iam_managed_policies)
_INSERT = InsertIfAbsent(iam_managed_policies)
_INSERT_VERSION = sa.insert(iam_policy_versions)
_BY_ARN = sa.select(iam_managed_policies).where(iam_managed_policies.c.arn == sa.bindparam("arn"))
_PAGE = page_by_path(iam_managed_policies)
_OF_POLICY = iam_policy_versions.c.policy_id == sa.bindparam("of_policy")
_IS_VERSION = sa.and_(_OF_POLICY, iam_policy_versions.c.version == sa.bindparam("of_version"))
_VERSIONS = (
    sa.select(iam_policy_versions).where(_OF_POLICY).order_by(iam_policy_versions.c.version.desc())
)
_VERSION = sa.select(iam_policy_versions).where(_IS_VERSION)
_DELETE_VERSION = sa.delete(iam_policy_versions).where(_IS_VERSION)
_SET_VERSIONS = (
    sa.update(iam_managed_policies)
    .where(iam_managed_policies.c.policy_id == sa.bindparam("of_policy"))
    .values(
        default_version=sa.bindparam("new_default"),
        last_version=sa.bindparam("new_last"),
        updated_at=sa.bindparam("now"),
    )
)
_SET_TAGS = (
    sa.update(iam_managed_policies)
    .where(iam_managed_policies.c.policy_id == sa.bindparam("of_policy"))
    .values(tags=sa.bindparam("new_tags"))
)
_LAST_VERSION = sa.select(iam_managed_policies.c.last_version).where(
    iam_managed_policies.c.policy_id == sa.bindparam("of_policy")
)
_DELETE = sa.delete(iam_managed_policies).where(
    iam_managed_policies.c.policy_id == sa.bindparam("of_policy")
)
_ATTACHED = (
    sa.select(sa.func.count())
    .select_from(iam_attachments)
    .where(iam_attachments.c.policy_arn == sa.bindparam("arn"))
)
_BOUNDARIES = [
    sa.select(sa.func.count()).select_from(table).where(table.c.boundary_arn == sa.bindparam("arn"))
    for table in (iam_users, iam_roles)
]


def policy_arn(account_id: AccountId, path: str, name: str) -> Arn:
    """Return the ARN of a managed policy of the account."""
    return Arn(f"arn:aws:iam::{account_id}:policy{path}{name}")


def create(
    call: Call,
    *,
    name: str,
    path: str,
    document: str,
    description: str | None,
    tags: Sequence[tuple[str, str]],
) -> ManagedPolicy:
    """Store a new policy, whose document is its version 1."""
    _verify_document(document, name)
    created = ManagedPolicy(
        policy_id=new_unique_id("ANPA"),
        name=name,
        path=path,
        arn=policy_arn(call.account_id, path, name),
        description=description,
        default_version=1,
        tags=merged_tags({}, tags),
        created_at=call.now_millis,
        updated_at=call.now_millis,
    )
    with call.db.writing() as transaction:
        if transaction.one(_COUNT)[0] >= POLICIES_PER_ACCOUNT:
            raise TooManyManagedPolicies(limit=str(POLICIES_PER_ACCOUNT))
        stored = {
            "policy_id": created.policy_id,
            "name": name,
            "name_key": name_key(name),
            "path": path,
            "arn": created.arn,
            "description": description,
            "default_version": 1,
            "last_version": 1,
            "tags": encode_tags(created.tags),
            "created_at": created.created_at,
            "updated_at": created.updated_at,
        }
        if not transaction.insert_if_absent(_INSERT, stored):
            raise ManagedPolicyExists(name=name)
        _insert_version(transaction, call, created.policy_id, 1, document)
    return created


def find(transaction: Transaction, arn: str) -> ManagedPolicy | None:
    """Return the policy of that ARN, AWS's own included, or None."""
    aws_managed = AWS_MANAGED_POLICIES.get(arn)
    if aws_managed is not None:
        return ManagedPolicy(
            policy_id=aws_managed.policy_id,
            name=aws_managed.name,
            path=aws_managed.path,
            arn=Arn(arn),
            description=aws_managed.description,
            default_version=1,
            tags={},
            created_at=0,
            updated_at=0,
        )
    row = transaction.one(_BY_ARN, {"arn": arn})
    return None if row is None else _policy(row)


def get(transaction: Transaction, arn: str) -> ManagedPolicy:
    """Return the policy of that ARN, AWS's own included; raise ManagedPolicyNotFound."""
    found = find(transaction, arn)
    if found is None:
        raise ManagedPolicyNotFound(arn=arn)
    return found


def document_of(transaction: Transaction, arn: str) -> str:
    """Return the document that a policy has effect by: its default version's."""
    found = get(transaction, arn)
    return version(transaction, found, found.default_version).document


def list_page(
    transaction: Transaction, *, path_prefix: str, after: str | None, limit: int
) -> Page[ManagedPolicy]:
    """Return the account's own policies by name, of the paths that begin with `path_prefix`."""
    rows = transaction.rows(_PAGE, page_parameters(path_prefix, after, limit))
    found = tuple(_policy(row) for row in rows[:limit])
    return Page(found, name_key(found[-1].name) if len(rows) > limit else None)


def usage(transaction: Transaction, arn: str) -> PolicyUsage:
    """Return how often a policy is attached and how often it is a boundary."""
    of_arn = {"arn": arn}
    return PolicyUsage(
        attachments=transaction.one(_ATTACHED, of_arn)[0],
        boundaries=sum(transaction.one(count, of_arn)[0] for count in _BOUNDARIES),
    )


def versions(transaction: Transaction, of_policy: ManagedPolicy) -> tuple[PolicyVersion, ...]:
    """Return all versions, the newest first."""
    if of_policy.arn in AWS_MANAGED_POLICIES:
        return (version(transaction, of_policy, 1),)
    rows = transaction.rows(_VERSIONS, {"of_policy": of_policy.policy_id})
    return tuple(_version(row, of_policy) for row in rows)


def version(transaction: Transaction, of_policy: ManagedPolicy, number: int) -> PolicyVersion:
    """Return one version; raise PolicyVersionNotFound."""
    aws_managed = AWS_MANAGED_POLICIES.get(of_policy.arn)
    if aws_managed is not None and number == 1:
        return PolicyVersion(1, aws_managed.document, is_default=True, created_at=0)
    row = transaction.one(_VERSION, {"of_policy": of_policy.policy_id, "of_version": number})
    if row is None:
        raise PolicyVersionNotFound(arn=of_policy.arn, version=f"v{number}")
    return _version(row, of_policy)


def add_version(call: Call, arn: str, document: str, *, set_as_default: bool) -> PolicyVersion:
    """Store a new version; numbers are never used again."""
    _verify_document(document, arn)
    with call.db.writing() as transaction:
        changed = _own(transaction, arn)
        if len(versions(transaction, changed)) >= VERSIONS_PER_POLICY:
            raise TooManyPolicyVersions(arn=arn, limit=str(VERSIONS_PER_POLICY))
        number = transaction.one(_LAST_VERSION, {"of_policy": changed.policy_id})[0] + 1
        _insert_version(transaction, call, changed.policy_id, number, document)
        default = number if set_as_default else changed.default_version
        _set_versions(transaction, call, changed, default=default, last=number)
    return PolicyVersion(number, document, is_default=set_as_default, created_at=call.now_millis)


def set_default_version(call: Call, arn: str, number: int) -> None:
    """Let another version have effect."""
    with call.db.writing() as transaction:
        changed = _own(transaction, arn)
        version(transaction, changed, number)
        last = transaction.one(_LAST_VERSION, {"of_policy": changed.policy_id})[0]
        _set_versions(transaction, call, changed, default=number, last=last)


def delete_version(call: Call, arn: str, number: int) -> None:
    """Remove a version that is not the default one."""
    with call.db.writing() as transaction:
        changed = _own(transaction, arn)
        if number == changed.default_version:
            raise DefaultVersionInUse
        of_version = {"of_policy": changed.policy_id, "of_version": number}
        if transaction.run(_DELETE_VERSION, of_version) == 0:
            raise PolicyVersionNotFound(arn=arn, version=f"v{number}")


def delete(call: Call, arn: str) -> None:
    """Remove a policy that has effect nowhere and has no version but the default one."""
    with call.db.writing() as transaction:
        deleted = _own(transaction, arn)
        used = usage(transaction, arn)
        if used.attachments or used.boundaries:
            raise ManagedPolicyAttached
        if len(versions(transaction, deleted)) > 1:
            raise ManagedPolicyHasVersions
        transaction.run(_DELETE, {"of_policy": deleted.policy_id})


def tag(call: Call, arn: str, tags: Sequence[tuple[str, str]]) -> None:
    """Add or replace tags."""
    with call.db.writing() as transaction:
        tagged = _own(transaction, arn)
        new_tags = merged_tags(tagged.tags, tags)
        transaction.run(
            _SET_TAGS, {"of_policy": tagged.policy_id, "new_tags": encode_tags(new_tags)}
        )


def untag(call: Call, arn: str, tag_keys: Sequence[str]) -> None:
    """Remove tags."""
    with call.db.writing() as transaction:
        tagged = _own(transaction, arn)
        new_tags = remaining_tags(tagged.tags, tag_keys)
        transaction.run(
            _SET_TAGS, {"of_policy": tagged.policy_id, "new_tags": encode_tags(new_tags)}
        )


def _own(transaction: Transaction, arn: str) -> ManagedPolicy:
    if arn in AWS_MANAGED_POLICIES:
        raise AwsManagedPolicyFixed(arn=arn)
    return get(transaction, arn)


def _verify_document(document: str, name: str) -> None:
    parse_policy(document, name=name)
    if counted_length(document) > DOCUMENT_CHARACTERS:
        raise ManagedPolicyTooLarge(limit=str(DOCUMENT_CHARACTERS))


def _insert_version(
    transaction: Transaction, call: Call, policy_id: str, number: int, document: str
) -> None:
    transaction.run(
        _INSERT_VERSION,
        {
            "policy_id": policy_id,
            "version": number,
            "document": document,
            "created_at": call.now_millis,
        },
    )


def _set_versions(
    transaction: Transaction, call: Call, changed: ManagedPolicy, *, default: int, last: int
) -> None:
    transaction.run(
        _SET_VERSIONS,
        {
            "of_policy": changed.policy_id,
            "new_default": default,
            "new_last": last,
            "now": call.now_millis,
        },
    )


def _policy(row: "sa.Row[tuple[object, ...]]") -> ManagedPolicy:
    return ManagedPolicy(
        policy_id=row.policy_id,
        name=row.name,
        path=row.path,
        arn=Arn(row.arn),
        description=row.description,
        default_version=row.default_version,
        tags=decode_tags(row.tags),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _version(row: "sa.Row[tuple[object, ...]]", of_policy: ManagedPolicy) -> PolicyVersion:
    return PolicyVersion(
        number=row.version,
        document=row.document,
        is_default=row.version == of_policy.default_version,
        created_at=row.created_at,
    )

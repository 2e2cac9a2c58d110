"""Which services somebody may use by policies, and when they were used last.

Only permission policies count, as on AWS: neither boundaries nor what resources say.
# AWS access_policies_last-accessed
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_uuid
from poolgate.iam import (
    attachments,
    groups,
    inline_policies,
    key_uses,
    managed_policies,
    simulation,
    users,
)
from poolgate.iam.inline_policies import NamedDocument
from poolgate.iam.key_uses import ServiceUse
from poolgate.iam.owners import OwnerKind, PolicyOwner
from poolgate.iam.tables import iam_access_jobs
from poolgate.policy.arns import is_arn
from poolgate.store.call import Call
from poolgate.store.database import Transaction

JOB_LIFE_MILLIS = 24 * 60 * 60 * 1000
# What `*` allows here.
KNOWN_SERVICES = (
    "cognito-identity",
    "cognito-idp",
    "execute-api",
    "iam",
    "poolgate",
    "secretsmanager",
    "sts",
)
_POLICY = ":policy/"


class AccessJobNotFound(Failure):
    """No report was asked for under this id, or too long ago. Facts: job_id."""


@dataclass(frozen=True, slots=True)
class AccessJob:
    """A report that was asked for; `arn` is a user, group, role or managed policy."""

    job_id: str
    arn: str
    granularity: str
    created_at: int


@dataclass(frozen=True, slots=True)
class EntityUse:
    """A user or role and its last use of a service, None where there was none."""

    entity: PolicyOwner
    last: ServiceUse | None


@dataclass(frozen=True, slots=True)
class ServiceAccess:
    """A service that the policies allow, and by whom it was used last."""

    service: str
    latest: EntityUse | None
    users: int


@dataclass(frozen=True, slots=True)
class Granting:
    """A policy that allows something of a service; `arn` is None for an inline one of `owner`."""

    name: str
    arn: str | None
    owner: PolicyOwner


_INSERT = sa.insert(iam_access_jobs)
_FIND = sa.select(iam_access_jobs).where(iam_access_jobs.c.job_id == sa.bindparam("job_id"))
_PURGE = sa.delete(iam_access_jobs).where(iam_access_jobs.c.created_at <= sa.bindparam("before"))


def begin_job(call: Call, arn: str, granularity: str) -> AccessJob:
    """Remember what is asked about; raise that it is not there."""
    job = AccessJob(random_uuid(), arn, granularity, call.now_millis)
    with call.db.writing() as transaction:
        _subject(transaction, call, arn)
        transaction.run(
            _INSERT,
            {
                "job_id": job.job_id,
                "arn": arn,
                "granularity": granularity,
                "created_at": job.created_at,
            },
        )
    return job


def get_job(transaction: Transaction, call: Call, job_id: str) -> AccessJob:
    """Return a job of the last day; raise AccessJobNotFound."""
    row = transaction.one(_FIND, {"job_id": job_id})
    if row is None or row.created_at + JOB_LIFE_MILLIS <= call.now_millis:
        raise AccessJobNotFound(job_id=job_id)
    return AccessJob(*row)


def purge_jobs(transaction: Transaction, now_millis: int) -> int:
    """Remove the jobs of which nobody gets a report any more; return how many."""
    return transaction.run(_PURGE, {"before": now_millis - JOB_LIFE_MILLIS})


def services(transaction: Transaction, call: Call, arn: str) -> tuple[ServiceAccess, ...]:
    """Return the services that the policies of `arn`, or the policy itself, allow."""
    subject = _subject(transaction, call, arn)
    uses = [
        (entity, key_uses.services_of(transaction, entity.owner_id)) for entity in subject.entities
    ]
    return tuple(
        _service_access(service, uses) for service in sorted(services_allowed(subject.documents))
    )


def entity_uses(
    transaction: Transaction, call: Call, arn: str, service: str
) -> tuple[EntityUse, ...]:
    """Return whom the policies of `arn` let use a service, the latest users of it first."""
    found = [
        EntityUse(entity, _of_service(key_uses.services_of(transaction, entity.owner_id), service))
        for entity in _subject(transaction, call, arn).entities
    ]
    found.sort(key=lambda each: -each.last.used_at if each.last else 0)
    return tuple(found)


def granting_policies(
    transaction: Transaction, call: Call, arn: str, service: str
) -> tuple[Granting, ...]:
    """Return the policies of a user (with its groups), group or role that allow a service."""
    source = simulation.source_at(transaction, call.account_id, arn)
    return tuple(
        Granting(document.name, policy_arn, owner)
        for owner in _with_groups(transaction, source)
        for policy_arn, document in _policies_of(transaction, owner)
        if service in services_allowed([document])
    )


def services_allowed(documents: Iterable[NamedDocument]) -> set[str]:
    """Return the services of which the documents allow any action."""
    return {service for each in documents for service in _allowed_by(each.document)}


@dataclass(frozen=True, slots=True)
class _Subject:
    documents: Sequence[NamedDocument]
    entities: Sequence[PolicyOwner]


def _subject(transaction: Transaction, call: Call, arn: str) -> _Subject:
    if is_arn(arn) and _POLICY in arn:
        return _policy_subject(transaction, arn)
    source = simulation.source_at(transaction, call.account_id, arn)
    documents = [
        document
        for owner in _with_groups(transaction, source)
        for _, document in _policies_of(transaction, owner)
    ]
    is_group = source.kind is OwnerKind.GROUP
    return _Subject(documents, _members(transaction, source.name) if is_group else [source])


def _policy_subject(transaction: Transaction, arn: str) -> _Subject:
    policy = managed_policies.get(transaction, arn)
    entities = {
        owner.owner_id: owner
        for kind in OwnerKind
        for attached in attachments.owners_of(transaction, arn, kind, as_boundary=False)
        for owner in (
            _members(transaction, attached.name) if kind is OwnerKind.GROUP else [attached]
        )
    }
    document = managed_policies.document_of(transaction, arn)
    return _Subject([NamedDocument(policy.name, document)], list(entities.values()))


def _members(transaction: Transaction, group_name: str) -> list[PolicyOwner]:
    group = groups.get(transaction, group_name)
    limit = users.USERS_PER_ACCOUNT
    members = groups.members(transaction, group, after=None, limit=limit).rows
    return [member.owner for member in members]


def _with_groups(transaction: Transaction, source: PolicyOwner) -> list[PolicyOwner]:
    if source.kind is not OwnerKind.USER:
        return [source]
    return [source, *(group.owner for group in groups.of_user(transaction, source.owner_id))]


def _policies_of(
    transaction: Transaction, owner: PolicyOwner
) -> Iterator[tuple[str | None, NamedDocument]]:
    for inline in inline_policies.of_owner(transaction, owner.owner_id):
        yield None, inline
    for arn in attachments.arns_of(transaction, owner.owner_id):
        document = managed_policies.document_of(transaction, arn)
        yield arn, NamedDocument(arn.rpartition("/")[2], document)


def _allowed_by(document: str) -> Iterator[str]:
    given = json.loads(document)["Statement"]
    for statement in given if isinstance(given, list) else [given]:
        if statement["Effect"] != "Allow":
            continue
        actions = statement.get("Action", "*")
        for action in actions if isinstance(actions, list) else [actions]:
            service = action.partition(":")[0].lower()
            yield from KNOWN_SERVICES if service == "*" else (service,)


def _service_access(
    service: str, uses: Sequence[tuple[PolicyOwner, Sequence[ServiceUse]]]
) -> ServiceAccess:
    found = [
        (last.used_at, EntityUse(entity, last))
        for entity, used in uses
        if (last := _of_service(used, service)) is not None
    ]
    latest = max(found, key=lambda each: each[0], default=None)
    return ServiceAccess(service, latest[1] if latest else None, len(found))


def _of_service(used: Iterable[ServiceUse], service: str) -> ServiceUse | None:
    return next((each for each in used if each.service == service), None)

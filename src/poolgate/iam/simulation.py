"""What policies would decide, and why: nothing is done and nobody is asked.

The decision itself is the one that every request meets; here the requests are made up.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccountId, Arn
from poolgate.iam import authorization, groups, roles, users
from poolgate.iam.inline_policies import NamedDocument
from poolgate.iam.owners import OwnerKind, PolicyOwner
from poolgate.iam.signers import user_principal
from poolgate.policy.access import AccessRequest, principal_context
from poolgate.policy.arns import is_arn
from poolgate.policy.decisions import Effect, PolicySet, decide
from poolgate.policy.documents import MalformedPolicy, PolicyKind, parse_policy
from poolgate.policy.principal import Principal, PrincipalType
from poolgate.policy.statement_texts import StatementText, distinct_keys, statement_texts
from poolgate.policy.statements import Policy, Statement
from poolgate.store.database import Transaction

EVERY_RESOURCE = "*"
_ENTITY = re.compile(r"arn:aws:iam::[0-9]{12}:(user|group|role)/(?:[!-~]*/)?([\w+=,.@-]{1,128})")
_ACCOUNT = re.compile(r"arn:aws:iam::([0-9]{12}):root")
_ACCOUNT_PART = 4
_ANYTHING = parse_policy(
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
)
_EC2_RESOURCES = ("instance", "image", "security-group", "network-interface")
_RESOURCES_OF_OPTION: Mapping[str, tuple[str, ...]] = {
    "EC2-VPC-InstanceStore": _EC2_RESOURCES,
    "EC2-VPC-InstanceStore-Subnet": (*_EC2_RESOURCES, "subnet"),
    "EC2-VPC-EBS": (*_EC2_RESOURCES, "volume"),
    "EC2-VPC-EBS-Subnet": (*_EC2_RESOURCES, "subnet", "volume"),
}
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")


class EntityArnUnclear(Failure):
    """The ARN names no user, group or role. Facts: arn."""


class SimulatedPolicyMalformed(Failure):
    """A document that is to be simulated is no policy. Facts: detail."""


class TooManyBoundaries(Failure):
    """A principal has one permissions boundary at most."""


class CallerNotNamed(Failure):
    """A resource policy is about somebody: it is simulated for a user who is named."""


class ResourceOwnerUnclear(Failure):
    """The owner of the resources is not named as an account is. Facts: arn."""


class ResourcesMissing(Failure):
    """The kind of simulation wants resources that are not given. Facts: option, resources."""


class ActionNotSimulated(Failure):
    """What is to be simulated is no single action. Facts: action."""


class ResourceNotSimulated(Failure):
    """What is to be acted on is neither an ARN nor everything. Facts: resource."""


class SourceType(StrEnum):
    """The kinds of documents that statements come from."""

    IDENTITY = "IAM Policy"
    BOUNDARY = "IAM Permissions Boundary Policy"
    RESOURCE = "Resource Policy"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One action on one resource."""

    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class MatchedStatement:
    """A statement that decided, and where it stands in its document."""

    policy_name: str
    source_type: SourceType
    text: StatementText


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided on a scenario, by which statements, without which context keys.

    `within_boundary` is None where there is no permissions boundary; `sides` is what each side says
    by itself where the resource is another account's.
    """

    scenario: Scenario
    effect: Effect
    matched: tuple[MatchedStatement, ...]
    missing_context_keys: tuple[str, ...]
    within_boundary: bool | None
    sides: Mapping[SourceType, Effect]


@dataclass(frozen=True, slots=True)
class SimulatedCaller:
    """Who would call, and the condition keys that follow from it."""

    principal: Principal
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Simulation:
    """Policies, a caller and a context to make decisions with."""

    caller: SimulatedCaller
    identity: Sequence[NamedDocument]
    boundary: NamedDocument | None
    context: Mapping[str, tuple[str, ...]]
    resource: NamedDocument | None = None
    resource_account: str | None = None

    def outcome(self, scenario: Scenario) -> Outcome:
        """Return what would be decided on a scenario."""
        request = AccessRequest(
            principal=self.caller.principal,
            action=scenario.action,
            resource=scenario.resource,
            context=self._context,
            resource_account=self._owner_of(scenario.resource),
        )
        decision = decide(self._policies, request)
        boundary = self._policies.boundary
        return Outcome(
            scenario=scenario,
            effect=decision.effect,
            matched=tuple(self._matched[each.unnamed_label] for each in decision.decided_by),
            missing_context_keys=self._missing(scenario),
            within_boundary=None
            if boundary is None
            else decide(PolicySet(identity=(boundary,)), _in_own_account(request)).allowed,
            sides=self._sides(request) if request.is_cross_account else {},
        )

    def _owner_of(self, resource: str) -> str | None:
        """Return whose a resource is; without a side of its own it has no say in that."""
        if self.resource is None and self.resource_account is None:
            return None
        return _account_of(resource) or self.resource_account

    def _sides(self, request: AccessRequest) -> Mapping[SourceType, Effect]:
        own = decide(replace(self._policies, resource=None), _in_own_account(request))
        other = decide(PolicySet(resource=self._policies.resource, identity=(_ANYTHING,)), request)
        return {SourceType.IDENTITY: own.effect, SourceType.RESOURCE: other.effect}

    @cached_property
    def _context(self) -> dict[str, tuple[str, ...]]:
        given = {context_key.lower(): values for context_key, values in self.context.items()}
        known = {key.lower(): values for key, values in self.caller.context.items()}
        return {**known, **given}

    @cached_property
    def _documents(self) -> Sequence[tuple[SourceType, NamedDocument, Policy]]:
        identity = [(SourceType.IDENTITY, each) for each in self.identity]
        boundary = [] if self.boundary is None else [(SourceType.BOUNDARY, self.boundary)]
        resource = [] if self.resource is None else [(SourceType.RESOURCE, self.resource)]
        # Named by position: two policies may have the same name.
        return [
            (
                source_type,
                each,
                parse_policy(each.document, name=str(position), kind=_kind(source_type)),
            )
            for position, (source_type, each) in enumerate([*identity, *boundary, *resource])
        ]

    @cached_property
    def _policies(self) -> PolicySet:
        compiled: dict[SourceType, list[Policy]] = {}
        for source_type, _, policy in self._documents:
            compiled.setdefault(source_type, []).append(policy)
        return PolicySet(
            identity=tuple(compiled.get(SourceType.IDENTITY, ())),
            boundary=next(iter(compiled.get(SourceType.BOUNDARY, ())), None),
            resource=next(iter(compiled.get(SourceType.RESOURCE, ())), None),
        )

    @cached_property
    def _matched(self) -> Mapping[str, MatchedStatement]:
        return {
            statement.unnamed_label: MatchedStatement(each.name, source_type, text)
            for source_type, each, policy in self._documents
            for statement, text in zip(
                policy.statements,
                statement_texts(each.document, _kind(source_type)),
                strict=True,
            )
        }

    def _missing(self, scenario: Scenario) -> tuple[str, ...]:
        """Return the context keys that statements about the action ask for and nobody gave."""
        lower_action = scenario.action.lower()
        asked = (
            context_key
            for statement in self._statements()
            if statement.actions.covers(lower_action)
            for context_key in self._matched[statement.unnamed_label].text.context_keys
        )
        return distinct_keys(key for key in asked if key.lower() not in self._context)

    def _statements(self) -> Iterator[Statement]:
        for _, _, policy in self._documents:
            yield from policy.statements


def given_resource_policy(document: str) -> NamedDocument:
    """Return the resource policy of a request; raise SimulatedPolicyMalformed."""
    try:
        parse_policy(document, kind=PolicyKind.RESOURCE)
    except MalformedPolicy as error:
        raise SimulatedPolicyMalformed(detail=error.detail) from error
    return NamedDocument("ResourcePolicy", document)


def owner_account(arn: str) -> str:
    """Return the account that owns the resources of a request; raise ResourceOwnerUnclear."""
    named = _ACCOUNT.fullmatch(arn)
    if named is None:
        raise ResourceOwnerUnclear(arn=arn)
    return named[1]


def verify_resources(option: str, resources: Sequence[str]) -> None:
    """Raise ResourcesMissing unless a kind of simulation has the resources that it is about.

    # AWS API_SimulateCustomPolicy "ResourceHandlingOption"
    """
    wanted = _RESOURCES_OF_OPTION.get(option)
    if wanted is None:
        raise ResourcesMissing(option=option, resources="none that are known")
    given = {arn.rpartition(":")[2].partition("/")[0] for arn in resources}
    missing = [kind for kind in wanted if kind not in given]
    if missing:
        raise ResourcesMissing(option=option, resources=", ".join(missing))


def given_documents(documents: Sequence[str], list_name: str) -> tuple[NamedDocument, ...]:
    """Return documents of a request, named by their places; raise SimulatedPolicyMalformed."""
    try:
        for document in documents:
            parse_policy(document, kind=PolicyKind.IDENTITY)
    except MalformedPolicy as error:
        raise SimulatedPolicyMalformed(detail=error.detail) from error
    return tuple(
        NamedDocument(f"{list_name}.{position}", document)
        for position, document in enumerate(documents, start=1)
    )


def only_boundary(documents: Sequence[NamedDocument]) -> NamedDocument | None:
    """Return the boundary that a request gives, if any; raise TooManyBoundaries."""
    if len(documents) > 1:
        raise TooManyBoundaries
    return documents[0] if documents else None


def scenarios(actions: Sequence[str], resources: Sequence[str]) -> tuple[Scenario, ...]:
    """Return every action on every resource; raise unless each is one."""
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise ActionNotSimulated(action=action)
    for resource in resources:
        if resource != EVERY_RESOURCE and not is_arn(resource):
            raise ResourceNotSimulated(resource=resource)
    return tuple(Scenario(action, resource) for action in actions for resource in resources)


def context_keys_of(documents: Sequence[NamedDocument]) -> tuple[str, ...]:
    """Return the context keys that the documents ask for."""
    return distinct_keys(
        context_key
        for each in documents
        for text in statement_texts(each.document)
        for context_key in text.context_keys
    )


def source_policies(
    transaction: Transaction, source: PolicyOwner
) -> authorization.PrincipalPolicies:
    """Return the policies of a user with its groups, of a group or of a role."""
    return authorization.of_owner(transaction, source.owner_id)


def source_at(transaction: Transaction, account_id: AccountId, arn: str) -> PolicyOwner:
    """Return the user, group or role of an ARN; raise EntityArnUnclear or that it is not there."""
    named = _ENTITY.fullmatch(arn)
    if named is None:
        raise EntityArnUnclear(arn=arn)
    get_owner, absent = _SOURCES[named[1]]
    owner = get_owner(transaction, named[2])
    if owner.arn(account_id) != arn:
        raise absent(name=named[2])
    return owner


_SOURCES: Mapping[str, tuple[Callable[[Transaction, str], PolicyOwner], type[Failure]]] = {
    "user": (lambda transaction, name: users.get(transaction, name).owner, users.IamUserNotFound),
    "group": (
        lambda transaction, name: groups.get(transaction, name).owner,
        groups.IamGroupNotFound,
    ),
    "role": (lambda transaction, name: roles.get(transaction, name).owner, roles.RoleNotFound),
}


def _kind(source_type: SourceType) -> PolicyKind:
    return PolicyKind.RESOURCE if source_type is SourceType.RESOURCE else PolicyKind.IDENTITY


def _account_of(resource: str) -> str | None:
    """Return the account that an ARN names; None for those that name none, as a bucket's."""
    return (resource.split(":")[_ACCOUNT_PART] or None) if is_arn(resource) else None


def _in_own_account(request: AccessRequest) -> AccessRequest:
    return replace(request, resource_account=None)


def nobody(account_id: AccountId) -> SimulatedCaller:
    """Return a caller of whom nothing is known but the account."""
    return SimulatedCaller(
        Principal(
            type=PrincipalType.USER,
            arn=Arn(f"arn:aws:iam::{account_id}:user/"),
            account_id=account_id,
            user_id="",
            principal_arn=Arn(f"arn:aws:iam::{account_id}:user/"),
        )
    )


def caller_as(
    transaction: Transaction, account_id: AccountId, owner: PolicyOwner
) -> SimulatedCaller:
    """Return a user or role as the caller; a group calls as nobody."""
    if owner.kind is OwnerKind.USER:
        user = users.get(transaction, owner.name)
        principal = user_principal(
            account_id, user_id=user.user_id, path=user.path, name=user.name, tags=user.tags
        )
        return SimulatedCaller(principal, principal_context(principal))
    if owner.kind is OwnerKind.ROLE:
        return _caller_as_role(account_id, roles.get(transaction, owner.name))
    return nobody(account_id)


def _caller_as_role(account_id: AccountId, role: roles.Role) -> SimulatedCaller:
    arn = roles.role_arn(account_id, role.path, role.name)
    principal = Principal(
        type=PrincipalType.ASSUMED_ROLE,
        arn=arn,
        account_id=account_id,
        user_id=role.role_id,
        principal_arn=arn,
        tags=tuple(role.tags.items()),
    )
    context = principal_context(principal)
    # It ends in the session's name, and there is no session.
    del context["aws:userid"]
    return SimulatedCaller(principal, context)

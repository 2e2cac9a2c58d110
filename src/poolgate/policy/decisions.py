"""Decide a request by all the policies that apply, and say why.

The order is AWS's (reference_policies_evaluation-logic): an explicit deny anywhere, then a resource
policy that names the caller, identity policies, the permissions boundary, session policies. What
nobody allows is denied; only the account's root starts from allow.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from poolgate.policy.access import AccessRequest
from poolgate.policy.named_principals import Naming
from poolgate.policy.principal import PrincipalType
from poolgate.policy.statements import Policy, PreparedRequest, Statement, StatementEffect


class Effect(StrEnum):
    """Why a request is allowed or not."""

    ALLOW = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


class PolicyType(StrEnum):
    """The kind of policy that decided, as AWS's texts call it."""

    IDENTITY = "identity-based"
    RESOURCE = "resource-based"
    BOUNDARY = "permissions boundary"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Every policy that has a say; `session` is None for a caller without session policies.

    With `resource_must_allow` an identity policy alone is not enough: so it is with the trust
    policies of roles, even in one account.
    """

    identity: tuple[Policy, ...] = ()
    resource: Policy | None = None
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    resource_must_allow: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, the kind of policy it rests on and the statements that decided.

    `statements` are their labels, `decided_by` is the statements themselves. Nothing but being root
    stands behind an allow without a policy type.
    """

    allowed: bool
    effect: Effect
    policy_type: PolicyType | None
    statements: tuple[str, ...] = ()
    decided_by: tuple[Statement, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class _Findings:
    allowing: tuple[Statement, ...] = ()
    denying: tuple[Statement, ...] = ()
    naming: Naming = Naming.NOT_NAMED


_NOTHING = _Findings()


def decide(policies: PolicySet, request: AccessRequest) -> Decision:
    """Return whether the request is allowed and which policy decided it."""
    prepared = PreparedRequest(
        principal=request.principal,
        lower_action=request.action.lower(),
        resource=request.resource,
        context={name.lower(): values for name, values in request.context.items()},
    )
    findings = {
        PolicyType.IDENTITY: _findings(policies.identity, prepared),
        PolicyType.RESOURCE: _resource_findings(policies.resource, prepared),
        PolicyType.BOUNDARY: _findings((policies.boundary,), prepared)
        if policies.boundary
        else _NOTHING,
        PolicyType.SESSION: _findings(policies.session or (), prepared),
    }
    for policy_type, found in findings.items():
        if found.denying:
            return Decision(
                allowed=False,
                effect=Effect.EXPLICIT_DENY,
                policy_type=policy_type,
                statements=_labels(found.denying),
                decided_by=found.denying,
            )
    if request.is_cross_account:
        return _decide_across_accounts(policies, request, findings)
    if request.principal.is_root:
        return Decision(allowed=True, effect=Effect.ALLOW, policy_type=None)
    return _decide_allow(policies, request, findings)


def _decide_across_accounts(
    policies: PolicySet, request: AccessRequest, findings: dict[PolicyType, _Findings]
) -> Decision:
    """Return the decision on another account's resource: both sides must allow.

    # AWS reference_policies_evaluation-logic-cross-account
    """
    by_resource = findings[PolicyType.RESOURCE]
    if by_resource.naming is Naming.NOT_NAMED:
        return _implicit_deny(PolicyType.RESOURCE)
    if request.principal.is_root:
        return _allow(PolicyType.RESOURCE, by_resource)
    granted = findings[PolicyType.IDENTITY]
    if not granted.allowing:
        return _implicit_deny(PolicyType.IDENTITY)
    return _within_limits(policies, request, findings) or _allow(PolicyType.IDENTITY, granted)


def _decide_allow(
    policies: PolicySet, request: AccessRequest, findings: dict[PolicyType, _Findings]
) -> Decision:
    by_resource = findings[PolicyType.RESOURCE]
    if by_resource.naming is Naming.DIRECT:
        # Final: not limited by what identity policy, boundary and session policy leave out.
        return _allow(PolicyType.RESOURCE, by_resource)
    if policies.resource_must_allow and by_resource.naming is Naming.NOT_NAMED:
        return _implicit_deny(PolicyType.RESOURCE)
    granting, granted = PolicyType.IDENTITY, findings[PolicyType.IDENTITY]
    if not granted.allowing:
        if by_resource.naming is not Naming.ROLE:
            return _implicit_deny(PolicyType.IDENTITY)
        granting, granted = PolicyType.RESOURCE, by_resource
    return _within_limits(policies, request, findings) or _allow(granting, granted)


def _within_limits(
    policies: PolicySet, request: AccessRequest, findings: dict[PolicyType, _Findings]
) -> Decision | None:
    """Return the denial of what boundary or session policies leave out, None where they do not."""
    if policies.boundary is not None and not findings[PolicyType.BOUNDARY].allowing:
        return _implicit_deny(PolicyType.BOUNDARY)
    # A federated user has only what a session policy passes on; a role session without one is free.
    limited = policies.session is not None or (
        request.principal.type is PrincipalType.FEDERATED_USER
    )
    if limited and not findings[PolicyType.SESSION].allowing:
        return _implicit_deny(PolicyType.SESSION)
    return None


def _allow(policy_type: PolicyType, found: _Findings) -> Decision:
    return Decision(
        allowed=True,
        effect=Effect.ALLOW,
        policy_type=policy_type,
        statements=_labels(found.allowing),
        decided_by=found.allowing,
    )


def _labels(statements: tuple[Statement, ...]) -> tuple[str, ...]:
    return tuple(statement.label for statement in statements)


def _implicit_deny(policy_type: PolicyType) -> Decision:
    return Decision(allowed=False, effect=Effect.IMPLICIT_DENY, policy_type=policy_type)


def _findings(policies: Iterable[Policy], request: PreparedRequest) -> _Findings:
    allowing: list[Statement] = []
    denying: list[Statement] = []
    for policy in policies:
        for statement in policy.about(request.lower_action):
            if statement.applies(request):
                found = allowing if statement.effect is StatementEffect.ALLOW else denying
                found.append(statement)
    return _Findings(tuple(allowing), tuple(denying))


def _resource_findings(policy: Policy | None, request: PreparedRequest) -> _Findings:
    if policy is None:
        return _NOTHING
    allowing: list[Statement] = []
    denying: list[Statement] = []
    strongest = Naming.NOT_NAMED
    for statement in policy.about(request.lower_action):
        naming = statement.naming_of(request.principal)
        if naming is Naming.NOT_NAMED or not statement.applies(request):
            continue
        if statement.effect is StatementEffect.DENY:
            denying.append(statement)
            continue
        allowing.append(statement)
        strongest = max(strongest, naming)
    return _Findings(tuple(allowing), tuple(denying), strongest)


_ARTICLES = {
    PolicyType.IDENTITY: "an identity-based policy",
    PolicyType.RESOURCE: "a resource-based policy",
    PolicyType.BOUNDARY: "a permissions boundary",
    PolicyType.SESSION: "a session policy",
}
_NOUNS = {
    PolicyType.IDENTITY: "identity-based policy",
    PolicyType.RESOURCE: "resource-based policy",
    PolicyType.BOUNDARY: "permissions boundary",
    PolicyType.SESSION: "session policy",
}


def denial_text(decision: Decision, principal_arn: str, action: str, resource: str) -> str:
    """Return AWS's text for a refused request.

    # AWS troubleshoot_access-denied
    """
    if decision.policy_type is None:
        raise ValueError("an allowed request has no denial text")
    refusal = (
        f"User: {principal_arn} is not authorized to perform: {action}"
        f" on resource: {resource or '*'}"
    )
    if decision.effect is Effect.EXPLICIT_DENY:
        return f"{refusal} with an explicit deny in {_ARTICLES[decision.policy_type]}"
    return f"{refusal} because no {_NOUNS[decision.policy_type]} allows the {action} action"

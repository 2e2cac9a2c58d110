"""Read a policy document: untrusted JSON to a compiled policy, or MalformedPolicy.

Nothing that could be misread passes: unknown elements and operators, duplicate JSON keys, values
that are not of their operator's type, variables where AWS does not put any.
"""

import json
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Final

from poolgate.foundation.failure import Failure
from poolgate.policy.conditions import AnyCondition, parse_condition
from poolgate.policy.named_principals import NamedPrincipals
from poolgate.policy.patterns import (
    ARN_PARTS,
    PolicyVersion,
    Template,
    Variable,
    Wildcard,
    arn_parts,
    compile_arn,
    compile_pattern,
    fixed,
    parse_template,
    pattern_set,
)
from poolgate.policy.statements import (
    ActionElement,
    Policy,
    ResourceElement,
    Statement,
    StatementEffect,
)

_SYNTAX: Final = "Syntax errors in policy."
_LONGEST_DOCUMENT: Final = 131_072
_DOCUMENT_ELEMENTS: Final = frozenset({"Version", "Id", "Statement"})
_STATEMENT_ELEMENTS: Final = frozenset(
    {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
    | {"Principal", "NotPrincipal"}
)
_PRINCIPAL_KINDS: Final = frozenset({"AWS", "Federated", "Service", "CanonicalUser"})
_TRUST_ACTIONS: Final = frozenset(
    {
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:tagsession",
        "sts:setsourceidentity",
        "sts:setcontext",
        "sts:*",
    }
)
_SID = re.compile(r"[A-Za-z0-9]*")
_VENDOR = re.compile(r"[A-Za-z0-9-]+|\*")
_PARTITION = re.compile(r"aws(?:-[a-z]+)*|\*")
_PRINCIPAL = re.compile(
    r"\*|[0-9]{12}|A[A-Z]{3}[A-Z0-9]{8,124}|arn:aws(?:-[a-z]+)*:(?:iam|sts)::[0-9]{12}:[^*?]+"
)


class MalformedPolicy(Failure):
    """The document is not a policy. Facts: detail, in AWS's words."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail=detail)
        self.detail = detail


class PolicyKind(Enum):
    """What a policy is attached to; a resource's and a role's trust policy name principals."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"


def parse_policy(
    document: str, *, name: str = "policy", kind: PolicyKind = PolicyKind.IDENTITY
) -> Policy:
    """Return the compiled policy; raise MalformedPolicy with AWS's text for anything else.

    The same document is compiled once: callers may parse on every request. `name` labels the
    statements that have no Sid.
    """
    return _parse(document, name, kind)


@lru_cache(maxsize=1024)
def _parse(document: str, name: str, kind: PolicyKind) -> Policy:
    elements = _load(document)
    if not elements.keys() <= _DOCUMENT_ELEMENTS or not isinstance(elements.get("Id", ""), str):
        raise MalformedPolicy(_SYNTAX)
    if kind is PolicyKind.IDENTITY and "Id" in elements:
        raise MalformedPolicy(_SYNTAX)
    version = _version(elements.get("Version", PolicyVersion.FIRST))
    given = elements.get("Statement")
    statements = given if isinstance(given, list) else [given]
    if not statements:
        raise MalformedPolicy(_SYNTAX)
    parsed = tuple(
        _statement(statement, version, kind, f"{name}[{position}]")
        for position, statement in enumerate(statements)
    )
    sids = [statement.sid for statement in parsed if statement.sid]
    if len(set(sids)) != len(sids):
        raise MalformedPolicy("Statement IDs (SID) in a single policy must be unique.")
    return Policy(name, parsed)


def _load(document: str) -> dict[str, object]:
    if len(document) > _LONGEST_DOCUMENT:
        raise MalformedPolicy(_SYNTAX)
    try:
        elements = json.loads(
            document,
            object_pairs_hook=_object_without_repeats,
            parse_float=str,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise MalformedPolicy("This policy contains invalid Json") from error
    if not isinstance(elements, dict):
        raise MalformedPolicy(_SYNTAX)
    return elements


def _object_without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # INVARIANT: two readers of one document must never see two different policies.
    elements = dict(pairs)
    if len(elements) != len(pairs):
        raise MalformedPolicy(_SYNTAX)
    return elements


def _refuse_constant(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _version(given: object) -> PolicyVersion:
    if not isinstance(given, str):
        raise MalformedPolicy(_SYNTAX)
    try:
        return PolicyVersion(given)
    except ValueError as error:
        raise MalformedPolicy("Policy document must be version 2012-10-17 or greater.") from error


def _statement(
    given: object, version: PolicyVersion, kind: PolicyKind, unnamed_label: str
) -> Statement:
    if not isinstance(given, dict) or not given.keys() <= _STATEMENT_ELEMENTS:
        raise MalformedPolicy(_SYNTAX)
    elements: Mapping[str, object] = given
    effect = elements.get("Effect")
    if effect not in tuple(StatementEffect):
        raise MalformedPolicy(_SYNTAX)
    actions = _actions(elements)
    if kind is PolicyKind.TRUST:
        _verify_trust_actions(elements)
    resources = (
        _any_resource(elements) if kind is PolicyKind.TRUST else _resources(elements, version)
    )
    principals, spared = _principals(elements, kind)
    return Statement(
        sid=_sid(elements, kind),
        unnamed_label=unnamed_label,
        effect=StatementEffect(str(effect)),
        actions=actions,
        resources=resources,
        conditions=_conditions(elements.get("Condition", {}), version),
        principals=principals,
        spared_principals=spared,
    )


def _sid(elements: Mapping[str, object], kind: PolicyKind) -> str:
    sid = elements.get("Sid", "")
    # AWS elements_sid: IAM takes letters and digits only, some resource policies take more
    if not isinstance(sid, str) or (kind is not PolicyKind.RESOURCE and not _SID.fullmatch(sid)):
        raise MalformedPolicy(_SYNTAX)
    return sid


def _either(
    elements: Mapping[str, object], name: str, absent_detail: str
) -> tuple[list[str], bool]:
    """Return the texts of an element or of its negation, and whether it is the negation."""
    negation = f"Not{name}"
    if name in elements and negation in elements:
        raise MalformedPolicy(_SYNTAX)
    texts = _texts(elements.get(name, elements.get(negation, [])))
    if not texts:
        raise MalformedPolicy(absent_detail)
    return texts, negation in elements


def _texts(given: object) -> list[str]:
    values = given if isinstance(given, list) else [given]
    if not all(isinstance(value, str) for value in values):
        raise MalformedPolicy(_SYNTAX)
    return [str(value) for value in values]


def _actions(elements: Mapping[str, object]) -> ActionElement:
    texts, negated = _either(elements, "Action", "Policy statement must contain actions.")
    patterns = []
    for text in texts:
        _verify_action(text)
        # AWS elements_action: the action compares without regard to case
        template = parse_template(text.lower(), wildcards=True, variables=False)
        patterns.append(fixed(template) or ())
    return ActionElement(pattern_set(patterns, compile_pattern), negated=negated)


def _verify_action(text: str) -> None:
    if text == "*":
        return
    vendor, colon, action = text.partition(":")
    if not colon or not action:
        raise MalformedPolicy(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
        )
    if ":" in action:
        raise MalformedPolicy("Actions/Condition can contain only one colon.")
    if not _VENDOR.fullmatch(vendor):
        raise MalformedPolicy(f"Vendor {vendor} is not valid")


def _verify_trust_actions(elements: Mapping[str, object]) -> None:
    actions = _texts(elements.get("Action", []))
    if not actions or not {action.lower() for action in actions} <= _TRUST_ACTIONS:
        raise MalformedPolicy(
            "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML, "
            " and sts:AssumeRoleWithWebIdentity"
        )


def _any_resource(elements: Mapping[str, object]) -> ResourceElement:
    """Return what a trust policy speaks of: the one role that it is part of."""
    for name in ("Resource", "NotResource"):
        if name in elements:
            raise MalformedPolicy(f"Has prohibited field {name}")
    everything = pattern_set([(Wildcard.ANY_RUN,)], compile_arn)
    return ResourceElement(patterns=everything, templates=(), negated=False)


def _resources(elements: Mapping[str, object], version: PolicyVersion) -> ResourceElement:
    texts, negated = _either(elements, "Resource", "Policy statement must contain resources.")
    patterns, templates = [], []
    for text in texts:
        template = _resource_template(text, version)
        pattern = fixed(template)
        if pattern is None:
            templates.append(template)
        else:
            patterns.append(pattern)
    return ResourceElement(
        patterns=pattern_set(patterns, compile_arn), templates=tuple(templates), negated=negated
    )


def _resource_template(text: str, version: PolicyVersion) -> Template:
    try:
        template = parse_template(text, wildcards=True, variables=version.has_variables)
    except ValueError as error:
        raise MalformedPolicy(_SYNTAX) from error
    if text == "*":
        return template
    parts = arn_parts(template)
    prefix, partition, vendor, *_ = [*text.split(":"), "", ""]
    if prefix != "arn" or (len(parts) < ARN_PARTS and "*" not in text):
        raise MalformedPolicy(f'Resource {text} must be in ARN format or "*".')
    if not _PARTITION.fullmatch(partition):
        raise MalformedPolicy(f'Partition "{partition}" is not valid for resource "{text}".')
    if not vendor or "*" in vendor or "?" in vendor:
        raise MalformedPolicy("Resource vendor must be fully qualified and cannot contain regexes.")
    # AWS policies_variables: only after the fifth colon
    before_the_name = parts[: ARN_PARTS - 1]
    if any(isinstance(token, Variable) for part in before_the_name for token in part):
        raise MalformedPolicy(_SYNTAX)
    return template


def _principals(
    elements: Mapping[str, object], kind: PolicyKind
) -> tuple[NamedPrincipals | None, NamedPrincipals | None]:
    has_named, has_spared = "Principal" in elements, "NotPrincipal" in elements
    if kind is PolicyKind.IDENTITY:
        if has_named or has_spared:
            raise MalformedPolicy("Policy document should not specify a principal.")
        return None, None
    if has_named:
        if has_spared:
            raise MalformedPolicy(_SYNTAX)
        return _named_principals(elements["Principal"]), None
    # AWS elements_notprincipal: to be used with Deny only, and never in a trust policy
    if kind is PolicyKind.TRUST or not has_spared or elements["Effect"] != StatementEffect.DENY:
        raise MalformedPolicy(_SYNTAX)
    return None, _named_principals(elements["NotPrincipal"])


def _named_principals(given: object) -> NamedPrincipals:
    if given == "*":
        return NamedPrincipals(frozenset({"*"}))
    if not isinstance(given, dict) or not given or not given.keys() <= _PRINCIPAL_KINDS:
        raise MalformedPolicy(_SYNTAX)
    for kind, values in given.items():
        for value in _texts(values):
            if kind == "AWS" and not _PRINCIPAL.fullmatch(value):
                raise MalformedPolicy(f'Invalid principal in policy: "AWS":"{value}"')
    # Services never call with a principal of this account.
    return NamedPrincipals(
        names=frozenset(_texts(given.get("AWS", []))),
        providers=frozenset(_texts(given.get("Federated", []))),
    )


def _conditions(given: object, version: PolicyVersion) -> tuple[AnyCondition, ...]:
    if not isinstance(given, dict):
        raise MalformedPolicy(_SYNTAX)
    conditions: list[AnyCondition] = []
    for operator, comparisons in given.items():
        if not isinstance(comparisons, dict):
            raise MalformedPolicy(_SYNTAX)
        for context_key, values in comparisons.items():
            if ":" not in context_key:
                raise MalformedPolicy(
                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
                )
            conditions.append(_condition(operator, context_key, _scalars(values), version))
    return tuple(conditions)


def _condition(
    operator: str, context_key: str, values: Sequence[str], version: PolicyVersion
) -> AnyCondition:
    try:
        return parse_condition(operator, context_key, values, version)
    except ValueError as error:
        raise MalformedPolicy(_SYNTAX) from error


def _scalars(given: object) -> list[str]:
    values = given if isinstance(given, list) else [given]
    if not values:
        raise MalformedPolicy(_SYNTAX)
    return [_scalar(value) for value in values]


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise MalformedPolicy(_SYNTAX)

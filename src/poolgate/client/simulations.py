"""Why a request is allowed or not, from the policies that a server keeps.

The server decides (SimulatePrincipalPolicy, SimulateCustomPolicy); the statements that it names by
their places are then read from the policies, where the caller may read them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final
from urllib.parse import unquote

from poolgate.client.aws_calls import IAM, STS, AwsDoor
from poolgate.client.explanations import (
    DecidingStatement,
    Explanation,
    PolicyFile,
    PrincipalUnclear,
    Question,
    statement_at,
)
from poolgate.client.failures import AwsRefused
from poolgate.policy.decisions import Effect, PolicyType
from poolgate.policy.documents import MalformedPolicy

_NAMED_TYPES: Final = {
    "IAM Policy": PolicyType.IDENTITY,
    "IAM Permissions Boundary Policy": PolicyType.BOUNDARY,
    "Resource Policy": PolicyType.RESOURCE,
}
_INPUTS: Final = "PolicyInputList"
_BOUNDARIES: Final = "PermissionsBoundaryPolicyInputList"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a simulation supposes beside what the server keeps.

    With `instead` the identity policies are asked in place of the principal's own.
    """

    identity: tuple[PolicyFile, ...] = ()
    boundary: PolicyFile | None = None
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    instead: bool = False


class Simulator:
    """Asks one server, signed with keys that may simulate."""

    def __init__(self, door: AwsDoor) -> None:
        self._door = door
        self._kept = lru_cache(maxsize=None)(lambda arn: KeptPolicies(door, arn))

    def source_of(self, principal_arn: str | None) -> str:
        """Return the ARN of the user, group or role whose policies count for a principal.

        Without a principal it is the caller's own; a session counts as its role. Raises
        PrincipalUnclear for the account's root, which has no policies.
        """
        arn = principal_arn or str(self._door.call_query(STS, "GetCallerIdentity", {})["Arn"])
        parts = arn.split(":", 5)
        kind, _, name = parts[-1].partition("/")
        if kind == "assumed-role":
            role = self._door.call_query(IAM, "GetRole", {"RoleName": name.partition("/")[0]})[
                "Role"
            ]
            return str(role["Arn"])
        if kind == "root":
            raise PrincipalUnclear(
                f"{arn} is the root of its account: everything is allowed to it, and no policy says"
                " so; name a principal with --principal"
            )
        return arn

    def everybody(self) -> Iterator[str]:
        """Give the ARN of every user and every role."""
        for operation, member in (("ListUsers", "Users"), ("ListRoles", "Roles")):
            for listed in self._pages(operation, {}, member):
                yield str(listed["Arn"])

    def explain(
        self, source_arn: str, questions: Sequence[Question], what_if: WhatIf
    ) -> list[Explanation]:
        """Return what is decided on each question; raise AwsRefused where nobody may ask."""
        return [self._explain(source_arn, question, what_if) for question in questions]

    def _explain(self, source_arn: str, question: Question, what_if: WhatIf) -> Explanation:
        members: dict[str, Any] = {
            "ActionNames": [question.action],
            "ResourceArns": [question.resource],
            "ContextEntries": [
                {
                    "ContextKeyName": context_key,
                    "ContextKeyValues": list(values),
                    "ContextKeyType": "string" if len(values) == 1 else "stringList",
                }
                for context_key, values in what_if.context.items()
            ],
            _INPUTS: [each.document for each in what_if.identity],
            _BOUNDARIES: [what_if.boundary.document] if what_if.boundary else [],
        }
        if what_if.instead:
            operation, source = "SimulateCustomPolicy", {"CallerArn": source_arn}
        else:
            operation, source = "SimulatePrincipalPolicy", {"PolicySourceArn": source_arn}
        told = next(iter(self._pages(operation, {**source, **members}, "EvaluationResults")))
        specific = (told.get("ResourceSpecificResults") or [{}])[0]
        boundary = told.get("PermissionsBoundaryDecisionDetail") or {}
        effect = Effect(told["EvalDecision"])
        outside = boundary.get("AllowedByPermissionsBoundary") == "false"
        return Explanation(
            principal=source_arn,
            question=question,
            effect=effect,
            statements=tuple(
                self._statement(source_arn, matched, what_if)
                for matched in told.get("MatchedStatements") or []
            ),
            missing_context_keys=tuple(
                told.get("MissingContextValues") or specific.get("MissingContextValues") or ()
            ),
            lacking=PolicyType.BOUNDARY if outside and effect is Effect.IMPLICIT_DENY else None,
        )

    def _statement(
        self, source_arn: str, matched: Mapping[str, Any], what_if: WhatIf
    ) -> DecidingStatement:
        policy_id = str(matched.get("SourcePolicyId", ""))
        start = matched.get("StartPosition") or {}
        line, column = int(start.get("Line", 0)), int(start.get("Column", 0))
        name, documents = _supposed(policy_id, what_if), self._kept(source_arn)
        candidates = [name.document] if name else documents.named(policy_id)
        found = (_statement_in(document, line, column) for document in candidates)
        return DecidingStatement(
            policy_name=name.name if name else policy_id,
            policy_type=_NAMED_TYPES.get(str(matched.get("SourcePolicyType")), policy_id),
            line=line,
            column=column,
            text=next((text for text in found if text is not None), None),
        )

    def _pages(
        self, operation: str, members: Mapping[str, Any], member: str
    ) -> Iterator[dict[str, Any]]:
        return _pages(self._door, operation, members, member)


class KeptPolicies:
    """The policy documents of one user, group or role, read when they are asked for."""

    def __init__(self, door: AwsDoor, source_arn: str) -> None:
        self._door = door
        kind, _, path = source_arn.split(":", 5)[-1].partition("/")
        self._kind, self._name = kind, path.rpartition("/")[2]

    def named(self, policy_id: str) -> list[str]:
        """Return the documents that a simulation may mean by this id; none that may not be read."""
        readers = self._readers.get(policy_id, [])
        return [document for read in readers if (document := _if_allowed(read)) is not None]

    @cached_property
    def _readers(self) -> dict[str, list[Callable[[], str]]]:
        readers: dict[str, list[Callable[[], str]]] = {}
        try:
            for policy_id, read in self._listed():
                readers.setdefault(policy_id, []).append(read)
        except AwsRefused:
            # What may be simulated need not be what may be listed.
            return readers
        return readers

    def _listed(self) -> Iterator[tuple[str, Callable[[], str]]]:
        owners = [(self._kind, self._name)]
        if self._kind == "user":
            member = {"UserName": self._name}
            groups = _pages(self._door, "ListGroupsForUser", member, "Groups")
            owners += [("group", str(group["GroupName"])) for group in groups]
        for kind, name in owners:
            yield from self._of_owner(kind, name)
        if self._kind in {"user", "role"}:
            yield from self._boundary()

    def _of_owner(self, kind: str, name: str) -> Iterator[tuple[str, Callable[[], str]]]:
        title = kind.capitalize()
        owner = {f"{title}Name": name}
        for inline in _pages(self._door, f"List{title}Policies", owner, "PolicyNames"):
            read = self._reader(f"Get{title}Policy", {**owner, "PolicyName": str(inline)})
            yield str(inline), read
            # AWS: simulations tell inline policies with the names of their owners before them.
            yield f"{kind}_{name}_{inline}", read
        attached = _pages(self._door, f"ListAttached{title}Policies", owner, "AttachedPolicies")
        for managed in attached:
            yield str(managed["PolicyName"]), self._managed(str(managed["PolicyArn"]))

    def _boundary(self) -> Iterator[tuple[str, Callable[[], str]]]:
        title = self._kind.capitalize()
        told = self._door.call_query(IAM, f"Get{title}", {f"{title}Name": self._name})[title]
        arn = (told.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        if arn:
            yield str(arn).rpartition("/")[2], self._managed(str(arn))

    def _reader(self, operation: str, members: Mapping[str, str]) -> Callable[[], str]:
        return lambda: unquote(self._door.call_query(IAM, operation, members)["PolicyDocument"])

    def _managed(self, arn: str) -> Callable[[], str]:
        def read() -> str:
            managed = self._door.call_query(IAM, "GetPolicy", {"PolicyArn": arn})["Policy"]
            version = {"PolicyArn": arn, "VersionId": managed["DefaultVersionId"]}
            told = self._door.call_query(IAM, "GetPolicyVersion", version)["PolicyVersion"]
            return unquote(told["Document"])

        return read


def _if_allowed(read: Callable[[], str]) -> str | None:
    try:
        return read()
    except AwsRefused:
        return None


def _supposed(policy_id: str, what_if: WhatIf) -> PolicyFile | None:
    """Return the file that a simulation names by its place in the request."""
    list_name, _, place = policy_id.rpartition(".")
    files = {
        _INPUTS: what_if.identity,
        _BOUNDARIES: (what_if.boundary,) if what_if.boundary else (),
    }.get(list_name, ())
    return files[int(place) - 1] if place.isdecimal() and 0 < int(place) <= len(files) else None


def _statement_in(document: str, line: int, column: int) -> Mapping[str, Any] | None:
    try:
        return statement_at(document, line, column)
    except MalformedPolicy:
        # AWS knows more of the language than this reader may.
        return None


def _pages(door: AwsDoor, operation: str, members: Mapping[str, Any], member: str) -> Iterator[Any]:
    marker: dict[str, str] = {}
    while True:
        told = door.call_query(IAM, operation, {**members, **marker})
        yield from told.get(member) or []
        if told.get("IsTruncated") != "true":
            return
        marker = {"Marker": str(told["Marker"])}

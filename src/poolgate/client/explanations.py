"""Why a request is allowed or not, statement by statement, from policy files of one's own.

No server is asked: the policy room decides here as it does in the server. `simulations` gives the
same explanations from a server's policies.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from poolgate.client.failures import ClientFailure
from poolgate.foundation.ids import AccountId, Arn
from poolgate.policy.access import AccessRequest, principal_context
from poolgate.policy.decisions import Effect, PolicySet, PolicyType, decide
from poolgate.policy.documents import MalformedPolicy, PolicyKind, parse_policy
from poolgate.policy.principal import Principal, PrincipalType
from poolgate.policy.statement_texts import StatementText, distinct_keys, statement_texts
from poolgate.policy.statements import Policy, Statement

EVERY_RESOURCE: Final = "*"
_NOBODY: Final = "arn:aws:iam::000000000000:user/"
_PRINCIPAL = re.compile(
    r"arn:aws(?:-[a-z]+)*:(?:iam|sts)::([0-9]{12}):"
    r"(root|user|role|group|assumed-role|federated-user)(?:/([!-~]*))?"
)


class PolicyUnreadable(ClientFailure):
    """A file is no policy document."""


class PrincipalUnclear(ClientFailure):
    """An ARN names nobody who could have policies."""


@dataclass(frozen=True, slots=True)
class Question:
    """One action on one resource."""

    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class DecidingStatement:
    """A statement that a decision rests on; `text` is None where its policy could not be read.

    Line and column count from 1 and point behind the opening brace of the statement.
    """

    policy_name: str
    policy_type: str
    line: int
    column: int
    text: Mapping[str, Any] | None

    @property
    def sid(self) -> str | None:
        """Return the statement's name, where it has one and is known."""
        return str(self.text["Sid"]) if self.text and self.text.get("Sid") else None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is decided on a question for a principal, by which statements.

    `missing_context_keys` are those that statements about the action ask for and nobody gave.
    `lacking` is the kind of policy that had to allow and did not, where that is known.
    """

    principal: str
    question: Question
    effect: Effect
    statements: tuple[DecidingStatement, ...] = ()
    missing_context_keys: tuple[str, ...] = ()
    lacking: PolicyType | None = None

    @property
    def allowed(self) -> bool:
        """Tell whether the request would go through."""
        return self.effect is Effect.ALLOW


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy document with the name that it is told by."""

    name: str
    document: str


@dataclass(frozen=True, slots=True)
class LocalPolicies:
    """Policy documents that are decided by without any server."""

    identity: tuple[PolicyFile, ...] = ()
    boundary: PolicyFile | None = None
    resource: PolicyFile | None = None
    session: tuple[PolicyFile, ...] = ()
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def explain(self, principal_arn: str | None, question: Question) -> Explanation:
        """Return the decision; raise PolicyUnreadable or PrincipalUnclear."""
        principal = principal_of(principal_arn or _NOBODY)
        compiled = list(self._compiled())
        by_type: dict[PolicyType, list[Policy]] = {}
        for policy_type, _, policy in compiled:
            by_type.setdefault(policy_type, []).append(policy)
        context = {**(_known(principal) if principal_arn else {}), **self.context}
        decision = decide(
            PolicySet(
                identity=tuple(by_type.get(PolicyType.IDENTITY, ())),
                boundary=next(iter(by_type.get(PolicyType.BOUNDARY, ())), None),
                resource=next(iter(by_type.get(PolicyType.RESOURCE, ())), None),
                session=tuple(by_type[PolicyType.SESSION]) if self.session else None,
            ),
            AccessRequest(principal, question.action, question.resource, context),
        )
        texts = {
            statement.unnamed_label: (policy_type, each, place)
            for policy_type, each, policy in compiled
            for place, statement in enumerate(policy.statements)
        }
        statements = (statement for _, _, policy in compiled for statement in policy.statements)
        return Explanation(
            principal=principal_arn or "anybody",
            question=question,
            effect=decision.effect,
            statements=tuple(
                _deciding(*texts[statement.unnamed_label]) for statement in decision.decided_by
            ),
            missing_context_keys=_missing(statements, texts, question.action, context),
            lacking=decision.policy_type if decision.effect is Effect.IMPLICIT_DENY else None,
        )

    def _compiled(self) -> Iterator[tuple[PolicyType, PolicyFile, Policy]]:
        given: list[tuple[PolicyType, Sequence[PolicyFile]]] = [
            (PolicyType.IDENTITY, self.identity),
            (PolicyType.BOUNDARY, [self.boundary] if self.boundary else []),
            (PolicyType.RESOURCE, [self.resource] if self.resource else []),
            (PolicyType.SESSION, self.session),
        ]
        number = 0
        for policy_type, files in given:
            for each in files:
                # Named by number: two files may have the same name.
                number += 1
                yield policy_type, each, _parsed(each, policy_type, str(number))


_Place = tuple[PolicyType, PolicyFile, int]


def principal_of(arn: str) -> Principal:
    """Return who an ARN names, as far as it tells; raise PrincipalUnclear."""
    named = _PRINCIPAL.fullmatch(arn)
    if named is None or named[2] == "group":
        raise PrincipalUnclear(f"{arn} is not the ARN of a user, a role or a session")
    account_id, kind, name = named[1], named[2], named[3] or ""
    types = {
        "root": PrincipalType.ACCOUNT,
        "user": PrincipalType.USER,
        "federated-user": PrincipalType.FEDERATED_USER,
    }
    # The path of a session's role is not in its ARN; roles without a path are told right.
    role_name = name.partition("/")[0]
    principal_arn = f"arn:aws:iam::{account_id}:role/{role_name}" if kind == "assumed-role" else arn
    return Principal(
        type=types.get(kind, PrincipalType.ASSUMED_ROLE),
        arn=Arn(arn),
        account_id=AccountId(account_id),
        user_id="",
        principal_arn=Arn(principal_arn),
        username=name.rpartition("/")[2] or None if kind == "user" else None,
    )


def statement_at(document: str, line: int, column: int) -> Mapping[str, Any] | None:
    """Return the statement that begins at a place of a document; None where none does."""
    for place, text in enumerate(statement_texts(document)):
        if (text.start.line, text.start.column) == (line, column):
            return _statements(document)[place]
    return None


def _known(principal: Principal) -> dict[str, tuple[str, ...]]:
    known = principal_context(principal)
    # Its unique id is not in its ARN.
    del known["aws:userid"]
    return known


def _parsed(file: PolicyFile, policy_type: PolicyType, name: str) -> Policy:
    try:
        return parse_policy(file.document, name=name, kind=_kind_of(policy_type))
    except MalformedPolicy as error:
        raise PolicyUnreadable(f"{file.name}: {error.detail}") from error


def _kind_of(policy_type: PolicyType) -> PolicyKind:
    return PolicyKind.RESOURCE if policy_type is PolicyType.RESOURCE else PolicyKind.IDENTITY


def _text(place: _Place) -> StatementText:
    policy_type, file, position = place
    return statement_texts(file.document, _kind_of(policy_type))[position]


def _deciding(policy_type: PolicyType, file: PolicyFile, position: int) -> DecidingStatement:
    start = _text((policy_type, file, position)).start
    return DecidingStatement(
        policy_name=file.name,
        policy_type=policy_type,
        line=start.line,
        column=start.column,
        text=_statements(file.document)[position],
    )


def _missing(
    statements: Iterator[Statement],
    places: Mapping[str, _Place],
    action: str,
    context: Mapping[str, tuple[str, ...]],
) -> tuple[str, ...]:
    given = {context_key.lower() for context_key in context}
    asked = (
        context_key
        for statement in statements
        if statement.actions.covers(action.lower())
        for context_key in _text(places[statement.unnamed_label]).context_keys
    )
    return distinct_keys(context_key for context_key in asked if context_key.lower() not in given)


def _statements(document: str) -> list[Mapping[str, Any]]:
    found = json.loads(document)["Statement"]
    return found if isinstance(found, list) else [found]

"""`poolgate policy explain`: who may do what, and which statement says so."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from poolgate.cli.aws_access import add_access_flags, signing_door
from poolgate.cli.subcommands import Subcommands
from poolgate.client.explanations import (
    EVERY_RESOURCE,
    DecidingStatement,
    Explanation,
    LocalPolicies,
    PolicyFile,
    Question,
)
from poolgate.client.failures import ClientFailure
from poolgate.client.simulations import Simulator, WhatIf
from poolgate.policy.decisions import Effect

ALLOWED, DENIED, MISTAKEN, UNDECIDED = 0, 1, 2, 3
_INDENT = "    "


class Mistaken(ClientFailure):
    """The flags do not go together."""


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("policy", help="explain who may do what")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    explain = actions.add_parser(
        "explain",
        help="tell whether a request is allowed, and by which statement",
        description="Tell whether a request is allowed, and which statement says so. Exit code 0:"
        " everything asked about is allowed; 1: something is denied; 2: wrong flags; 3: it could"
        " not be decided.",
    )
    _add_question_flags(explain)
    _add_policy_flags(explain)
    explain.add_argument("--json", action="store_true", help="Print JSON.")
    add_access_flags(explain)
    explain.set_defaults(command=run)


def _add_question_flags(parser: argparse.ArgumentParser) -> None:
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--principal",
        metavar="ARN",
        help="A user, group, role or role session. Default: whoever the keys belong to.",
    )
    who.add_argument(
        "--everybody", action="store_true", help="Every user and role of the account, one by one."
    )
    parser.add_argument(
        "--action", action="append", required=True, metavar="ACTION", help="Such as s3:GetObject."
    )
    parser.add_argument(
        "--resource",
        action="append",
        metavar="ARN",
        help=f"What is acted on. Default: {EVERY_RESOURCE}.",
    )
    parser.add_argument(
        "--context",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="A condition key of the request, such as aws:SourceIp=192.0.2.1; again for a further"
        " value.",
    )


def _add_policy_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="FILE",
        help="A policy to suppose beside those that the principal has.",
    )
    parser.add_argument("--boundary", metavar="FILE", help="A permissions boundary to suppose.")
    parser.add_argument(
        "--instead",
        action="store_true",
        help="Suppose the policies instead of those that the principal has.",
    )
    parser.add_argument(
        "--offline", action="store_true", help="Decide by the files alone; ask no server."
    )
    parser.add_argument(
        "--resource-policy", metavar="FILE", help="The resource's own policy (with --offline)."
    )
    parser.add_argument(
        "--session-policy",
        action="append",
        default=[],
        metavar="FILE",
        help="A session policy (with --offline).",
    )


def run(chosen: argparse.Namespace) -> int:
    """Print every explanation; the exit code tells whether all is allowed."""
    try:
        verify_flags(chosen)
        explanations = _explanations(chosen)
    except Mistaken as mistaken:
        print(f"poolgate: {mistaken}", file=sys.stderr)
        return MISTAKEN
    except ClientFailure as failure:
        print(f"poolgate: {failure}", file=sys.stderr)
        return UNDECIDED
    if chosen.json:
        print(json.dumps([_as_json(each) for each in explanations], indent=2))
    else:
        print("\n\n".join("\n".join(_lines(each)) for each in explanations))
    return ALLOWED if all(each.allowed for each in explanations) else DENIED


def verify_flags(chosen: argparse.Namespace) -> None:
    """Raise Mistaken for flags that do not go together."""
    if chosen.offline and not (chosen.policy or chosen.resource_policy):
        raise Mistaken("--offline decides by --policy and --resource-policy; give one of them")
    if chosen.offline and chosen.everybody:
        raise Mistaken("--everybody asks a server, which --offline does not")
    if chosen.instead and not chosen.policy:
        raise Mistaken("--instead needs the policies that count instead: --policy FILE")
    if not chosen.offline and (chosen.resource_policy or chosen.session_policy):
        raise Mistaken("--resource-policy and --session-policy are for --offline")


def _explanations(chosen: argparse.Namespace) -> list[Explanation]:
    questions = [
        Question(action, resource)
        for action in chosen.action
        for resource in chosen.resource or [EVERY_RESOURCE]
    ]
    identity = tuple(map(_file, chosen.policy))
    boundary = _file(chosen.boundary) if chosen.boundary else None
    context = _context(chosen.context)
    if chosen.offline:
        local = LocalPolicies(
            identity=identity,
            boundary=boundary,
            resource=_file(chosen.resource_policy) if chosen.resource_policy else None,
            session=tuple(map(_file, chosen.session_policy)),
            context=context,
        )
        return [local.explain(chosen.principal, question) for question in questions]
    simulator = Simulator(signing_door(chosen))
    what_if = WhatIf(identity, boundary, context, instead=chosen.instead)
    sources = simulator.everybody() if chosen.everybody else [simulator.source_of(chosen.principal)]
    return [
        explanation
        for source_arn in sources
        for explanation in simulator.explain(source_arn, questions, what_if)
    ]


def _file(path: str) -> PolicyFile:
    try:
        return PolicyFile(path, Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Mistaken(f"{path} cannot be read ({type(error).__name__})") from error


def _context(given: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    context: dict[str, tuple[str, ...]] = {}
    for pair in given:
        context_key, equals, value = pair.partition("=")
        if not context_key or not equals:
            raise Mistaken(f"--context {pair!r} is not KEY=VALUE")
        context[context_key] = (*context.get(context_key, ()), value)
    return context


_WORDS = {
    Effect.ALLOW: "allowed",
    Effect.EXPLICIT_DENY: "denied explicitly",
    Effect.IMPLICIT_DENY: "denied: nothing allows it",
}


def _lines(explanation: Explanation) -> Iterator[str]:
    question = explanation.question
    yield (
        f"{explanation.principal}: {question.action} on {question.resource}:"
        f" {_WORDS[explanation.effect]}"
    )
    if explanation.lacking is not None:
        yield f"{_INDENT}no {explanation.lacking} policy allows it"
    for statement in explanation.statements:
        yield from _statement_lines(statement)
    if explanation.missing_context_keys:
        missing = ", ".join(explanation.missing_context_keys)
        yield f"{_INDENT}it may depend on what was not given: {missing}"


def _statement_lines(statement: DecidingStatement) -> Iterator[str]:
    named = f'"{statement.sid}" ' if statement.sid else ""
    yield (
        f"{_INDENT}statement {named}of {statement.policy_name} ({statement.policy_type}),"
        f" line {statement.line}, column {statement.column}"
    )
    if statement.text is not None:
        for line in json.dumps(statement.text, indent=2).splitlines():
            yield f"{_INDENT}{_INDENT}{line}"


def _as_json(explanation: Explanation) -> dict[str, Any]:
    return {
        "principal": explanation.principal,
        "action": explanation.question.action,
        "resource": explanation.question.resource,
        "allowed": explanation.allowed,
        "decision": explanation.effect,
        "lacking": explanation.lacking,
        "statements": [
            {
                "policy": statement.policy_name,
                "policy_type": statement.policy_type,
                "sid": statement.sid,
                "line": statement.line,
                "column": statement.column,
                "statement": statement.text,
            }
            for statement in explanation.statements
        ],
        "missing_context_keys": list(explanation.missing_context_keys),
    }

"""What the text of a policy document says of its statements beside what they decide.

Reasons point at a statement by its place in the document as it was given.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from poolgate.policy.documents import PolicyKind, parse_policy
from poolgate.policy.patterns import PolicyVersion

_BLANK = re.compile(r"[ \t\n\r]*")
_VARIABLE = re.compile(r"\$\{\s*([^{},'*?$][^{},']*?)\s*(?:,\s*'[^']*'\s*)?\}")
_STATEMENT = "Statement"
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class TextPosition:
    """A place between two characters; both numbers count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class StatementText:
    """One statement as written: from behind its opening brace to behind its closing one.

    `context_keys` are those that its conditions and variables ask for, as they are written.
    """

    start: TextPosition
    end: TextPosition
    context_keys: tuple[str, ...]


def statement_texts(
    document: str, kind: PolicyKind = PolicyKind.IDENTITY
) -> tuple[StatementText, ...]:
    """Return the statements of a policy in their order; raise MalformedPolicy."""
    parse_policy(document, kind=kind)
    has_variables = json.loads(document).get("Version") == PolicyVersion.CURRENT
    return tuple(
        StatementText(
            start=_position(document, start + 1),
            end=_position(document, end),
            context_keys=_context_keys(statement, has_variables=has_variables),
        )
        for statement, start, end in _statements(document)
    )


def distinct_keys(context_keys: Iterable[str]) -> tuple[str, ...]:
    """Return the keys once each, in their order: their case does not tell them apart."""
    distinct: dict[str, str] = {}
    for context_key in context_keys:
        distinct.setdefault(context_key.lower(), context_key)
    return tuple(distinct.values())


def _statements(document: str) -> Iterator[tuple[Mapping[str, object], int, int]]:
    """Yield the statements, each with where it starts and ends.

    The document was read as a policy before, so that it is known to be an object.
    """
    position = document.index("{") + 1
    while True:
        name, position = _value_at(document, position)
        position = _past(document, position, ":")
        start = _past(document, position)
        value, position = _value_at(document, start)
        if name == _STATEMENT:
            break
        position = _past(document, position, ",")
    if isinstance(value, dict):
        yield value, start, position
    end = start
    # The bracket stands where a comma does before the elements that follow.
    while document[end] in "[,":
        start = _past(document, end + 1)
        value, end = _value_at(document, start)
        if isinstance(value, dict):
            yield value, start, end
        end = _past(document, end)


def _value_at(document: str, position: int) -> "tuple[object, int]":
    value, end = _DECODER.raw_decode(document, _past(document, position))
    return value, end


def _past(document: str, position: int, mark: str = "") -> int:
    """Return the position behind white space and, where one is given, behind the mark after it."""
    blank = _BLANK.match(document, position)
    return (blank.end() if blank else position) + len(mark)


def _position(document: str, offset: int) -> TextPosition:
    line = document.count("\n", 0, offset) + 1
    return TextPosition(line, offset - document.rfind("\n", 0, offset))


def _context_keys(statement: Mapping[str, object], *, has_variables: bool) -> tuple[str, ...]:
    found: list[str] = []
    for name, element in statement.items():
        if name == "Condition" and isinstance(element, dict):
            for comparisons in element.values():
                found += comparisons
        if has_variables:
            found += _VARIABLE.findall(json.dumps(element, ensure_ascii=False))
    return distinct_keys(found)

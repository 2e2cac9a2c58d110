"""Text with wildcards and variables, as policies write it, and how it matches.

`*` stands for any run of characters, `?` for one. Matching never backtracks over more than one
run at a time: the pieces between runs are found leftmost first, so that a hostile pattern costs at
most its length times the text's.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Final, Protocol

ARN_PARTS: Final = 6

Context = Mapping[str, tuple[str, ...]]
Matcher = Callable[[str], bool]


class PolicyVersion(StrEnum):
    """The version of the policy language that a document names."""

    FIRST = "2008-10-17"
    CURRENT = "2012-10-17"

    @property
    def has_variables(self) -> bool:
        """Tell whether `${...}` is a variable; in the first version it is plain text."""
        return self is PolicyVersion.CURRENT


class Wildcard(Enum):
    """A place in a pattern that is not literal text."""

    ANY_RUN = "*"
    ANY_ONE = "?"


@dataclass(frozen=True, slots=True)
class Variable:
    """A context key to be put in place, in lower case, and what stands there without it."""

    context_key: str
    default: str | None


Token = str | Wildcard | Variable
Template = tuple[Token, ...]
Pattern = tuple[str | Wildcard, ...]

# `${*}`, `${?}` and `${$}` are those characters themselves.
_SPECIAL = re.compile(r"\$\{(?P<literal>[*?$])\}|\$\{(?P<variable>[^{}]*)\}|(?P<wildcard>[*?])")
_VARIABLE = re.compile(r"\s*([^,']+?)\s*(?:,\s*'([^']*)'\s*)?")


class TemplateMalformed(ValueError):
    """A variable is not written as `${key}` or `${key, 'default'}`."""


def parse_template(text: str, *, wildcards: bool, variables: bool) -> Template:
    """Return the tokens of `text`; what is not enabled stays literal."""
    tokens: list[Token] = []
    position = 0
    for special in _SPECIAL.finditer(text):
        token = _token(special, wildcards=wildcards, variables=variables)
        tokens += [text[position : special.start()], token]
        position = special.end()
    tokens.append(text[position:])
    return _merged(tokens)


def _token(special: re.Match[str], *, wildcards: bool, variables: bool) -> Token:
    if special["wildcard"]:
        return Wildcard(special["wildcard"]) if wildcards else special[0]
    if not variables:
        # AWS elements_version: before 2012-10-17 `${` is text; its wildcards keep their meaning
        return special[0]
    if special["literal"]:
        return special["literal"]
    named = _VARIABLE.fullmatch(special["variable"])
    if named is None:
        raise TemplateMalformed(special[0])
    return Variable(named[1].lower(), named[2])


def _merged(tokens: Iterable[Token]) -> Template:
    merged: list[Token] = []
    for token in tokens:
        last = merged[-1] if merged else None
        if isinstance(token, str) and isinstance(last, str):
            merged[-1] = last + token
        elif token != "":
            merged.append(token)
    return tuple(merged)


def resolve(template: Template, context: Context) -> Pattern | None:
    """Return the template with its variables as literal text; None when one has no single value."""
    resolved: list[str | Wildcard] = []
    for token in template:
        if not isinstance(token, Variable):
            resolved.append(token)
            continue
        values = context.get(token.context_key, ())
        # AWS policies_variables: only single-valued keys
        value = values[0] if len(values) == 1 else token.default if not values else None
        if value is None:
            return None
        resolved.append(value)
    merged = _merged(resolved)
    return tuple(token for token in merged if not isinstance(token, Variable))


def fixed(template: Template) -> Pattern | None:
    """Return the template as a pattern when it needs no context."""
    pattern = tuple(token for token in template if not isinstance(token, Variable))
    return pattern if len(pattern) == len(template) else None


class _Piece(Protocol):
    length: int

    def stands_at(self, text: str, position: int) -> bool: ...

    def find(self, text: str, start: int, end: int) -> int: ...


class _LiteralPiece:
    def __init__(self, literal: str) -> None:
        self._literal = literal
        self.length = len(literal)

    def stands_at(self, text: str, position: int) -> bool:
        return text.startswith(self._literal, position)

    def find(self, text: str, start: int, end: int) -> int:
        return text.find(self._literal, start, end)


class _GappedPiece:
    """Literals and single-character gaps: of fixed length, so the expression cannot backtrack."""

    def __init__(self, tokens: Pattern) -> None:
        expression = "".join(
            re.escape(token) if isinstance(token, str) else "." for token in tokens
        )
        self._expression = re.compile(expression, re.DOTALL)
        self.length = sum(len(token) if isinstance(token, str) else 1 for token in tokens)

    def stands_at(self, text: str, position: int) -> bool:
        return self._expression.match(text, position) is not None

    def find(self, text: str, start: int, end: int) -> int:
        found = self._expression.search(text, start, end)
        return -1 if found is None else found.start()


def _piece(tokens: Pattern) -> _Piece:
    if not tokens:
        return _LiteralPiece("")
    if len(tokens) == 1 and isinstance(tokens[0], str):
        return _LiteralPiece(tokens[0])
    return _GappedPiece(tokens)


@lru_cache(maxsize=4096)
def compile_pattern(pattern: Pattern) -> Matcher:
    """Return the function that tells whether a text matches all of `pattern`."""
    if not pattern:
        return "".__eq__
    if len(pattern) == 1 and isinstance(pattern[0], str):
        return pattern[0].__eq__
    pieces = _pieces(pattern)
    if len(pieces) == 1:
        return _fixed_length(_piece(pieces[0]))
    head, tail = pieces[0], pieces[-1]
    middle = tuple(_piece(tokens) for tokens in pieces[1:-1] if tokens)
    if not middle and not tail:
        return _starting_with(head)
    return _with_runs(_piece(head), middle, _piece(tail))


def _pieces(pattern: Pattern) -> list[Pattern]:
    pieces: list[list[str | Wildcard]] = [[]]
    for token in pattern:
        if token is Wildcard.ANY_RUN:
            pieces.append([])
        else:
            pieces[-1].append(token)
    return [tuple(tokens) for tokens in pieces]


def _fixed_length(piece: _Piece) -> Matcher:
    def matches(text: str) -> bool:
        return len(text) == piece.length and piece.stands_at(text, 0)

    return matches


def _starting_with(tokens: Pattern) -> Matcher:
    if not tokens:
        return _anything
    if len(tokens) == 1 and isinstance(tokens[0], str):
        literal = tokens[0]

        def starts(text: str) -> bool:
            return text.startswith(literal)

        return starts
    piece = _piece(tokens)

    def matches(text: str) -> bool:
        return piece.stands_at(text, 0)

    return matches


def _anything(_text: str) -> bool:
    return True


def _with_runs(head: _Piece, middle: tuple[_Piece, ...], tail: _Piece) -> Matcher:
    def matches(text: str) -> bool:
        position, end = head.length, len(text) - tail.length
        if position > end or not head.stands_at(text, 0) or not tail.stands_at(text, end):
            return False
        for piece in middle:
            found = piece.find(text, position, end)
            if found < 0:
                return False
            position = found + piece.length
        return True

    return matches


def arn_parts(pattern: Template) -> list[Template]:
    """Return the parts of an ARN pattern: split at the first five literal colons."""
    parts: list[list[Token]] = [[]]
    for token in pattern:
        if not isinstance(token, str):
            parts[-1].append(token)
            continue
        first, *others = token.split(":", ARN_PARTS - len(parts))
        parts[-1].append(first)
        parts += [[other] for other in others]
    return [_merged(tokens) for tokens in parts]


@lru_cache(maxsize=4096)
def compile_arn(pattern: Pattern) -> Matcher:
    """Return the function that tells whether an ARN matches, part by part.

    A wildcard stays within its part, but for the last part, which may hold colons. A pattern of
    fewer than six parts matches as plain text: AWS lets a final `*` run over the colons.
    """
    parts = arn_parts(pattern)
    if len(parts) < ARN_PARTS or all(_is_literal(part) for part in parts[:-1]):
        return compile_pattern(pattern)
    matchers = [
        compile_pattern(tuple(token for token in part if not isinstance(token, Variable)))
        for part in parts
    ]

    def matches(text: str) -> bool:
        told = text.split(":", ARN_PARTS - 1)
        return len(told) == ARN_PARTS and all(
            matcher(part) for matcher, part in zip(matchers, told, strict=True)
        )

    return matches


def _is_literal(part: Template) -> bool:
    return all(isinstance(token, str) for token in part)


@dataclass(frozen=True, slots=True)
class PatternSet:
    """Several patterns, of which one has to match; the two common kinds need no function call."""

    exact: frozenset[str]
    prefixes: tuple[str, ...]
    others: tuple[Matcher, ...]

    def matches(self, text: str) -> bool:
        """Tell whether any of the patterns matches all of `text`."""
        if text in self.exact or text.startswith(self.prefixes):
            return True
        return bool(self.others) and any(matches(text) for matches in self.others)


def pattern_set(
    patterns: Iterable[Pattern], compile_other: Callable[[Pattern], Matcher]
) -> PatternSet:
    """Return the set of these patterns; `compile_other` is for those with inner wildcards."""
    exact, prefixes, others = [], [], []
    for pattern in patterns:
        match pattern:
            case (str() as text,):
                exact.append(text)
            case (Wildcard.ANY_RUN,):
                prefixes.append("")
            case (str() as text, Wildcard.ANY_RUN):
                prefixes.append(text)
            case _:
                others.append(compile_other(pattern))
    return PatternSet(frozenset(exact), tuple(prefixes), tuple(others))

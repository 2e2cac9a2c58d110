"""Compare one value of the context with one value of a policy, by type.

Each maker reads the policy's value once, when the policy is parsed, and returns the comparison; it
raises ValueError for a value that is not of its type.
"""

import base64
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from poolgate.foundation.failure import Failure
from poolgate.policy.patterns import (
    ARN_PARTS,
    Context,
    Matcher,
    Pattern,
    PolicyVersion,
    arn_parts,
    compile_arn,
    compile_pattern,
    fixed,
    parse_template,
    resolve,
)

Expectation = Callable[[str, Context], bool]

_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?", re.ASCII)
_EPOCH = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,9})?", re.ASCII)
# The profile of ISO 8601 that the W3C note on dates describes.
_W3C_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    re.ASCII,
)


class UnreadableContextValue(Failure):
    """A value of the request's context is not of the type that a condition compares."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator without its prefix and suffix."""

    negated: bool
    expect: Callable[[str, PolicyVersion], Expectation]


def _text_maker(
    compile_matcher: Callable[[Pattern], Matcher],
    *,
    wildcards: bool,
    fold: Callable[[str], str] | None = None,
) -> Callable[[str, PolicyVersion], Expectation]:
    def expect(expected: str, version: PolicyVersion) -> Expectation:
        template = parse_template(expected, wildcards=wildcards, variables=version.has_variables)
        pattern = fixed(template)
        if pattern is not None:
            matches = compile_matcher(_folded(pattern, fold))

            def compare(value: str, _context: Context) -> bool:
                return matches(fold(value) if fold else value)

            return compare

        def compare_resolved(value: str, context: Context) -> bool:
            resolved = resolve(template, context)
            # AWS policies_variables: without a value the pattern matches nothing.
            return resolved is not None and compile_matcher(_folded(resolved, fold))(
                fold(value) if fold else value
            )

        return compare_resolved

    return expect


def _folded(pattern: Pattern, fold: Callable[[str], str] | None) -> Pattern:
    if fold is None:
        return pattern
    return tuple(fold(token) if isinstance(token, str) else token for token in pattern)


_string = _text_maker(compile_pattern, wildcards=False)
_string_ignoring_case = _text_maker(compile_pattern, wildcards=False, fold=str.casefold)
_like = _text_maker(compile_pattern, wildcards=True)
_arn_text = _text_maker(compile_arn, wildcards=True)


def _arn(expected: str, version: PolicyVersion) -> Expectation:
    template = parse_template(expected, wildcards=True, variables=version.has_variables)
    if fixed(template) is not None and len(arn_parts(template)) < ARN_PARTS:
        raise ValueError(f"not an ARN: {expected}")
    return _arn_text(expected, version)


def _boolean(expected: str, version: PolicyVersion) -> Expectation:
    template = parse_template(expected, wildcards=False, variables=version.has_variables)
    if fixed(template) is not None and expected.lower() not in {"true", "false"}:
        raise ValueError(f"not a boolean: {expected}")
    same = _string_ignoring_case(expected, version)

    def compare(value: str, context: Context) -> bool:
        if value.lower() not in {"true", "false"}:
            raise UnreadableContextValue(value=value)
        return same(value, context)

    return compare


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"not a number: {text}")
    return Decimal(text)


def _moment(text: str) -> Decimal:
    if _EPOCH.fullmatch(text):
        return Decimal(text)
    if not _W3C_DATE.fullmatch(text):
        raise ValueError(f"not a date: {text}")
    moment = datetime.fromisoformat(text)
    return Decimal(str((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))


def _ordered_maker(
    read: Callable[[str], Decimal], compares: Callable[[Decimal, Decimal], bool]
) -> Callable[[str, PolicyVersion], Expectation]:
    def expect(expected: str, _version: PolicyVersion) -> Expectation:
        wanted = read(expected)

        def compare(value: str, _context: Context) -> bool:
            try:
                told = read(value)
            except ValueError as error:
                raise UnreadableContextValue(value=value) from error
            return compares(told, wanted)

        return compare

    return expect


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _binary(expected: str, _version: PolicyVersion) -> Expectation:
    wanted = _bytes(expected)

    def compare(value: str, _context: Context) -> bool:
        try:
            return _bytes(value) == wanted
        except ValueError as error:
            raise UnreadableContextValue(value=value) from error

    return compare


@lru_cache(maxsize=1024)
def _address(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)


def _in_network(expected: str, _version: PolicyVersion) -> Expectation:
    network = _network(expected)

    def compare(value: str, _context: Context) -> bool:
        try:
            return _address(value) in network
        except ValueError as error:
            raise UnreadableContextValue(value=value) from error

    return compare


def _with_ordering(family: str, read: Callable[[str], Decimal]) -> dict[str, Comparison]:
    orderings = {
        "equals": operator.eq,
        "lessthan": operator.lt,
        "lessthanequals": operator.le,
        "greaterthan": operator.gt,
        "greaterthanequals": operator.ge,
    }
    comparisons = {
        family + name: Comparison(negated=False, expect=_ordered_maker(read, compares))
        for name, compares in orderings.items()
    }
    equal = _ordered_maker(read, operator.eq)
    return comparisons | {f"{family}notequals": Comparison(negated=True, expect=equal)}


OPERATORS: Final[dict[str, Comparison]] = {
    "stringequals": Comparison(negated=False, expect=_string),
    "stringnotequals": Comparison(negated=True, expect=_string),
    "stringequalsignorecase": Comparison(negated=False, expect=_string_ignoring_case),
    "stringnotequalsignorecase": Comparison(negated=True, expect=_string_ignoring_case),
    "stringlike": Comparison(negated=False, expect=_like),
    "stringnotlike": Comparison(negated=True, expect=_like),
    "bool": Comparison(negated=False, expect=_boolean),
    "binaryequals": Comparison(negated=False, expect=_binary),
    "ipaddress": Comparison(negated=False, expect=_in_network),
    "notipaddress": Comparison(negated=True, expect=_in_network),
    "arnequals": Comparison(negated=False, expect=_arn),
    "arnlike": Comparison(negated=False, expect=_arn),
    "arnnotequals": Comparison(negated=True, expect=_arn),
    "arnnotlike": Comparison(negated=True, expect=_arn),
    **_with_ordering("numeric", _number),
    **_with_ordering("date", _moment),
}

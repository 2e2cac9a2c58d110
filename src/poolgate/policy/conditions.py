"""Condition operators: what a statement asks of the request's context.

A value that cannot be read as the operator's type (a tag `abc` where a number is compared) is not
taken as "no": it raises UnreadableContextValue, and the statement then counts in the closed
direction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from poolgate.policy.comparisons import OPERATORS, Expectation
from poolgate.policy.patterns import Context, PolicyVersion


class Quantifier(Enum):
    """How the several values of a key count."""

    PLAIN = ""
    ALL = "forallvalues:"
    ANY = "foranyvalue:"


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key; several expected values are alternatives."""

    context_key: str
    quantifier: Quantifier
    negated: bool
    holds_when_absent: bool
    expectations: tuple[Expectation, ...]

    def holds(self, context: Context) -> bool:
        """Tell whether the context meets the condition; an empty set counts as absent."""
        values = context.get(self.context_key)
        if not values:
            return self.holds_when_absent
        # INVARIANT: every value is read before any counts, so that their order cannot matter.
        met = [self._met(value, context) for value in values]
        if self.quantifier is Quantifier.PLAIN:
            # AWS multi-value-conditions: negated operators ask that no value matches.
            return any(met) is not self.negated
        if self.quantifier is Quantifier.ALL:
            return not any(met) if self.negated else all(met)
        return not all(met) if self.negated else any(met)

    def _met(self, value: str, context: Context) -> bool:
        return any(expectation(value, context) for expectation in self.expectations)


@dataclass(frozen=True, slots=True)
class PresenceCondition:
    """The Null operator: whether a key is absent."""

    context_key: str
    accepted: frozenset[bool]

    def holds(self, context: Context) -> bool:
        """Tell whether the key's absence is one of the accepted answers."""
        return (not context.get(self.context_key)) in self.accepted


AnyCondition = Condition | PresenceCondition


def parse_condition(
    operator: str, context_key: str, values: Sequence[str], version: PolicyVersion
) -> AnyCondition:
    """Return the compiled condition; raise ValueError for an unknown operator or a bad value."""
    name = operator.lower()
    if name == "null":
        return PresenceCondition(context_key.lower(), frozenset(map(_boolean, values)))
    quantifier = Quantifier.PLAIN
    for candidate in (Quantifier.ALL, Quantifier.ANY):
        if name.startswith(candidate.value):
            quantifier = candidate
            name = name.removeprefix(candidate.value)
    if_exists = name.endswith("ifexists")
    comparison = OPERATORS.get(name.removesuffix("ifexists"))
    if comparison is None:
        raise ValueError(f"unknown operator {operator}")
    return Condition(
        context_key=context_key.lower(),
        quantifier=quantifier,
        negated=comparison.negated,
        holds_when_absent=if_exists or _HOLDS_WHEN_ABSENT.get(quantifier, comparison.negated),
        expectations=tuple(comparison.expect(value, version) for value in values),
    )


# AWS multi-value-conditions: ForAllValues holds for a missing key, ForAnyValue does not.
_HOLDS_WHEN_ABSENT = {Quantifier.ALL: True, Quantifier.ANY: False}


def _boolean(text: str) -> bool:
    lowered = text.lower()
    if lowered not in {"true", "false"}:
        raise ValueError(f"not a boolean: {text}")
    return lowered == "true"

"""One statement of a policy, compiled, and whether it applies to a request."""

from dataclasses import dataclass, field
from enum import StrEnum

from poolgate.policy.comparisons import UnreadableContextValue
from poolgate.policy.conditions import AnyCondition
from poolgate.policy.named_principals import NamedPrincipals, Naming
from poolgate.policy.patterns import Context, PatternSet, Template, compile_arn, resolve
from poolgate.policy.principal import Principal

# Beyond it all are forgotten: what is asked about may be a stranger's choice.
_ACTIONS_REMEMBERED = 256


class StatementEffect(StrEnum):
    """The values of the Effect element."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """An access request in the form that statements compare."""

    principal: Principal
    lower_action: str
    resource: str
    context: Context


@dataclass(frozen=True, slots=True)
class ActionElement:
    """Action or NotAction, in lower case."""

    patterns: PatternSet
    negated: bool

    def covers(self, lower_action: str) -> bool:
        """Tell whether the statement is about this action."""
        return self.patterns.matches(lower_action) is not self.negated


@dataclass(frozen=True, slots=True)
class ResourceElement:
    """Resource or NotResource; `templates` are the patterns that hold variables."""

    patterns: PatternSet
    templates: tuple[Template, ...]
    negated: bool

    def covers(self, resource: str, context: Context, effect: StatementEffect) -> bool:
        """Tell whether the statement is about this resource.

        A pattern whose variable has no value matches nothing. In an Allow with NotResource that
        would open what the pattern was to keep closed, so that such a statement does not apply.
        """
        listed = self.patterns.matches(resource)
        for template in () if listed else self.templates:
            pattern = resolve(template, context)
            if pattern is not None:
                listed = listed or compile_arn(pattern)(resource)
            elif self.negated and effect is StatementEffect.ALLOW:
                return False
        return listed is not self.negated


@dataclass(frozen=True, slots=True)
class Statement:
    """A compiled statement; `unnamed_label` is the policy's name and the position in it."""

    sid: str
    unnamed_label: str
    effect: StatementEffect
    actions: ActionElement
    resources: ResourceElement
    conditions: tuple[AnyCondition, ...]
    principals: NamedPrincipals | None = None
    spared_principals: NamedPrincipals | None = None

    @property
    def label(self) -> str:
        """Return what reasons call the statement: its Sid where it has one."""
        return self.sid or self.unnamed_label

    def applies(self, request: PreparedRequest) -> bool:
        """Tell whether resource and every condition match; the action was seen to before.

        A context value that a condition cannot read closes: where the other conditions hold, a Deny
        applies and an Allow does not.
        """
        if not self.resources.covers(request.resource, request.context, self.effect):
            return False
        readable = True
        for condition in self.conditions:
            try:
                if not condition.holds(request.context):
                    return False
            except UnreadableContextValue:
                readable = False
        return readable or self.effect is StatementEffect.DENY

    def naming_of(self, principal: Principal) -> Naming:
        """Return how the statement of a resource policy names the principal."""
        if self.spared_principals is not None:
            spared = self.spared_principals.spares(principal)
            return Naming.NOT_NAMED if spared else Naming.DIRECT
        return self.principals.naming_of(principal) if self.principals else Naming.NOT_NAMED


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy document."""

    name: str
    statements: tuple[Statement, ...]
    # Most of a policy is about other actions, and few actions are asked about.
    _of_actions: dict[str, tuple[Statement, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def about(self, lower_action: str) -> tuple[Statement, ...]:
        """Return the statements that speak of an action, which is in lower case."""
        found = self._of_actions.get(lower_action)
        if found is None:
            found = tuple(each for each in self.statements if each.actions.covers(lower_action))
            if len(self._of_actions) >= _ACTIONS_REMEMBERED:
                self._of_actions.clear()
            self._of_actions[lower_action] = found
        return found

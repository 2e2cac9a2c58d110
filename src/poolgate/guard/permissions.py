"""Permission levels: who may do something, decided from the Caller alone.

A permission is one of `anonymous`, `authenticated`, `callerWithClaim`, `callerWithCognitoGroup`,
`callerWithScope`, `withExpression`, `none`. Which operation needs which permission is the API's
business.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, ParamSpec, Self, TypeVar, cast

from poolgate.guard.callers import Caller
from poolgate.guard.expressions import Expression
from poolgate.guard.refusals import Forbidden, GuardMisconfigured, RefusalCode

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")

# The older spelling is read as well; `write` for `create` is a matter of the API's operations.
_ALIASES: Final = {"anon": "anonymous"}
_LEVELS_BY_WORD: Final = ("anonymous", "authenticated", "none")


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission; made by the class methods or by `parse`.

    Arguments:
        level: The level's name.
        names: The groups or scopes, of which one is enough (groups) or all are needed (scopes).
        claim: The claim's name.
        values: The claim's accepted values.
        expression: The compiled expression.
        admits_anonymous: Whether the anonymous caller's request reaches the expression at all.
    """

    level: str
    names: tuple[str, ...] = ()
    claim: str | None = None
    values: tuple[str | int | bool, ...] = ()
    expression: Expression | None = field(default=None, compare=False)
    admits_anonymous: bool = False

    @classmethod
    def anonymous(cls) -> Self:
        """Let everybody in."""
        return cls("anonymous", admits_anonymous=True)

    @classmethod
    def authenticated(cls) -> Self:
        """Let everybody in who proved who they are, services included."""
        return cls("authenticated")

    @classmethod
    def none(cls) -> Self:
        """Let nobody in, administrators included."""
        return cls("none")

    @classmethod
    def with_claim(cls, claim: str, *values: str | int | bool) -> Self:
        """Let callers in whose claim is one of the values, or is a list that holds one.

        Arguments:
            claim: The name of the claim.
            values: At least one value; compared with its type, so `"true"` is not `True`.
        """
        if not isinstance(claim, str) or not claim:
            raise GuardMisconfigured("callerWithClaim needs the claim's name")
        if not values or not all(isinstance(value, str | int | bool) for value in values):
            raise GuardMisconfigured(
                "callerWithClaim needs values that are text, whole numbers or booleans"
            )
        return cls("callerWithClaim", claim=claim, values=values)

    @classmethod
    def with_group(cls, *names: str) -> Self:
        """Let callers in who are in one of the groups, by exact name."""
        return cls("callerWithCognitoGroup", names=_verified_names(names, "callerWithCognitoGroup"))

    @classmethod
    def with_scope(cls, *names: str) -> Self:
        """Let callers in whose access token has all of the scopes."""
        return cls("callerWithScope", names=_verified_names(names, "callerWithScope"))

    @classmethod
    def with_expression(
        cls, text: str, *, records: Iterable[str] = (), admits_anonymous: bool = False
    ) -> Self:
        """Let callers in for whom the CEL expression is True.

        Arguments:
            text: For example `'role1' in caller.claims['cognito:groups']`.
            records: Names of records that the API hands to `require`, such as `this`.
            admits_anonymous: Whether the expression decides about anonymous callers too; without
                it they are refused before it is looked at.
        """
        return cls(
            "withExpression",
            expression=Expression(text, tuple(records)),
            admits_anonymous=admits_anonymous,
        )

    @classmethod
    def parse(cls, written: str | Mapping[str, Any]) -> Self:
        """Return the permission written in a configuration; raise GuardMisconfigured when wrong.

        Arguments:
            written: `anonymous`, `authenticated` or `none`, or a mapping with one of these names:
                `{"callerWithCognitoGroup": "name" or [names]}`,
                `{"callerWithScope": "name" or [names]}`,
                `{"callerWithClaim": {"claim": "name", "value": v or [values]}}`,
                `{"withExpression": "text"}` or
                `{"withExpression": {"expression": "text", "anonymous": true}}`.
        """
        if isinstance(written, str):
            word = _ALIASES.get(written, written)
            if word not in _LEVELS_BY_WORD:
                raise GuardMisconfigured(f"{written!r} is not a permission level without details")
            return cls(word, admits_anonymous=word == "anonymous")
        if not isinstance(written, Mapping) or len(written) != 1:
            raise GuardMisconfigured(
                "a permission is a level's name or a mapping with exactly one level"
            )
        ((level, details),) = written.items()
        match level:
            case "callerWithCognitoGroup":
                return cls.with_group(*_listed(details))
            case "callerWithScope":
                return cls.with_scope(*_listed(details))
            case "callerWithClaim":
                fields = _fields(details, level, required={"claim", "value"})
                return cls.with_claim(fields["claim"], *_listed(fields["value"]))
            case "withExpression":
                return cls._parse_expression(details)
            case _:
                raise GuardMisconfigured(f"{level!r} is not a permission level")

    @classmethod
    def _parse_expression(cls, details: object) -> Self:
        if isinstance(details, str):
            return cls.with_expression(details)
        fields = _fields(
            details, "withExpression", required={"expression"}, optional={"anonymous", "records"}
        )
        anonymous = fields.get("anonymous", False)
        if not isinstance(anonymous, bool):
            raise GuardMisconfigured("withExpression: 'anonymous' is true or false")
        return cls.with_expression(
            fields["expression"],
            records=_listed(fields.get("records", ())),
            admits_anonymous=anonymous,
        )

    def allows(self, caller: Caller, **records: Any) -> bool:  # noqa: ANN401 - records are the API's
        """Tell whether the caller may; `require` is the same with the reason.

        Arguments:
            caller: Who asks.
            records: The records that the expression was declared with, by name.
        """
        if caller.is_anonymous and not self.admits_anonymous:
            return False
        return _RULES[self.level](self, caller, records)

    def require(self, caller: Caller, **records: Any) -> None:  # noqa: ANN401 - records are the API's
        """Raise Forbidden unless the caller may.

        Arguments:
            caller: Who asks.
            records: The records that the expression was declared with, by name.

        Raises:
            Forbidden: With code `anonymous_not_allowed`, `scope_missing` or `permission_denied`.
        """
        if self.allows(caller, **records):
            return
        if caller.is_anonymous:
            raise Forbidden(RefusalCode.ANONYMOUS_NOT_ALLOWED, "Anonymous not allowed")
        if self.level == "callerWithScope":
            # SPEC RFC 6750 s3.1: insufficient_scope names what is needed.
            raise Forbidden(
                RefusalCode.SCOPE_MISSING,
                "The access token does not have the required scope.",
                bearer_error="insufficient_scope" if caller.claims else None,
                scope=" ".join(self.names) if caller.claims else None,
            )
        raise Forbidden(RefusalCode.PERMISSION_DENIED, "The caller is not allowed to do this.")


def require(
    permission: Permission,
) -> Callable[[Callable[Arguments, Returned]], Callable[Arguments, Returned]]:
    """Guard a function by its `caller` argument: it only runs for callers that may.

    Works for plain and for `async` functions. A function without a `caller` parameter is refused
    when it is decorated.

    Arguments:
        permission: What the caller needs; Forbidden is raised otherwise.
    """

    def decorate(function: Callable[Arguments, Returned]) -> Callable[Arguments, Returned]:
        signature = inspect.signature(function)
        if "caller" not in signature.parameters:
            raise GuardMisconfigured(f"{function.__qualname__} has no parameter named 'caller'")

        def verify_caller(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            caller = bound.arguments["caller"]
            if not isinstance(caller, Caller):
                raise TypeError("the 'caller' argument is not a Caller")
            permission.require(caller)

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def guarded_async(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Any:  # noqa: ANN401 - as the function returns
                verify_caller(*args, **kwargs)
                return await function(*args, **kwargs)

            return cast("Callable[Arguments, Returned]", guarded_async)

        @functools.wraps(function)
        def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Returned:
            verify_caller(*args, **kwargs)
            return function(*args, **kwargs)

        return guarded

    return decorate


def _verified_names(names: tuple[str, ...], level: str) -> tuple[str, ...]:
    if not names or not all(isinstance(name, str) and name for name in names):
        raise GuardMisconfigured(f"{level} needs at least one name, and no empty one")
    return names


def _listed(written: Any) -> tuple[Any, ...]:  # noqa: ANN401 - configuration, checked by its user
    return tuple(written) if isinstance(written, list | tuple) else (written,)


def _fields(
    details: object, level: str, *, required: set[str], optional: set[str] | None = None
) -> Mapping[str, Any]:
    known = required | (optional or set())
    if not isinstance(details, Mapping) or not required <= details.keys() <= known:
        raise GuardMisconfigured(f"{level} needs {sorted(required)} and knows {sorted(known)}")
    return details


def _has_claim(permission: Permission, caller: Caller, _records: Mapping[str, Any]) -> bool:
    held = caller.claims.get(permission.claim or "")
    candidates = held if isinstance(held, tuple) else (held,)
    return any(
        type(candidate) is type(value) and candidate == value
        for candidate in candidates
        for value in permission.values
    )


def _expression_holds(permission: Permission, caller: Caller, records: Mapping[str, Any]) -> bool:
    return permission.expression is not None and permission.expression.allows(caller, records)


_RULES: Final[Mapping[str, Callable[[Permission, Caller, Mapping[str, Any]], bool]]] = {
    "anonymous": lambda _permission, _caller, _records: True,
    "authenticated": lambda _permission, _caller, _records: True,
    "callerWithClaim": _has_claim,
    "callerWithCognitoGroup": lambda permission, caller, _records: (
        not set(permission.names).isdisjoint(caller.groups)
    ),
    "callerWithScope": lambda permission, caller, _records: caller.scopes.issuperset(
        permission.names
    ),
    "withExpression": _expression_holds,
    "none": lambda _permission, _caller, _records: False,
}

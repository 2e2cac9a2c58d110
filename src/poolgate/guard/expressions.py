"""Permission expressions in CEL: compiled and type-checked at load, allowed by nothing but True.

An expression sees `caller.id`, `caller.kind`, `caller.username` (empty text where there is none),
`caller.claims`, `caller.groups`, `caller.scopes`, `caller.roles`, `caller.is_admin`, and the
records that the API declares by name.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from poolgate.guard.callers import Caller
from poolgate.guard.refusals import GuardMisconfigured

_MAX_CHARACTERS = 4096


class Expression:
    """One compiled expression that answers a yes-or-no question about a caller.

    Arguments:
        text: The CEL text. It must be able to give a boolean; a name that does not exist, a wrong
            type or a syntax error raise GuardMisconfigured with CEL's own explanation.
        records: Names under which the API hands over records, such as `this`, `before`, `after`.
    """

    def __init__(self, text: str, records: Sequence[str] = ()) -> None:
        if not isinstance(text, str) or not text.strip():
            raise GuardMisconfigured("an expression is a text that is not empty")
        if len(text) > _MAX_CHARACTERS:
            raise GuardMisconfigured(f"an expression has at most {_MAX_CHARACTERS} characters")
        self.text = text
        self.records = frozenset(records)
        self._compiled = _compile(text, self.records)

    def allows(self, caller: Caller, records: Mapping[str, Any]) -> bool:
        """Tell whether the expression is True; an error, a missing claim or any other value deny.

        Raises:
            TypeError: The records are not those that were declared; a mistake in the API's code.
        """
        if records.keys() != self.records:
            raise TypeError(f"the expression needs exactly the records {sorted(self.records)}")
        try:
            evaluated = self._compiled.eval(data=_caller_values(caller) | dict(records))
            # INVARIANT: an evaluation error is a truthy value in CEL's runtime; only True allows.
            return evaluated.value() is True
        except (RuntimeError, ValueError, TypeError, OverflowError):
            return False


def _compile(text: str, records: frozenset[str]) -> Any:  # noqa: ANN401 - the runtime has no types
    from cel_expr_python import cel  # noqa: PLC0415 - only guards with expressions load the runtime

    kinds = cel.Type
    variables = {
        "caller.id": kinds.STRING,
        "caller.kind": kinds.STRING,
        "caller.username": kinds.STRING,
        "caller.claims": kinds.Map(kinds.STRING, kinds.DYN),
        "caller.groups": kinds.List(kinds.STRING),
        "caller.scopes": kinds.List(kinds.STRING),
        "caller.roles": kinds.List(kinds.STRING),
        "caller.is_admin": kinds.BOOL,
    }
    for name in records:
        if not name.isidentifier() or name == "caller":
            raise GuardMisconfigured(f"{name!r} cannot be the name of a record")
        variables[name] = kinds.DYN
    try:
        compiled = cel.NewEnv(variables=variables).compile(text)
    except (RuntimeError, ValueError) as error:
        raise GuardMisconfigured(f"the expression {text!r} is wrong: {error}") from error
    if compiled.return_type() not in (kinds.BOOL, kinds.DYN):
        raise GuardMisconfigured(
            f"the expression {text!r} gives {compiled.return_type().name()}, not a boolean"
        )
    return compiled


def _caller_values(caller: Caller) -> dict[str, Any]:
    return {
        "caller.id": caller.id or "",
        "caller.kind": caller.kind,
        "caller.username": caller.username or "",
        "caller.claims": caller.claims_for_json(),
        "caller.groups": list(caller.groups),
        "caller.scopes": sorted(caller.scopes),
        "caller.roles": sorted(caller.roles),
        "caller.is_admin": caller.is_admin,
    }

"""Checks values against the constraints of their shapes, in AWS's words.

A check is compiled once per shape. It appends what it finds, so one answer tells of everything:
`2 validation errors detected: Value '...' at 'userPoolId' failed to satisfy constraint: ...; ...`.
Values of sensitive shapes are never repeated.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from poolgate.wire.patterns import compiled
from poolgate.wire.service_models import ServiceModel, ShapeModel

Check = Callable[[Any, str, list[str]], None]
_SHOWN_AT_MOST = 1024


def constraint_message(problems: list[str]) -> str:
    """Return the text for one or more failed constraints."""
    # AWS protocol.md 2.2: the plural is the only difference.
    errors = "error" if len(problems) == 1 else "errors"
    return f"{len(problems)} validation {errors} detected: " + "; ".join(problems)


class ConstraintChecks:
    """The checks of one service, compiled as they are asked for."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model
        # OBSERVED recordings/iam update-invalid-status: IAM repeats no value, sensitive or not.
        self._hides_all = model.service == "iam"
        self._checks: dict[str, Check] = {}

    def of(self, shape_name: str) -> Check:
        """Return the check of a shape."""
        # INVARIANT: no shape of these services contains itself (tests/conformance/shapes).
        check = self._checks.get(shape_name)
        if check is None:
            check = self._compile(self._model.shapes[shape_name])
            self._checks[shape_name] = check
        return check

    def _compile(self, modelled: ShapeModel) -> Check:
        shape = modelled
        if self._hides_all:
            shape = msgspec.structs.replace(modelled, sensitive=True)
        compilers: dict[str, Callable[[ShapeModel], Check]] = {
            "structure": self._structure,
            "list": self._list,
            "map": self._map,
            "string": _string,
            "integer": _number,
            "long": _number,
            "blob": _length,
        }
        compiler = compilers.get(shape.type)
        return compiler(shape) if compiler else _nothing

    def _structure(self, shape: ShapeModel) -> Check:
        required = [(name, _wire_name(name)) for name in shape.required]
        members = {
            name: (_wire_name(name), self.of(member.shape))
            for name, member in shape.members.items()
        }

        def check(value: Mapping[str, Any], path: str, problems: list[str]) -> None:
            for name, wire_name in required:
                if name not in value:
                    problems.append(
                        f"Value null at '{path}{wire_name}' failed to satisfy constraint: "
                        "Member must not be null"
                    )
            for name, present in value.items():
                wire_name, check_member = members[name]
                check_member(present, path + wire_name + ".", problems)

        return _nothing if shape.document else check

    def _list(self, shape: ShapeModel) -> Check:
        check_length = _length(shape, hidden=self._hides(shape))
        check_member = self.of(self._part(shape.member))

        def check(value: list[Any], path: str, problems: list[str]) -> None:
            check_length(value, path, problems)
            for position, member in enumerate(value, 1):
                check_member(member, f"{path}{position}.member.", problems)

        return check

    def _map(self, shape: ShapeModel) -> Check:
        check_length = _length(shape, hidden=self._hides(shape))
        check_key = self.of(self._part(shape.key))
        check_value = self.of(self._part(shape.value))
        hidden = self._hides(shape)

        def check(value: dict[str, Any], path: str, problems: list[str]) -> None:
            check_length(value, path, problems)
            for key, present in value.items():
                check_key(key, path, problems)
                shown_key = "" if hidden else f"{key}."
                check_value(present, f"{path}{shown_key}member.", problems)

        return check

    @staticmethod
    def _part(member: Any) -> str:  # noqa: ANN401 - a Member, absent only in a broken model
        return str(member.shape)

    def _hides(self, shape: ShapeModel) -> bool:
        """Tell whether a value of the shape may hold something sensitive or is not text."""
        if shape.sensitive or shape.type in {"structure", "blob"}:
            return True
        parts = (part for part in (shape.member, shape.key, shape.value) if part is not None)
        return any(self._hides(self._model.shape(part)) for part in parts)


def _wire_name(name: str) -> str:
    # AWS protocol.md 2.2: member names with the first letter in lower case.
    return name[:1].lower() + name[1:]


def _nothing(_value: object, _path: str, _problems: list[str]) -> None:
    return


def _failed(value: object, path: str, constraint: str, *, hidden: bool) -> str:
    shown = "" if hidden else f" '{_shown(value)}'"
    return f"Value{shown} at '{path[:-1]}' failed to satisfy constraint: {constraint}"


def _shown(value: object) -> str:
    text = str(value)
    if isinstance(value, list):
        text = "[" + ", ".join(str(member) for member in value) + "]"
    elif isinstance(value, dict):
        text = "{" + ", ".join(f"{key}={member}" for key, member in value.items()) + "}"
    # Repeating a megabyte helps nobody; AWS's own limit is not known.
    return text if len(text) <= _SHOWN_AT_MOST else text[:_SHOWN_AT_MOST] + "..."


def _length(shape: ShapeModel, *, hidden: bool | None = None) -> Check:
    shortest, longest = int(shape.min or 0), shape.max
    hide = shape.sensitive or shape.type == "blob" if hidden is None else hidden

    def check(value: Any, path: str, problems: list[str]) -> None:  # noqa: ANN401 - text, bytes, list or map
        if len(value) < shortest:
            constraint = f"Member must have length greater than or equal to {shortest}"
            problems.append(_failed(value, path, constraint, hidden=hide))
        elif longest is not None and len(value) > longest:
            constraint = f"Member must have length less than or equal to {int(longest)}"
            problems.append(_failed(value, path, constraint, hidden=hide))

    return _nothing if shape.min is None and longest is None else check


def _string(shape: ShapeModel) -> Check:
    if shape.enum:
        return _enum(shape)
    check_length = _length(shape)
    if shape.pattern is None:
        return check_length
    pattern, longest = shape.pattern, shape.max
    constraint = f"Member must satisfy regular expression pattern: {pattern}"

    def check(value: str, path: str, problems: list[str]) -> None:
        check_length(value, path, problems)
        # What is too long is not matched: some of the expressions are slow on long text.
        too_long = longest is not None and len(value) > longest
        if not too_long and compiled(pattern).fullmatch(value) is None:
            problems.append(_failed(value, path, constraint, hidden=shape.sensitive))

    return check


def _enum(shape: ShapeModel) -> Check:
    allowed = frozenset(shape.enum)
    constraint = "Member must satisfy enum value set"
    if not shape.sensitive:
        constraint += f": [{', '.join(shape.enum)}]"

    def check(value: str, path: str, problems: list[str]) -> None:
        if value not in allowed:
            problems.append(_failed(value, path, constraint, hidden=shape.sensitive))

    return check


def _number(shape: ShapeModel) -> Check:
    def check(value: float, path: str, problems: list[str]) -> None:
        if shape.min is not None and value < shape.min:
            constraint = f"Member must have value greater than or equal to {_plain(shape.min)}"
            problems.append(_failed(value, path, constraint, hidden=shape.sensitive))
        elif shape.max is not None and value > shape.max:
            constraint = f"Member must have value less than or equal to {_plain(shape.max)}"
            problems.append(_failed(value, path, constraint, hidden=shape.sensitive))

    return _nothing if shape.min is None and shape.max is None else check


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)

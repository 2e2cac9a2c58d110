"""Requests that no honest client sends, made from the service models.

For every member of a request, nested ones too, the rest of a plausible request is kept and the
member is replaced: absent, null, of every wrong JSON type, around its length bounds, against its
pattern, huge, in awkward scripts, and in the languages that injections speak.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from poolgate.wire.patterns import compiled
from poolgate.wire.service_models import ServiceModel, ShapeModel, load_service_model

Members = dict[str, Any]
DEEPEST = 4
PLAUSIBLE = (
    "a1b2c3d4e5f6",
    "123456",
    "people",
    "https://example.com/callback",
    "arn:aws:iam::123456789012:role/somebody",
    "us-east-1_abcdefghi",
    "a1b2c3d4-1234-4123-8123-a1b2c3d4e5f6",
    "/",
    "x@example.com",
    "Your code is {####}",
    "{##Verify##}",
    "arn:aws:lambda:us-east-1:123456789012:function:trigger",
    "tkn0000000000000000000000000",
)
AWKWARD_TEXTS = (
    "",
    " ",
    "\n",
    "\r\nSet-Cookie: a=b",
    "\u0000",
    "a\u0000b",
    "\uff41\uff42",
    "\u0130\u0131\u017f\u212a",
    "e\u0301\u0327",
    "\u202egnp.exe",
    "\u200b\ufeff",
    "😀" * 40,
    "\U0010ffff",
    "\ufffe",
    "' OR '1'='1",
    '"; DROP TABLE users; --',
    "%00%0a%25s%n",
    "../../../../etc/passwd",
    "{{7*7}}${7*7}",
    "<script>alert(1)</script>",
    "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "null",
    "NaN",
    "-1",
    "1e400",
    "*",
    "a" * 257,
    "a" * 200_000,
)
WRONG_TYPES = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    2**70,
    1.5,
    -0.0,
    "7",
    [],
    [None],
    [[]],
    {},
    {"a": {}},
)
NUMBERS = (0, -1, 1, 61, 2**31 - 1, -(2**31), 2**31, 2**63)


class HostileRequests:
    """The hostile requests of one operation.

    `known` gives plausible values by member name, `given` those of this very request.
    """

    def __init__(
        self,
        service: str,
        operation: str,
        known: Mapping[str, Any],
        given: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._given = given
        self._model: ServiceModel = load_service_model(service)
        self._known = known
        self._input = self._model.operations[operation].input

    def plausible(self) -> Members:
        """Return a request with its required members and what was given."""
        required = self._structure(self._shape(self._input)) if self._input else {}
        return {**required, **self._given}

    def __iter__(self) -> Iterator[Members]:
        base = self.plausible()
        yield base
        yield {}
        yield {"Unknown": 1, **base}
        if self._input:
            yield from self._with_each_member_replaced(self._shape(self._input), base, DEEPEST)

    def _with_each_member_replaced(
        self, shape: ShapeModel, base: Members, depth: int
    ) -> Iterator[Members]:
        for name, member in shape.members.items():
            yield {other: value for other, value in base.items() if other != name}
            for value in self._hostile(self._shape(member.shape), base.get(name), depth):
                yield {**base, name: value}

    def _hostile(self, shape: ShapeModel, plausible: Any, depth: int) -> Iterator[Any]:
        yield from WRONG_TYPES
        if depth == 0:
            return
        match shape.type:
            case "structure" if not shape.document:
                inner = plausible if isinstance(plausible, dict) else self._structure(shape)
                yield from self._with_each_member_replaced(shape, inner, depth - 1)
            case "list":
                part = self._shape(shape.member.shape)
                yield [self._value("", part)] * (int(shape.max or 60) + 1)
                yield [self._value("", part)] * 2
                for value in self._hostile(part, None, depth - 1):
                    yield [value]
            case "map":
                part = self._shape(shape.value.shape)
                yield {f"key{number}": self._value("", part) for number in range(200)}
                yield {"": "", "\u0000": "", "a" * 5000: "b" * 5000}
                for key in ("USERNAME", "PASSWORD", "SRP_A", "NEW_PASSWORD", "SECRET_HASH"):
                    for value in self._hostile(part, None, 1):
                        kept = plausible if isinstance(plausible, dict) else {}
                        yield {**kept, key: value}
            case "integer" | "long":
                yield from NUMBERS
            case "string":
                yield from AWKWARD_TEXTS
                yield from shape.enum
                yield from self._around_bounds(shape)
            case _:
                yield "not base64!"

    def _around_bounds(self, shape: ShapeModel) -> Iterator[str]:
        for bound in {int(shape.min or 0), int(shape.max or 0)}:
            for length in (bound - 1, bound, bound + 1):
                if 0 <= length <= 150_000:
                    yield "a" * length
                    yield "é" * length

    def _structure(self, shape: ShapeModel) -> Members:
        return {
            name: self._value(name, self._shape(shape.members[name].shape))
            for name in shape.required
        }

    def _value(self, name: str, shape: ShapeModel) -> Any:
        if name in self._known:
            return self._known[name]
        match shape.type:
            case "structure":
                return self._structure(shape)
            case "list":
                return [self._value("", self._shape(shape.member.shape))]
            case "string":
                return shape.enum[0] if shape.enum else _text(shape)
            case other:
                return {"map": {}, "boolean": False}.get(other, int(shape.min or 1))

    def _shape(self, name: str) -> ShapeModel:
        return self._model.shapes[name]


def _text(shape: ShapeModel) -> str:
    shortest, longest = int(shape.min or 0), int(shape.max or 2**20)
    for text in (*PLAUSIBLE, "x" * shortest):
        fits = shortest <= len(text) <= longest
        if fits and (shape.pattern is None or compiled(shape.pattern).fullmatch(text)):
            return text
    return "x" * max(shortest, 1)


def form_parameters(members: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the members as the Query protocol would have them, whatever their types."""
    if isinstance(members, dict):
        for name, value in members.items():
            yield from form_parameters(value, f"{prefix}.{name}" if prefix else name)
    elif isinstance(members, list):
        for number, value in enumerate(members, 1):
            yield from form_parameters(value, f"{prefix}.member.{number}")
    elif members is not None:
        yield prefix, str(members)

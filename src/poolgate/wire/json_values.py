"""JSON values to typed members and back, as AWS JSON 1.1 writes them.

Reading judges types only: text where the model has text, whole numbers in their range, base64 for
blobs, seconds for times. Unknown members and nulls are dropped. What is wrong is refused at once.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from poolgate.wire.refusals import Reason, Refusal
from poolgate.wire.service_models import Member, ServiceModel, ShapeModel

Convert = Callable[[Any], Any]
INTEGER_RANGES = {"integer": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
_WANTED = {
    "string": "a String",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "boolean": "a Boolean",
    "timestamp": "a Timestamp",
    "blob": "a Blob",
    "list": "a List",
    "map": "a Map",
    "structure": "a Structure",
}


def wrong_type(value: object, wanted: str) -> Refusal:
    """Return the refusal of a value whose JSON type is not the model's."""
    if isinstance(value, dict):
        return Refusal(Reason.MALFORMED, "Start of structure or map found where not expected.")
    if isinstance(value, list):
        return Refusal(Reason.MALFORMED, "Start of list found where not expected")
    given = "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"
    if isinstance(value, bool):
        given = "TRUE_VALUE" if value else "FALSE_VALUE"
    return Refusal(Reason.MALFORMED, f"{given} can not be converted to {_WANTED[wanted]}")


def whole_number(value: int, wanted: str) -> int:
    """Return the number; refuse one that the model's type cannot hold."""
    lowest, highest = INTEGER_RANGES[wanted]
    if not lowest <= value <= highest:
        raise Refusal(Reason.MALFORMED, f"Value can not be converted to {_WANTED[wanted]}")
    return value


def text(value: str) -> str:
    """Return the text; refuse U+0000, which PostgreSQL cannot keep."""
    if "\0" in value:
        raise Refusal(Reason.MALFORMED, "A string must not contain U+0000")
    return value


def blob(value: str) -> bytes:
    """Return the bytes of strict base64."""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal(Reason.MALFORMED, "A blob must be base64") from error


def moment(seconds: float) -> datetime:
    """Return the time for seconds since 1970."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise Refusal(Reason.MALFORMED, "A timestamp is out of range") from error


class JsonReaders:
    """The readers of one service, compiled as they are asked for."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model
        self._readers: dict[str, Convert] = {}

    def of(self, shape_name: str) -> Convert:
        """Return the reader of a shape."""
        # INVARIANT: no shape of these services contains itself (tests/conformance/shapes).
        reader = self._readers.get(shape_name)
        if reader is None:
            reader = self._compile(self._model.shapes[shape_name])
            self._readers[shape_name] = reader
        return reader

    def _compile(self, shape: ShapeModel) -> Convert:
        match shape.type:
            case "structure":
                return self._structure(shape)
            case "list":
                return self._list(shape)
            case "map":
                return self._map(shape)
            case scalar:
                return _SCALAR_READERS[scalar](scalar)

    def _structure(self, shape: ShapeModel) -> Convert:
        if shape.document:
            return lambda value: value
        members = {
            member.location_name or name: (name, self.of(member.shape))
            for name, member in shape.members.items()
        }

        def read(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
            if not isinstance(value, dict):
                raise wrong_type(value, "structure")
            typed = {}
            for wire_name, present in value.items():
                if present is not None and wire_name in members:
                    name, read_member = members[wire_name]
                    typed[name] = read_member(present)
            return typed

        return read

    def _list(self, shape: ShapeModel) -> Convert:
        read_member = self._part(shape.member)

        def read(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
            if not isinstance(value, list):
                raise wrong_type(value, "list")
            return [read_member(member) for member in value if member is not None]

        return read

    def _map(self, shape: ShapeModel) -> Convert:
        read_value = self._part(shape.value)

        def read(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
            if not isinstance(value, dict):
                raise wrong_type(value, "map")
            return {
                text(key): read_value(present)
                for key, present in value.items()
                if present is not None
            }

        return read

    def _part(self, member: Member | None) -> Convert:
        if member is None:
            raise ValueError("the model has a list or map without its parts")
        return self.of(member.shape)


def _string_reader(wanted: str) -> Convert:
    def read(value: Any) -> str:  # noqa: ANN401 - any JSON value
        if not isinstance(value, str):
            raise wrong_type(value, wanted)
        return text(value)

    return read


def _integer_reader(wanted: str) -> Convert:
    def read(value: Any) -> int:  # noqa: ANN401 - any JSON value
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong_type(value, wanted)
        return whole_number(value, wanted)

    return read


def _float_reader(wanted: str) -> Convert:
    def read(value: Any) -> float:  # noqa: ANN401 - any JSON value
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise wrong_type(value, wanted)
        return float(value)

    return read


def _boolean_reader(wanted: str) -> Convert:
    def read(value: Any) -> bool:  # noqa: ANN401 - any JSON value
        if not isinstance(value, bool):
            raise wrong_type(value, wanted)
        return value

    return read


def _timestamp_reader(wanted: str) -> Convert:
    read_number = _float_reader(wanted)
    return lambda value: moment(read_number(value))


def _blob_reader(wanted: str) -> Convert:
    read_text = _string_reader(wanted)
    return lambda value: blob(read_text(value))


_SCALAR_READERS: dict[str, Callable[[str], Convert]] = {
    "string": _string_reader,
    "character": _string_reader,
    "integer": _integer_reader,
    "long": _integer_reader,
    "float": _float_reader,
    "double": _float_reader,
    "boolean": _boolean_reader,
    "timestamp": _timestamp_reader,
    "blob": _blob_reader,
}

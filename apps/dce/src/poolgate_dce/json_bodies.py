"""Reads JSON objects that strangers sent: size is bounded by the door, types are checked here."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from poolgate_dce.failures import InvalidRequest

# An SQLite integer; nothing in this API needs more.
LARGEST_NUMBER = 2**63 - 1
# As deep as the original's store keeps objects (AWS DynamoDB quotas: 32 levels of nesting); far
# from where writing an object back would exhaust the stack.
DEEPEST_NESTING = 32

JsonObject = Mapping[str, Any]


def parse_object(body: bytes) -> JsonObject:
    """Return the JSON object in `body`; raise InvalidRequest for anything else.

    Members that are null count as absent, as the API's clients leave them.
    """
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest from error
    if not isinstance(document, dict):
        raise InvalidRequest
    return {member: value for member, value in document.items() if value is not None}


def text(document: JsonObject, member: str) -> str | None:
    """Return a string member, or None when absent."""
    value = document.get(member)
    if value is None or (isinstance(value, str) and _encodes(value)):
        return value
    raise InvalidRequest


def texts(document: JsonObject, member: str) -> tuple[str, ...] | None:
    """Return a member that is an array of strings, or None when absent."""
    values = document.get(member)
    if values is None:
        return None
    if isinstance(values, list) and all(isinstance(v, str) and _encodes(v) for v in values):
        return tuple(values)
    raise InvalidRequest


def whole_number(document: JsonObject, member: str) -> int | None:
    """Return an integer member, or None when absent."""
    value = document.get(member)
    if value is None:
        return None
    # JSON's true is an int to Python, never to this API.
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER:
        return value
    raise InvalidRequest


def amount(document: JsonObject, member: str) -> float | None:
    """Return a finite number, or None when absent."""
    value = document.get(member)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
            raise InvalidRequest
        if math.isfinite(value):
            return float(value)
    raise InvalidRequest


def nested_object(document: JsonObject, member: str) -> JsonObject | None:
    """Return a member that is an object of at most DEEPEST_NESTING levels, or None when absent."""
    value = document.get(member)
    if value is None:
        return None
    if not isinstance(value, dict) or _is_deeper_than(DEEPEST_NESTING, value):
        raise InvalidRequest
    if not _encodes(json.dumps(value, ensure_ascii=False)):
        raise InvalidRequest
    return value


def _is_deeper_than(levels: int, value: JsonObject) -> bool:
    layer: list[Any] = [value]
    for _ in range(levels):
        layer = [member for container in layer for member in _members(container)]
        if not layer:
            return False
    return any(isinstance(member, dict | list) for member in layer)


def _members(value: object) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _encodes(value: str) -> bool:
    """Tell whether the text has no lone surrogates, which no store or answer could carry."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which are Python's and not JSON's."""
    raise ValueError(name)

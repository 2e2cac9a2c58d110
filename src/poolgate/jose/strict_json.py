"""JSON objects as tokens may hold them: no name twice, only finite numbers."""

import json
import math
from typing import Any

JsonObject = dict[str, Any]


def parse_json_object(document: bytes) -> JsonObject:
    """Return the object; raise ValueError for anything else, however deep the fault lies."""
    try:
        value = _DECODER.decode(document.decode())
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - callers expect one kind of error
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> JsonObject:
    # SPEC RFC 8725 s2.4: parsers that disagree about a repeated name see different tokens.
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("number out of range")
    return number


def _refuse_constant(_name: str) -> float:
    raise ValueError("not a JSON number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_duplicates, parse_float=_finite, parse_constant=_refuse_constant
)

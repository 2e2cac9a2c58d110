"""Form parameters of the Query protocol, seen as a tree of dotted names."""

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from poolgate.web.messages import HttpRequest
from poolgate.wire.json_values import text
from poolgate.wire.refusals import Reason, Refusal

MAX_PARAMETERS = 5000
MAX_DEPTH = 32
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})(.{0,2})", re.DOTALL)
_ESCAPE_LENGTH = 2


class FormParameters:
    """The value at one dotted name and the tree of longer names below it."""

    def __init__(self) -> None:
        self.tree: dict[str, FormParameters] = {}
        self.value: str | None = None

    @property
    def is_present(self) -> bool:
        """Tell whether anything was sent at or below this name."""
        return self.value is not None or bool(self.tree)

    def under(self, name: str) -> "FormParameters":
        """Return what was sent below `name`."""
        return self.tree.get(name, _NOTHING)

    def scalar(self) -> str:
        """Return the value at this very name, empty where only longer names were sent."""
        return self.value or ""

    def numbered(self) -> "Iterator[FormParameters]":
        """Yield the entries `1`, `2`, ... in the order of their numbers."""
        numbers = sorted(
            (int(name), name) for name in self.tree if re.fullmatch("[0-9]{1,6}", name)
        )
        return (self.tree[name] for _, name in numbers)

    def put(self, dotted_name: str, value: str) -> None:
        """Add a parameter; a name that was sent twice is refused, whichever value was meant."""
        parts = dotted_name.split(".")
        if len(parts) > MAX_DEPTH:
            raise Refusal(Reason.MALFORMED, "A parameter's name has too many parts")
        place = self
        for part in parts:
            place = place.tree.setdefault(part, FormParameters())
        if place.value is not None:
            raise Refusal(Reason.MALFORMED, f"The parameter {dotted_name} is given twice")
        place.value = value


_NOTHING = FormParameters()


def read_form(http: HttpRequest) -> FormParameters:
    """Return the parameters of a GET's query or of a POST's body."""
    raw = http.query.encode("latin-1", "replace") if http.method == "GET" else http.body
    form = FormParameters()
    pairs = raw.split(b"&") if raw else []
    if len(pairs) > MAX_PARAMETERS:
        raise Refusal(Reason.MALFORMED, "Too many parameters")
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        if name:
            form.put(_decoded(name), _decoded(value))
    return form


def _decoded(raw: bytes) -> str:
    bad_escape = _BAD_ESCAPE.search(raw)
    if bad_escape is not None:
        raise Refusal(Reason.MALFORMED_QUERY, _escape_message(bad_escape[1]))
    try:
        return text(unquote_to_bytes(raw.replace(b"+", b" ")).decode())
    except UnicodeDecodeError as error:
        raise Refusal(Reason.MALFORMED, "A parameter is not valid UTF-8") from error


def _escape_message(after_percent: bytes) -> str:
    # AWS protocol.md 6.3, check 4.
    if len(after_percent) < _ESCAPE_LENGTH:
        return "Incomplete trailing escape % sequence"
    return f"Illegal hex character in escape % pattern: %{after_percent.decode('ascii', 'replace')}"

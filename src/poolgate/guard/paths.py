"""Paths that mean one thing: what a policy or a rule judges must be what the API then runs.

A path that two readers could understand differently is refused, because the API behind the guard,
or a proxy in front of it, might take it for another one than was judged.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from poolgate.guard.refusals import Forbidden, RefusalCode

_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# After decoding: a slash, backslash, percent, fragment, query mark or matrix parameter that was
# hidden in an escape, and control characters.
_HIDDEN = re.compile(rb"[\x00-\x1f\x7f/\\%#?;]")
_DOT_SEGMENTS: Final = frozenset({b".", b".."})


def plain_path(raw_path: str) -> str:
    """Return the decoded path; raise Forbidden where readers could disagree about it."""
    if not raw_path.startswith("/") or _ESCAPE.search(raw_path) or "\\" in raw_path:
        raise ambiguous("malformed path")
    segments = raw_path[1:].split("/")
    decoded = []
    for position, segment in enumerate(segments):
        text = unquote_to_bytes(segment)
        is_last = position == len(segments) - 1
        if (not text and not is_last) or text in _DOT_SEGMENTS or _HIDDEN.search(text):
            raise ambiguous("a segment that is empty, of dots, or hides a separator")
        decoded.append(text)
    try:
        return "/" + b"/".join(decoded).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ambiguous("not UTF-8") from error


def verify_unfolded(raw_path: str) -> None:
    """Raise Forbidden for segments that a signature does not cover.

    A canonical request leaves empty and dot segments out, so that anybody between could put them
    into a signed path.
    """
    if "//" in raw_path or "/." in raw_path:
        *inner, last = raw_path.split("/")[1:]
        if last in {".", ".."} or not {"", ".", ".."}.isdisjoint(inner):
            raise ambiguous("a segment that the signature does not cover")


def ambiguous(detail: str) -> Forbidden:
    """Return the refusal of a method or path that could be read in two ways."""
    return Forbidden(
        RefusalCode.REQUEST_AMBIGUOUS,
        "The request's method or path is not acceptable.",
        private_detail=detail,
    )

"""Parameters of queries and forms (`application/x-www-form-urlencoded`), read strictly."""

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote_to_bytes

from poolgate.foundation.failure import Failure

FORM_TYPE = "application/x-www-form-urlencoded"
MAX_CHARACTERS = 64 * 1024
MAX_PARAMETERS = 100
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class ParametersMalformed(Failure):
    """The text is no list of parameters, or a longer one than is read."""


class ParameterRepeated(Failure):
    """A parameter stands there twice, and nobody knows which one counts. Facts: name."""


def parse_parameters(text: bytes) -> dict[str, str]:
    """Return the parameters by name; raise ParametersMalformed or ParameterRepeated.

    A parameter without a value counts as left out (RFC 6749 s3.1).
    """
    if len(text) > MAX_CHARACTERS:
        raise ParametersMalformed
    pairs = [pair for pair in text.split(b"&") if pair]
    if len(pairs) > MAX_PARAMETERS:
        raise ParametersMalformed
    parameters: dict[str, str] = {}
    for pair in pairs:
        name, _, value = (_decoded(part) for part in pair.partition(b"="))
        if name in parameters:
            raise ParameterRepeated(name=name)
        parameters[name] = value
    return {name: value for name, value in parameters.items() if value}


def render_parameters(parameters: Iterable[tuple[str, str]]) -> str:
    """Return the parameters as a query or form."""
    return "&".join(
        f"{quote(name, safe='')}={quote_plus(value, safe='')}" for name, value in parameters
    )


def is_form(content_type: str | None) -> bool:
    """Tell whether a Content-Type is that of a form."""
    return (content_type or "").partition(";")[0].strip().lower() == FORM_TYPE


def _decoded(part: bytes) -> str:
    if _BAD_ESCAPE.search(part):
        raise ParametersMalformed
    try:
        text = unquote_to_bytes(part.replace(b"+", b" ")).decode()
    except UnicodeDecodeError as error:
        raise ParametersMalformed from error
    # No parameter of ours has one, and PostgreSQL cannot keep it.
    if "\0" in text:
        raise ParametersMalformed
    return text

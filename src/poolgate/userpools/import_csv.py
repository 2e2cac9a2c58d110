"""The CSV file of a user import job: its header, and what one row says.

AWS Developer Guide, "Formatting the CSV file". Values are not quoted and a comma inside one has a
backslash before it; what spreadsheets write instead, a value in quotation marks, is read as well.
One line is one row, so that a bad one spoils no other. Faults quote nothing of the file.
"""

import re
from collections.abc import Sequence

from poolgate.foundation.failure import Failure
from poolgate.userpools.pools import UserPool

USERNAME, MFA_ENABLED, PASSWORD_HASH = "cognito:username", "cognito:mfa_enabled", "password_hash"
MAX_ROW_LENGTH = 16_000
_BYTE_ORDER_MARK = "\ufeff"
_ESCAPED_COMMA = "\\,"
# A field in quotation marks, or one without; both end at a comma or at the row's end.
_FIELD = re.compile(r'(?:\s*"(?P<quoted>(?:[^"]|"")*)"\s*|(?P<bare>(?:\\,|[^,])*))(?P<end>,|$)')


class HeaderUnfit(Failure):
    """The header does not fit the pool, so nothing of the file can be read. Facts: reason."""


class RowMalformed(Failure):
    """A row cannot be read. Facts: reason."""


def csv_header(pool: UserPool) -> tuple[str, ...]:
    """Return the columns of a file for the pool, in AWS's order."""
    attributes = (attribute.name for attribute in pool.schema if attribute.name != "sub")
    return (*attributes, MFA_ENABLED, USERNAME)


def parse_header(pool: UserPool, line: str, *, with_hashes: bool) -> tuple[str, ...]:
    """Return the file's columns in its own order; raise HeaderUnfit.

    With password hashes the file may leave out any other column, as in AWS's own example.
    """
    try:
        columns = tuple(split_row(line.removeprefix(_BYTE_ORDER_MARK)))
    except RowMalformed as malformed:
        raise HeaderUnfit(reason="The CSV header cannot be read.") from malformed
    known = csv_header(pool)
    for position, column in enumerate(columns, start=1):
        if column not in known and column != PASSWORD_HASH:
            raise HeaderUnfit(reason=f"Column {position} of the CSV header is not known.")
        if column in columns[: position - 1]:
            raise HeaderUnfit(reason=f"Column {position} of the CSV header is there twice.")
    # The documentation no longer lists it as required.
    demanded = (USERNAME, PASSWORD_HASH) if with_hashes else known
    for column in demanded:
        if column not in columns and column != MFA_ENABLED:
            raise HeaderUnfit(reason=f"The CSV header lacks the column {column}.")
    return columns


def parse_row(columns: Sequence[str], line: bytes) -> dict[str, str]:
    """Return the row's values by column, those that have one; raise RowMalformed."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise RowMalformed(reason="The row is not UTF-8.") from error
    if len(text) > MAX_ROW_LENGTH:
        raise RowMalformed(reason=f"The row is longer than {MAX_ROW_LENGTH} characters.")
    values = split_row(text)
    if len(values) != len(columns):
        raise RowMalformed(reason="The row does not have as many values as the header has columns.")
    return {column: value for column, value in zip(columns, values, strict=True) if value}


def split_row(text: str) -> list[str]:
    """Return the values of one row without the white space around them; raise RowMalformed."""
    if '"' not in text and _ESCAPED_COMMA not in text:
        return [value.strip() for value in text.split(",")]
    values: list[str] = []
    position, end = 0, ","
    while end:
        field = _FIELD.match(text, position)
        # The second form takes anything, also a quotation mark that is not closed.
        if field is None or (field["bare"] or "").lstrip().startswith('"'):
            raise RowMalformed(reason="A quotation mark is not closed.")
        value = field["bare"] if field["quoted"] is None else field["quoted"].replace('""', '"')
        values.append(value.replace(_ESCAPED_COMMA, ",").strip())
        position, end = field.end(), field["end"]
    return values

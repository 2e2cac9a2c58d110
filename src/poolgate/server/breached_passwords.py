"""The operator's file of breached passwords: sorted SHA-1 digests, searched where it lies.

A line is the digest in 40 hexadecimal digits, then perhaps a colon and how often it was seen. The
file is opened for each look-up, so it can be replaced while the server runs.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import BinaryIO

from poolgate.credentials.common_passwords import CommonPasswords
from poolgate.foundation.secret import Secret

_DIGEST_CHARACTERS = 40
_LONGEST_LINE = 64
_LINE = re.compile(rb"[0-9A-Fa-f]{40}(:[0-9]+)?\r?\n?")


class FileUnreadable(Exception):
    """The file cannot be read, or is not a list of digests; the text is for the operator."""


class BreachedPasswordFile:
    """Knows the common passwords and those of the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._common = CommonPasswords()
        self._verify_readable()

    def contains(self, password: Secret) -> bool:
        """Tell whether the password is a common or a breached one; one search takes some reads."""
        if self._common.contains(password):
            return True
        # SHA-1 is what such lists are made with; nothing here rests on its strength.
        digest = hashlib.sha1(password.reveal().encode(), usedforsecurity=False)
        wanted = digest.hexdigest().upper().encode()
        with self._path.open("rb") as lines:
            return _is_listed(lines, wanted)

    def _verify_readable(self) -> None:
        try:
            with self._path.open("rb") as lines:
                first = lines.readline(_LONGEST_LINE)
        except OSError as error:
            raise FileUnreadable(f"{self._path} cannot be read: {error.strerror}") from error
        if not _LINE.fullmatch(first):
            raise FileUnreadable(f"{self._path} does not begin with a SHA-1 digest")


def _is_listed(lines: BinaryIO, wanted: bytes) -> bool:
    """Search by halves: `low` is always the beginning of a line, `high` behind the wanted one."""
    low, high = 0, os.fstat(lines.fileno()).st_size
    while low < high:
        middle = (low + high) // 2
        if middle > low:
            lines.seek(middle - 1)
            lines.readline()  # The rest of the line before the first one from the middle on.
        else:
            lines.seek(low)
        beginning = lines.tell()
        line = lines.readline(_LONGEST_LINE)
        found = line[:_DIGEST_CHARACTERS].upper()
        if beginning >= high or not line or found > wanted:
            high = middle
        elif found == wanted:
            return True
        else:
            low = beginning + len(line)
    return False

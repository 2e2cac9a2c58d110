"""Where answers of servers are kept until shortly before they expire, and how one is read.

An answer is one file: when to renew it (seconds since 1970), what it answers, and the text itself.
This module imports next to nothing: keys that are kept are given within milliseconds, to programs
that ask for them with every start. `renewals` makes new ones.
"""

import os
from binascii import crc32

from poolgate.client import surroundings

# Names of profiles begin with a letter or a digit, so that this is none of them.
NO_PROFILE = "_no_profile"
SIGN_IN_MARK = "sign-in"
_NAME_LENGTH = 8
_ENCODING = "utf-8"


class KeptAnswer:
    """One question and where its answer is kept.

    `question` names everything that the answer depends on, and `stamp` is what changes when that is
    another one: with a new stamp, or once `forget` was called, a kept answer is none. An answer
    that was asked for before that and is kept after it is none either.
    """

    __slots__ = ("_line", "path")

    def __init__(self, profile_name: str, *question: str | None, stamp: str = "") -> None:
        folder = folder_of(surroundings.config_folder(), profile_name)
        # On one line whatever the parts hold.
        asked = ascii(question)
        self._line = ascii((asked, stamp, file_stamp(f"{folder}/{SIGN_IN_MARK}")))
        # Questions that share a number share a file in turns; the line in it tells them apart.
        self.path = f"{folder}/{crc32(asked.encode(_ENCODING)):08x}"

    def read(self, now_seconds: float) -> str | None:
        """Return the answer; None where there is none, or none that is still good."""
        try:
            with open(self.path, encoding=_ENCODING) as kept:  # noqa: PTH123 - pathlib takes longer to load than this may
                renew_at, question = kept.readline(), kept.readline()
                if question != f"{self._line}\n" or float(renew_at) <= now_seconds:
                    return None
                return kept.read()
        except (OSError, ValueError):
            return None

    def render(self, answer: str, renew_at_seconds: float) -> bytes:
        """Return the content of the file."""
        return f"{renew_at_seconds:.0f}\n{self._line}\n{answer}".encode(_ENCODING)


def folder_of(config_folder: str, profile_name: str) -> str:
    """Return the folder of a profile's answers."""
    return f"{config_folder}/answers/{profile_name}"


def is_answer(file_name: str) -> bool:
    """Tell whether a file of such a folder is an answer."""
    return len(file_name) == _NAME_LENGTH and file_name != SIGN_IN_MARK and "." not in file_name


def is_folder_name(profile_name: str) -> bool:
    """Tell whether a name can be part of a path."""
    return profile_name.replace("-", "").replace("_", "").replace(".", "").isalnum()


def file_stamp(path: str) -> str:
    """Return what changes whenever a file is written anew; empty where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - as above
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_size} {found.st_ino}"

"""The password hashes that a CSV file may bring along: one kind a job, with bounded parameters.

AWS Developer Guide, "Importing users with password hashes": formats and maxima are AWS's own, which
are stricter than what `foreign_hashes` can check.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from poolgate.credentials import foreign_hashes
from poolgate.credentials.foreign_hashes import ForeignHashUnreadable


class HashAlgorithm(StrEnum):
    """How the hashes of a file were made; the words of PasswordHashingAlgorithm."""

    BCRYPT = "BCRYPT"
    SCRYPT = "SCRYPT"
    ARGON2ID = "ARGON2ID"
    PBKDF2_SHA256 = "PBKDF2_SHA256"


# The groups are the parameters that are bounded, in the order of their maxima.
_FORMATS: Mapping[HashAlgorithm, tuple[re.Pattern[str], tuple[int, ...]]] = {
    HashAlgorithm.BCRYPT: (re.compile(r"\$2[abxy]\$(\d\d)\$.{53}"), (12,)),
    HashAlgorithm.SCRYPT: (
        re.compile(r"(\d{1,9})\$(\d{1,9})\$(\d{1,9})\$[0-9a-fA-F]+\$[0-9a-fA-F]+"),
        (65536, 8, 1),
    ),
    HashAlgorithm.ARGON2ID: (
        re.compile(r"\$argon2id\$v=\d+\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$[^$]+\$[^$]+"),
        (19456, 2, 1),
    ),
    HashAlgorithm.PBKDF2_SHA256: (
        re.compile(r"\$pbkdf2-sha256\$(\d{1,9})\$[^$]+\$[^$]+"),
        (600_000,),
    ),
}


def verify_importable(encoded_hash: str, algorithm: HashAlgorithm) -> None:
    """Raise ForeignHashUnreadable unless the hash is of that kind and within AWS's bounds."""
    pattern, maxima = _FORMATS[algorithm]
    found = pattern.fullmatch(encoded_hash)
    if found is None:
        raise ForeignHashUnreadable(reason=f"the password hash is not in the form of {algorithm}")
    if any(int(cost) > most for cost, most in zip(found.groups(), maxima, strict=True)):
        raise ForeignHashUnreadable(
            reason="a parameter of the password hash exceeds what can be imported"
        )
    foreign_hashes.verify_readable(encoded_hash)

"""Random passwords of chosen kinds of characters."""

import string
from collections.abc import Collection

from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_text, shuffled

LOWERCASE = string.ascii_lowercase
UPPERCASE = string.ascii_uppercase
NUMBERS = string.digits
# AWS GetRandomPassword names the same ones as Python does.
PUNCTUATION = string.punctuation
SPACE = " "


class NoPasswordPossible(Failure):
    """Nothing is left to make such a password of."""


def make(
    length: int, kinds: Collection[str], *, excluded: str, space: bool, each_kind: bool
) -> str:
    """Return a password of the alphabets `kinds`, of each at least one character if wished.

    Raise NoPasswordPossible where the exclusions or the length rule that out.
    """
    left = ["".join(sorted(set(kind) - set(excluded))) for kind in kinds]
    alphabet = "".join(left) + (SPACE if space and SPACE not in excluded else "")
    required = left if each_kind else []
    if not alphabet or not all(required) or len(required) > length:
        raise NoPasswordPossible
    first = "".join(random_text(kind, 1) for kind in required)
    return shuffled(first + random_text(alphabet, length - len(first)))

r"""The models' regular expressions, which are Java's, as Python's.

They match whole values. Java's classes such as `\w` and `\s` are ASCII; `\p{L}` and its like are
Unicode general categories, which Python's expressions lack and get as ranges of code points.
"""

import re
import unicodedata
from functools import cache
from itertools import groupby

# The same language without the nested repetition, which takes cubic time on what does not match.
_LINEAR = {r"^[\S]+.*[\S]+$": r"\S.*\S"}
_CATEGORY = re.compile(r"\\p\{([A-Z])\}")
# Planes 4 to 13 have no assigned characters, 15 and 16 are for private use.
_LAST_OF_LETTERS = 0x3FFFF
_FIRST_OF_TAGS, _LAST_OF_TAGS = 0xE0000, 0xE0FFF


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the expression to `fullmatch` values with."""
    flags = re.ASCII | (re.DOTALL if pattern.startswith("(?s)") else 0)
    bare = _LINEAR.get(pattern, pattern).removeprefix("(?s)")
    return re.compile(_CATEGORY.sub(lambda found: _ranges()[found[1]], bare), flags)


@cache
def _ranges() -> dict[str, str]:
    """Return, for each major category, its code points as the inside of a character class."""
    ranges: dict[str, list[str]] = {}
    points = [*range(_LAST_OF_LETTERS + 1), *range(_FIRST_OF_TAGS, _LAST_OF_TAGS + 1)]
    for category, run in groupby(points, key=lambda point: unicodedata.category(chr(point))[0]):
        first, *others = run
        last = others[-1] if others else first
        ranges.setdefault(category, []).append(f"\\U{first:08x}-\\U{last:08x}")
    return {category: "".join(parts) for category, parts in ranges.items()}

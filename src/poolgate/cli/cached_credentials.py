"""`poolgate credentials` where the keys are kept already: the path that many programs wait for.

It imports next to nothing and understands the plain forms of the flags; for everything else it
returns None, and `credentials` does the whole work.
"""

import sys
import time

from poolgate.client.kept_keys import FLAGS, KeyWish

_PREFIX = "--"


def answer(arguments: list[str]) -> int | None:
    """Print kept keys and return the exit code; None where there are none or a flag is unclear."""
    members = _read(arguments)
    kept = KeyWish(**members).kept() if members is not None else None
    told = kept.read(time.time()) if kept is not None else None
    if told is None:
        return None
    sys.stdout.write(told)
    sys.stdout.flush()
    return 0


def _read(arguments: list[str]) -> dict[str, str] | None:
    members = {}
    waiting = iter(arguments)
    for argument in waiting:
        flag, equals, value = argument.partition("=")
        name = flag[len(_PREFIX) :].replace("-", "_")
        if not flag.startswith(_PREFIX) or name not in FLAGS:
            return None
        if not equals:
            value = next(waiting, _PREFIX)
        if value.startswith("-"):
            return None
        members[name] = value
    return members

"""When a lease shall end, as people say it: epoch seconds, or a time from now such as 7d or 8h."""

import re

_FROM_NOW = re.compile(r"(?P<number>[1-9][0-9]{0,8})(?P<unit>[smhd])")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}


def expires_on(told: str, now: int) -> int:
    """Return the epoch seconds that are meant; raise ValueError."""
    if told.isascii() and told.isdecimal():
        return int(told)
    found = _FROM_NOW.fullmatch(told)
    if found is None:
        raise ValueError(f"invalid duration format: {told}")
    return now + int(found["number"]) * _UNIT_SECONDS[found["unit"]]

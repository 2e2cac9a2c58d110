"""The settings document of a managed login style: what may stand in it, and what stands by default.

AWS publishes the document's parts, not its schema. So what the defaults know is held to their types
and choices, and what they do not know is kept as it was given.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from poolgate.foundation.failure import Failure

Settings = Mapping[str, Any]

_DEEPEST = 16
_MAX_BYTES = 512 * 1024
# AWS CreateManagedLoginBranding: the three parts of the document.
_PARTS = frozenset({"categories", "componentClasses", "components"})


class InvalidSettings(Failure):
    """A settings document that cannot be. Facts: fault."""


@cache
def default_settings() -> Settings:
    """Return the settings of a style that sets nothing; not to be changed."""
    file = resources.files("poolgate.userpools") / "branding_defaults.json"
    defaults: Settings = msgspec.json.decode(file.read_bytes())
    return defaults


def verify_settings(settings: object) -> None:
    """Raise InvalidSettings unless this can be (a part of) a style's settings."""
    if not isinstance(settings, dict):
        raise InvalidSettings(fault="Settings must be an object.")
    _verify_depth(settings)
    unknown = settings.keys() - _PARTS
    if unknown:
        raise InvalidSettings(fault=f"Settings has no part {min(unknown)[:64]}.")
    if len(msgspec.json.encode(settings)) > _MAX_BYTES:
        raise InvalidSettings(fault="Settings is too large.")
    _verify_types(settings, default_settings(), "Settings")


def merged(kept: Settings, given: Settings) -> dict[str, Any]:
    """Return `kept` with what `given` sets, object by object; lists are replaced as a whole."""
    together = dict(kept)
    for name, value in given.items():
        before = together.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            together[name] = merged(before, value)
        else:
            together[name] = value
    return together


def _verify_depth(settings: object) -> None:
    # Level by level and not by recursion, which a deep document would overflow.
    level: list[Any] = [settings]
    for _ in range(_DEEPEST):
        level = [part for value in level for part in _parts(value)]
        if not level:
            return
    raise InvalidSettings(fault="Settings is nested too deeply.")


def _parts(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _verify_types(given: Any, known: Any, path: str) -> None:  # noqa: ANN401 - any JSON value
    if isinstance(known, dict) and isinstance(given, dict):
        for name in given.keys() & known.keys():
            _verify_types(given[name], known[name], f"{path}.{name}")
        return
    if known is not None and _kind(given) != _kind(known):
        raise InvalidSettings(fault=f"{path} must be {_kind(known)}.")


def _kind(value: object) -> str:
    match value:
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "null"

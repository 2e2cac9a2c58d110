"""The flags of the server's settings, made from the one table of settings."""

import argparse
from collections.abc import Mapping
from typing import Any

from poolgate.server.settings import CONFIG, SETTINGS

WITH_FLAG = tuple(setting for setting in SETTINGS if setting.has_flag)
_SWITCHES = frozenset({"dev"})


def add_setting_flags(parser: argparse.ArgumentParser) -> None:
    """Give the parser one flag a setting, and `--config`."""
    parser.add_argument("--config", metavar="FILE", help="TOML file with settings.")
    for setting in WITH_FLAG:
        shown_default = f" Default: {setting.default}." if setting.default else ""
        options: dict[str, Any] = {
            "dest": setting.name,
            "default": None,
            "help": f"{setting.explanation}{shown_default} [{setting.variable}]",
        }
        if setting.name in _SWITCHES:
            options |= {"action": "store_const", "const": "true"}
        else:
            options |= {"metavar": setting.name.upper()}
        parser.add_argument(setting.flag, **options)


def given_flags(chosen: argparse.Namespace) -> Mapping[str, str]:
    """Return the setting flags that were given on the command line."""
    names = (CONFIG, *(setting.name for setting in WITH_FLAG))
    given = ((name, getattr(chosen, name)) for name in names)
    return {name: value for name, value in given if value is not None}

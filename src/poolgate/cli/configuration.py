"""`poolgate config check`: every setting, its value, where that came from, and the mistakes."""

import argparse
import sys
from urllib.parse import urlsplit

from poolgate.cli.flags import add_setting_flags, given_flags
from poolgate.cli.subcommands import Subcommands
from poolgate.server.settings import SETTINGS, Setting, Source, read_settings


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("config", help="explain and check the settings")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    check = actions.add_parser(
        "check",
        help="show every setting and find mistakes",
        description="Show every setting with its value and source; exit 1 with any mistake. "
        "Environment, then the TOML file, then flags: later wins.",
    )
    add_setting_flags(check)
    check.set_defaults(command=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the table and the mistakes."""
    explained = read_settings(given_flags(chosen))
    for setting in SETTINGS:
        source = explained.sources[setting.name]
        print(f"{setting.name} = {_shown(setting, source)}   ({source.origin})")
        ways = f"{setting.variable}, {setting.flag}" if setting.has_flag else setting.variable
        print(f"    {setting.explanation} {ways}")
    for mistake in explained.mistakes:
        print(f"mistake: {mistake}", file=sys.stderr)
    return 1 if explained.mistakes else 0


def _shown(setting: Setting, source: Source) -> str:
    text = source.text or ""
    if not setting.secret or not text:
        return text
    if not setting.name.endswith("_url"):
        return "***"
    # A URL's password is the secret part; the rest tells the operator what is meant.
    password = urlsplit(text).password
    return text.replace(f":{password}@", ":***@") if password else text

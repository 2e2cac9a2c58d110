"""`poolgate serve`."""

import argparse
import gc
import sys

from poolgate.cli.flags import add_setting_flags, given_flags
from poolgate.cli.subcommands import Subcommands
from poolgate.server.settings import read_settings

SETTINGS_WRONG, START_REFUSED = 2, 1


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "serve",
        help="run the server",
        description="Run the server. The first start makes the data folder with the database, "
        "master.key and credentials (the root access key). One line tells the URL when ready.",
    )
    add_setting_flags(parser)
    parser.set_defaults(command=run)


def run(chosen: argparse.Namespace) -> int:
    """Serve until stopped; wrong settings and a refused start are told in a sentence each."""
    explained = read_settings(given_flags(chosen))
    if explained.settings is None:
        for mistake in explained.mistakes:
            print(f"poolgate: {mistake}", file=sys.stderr)
        return SETTINGS_WRONG
    # Garbage is looked for again once everything is imported: a tenth of the start is saved.
    gc.disable()
    # Imported here, so that help and mistakes answer at once.
    from poolgate.server.data_directory import DataDirectoryUnusable  # noqa: PLC0415
    from poolgate.server.serving import StartRefused, serve  # noqa: PLC0415

    try:
        serve(explained.settings)
    except (StartRefused, DataDirectoryUnusable) as refused:
        print(f"poolgate: {refused}", file=sys.stderr)
        return START_REFUSED
    return 0

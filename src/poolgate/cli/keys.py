"""`poolgate keys rotate`: new signing keys for a pool, beside a running server."""

import argparse
import sys

from poolgate.cli.flags import Subcommands, add_setting_flags, given_flags
from poolgate.server.settings import read_settings

DEFAULT_AHEAD_SECONDS = 3600
REFUSED, SETTINGS_WRONG = 1, 2


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("keys", help="rotate signing keys")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    rotate = actions.add_parser(
        "rotate",
        help="publish new signing keys for a pool",
        description="Publish new signing keys for a pool. They sign once verifiers had time to "
        "read them; the old ones stay published for as long as their tokens live.",
    )
    rotate.add_argument("--pool", required=True, metavar="POOL_ID", help="The pool.")
    rotate.add_argument(
        "--published-ahead-seconds",
        type=int,
        default=DEFAULT_AHEAD_SECONDS,
        metavar="N",
        help=f"How long before their first use. Default: {DEFAULT_AHEAD_SECONDS}.",
    )
    add_setting_flags(rotate)
    rotate.set_defaults(command=run)


def run(chosen: argparse.Namespace) -> int:
    """Rotate, or say why not."""
    explained = read_settings(given_flags(chosen))
    if explained.settings is None:
        for mistake in explained.mistakes:
            print(f"poolgate: {mistake}", file=sys.stderr)
        return SETTINGS_WRONG
    # Imported here, so that help and mistakes answer at once.
    from poolgate.server.maintenance import MaintenanceRefused, rotate_signing_keys  # noqa: PLC0415

    try:
        rotate_signing_keys(explained.settings, chosen.pool, chosen.published_ahead_seconds)
    except MaintenanceRefused as refused:
        print(f"poolgate: {refused}", file=sys.stderr)
        return REFUSED
    print(f"{chosen.pool} has new signing keys")
    return 0

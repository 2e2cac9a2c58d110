"""`poolgate keys`: new signing keys for a pool, and the key that custom senders decrypt with."""

import argparse
import sys
from collections.abc import Callable

from poolgate.cli.flags import add_setting_flags, given_flags
from poolgate.cli.subcommands import Subcommands
from poolgate.server.settings import Settings, read_settings

DEFAULT_AHEAD_SECONDS = 3600
REFUSED, SETTINGS_WRONG = 1, 2


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "keys", help="rotate signing keys, export the key of custom senders"
    )
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
    sender = actions.add_parser(
        "custom-sender",
        help="print the key that custom sender functions decrypt codes with",
        description="Print, in base64, the AES-256 key that custom sender functions decrypt codes "
        "with. Whoever has it reads every code that such functions get; keep it as secret as a "
        "password.",
    )
    sender.add_argument(
        "--kms-key", required=True, metavar="ARN", help="The KMSKeyID in the LambdaConfig of pools."
    )
    add_setting_flags(sender)
    sender.set_defaults(command=run_custom_sender)


def run(chosen: argparse.Namespace) -> int:
    """Rotate, or say why not."""
    from poolgate.server.maintenance import rotate_signing_keys  # noqa: PLC0415 - help answers at once

    def rotated(settings: Settings) -> str:
        rotate_signing_keys(settings, chosen.pool, chosen.published_ahead_seconds)
        return f"{chosen.pool} has new signing keys"

    return _told(chosen, rotated)


def run_custom_sender(chosen: argparse.Namespace) -> int:
    """Print the key, or say why not."""
    from poolgate.server.maintenance import exported_sender_key  # noqa: PLC0415 - as above

    return _told(chosen, lambda settings: exported_sender_key(settings, chosen.kms_key))


def _told(chosen: argparse.Namespace, action: Callable[[Settings], str]) -> int:
    """Print what the action says, or why it was refused."""
    explained = read_settings(given_flags(chosen))
    if explained.settings is None:
        for mistake in explained.mistakes:
            print(f"poolgate: {mistake}", file=sys.stderr)
        return SETTINGS_WRONG
    # Imported here, so that mistakes answer at once.
    from poolgate.server.maintenance import MaintenanceRefused  # noqa: PLC0415

    try:
        print(action(explained.settings))
    except MaintenanceRefused as refused:
        print(f"poolgate: {refused}", file=sys.stderr)
        return REFUSED
    return 0

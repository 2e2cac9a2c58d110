"""The `poolgate` command: what each subcommand takes and which module does it."""

import argparse
import sys
from collections.abc import Callable, Sequence

import poolgate
from poolgate.cli import configuration, environment, keys, policies, start, users

EXTRA_MISSING = 1

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    command: Command | None = getattr(chosen, "command", None)
    if command is None:
        parser.print_help()
        return 0
    try:
        return command(chosen)
    except ModuleNotFoundError as absent:
        # The bare distribution is the guard; what the server needs comes with an extra.
        if (absent.name or "").startswith("poolgate"):
            raise
        print(
            f"poolgate: this needs the package {absent.name}, which is not installed;"
            " pip install 'poolgate[server]' brings it",
            file=sys.stderr,
        )
        return EXTRA_MISSING


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="poolgate", description="API authentication in the Cognito and IAM model."
    )
    parser.add_argument("--version", action="version", version=f"poolgate {poolgate.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for subcommand in (start, environment, keys, users, policies, configuration):
        subcommand.add_to(commands)
    return parser

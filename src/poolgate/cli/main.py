"""The `poolgate` command: hands the arguments to the one module that does the subcommand.

It imports nothing at first: a program that asks for credentials with every start waits for this.
"""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    from poolgate.cli import commands  # noqa: PLC0415 - answers from a cache do without it

    return commands.run(given)

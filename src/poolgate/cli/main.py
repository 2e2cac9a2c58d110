"""The `poolgate` command: hands the arguments to the one module that does the subcommand.

It imports nothing at first: a program that asks for credentials with every start waits for this.
"""

import sys

# `typing` itself would take as long to load as a kept answer may take altogether.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["credentials"]:
        from poolgate.cli import cached_credentials  # noqa: PLC0415 - other commands do without it

        answered = cached_credentials.answer(given[1:])
        if answered is not None:
            return answered
    from poolgate.cli import commands  # noqa: PLC0415 - answers from a cache do without it

    return commands.run(given)

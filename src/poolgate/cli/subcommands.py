"""What every module of a subcommand is given to add itself to, and what it answers."""

import argparse
from collections.abc import Callable
from typing import TypeAlias

Subcommands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse gives this type no public name
Command: TypeAlias = Callable[[argparse.Namespace], int]

# Exit codes, in --help and docs/terminal.md; 4 is what `gh` answers then, too.
FAILED, USAGE_WRONG, SIGN_IN_NEEDED, INTERRUPTED = 1, 2, 4, 130

"""The subcommands: which module does each, their parser, and how failures are told."""

import argparse
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import poolgate
from poolgate.cli.subcommands import FAILED, INTERRUPTED, SIGN_IN_NEEDED, Command, Subcommands
from poolgate.foundation.failure import Failure

_MODULES: Final[Mapping[str, str]] = {
    "login": "login",
    "logout": "logout",
    "status": "status",
    "token": "tokens",
    "call": "calls",
    "serve": "start",
    "env": "environment",
    "keys": "keys",
    "users": "users",
    "credentials": "credentials",
    "exec": "execution",
    "service-token": "service_tokens",
    "policy": "policies",
    "config": "configuration",
    "completion": "completion",
}
_EPILOG = """\
exit codes: 0 done, 1 failed or refused, 2 wrong usage or settings, 4 sign-in needed
(poolgate login), 130 interrupted
"""


def run(given: Sequence[str]) -> int:
    """Parse the arguments, run the subcommand and return its exit code."""
    chosen = parser_of(given).parse_args(given)
    command: Command | None = getattr(chosen, "command", None)
    if command is None:
        parser_of(()).print_help()
        return 0
    try:
        return command(chosen)
    except ModuleNotFoundError as absent:
        return _without_module(absent)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has enough; Python would complain when it flushes the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Failure as failure:
        return _failed(failure)


def parser_of(given: Sequence[str]) -> argparse.ArgumentParser:
    """Return a parser for these arguments.

    It has the one subcommand that they name, or all of them: importing each takes its time.
    """
    parser = argparse.ArgumentParser(
        prog="poolgate",
        description="API authentication in the Cognito and IAM model.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"poolgate {poolgate.__version__}")
    commands: Subcommands = parser.add_subparsers(title="commands", metavar="COMMAND")
    named = [_MODULES[name] for name in given[:1] if name in _MODULES]
    needs_none = given[:1] == ["--version"]
    modules = [] if needs_none else named or dict.fromkeys(_MODULES.values())
    for module in modules:
        importlib.import_module(f"poolgate.cli.{module}").add_to(commands)
    return parser


def _failed(failure: Failure) -> int:
    # Only a client's failures are sentences for people; others are told where they are worded.
    from poolgate.client.failures import ClientFailure  # noqa: PLC0415 - others do without it
    from poolgate.client.refreshing import SignInNeeded  # noqa: PLC0415 - as above

    if not isinstance(failure, ClientFailure):
        raise failure
    print(f"poolgate: {failure.sentence}", file=sys.stderr)
    return SIGN_IN_NEEDED if isinstance(failure, SignInNeeded) else FAILED


def _without_module(absent: ModuleNotFoundError) -> int:
    # The bare distribution is the guard and the client; what the server needs comes with an extra.
    if (absent.name or "").startswith("poolgate"):
        raise absent
    print(
        f"poolgate: this needs the package {absent.name}, which is not installed;"
        " pip install 'poolgate[server]' brings it",
        file=sys.stderr,
    )
    return FAILED

"""`poolgate exec -- COMMAND`: a program with temporary AWS keys and the server's endpoints."""

import argparse
import json
import os
import sys

from poolgate.cli.credentials import add_key_flags, wish_of
from poolgate.cli.environment import ENDPOINT_VARIABLES
from poolgate.cli.key_server import serve_keys
from poolgate.cli.subcommands import USAGE_WRONG, Subcommands
from poolgate.client import surroundings
from poolgate.client.temporary_keys import keys_text, place_of

# SPEC POSIX sh "Exit Status for Commands".
NOT_EXECUTABLE, NOT_FOUND = 126, 127
# What another profile left behind would win over, or spoil, the keys.
_SPOILING = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
)


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "exec",
        help="run a program with temporary AWS keys",
        usage="poolgate exec [flags] -- COMMAND [ARGUMENT ...]",
        description="Run a program with temporary AWS keys of the signed-in user and the server's"
        " endpoints in its environment. The program takes the place of this one: it gets the"
        " signals, and its exit code is the one that is seen.",
    )
    add_key_flags(parser)
    parser.add_argument(
        "--keep-fresh",
        action="store_true",
        help="For programs that outlive their keys: instead of keys they get an address on this"
        " machine where AWS's SDKs ask for new ones.",
    )
    parser.add_argument("program", nargs=argparse.REMAINDER, metavar="COMMAND")
    parser.set_defaults(command=run)


def run(chosen: argparse.Namespace) -> int:
    """Become the program; return only where it cannot be started."""
    program: list[str] = chosen.program[1:] if chosen.program[:1] == ["--"] else chosen.program
    if not program:
        print("poolgate: which program? poolgate exec -- COMMAND", file=sys.stderr)
        return USAGE_WRONG
    environment = surroundings.variables()
    for name in _SPOILING:
        environment.pop(name, None)
    environment |= _variables(chosen)
    sys.stdout.flush()
    try:
        os.execvpe(program[0], program, environment)  # noqa: S606 - the person's own command, and no shell
    except FileNotFoundError:
        print(f"poolgate: {program[0]}: not found", file=sys.stderr)
        return NOT_FOUND
    except OSError as error:
        print(f"poolgate: {program[0]}: {error.strerror}", file=sys.stderr)
        return NOT_EXECUTABLE


def _variables(chosen: argparse.Namespace) -> dict[str, str]:
    wish = wish_of(chosen)
    text = keys_text(wish)
    place = place_of(wish)
    variables = serve_keys(lambda: keys_text(wish)) if chosen.keep_fresh else _keys(text)
    variables |= {"AWS_REGION": place.region, "AWS_DEFAULT_REGION": place.region}
    if place.endpoint_url is not None:
        variables |= dict.fromkeys(ENDPOINT_VARIABLES, place.endpoint_url)
    return variables


def _keys(text: str) -> dict[str, str]:
    keys = json.loads(text)
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
        "AWS_CREDENTIAL_EXPIRATION": keys["Expiration"],
    }

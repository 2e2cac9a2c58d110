"""`poolgate credentials`: temporary AWS keys, as a `credential_process` prints them."""

import argparse
import sys

from poolgate.cli.subcommands import Subcommands
from poolgate.client.kept_keys import FLAGS, KeyWish
from poolgate.client.temporary_keys import keys_text

_EPILOG = """\
in ~/.aws/config:

  [profile people]
  credential_process = poolgate credentials --profile people
"""


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "credentials",
        help="print temporary AWS keys, for credential_process",
        description="Print temporary AWS keys of the signed-in user, for credential_process of"
        " ~/.aws/config. Keys are kept until shortly before they expire.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_key_flags(parser)
    parser.set_defaults(command=run)


def add_key_flags(parser: argparse.ArgumentParser) -> None:
    """Give the parser the flags that say which keys are meant."""
    parser.add_argument(
        "--profile", metavar="NAME", help="Whose sign-in. Default: POOLGATE_PROFILE, or default."
    )
    pool = parser.add_argument_group("keys of an identity pool")
    pool.add_argument(
        "--identity-pool-id", metavar="ID", help="The pool. Default: that of the profile."
    )
    pool.add_argument(
        "--custom-role-arn", metavar="ARN", help="One of the roles that the user may choose from."
    )
    role = parser.add_argument_group("keys of a role")
    role.add_argument(
        "--role-arn", metavar="ARN", help="The role, which trusts the tokens of the sign-in."
    )
    role.add_argument(
        "--signed-by",
        metavar="AWS_PROFILE",
        help="Assume the role with the keys of this profile of ~/.aws instead, or with those of"
        " the environment: --signed-by environment.",
    )
    role.add_argument("--role-session-name", metavar="NAME", help="Default: the user's name.")
    role.add_argument("--duration-seconds", metavar="N", help="How long the keys live.")
    role.add_argument("--external-id", metavar="ID", help="For --signed-by.")


def wish_of(chosen: argparse.Namespace) -> KeyWish:
    """Return the wish that the flags come to."""
    return KeyWish(**{name: getattr(chosen, name) for name in FLAGS})


def run(chosen: argparse.Namespace) -> int:
    """Print the keys."""
    sys.stdout.write(keys_text(wish_of(chosen)))
    return 0

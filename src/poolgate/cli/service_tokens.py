"""`poolgate service-token SECRET_ID`: an access token of a service."""

import argparse
import json

from poolgate.cli.aws_access import add_access_flags, signing_door
from poolgate.cli.subcommands import Subcommands
from poolgate.client.service_tokens import service_token


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "service-token",
        help="print an access token of a service",
        description="Print an access token of a service whose client credentials are a secret in"
        " Secrets Manager. Tokens are kept until shortly before they expire.",
    )
    parser.add_argument(
        "secret_id", metavar="SECRET_ID", help="The secret, such as my-auth-stack-dev/my-service."
    )
    parser.add_argument(
        "--json", action="store_true", help="Print access_token, expires_in and token_type."
    )
    add_access_flags(parser)
    parser.set_defaults(command=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the token."""
    door = signing_door(chosen)
    token = service_token(door, chosen.secret_id)
    access_token = token.access_token.reveal()
    if chosen.json:
        left = token.expires_at - door.clock.now()
        members = {
            "access_token": access_token,
            "expires_in": int(left.total_seconds()),
            "token_type": token.token_type,
        }
        print(json.dumps(members, indent=2))
    else:
        print(access_token)
    return 0

"""`poolgate token`: a token that is good now, for a header or a program."""

import argparse
import json

from poolgate.cli.client_flags import add_json_flag, add_profile_flag, source_of
from poolgate.cli.subcommands import Subcommands
from poolgate.client.failures import ClientFailure
from poolgate.client.token_sources import TokenSource
from poolgate.foundation.secret import Secret


class TokenAbsent(ClientFailure):
    """The sign-in came without an ID token."""


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "token",
        help="print the access token or the ID token",
        description="Print a token that is good for half a minute at least; it is renewed first"
        " where that is needed. The refresh token is never printed.",
    )
    add_profile_flag(parser)
    parser.add_argument("--id", action="store_true", help="The ID token.")
    add_json_flag(parser)
    parser.set_defaults(command=run)


def run(chosen: argparse.Namespace) -> int:
    """Print one token, or all but the refresh token as JSON."""
    source = source_of(chosen)
    if chosen.json:
        tokens = source.current()
        members = {
            "access_token": tokens.access_token.reveal(),
            "id_token": tokens.id_token.reveal() if tokens.id_token is not None else None,
            "token_type": "Bearer",
            "expires_at": tokens.expires_at.isoformat(),
        }
        print(json.dumps({name: value for name, value in members.items() if value is not None}))
        return 0
    print(chosen_token(source, is_id_token=chosen.id).reveal())
    return 0


def chosen_token(source: TokenSource, *, is_id_token: bool) -> Secret:
    """Return the access token or the ID token; raise SignInNeeded or TokenAbsent."""
    tokens = source.current()
    if not is_id_token:
        return tokens.access_token
    if tokens.id_token is None:
        raise TokenAbsent("this sign-in has no ID token: the scope openid was not granted")
    return tokens.id_token

"""`poolgate call`: one request to an API, with the token or signed with AWS keys."""

import argparse
import contextlib
import json
import sys
from pathlib import Path

from poolgate.cli.client_flags import add_profile_flag, source_of
from poolgate.cli.subcommands import FAILED, Subcommands
from poolgate.cli.tokens import chosen_token
from poolgate.client import api_calls, surroundings
from poolgate.client.api_calls import ApiRequest
from poolgate.client.aws_keys import AwsKeys, find_profile, keys_at_hand
from poolgate.client.failures import ClientFailure
from poolgate.client.kept_keys import KeyWish
from poolgate.client.profiles import ProfileNotFound
from poolgate.client.temporary_keys import keys_text
from poolgate.foundation.clock import SystemClock
from poolgate.foundation.secret import Secret

_REFUSED_FROM = 400
_EPILOG = """\
  poolgate call GET https://api.example.com/things
  poolgate call POST https://api.example.com/things --json '{"name": "one"}'
  poolgate call PUT https://api.example.com/things/1 -d @thing.bin -H 'Content-Type: image/png'
  poolgate call GET https://id.execute-api.eu-west-1.amazonaws.com/prod/ --sign --region eu-west-1
The answer's body goes to standard output. Exit 1 where its status is 400 or more.
"""


class CallMalformed(ClientFailure):
    """A flag of a call cannot be used."""


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "call",
        help="call an API as who is signed in",
        description="Send one request with the access token as Bearer, or signed.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("method", metavar="METHOD", help="GET, POST and so on.")
    parser.add_argument("url", metavar="URL", help="https, or http of this machine.")
    add_profile_flag(parser)
    bodies = parser.add_mutually_exclusive_group()
    bodies.add_argument(
        "-d", "--data", metavar="DATA", help="The body; @FILE is a file, @- standard input."
    )
    bodies.add_argument(
        "--json",
        metavar="DATA",
        help="A body as with -d that is JSON, with the headers that say so.",
    )
    parser.add_argument(
        "-H", "--header", action="append", default=[], metavar="NAME: VALUE", help="A header."
    )
    parser.add_argument(
        "-i", "--include", action="store_true", help="Print status and headers first."
    )
    parser.add_argument("--id", action="store_true", help="Send the ID token.")
    signing = parser.add_argument_group("signed calls")
    signing.add_argument(
        "--sign",
        action="store_true",
        help="Sign (SigV4) in place of the token: with keys of the profile's identity pool, else"
        " with those that AWS's tools would take.",
    )
    signing.add_argument(
        "--service", default="execute-api", metavar="NAME", help="Default: %(default)s."
    )
    signing.add_argument("--region", metavar="REGION", help="Default: that of the keys.")
    signing.add_argument("--aws-profile", metavar="NAME", help="A profile of ~/.aws to sign with.")
    parser.set_defaults(command=run)


def run(chosen: argparse.Namespace) -> int:
    """Send the request, print the answer."""
    request = _request(chosen)
    proven = _signed(chosen, request) if chosen.sign else _with_token(chosen, request)
    status = api_calls.send(proven, sys.stdout.buffer, with_head=chosen.include)
    sys.stdout.flush()
    if status < _REFUSED_FROM:
        return 0
    print(f"poolgate: HTTP {status}", file=sys.stderr)
    return FAILED


def _request(chosen: argparse.Namespace) -> ApiRequest:
    given = [_header(text) for text in chosen.header]
    names = {name.lower() for name, _ in given}
    usual: list[tuple[str, str]] = []
    if chosen.json is not None:
        usual = [("Content-Type", "application/json"), ("Accept", "application/json")]
    elif chosen.data is not None:
        usual = [("Content-Type", "application/x-www-form-urlencoded")]
    added = [(name, value) for name, value in usual if name.lower() not in names]
    body_text = chosen.json if chosen.json is not None else chosen.data
    return ApiRequest(
        method=chosen.method.upper(),
        url=chosen.url,
        headers=(*given, *added),
        body=_body(body_text) if body_text is not None else b"",
    )


def _with_token(chosen: argparse.Namespace, request: ApiRequest) -> ApiRequest:
    if request.has("authorization"):
        return request
    bearer = chosen_token(source_of(chosen), is_id_token=chosen.id).reveal()
    return request.adding(("Authorization", f"Bearer {bearer}"))


def _signed(chosen: argparse.Namespace, request: ApiRequest) -> ApiRequest:
    keys, region = _keys(chosen)
    return api_calls.signed(
        request,
        keys,
        region=chosen.region or region,
        service=chosen.service,
        now=SystemClock().now(),
    )


def _keys(chosen: argparse.Namespace) -> tuple[AwsKeys, str]:
    """Return the keys of a named AWS profile, of the sign-in's identity pool, or those at hand."""
    if chosen.aws_profile is None:
        with contextlib.suppress(ProfileNotFound):
            profile = source_of(chosen).profile
            if profile.identity_pool_id is not None:
                told = json.loads(keys_text(KeyWish(profile=profile.name)))
                keys = AwsKeys(
                    told["AccessKeyId"],
                    Secret(told["SecretAccessKey"]),
                    Secret(told["SessionToken"]),
                )
                return keys, profile.aws_region
    of_aws = find_profile(chosen.aws_profile)
    region = surroundings.region(of_aws.setting("region") if of_aws is not None else None)
    return keys_at_hand(chosen.aws_profile), region


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise CallMalformed(f"-H {name!r} is no header: 'Name: value'")
    return name.strip(), value.strip()


def _body(text: str) -> bytes:
    if not text.startswith("@"):
        return text.encode()
    if text == "@-":
        return sys.stdin.buffer.read()
    try:
        return Path(text[1:]).read_bytes()
    except OSError as error:
        raise CallMalformed(f"{text[1:]} cannot be read: {error.strerror}") from error

"""`poolgate login`: sign in with the browser, at another device, by pasting, or with a password."""

import argparse
from dataclasses import fields
from typing import Any

from poolgate.cli import browsers, sign_in_ways
from poolgate.cli.client_flags import (
    add_json_flag,
    add_profile_flag,
    print_told,
    profile_name,
    sign_in_members,
    username_of,
)
from poolgate.cli.sign_in_ways import Attempt, Way
from poolgate.cli.subcommands import Subcommands
from poolgate.cli.terminal_prompts import TerminalPrompts
from poolgate.client import surroundings
from poolgate.client.issuers import endpoints_of
from poolgate.client.password_sign_in import Flow
from poolgate.client.profiles import (
    DEFAULT_REDIRECT_URI,
    Profile,
    ProfileMalformed,
    ProfileNotFound,
    Profiles,
    Storage,
    parse_profile,
)
from poolgate.client.token_sets import KeptSignIn
from poolgate.client.token_sources import TokenSource
from poolgate.foundation.ids import region_of_pool
from poolgate.foundation.secret import Secret

_CLIENT_SECRET_VARIABLE = "POOLGATE_CLIENT_SECRET"  # noqa: S105 - a variable's name
_TIMEOUT_SECONDS = 300
# Flags that a profile keeps, by the member's name.
_KEPT: dict[str, str] = {
    "issuer": "The issuer of the user pool: URL/POOL_ID, of Poolgate or of AWS.",
    "client_id": "The app client.",
    "domain": "The base URL of the OAuth endpoints, where the issuer does not tell it.",
    "endpoint_url": "The URL of the user pools' API, where it is not the issuer's.",
    "scope": "Scopes, separated by blanks. Default: all of the app client's.",
    "redirect_uri": "Where the browser is sent back to; a free port where it names none."
    f" The app client must have it. Default: {DEFAULT_REDIRECT_URI}.",
    "logout_uri": "Where `logout --browser` ends; the app client must have it.",
    "username": "Who signs in.",
    "region": "The region of calls. Default: that of the pool.",
    "identity_pool_id": "The identity pool that gives AWS keys.",
}
_EPILOG = """\
The first sign-in names the server; the profile keeps what is given:
  poolgate login --issuer https://auth.example.com/eu-central-1_Example --client-id 1example23456789
  poolgate login --user-pool-id eu-central-1_Example --client-id 1example23456789      (AWS)
later ones need no flags. Without a browser here, a code is shown for one on another device.
"""


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "login",
        help="sign in, with the browser or otherwise",
        description="Sign in to a user pool, of Poolgate or of AWS.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_profile_flag(parser)
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--device", action="store_true", help="Approve at another device, by a code.")
    ways.add_argument(
        "--paste", action="store_true", help="Paste the address that the browser ends at."
    )
    ways.add_argument("--password", action="store_true", help="Type user name and password here.")
    parser.add_argument(
        "--no-browser", action="store_true", help="Show the address and open no browser."
    )
    parser.add_argument(
        "--auth-flow",
        choices=[flow.value for flow in Flow],
        default=Flow.SRP.value,
        help="How --password proves it. Default: %(default)s, which does not send it; USER_AUTH"
        " takes what the pool offers, such as a code by e-mail.",
    )
    parser.add_argument(
        "--client-secret",
        action="store_true",
        help=f"The app client has a secret: ask for it, or take {_CLIENT_SECRET_VARIABLE}.",
    )
    parser.add_argument(
        "--insecure-storage",
        action="store_true",
        help="Keep tokens in a file that only you can read, not in the keyring.",
    )
    parser.add_argument(
        "--timeout",
        type=int,
        default=_TIMEOUT_SECONDS,
        metavar="SECONDS",
        help="How long to wait for the browser. Default: %(default)s.",
    )
    add_json_flag(parser)
    _add_profile_members(parser)
    parser.set_defaults(command=run)


def _add_profile_members(parser: argparse.ArgumentParser) -> None:
    kept = parser.add_argument_group("kept in the profile")
    kept.add_argument(
        "--user-pool-id",
        metavar="ID",
        help="The user pool, in place of --issuer: AWS's of its region, or that at --endpoint-url.",
    )
    for member, explanation in _KEPT.items():
        flag = f"--{member.replace('_', '-')}"
        kept.add_argument(flag, metavar=member.upper(), help=explanation)


def run(chosen: argparse.Namespace) -> int:
    """Sign in and keep it."""
    profiles = Profiles()
    profile = profile_of(chosen, profiles)
    source = TokenSource(profile, profiles)
    # What cannot be kept need not be begun.
    source.find()
    kept = _signed_in(chosen, profile, profiles)
    source.keep(kept)
    profiles.put(profile)
    print_told(
        sign_in_members(profile, kept, source.place),
        [f"Signed in as {username_of(kept)} (profile {profile.name}, tokens in {source.place})."],
        as_json=chosen.json,
    )
    return 0


def profile_of(chosen: argparse.Namespace, profiles: Profiles) -> Profile:
    """Return the profile with what the flags change; raise ProfileNotFound, ProfileMalformed."""
    name = profile_name(chosen)
    given: dict[str, Any] = {
        member: value for member in _KEPT if (value := getattr(chosen, member)) is not None
    }
    if chosen.user_pool_id is not None and "issuer" not in given:
        given["issuer"] = _issuer_of(chosen.user_pool_id, chosen.endpoint_url)
    if chosen.insecure_storage:
        given["storage"] = Storage.FILE.value
    try:
        former = profiles.get(name)
    except ProfileNotFound:
        if not {"issuer", "client_id"} <= given.keys():
            raise
        return parse_profile(name, given)
    members = {
        each.name: str(value)
        for each in fields(Profile)
        if each.name != "name" and (value := getattr(former, each.name)) is not None
    }
    return parse_profile(name, {**members, **given})


def _issuer_of(user_pool_id: str, endpoint_url: str | None) -> str:
    region = region_of_pool(user_pool_id)
    if not region:
        raise ProfileMalformed(f"{user_pool_id!r} is no id of a user pool: REGION_NAME")
    at = endpoint_url or f"https://cognito-idp.{region}.amazonaws.com"
    return f"{at.rstrip('/')}/{user_pool_id}"


def _signed_in(chosen: argparse.Namespace, profile: Profile, profiles: Profiles) -> KeptSignIn:
    client_secret = _client_secret(chosen, profile, profiles)
    if chosen.password:
        flow = Flow(chosen.auth_flow)
        return sign_in_ways.with_password(profile, profiles, client_secret, flow)
    attempt = Attempt(
        profile=profile,
        endpoints=endpoints_of(profile),
        client_secret=client_secret,
        opens_browser=not chosen.no_browser,
        timeout_seconds=chosen.timeout,
    )
    return _way(chosen, attempt)(attempt)


def _way(chosen: argparse.Namespace, attempt: Attempt) -> Way:
    """Return how to sign in: as the flags say, else as this machine can."""
    if chosen.device:
        return sign_in_ways.at_another_device
    if chosen.paste or not attempt.ends_here:
        return sign_in_ways.by_pasting
    if chosen.no_browser or browsers.has_browser():
        return sign_in_ways.with_browser
    has_device_flow = attempt.endpoints.device_authorization is not None
    return sign_in_ways.without_browser if has_device_flow else sign_in_ways.by_pasting


def _client_secret(
    chosen: argparse.Namespace, profile: Profile, profiles: Profiles
) -> Secret | None:
    if (of_environment := surroundings.variable(_CLIENT_SECRET_VARIABLE)) is not None:
        return Secret(of_environment)
    if chosen.client_secret:
        return TerminalPrompts().ask_hidden("Client secret: ")
    former = TokenSource(profile, profiles).find()
    return former.client_secret if former is not None else None

"""`poolgate status`: who is signed in, where, and until when."""

import argparse
import json
from datetime import datetime

from poolgate.cli.client_flags import (
    add_json_flag,
    add_profile_flag,
    print_told,
    profile_name,
    sign_in_members,
)
from poolgate.cli.subcommands import SIGN_IN_NEEDED, Subcommands
from poolgate.client.oauth_calls import shown
from poolgate.client.profiles import Profile, Profiles
from poolgate.client.refreshing import SignInNeeded
from poolgate.client.token_sources import TokenSource


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "status",
        help="tell who is signed in",
        description="Tell who is signed in and until when; tokens that have expired are renewed."
        " Exit 4 where a sign-in is needed.",
    )
    which = parser.add_mutually_exclusive_group()
    add_profile_flag(which)
    which.add_argument("--all", action="store_true", help="Tell of every profile.")
    add_json_flag(parser)
    parser.set_defaults(command=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the state of one profile or of all."""
    profiles = Profiles()
    if not chosen.all:
        members = _state(TokenSource(profiles.get(profile_name(chosen)), profiles))
        print_told(members, _sentences(members), as_json=chosen.json)
        return 0 if members["signed_in"] else SIGN_IN_NEEDED
    states = [_state(TokenSource(profiles.get(name), profiles)) for name in profiles.names()]
    if chosen.json:
        print(json.dumps(states))
    else:
        print("\n\n".join("\n".join(_sentences(members)) for members in states))
    return 0


def _state(source: TokenSource) -> dict[str, object]:
    try:
        source.current()
    except SignInNeeded as needed:
        return _signed_out(source.profile, needed.sentence)
    kept = source.find()
    if kept is None:
        return _signed_out(source.profile, "signed out just now")
    return sign_in_members(source.profile, kept, source.place)


def _signed_out(profile: Profile, reason: str) -> dict[str, object]:
    return {
        "profile": profile.name,
        "issuer": profile.issuer,
        "client_id": profile.client_id,
        "signed_in": False,
        "reason": reason,
    }


def _sentences(members: dict[str, object]) -> list[str]:
    """Return the state in lines for people."""
    lines = [f"{members['profile']}: {members['issuer']}"]
    if not members["signed_in"]:
        return [*lines, f"  not signed in: {members['reason']}"]
    ends_at = datetime.fromisoformat(str(members["expires_at"])).astimezone()
    ends = "renewed before" if members["renewable"] else "ends at"
    lines += [
        f"  signed in as {members['username']}, {ends} {ends_at:%Y-%m-%d %H:%M %Z}",
        f"  app client {members['client_id']}, tokens in {members['kept_in']}",
    ]
    groups = members["groups"]
    if isinstance(groups, list):
        lines.append(f"  groups: {shown(', '.join(map(str, groups)))}")
    if members["scope"]:
        lines.append(f"  scope: {shown(str(members['scope']))}")
    return lines

"""The flags that the commands of a signed-in person share, and how they print."""

import argparse
import json
import sys
from collections.abc import Mapping

from poolgate.client.oauth_calls import shown
from poolgate.client.profiles import DEFAULT_NAME, Profile, Profiles, usual_name
from poolgate.client.token_sets import KeptSignIn, unverified_claims
from poolgate.client.token_sources import TokenSource


def add_profile_flag(
    parser: argparse.ArgumentParser | argparse._MutuallyExclusiveGroup,
) -> None:
    """Give the parser `--profile`."""
    parser.add_argument(
        "--profile",
        metavar="NAME",
        help=f"Which sign-in. Default: POOLGATE_PROFILE, then {DEFAULT_NAME}.",
    )


def add_json_flag(parser: argparse.ArgumentParser) -> None:
    """Give the parser `--json`."""
    parser.add_argument("--json", action="store_true", help="Print JSON, for programs.")


def profile_name(chosen: argparse.Namespace) -> str:
    """Return the profile that is meant."""
    return chosen.profile or usual_name()


def source_of(chosen: argparse.Namespace) -> TokenSource:
    """Return the chosen profile's tokens; raise ProfileNotFound."""
    profiles = Profiles()
    return TokenSource(profiles.get(profile_name(chosen)), profiles)


def print_told(members: Mapping[str, object], sentences: list[str], *, as_json: bool) -> None:
    """Print the members as JSON, or the sentences."""
    if as_json:
        print(json.dumps({name: value for name, value in members.items() if value is not None}))
        return
    for sentence in sentences:
        print(sentence)


def tell(sentence: str) -> None:
    """Tell a person something that is not the command's answer."""
    print(sentence, file=sys.stderr, flush=True)


def username_of(kept: KeptSignIn) -> str:
    """Return what the tokens call the user, for people."""
    tokens = kept.tokens
    claims = unverified_claims(tokens.access_token)
    if tokens.id_token is not None:
        claims = {**unverified_claims(tokens.id_token), **claims}
    named = (claims.get(name) for name in ("username", "cognito:username", "email", "sub"))
    return shown(next((each for each in named if isinstance(each, str)), "an unknown user"))


def sign_in_members(profile: Profile, kept: KeptSignIn, place: str) -> dict[str, object]:
    """Return what a program is told of a sign-in; no token is among it."""
    claims = unverified_claims(kept.tokens.access_token)
    return {
        "profile": profile.name,
        "issuer": profile.issuer,
        "client_id": profile.client_id,
        "signed_in": True,
        "username": username_of(kept),
        "sub": claims.get("sub"),
        "scope": claims.get("scope"),
        "groups": claims.get("cognito:groups"),
        "expires_at": kept.tokens.expires_at.isoformat(),
        "renewable": kept.tokens.refresh_token is not None,
        "kept_in": place,
    }

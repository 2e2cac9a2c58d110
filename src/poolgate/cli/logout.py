"""`poolgate logout`: end the sign-in at the server and forget it here."""

import argparse
import sys
from urllib.parse import urlencode

from poolgate.cli import browsers
from poolgate.cli.client_flags import add_json_flag, add_profile_flag, print_told, source_of, tell
from poolgate.cli.subcommands import FAILED, Subcommands
from poolgate.client import refreshing
from poolgate.client.failures import ClientFailure
from poolgate.client.issuers import IssuerUnusable, endpoints_of
from poolgate.client.profiles import Profile


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "logout",
        help="sign out",
        description="End the sign-in at the server and forget its tokens here. The profile stays.",
    )
    add_profile_flag(parser)
    parser.add_argument(
        "--browser", action="store_true", help="End the browser's session with the server as well."
    )
    add_json_flag(parser)
    parser.set_defaults(command=run)


def run(chosen: argparse.Namespace) -> int:
    """Sign out; exit 1 where the server could not be told."""
    source = source_of(chosen)
    kept = source.forget()
    refusal = None
    if kept is not None:
        try:
            refreshing.revoke(source.profile, kept)
        except ClientFailure as failure:
            refusal = failure.sentence
    if chosen.browser:
        _open_log_out_page(source.profile)
    was = "Signed out" if kept is not None else "Nobody was signed in"
    print_told(
        {
            "profile": source.profile.name,
            "signed_in": False,
            "was_signed_in": kept is not None,
            "revoked": kept is not None and refusal is None,
        },
        [f"{was} (profile {source.profile.name})."],
        as_json=chosen.json,
    )
    if refusal is None:
        return 0
    print(
        f"poolgate: the tokens are forgotten here, but the server did not revoke them: {refusal}",
        file=sys.stderr,
    )
    return FAILED


def _open_log_out_page(profile: Profile) -> None:
    end_session = endpoints_of(profile).end_session
    if end_session is None:
        raise IssuerUnusable(f"{profile.issuer} has no page to sign out at")
    parameters: dict[str, str] = {"client_id": profile.client_id}
    if profile.logout_uri is not None:
        parameters["logout_uri"] = profile.logout_uri
    else:
        # AWS "The managed login sign-out endpoint": without a sign-out URL a new sign-in follows.
        parameters |= {"response_type": "code", "redirect_uri": profile.redirect_uri}
    location = f"{end_session}?{urlencode(parameters)}"
    tell("The browser signs out at this address:")
    tell(f"\n  {location}\n")
    if browsers.has_browser():
        browsers.open_browser(location).join()

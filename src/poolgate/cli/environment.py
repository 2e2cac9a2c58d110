"""`poolgate env`: shell exports that point AWS's tools at the server."""

import argparse
import shlex
import sys
from pathlib import Path

from poolgate.cli.subcommands import Subcommands
from poolgate.server.data_directory import DataDirectory, DataDirectoryUnusable

ENDPOINT_VARIABLES = (
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
)


def add_to(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "env",
        help="print shell exports for the AWS CLI and SDKs",
        description='Print shell exports, for: eval "$(poolgate env --data DIR)"',
    )
    parser.add_argument("--data", required=True, metavar="DIR", help="The server's data folder.")
    parser.add_argument("--url", help="The server's URL; that of its last start unless given.")
    parser.set_defaults(command=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the exports, or why there are none."""
    directory = DataDirectory(Path(chosen.data))
    running = directory.read_running()
    try:
        access_key = directory.read_credentials()
    except DataDirectoryUnusable as unusable:
        print(f"poolgate: {unusable}", file=sys.stderr)
        return 1
    if running is None:
        print(f"poolgate: no server was started with {chosen.data}", file=sys.stderr)
        return 1
    exports = dict.fromkeys(ENDPOINT_VARIABLES, chosen.url or running.url)
    exports |= {
        "AWS_ACCESS_KEY_ID": access_key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": access_key.secret_access_key.reveal(),
        "AWS_DEFAULT_REGION": running.region,
        "AWS_REGION": running.region,
    }
    for name, value in exports.items():
        print(f"export {name}={shlex.quote(value)}")
    # What another profile left behind would win over, or spoil, the access key.
    print("unset AWS_SESSION_TOKEN AWS_PROFILE")
    return 0

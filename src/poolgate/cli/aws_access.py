"""Which server a command asks, and with which AWS keys: the flags and what they come to."""

import argparse

from poolgate.client import surroundings
from poolgate.client.aws_calls import AwsDoor
from poolgate.client.aws_keys import find_profile, keys_at_hand
from poolgate.foundation.clock import SystemClock


def add_access_flags(parser: argparse.ArgumentParser) -> None:
    """Give the parser the flags that say where to ask and as whom."""
    parser.add_argument(
        "--aws-profile",
        metavar="NAME",
        help="A profile of ~/.aws with the keys to sign with. Default: the keys of the"
        " environment, then the profile that AWS_PROFILE names.",
    )
    parser.add_argument(
        "--endpoint-url",
        metavar="URL",
        help="The server. Default: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, then AWS.",
    )
    parser.add_argument("--region", metavar="REGION", help="The region. Default: AWS_REGION.")


def signing_door(chosen: argparse.Namespace) -> AwsDoor:
    """Return the door with the keys that the flags come to; raise KeysMissing."""
    named: str | None = chosen.aws_profile
    profile = find_profile(named)
    region = surroundings.region(profile.setting("region") if profile else None)
    return AwsDoor(
        region=chosen.region or region,
        clock=SystemClock(),
        keys=keys_at_hand(named),
        endpoint_url=chosen.endpoint_url,
        aws_profile=named,
    )

"""Which server a command asks, and with which AWS keys: the flags and what they come to."""

import argparse
import json

from poolgate.client import surroundings
from poolgate.client.aws_calls import AwsDoor
from poolgate.client.aws_keys import AwsKeys, find_profile, keys_at_hand
from poolgate.client.failures import KeysMissing
from poolgate.client.kept_keys import KeyWish
from poolgate.client.profiles import Profiles, usual_name
from poolgate.client.temporary_keys import keys_text, place_of
from poolgate.foundation.clock import SystemClock
from poolgate.foundation.secret import Secret


def add_access_flags(parser: argparse.ArgumentParser) -> None:
    """Give the parser the flags that say where to ask and as whom."""
    access = parser.add_argument_group(
        "keys to sign with",
        "Those of the environment unless flags say otherwise, then those of the profile of ~/.aws"
        " that AWS_PROFILE names, then those of the signed-in user's identity pool.",
    )
    whose = access.add_mutually_exclusive_group()
    whose.add_argument("--aws-profile", metavar="NAME", help="Those of a profile of ~/.aws.")
    whose.add_argument("--profile", metavar="NAME", help="Those of a sign-in: poolgate login.")
    parser.add_argument(
        "--endpoint-url",
        metavar="URL",
        help="The server. Default: that of the sign-in, AWS_ENDPOINT_URL_<SERVICE>,"
        " AWS_ENDPOINT_URL, then AWS.",
    )
    parser.add_argument("--region", metavar="REGION", help="The region. Default: AWS_REGION.")


def signing_door(chosen: argparse.Namespace) -> AwsDoor:
    """Return the door with the keys that the flags come to.

    Raises KeysMissing, and for the keys of a sign-in what `keys_text` raises.
    """
    if chosen.profile is not None:
        return _door_of_sign_in(chosen, chosen.profile)
    try:
        return _door_of_aws(chosen)
    except KeysMissing:
        if chosen.aws_profile is not None or usual_name() not in Profiles().names():
            raise
    return _door_of_sign_in(chosen, usual_name())


def _door_of_aws(chosen: argparse.Namespace) -> AwsDoor:
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


def _door_of_sign_in(chosen: argparse.Namespace, profile_name: str) -> AwsDoor:
    wish = KeyWish(profile=profile_name)
    told = json.loads(keys_text(wish))
    place = place_of(wish)
    return AwsDoor(
        region=chosen.region or place.region,
        clock=SystemClock(),
        keys=AwsKeys(
            told["AccessKeyId"], Secret(told["SecretAccessKey"]), Secret(told["SessionToken"])
        ),
        endpoint_url=chosen.endpoint_url or place.endpoint_url,
    )

"""AWS keys of whoever runs the program, found where AWS's own tools look for them.

The order is theirs: a profile that was named, variables of the environment, the profile that
AWS_PROFILE names or `default`. A profile gives its keys itself or by a `credential_process`; other
kinds (single sign-on, roles of profiles) are told with what to do instead.
"""

import configparser
import json
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from poolgate.client import surroundings
from poolgate.client.failures import KeysMissing
from poolgate.foundation.secret import Secret

_PROCESS_SECONDS = 60


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """What a request is signed with."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None


@dataclass(frozen=True, slots=True)
class AwsProfile:
    """The settings of one profile of `~/.aws/config` and `~/.aws/credentials`."""

    name: str
    settings: dict[str, str] = field(repr=False)

    def setting(self, name: str) -> str | None:
        """Return a setting; None where it is absent or empty."""
        return self.settings.get(name) or None


def find_profile(named: str | None) -> AwsProfile | None:
    """Return the profile of that name, or the usual one; None where there is none."""
    name = named or surroundings.variable("AWS_PROFILE") or "default"
    settings: dict[str, str] = {}
    section = name if name == "default" else f"profile {name}"
    settings |= _section(surroundings.home_file("AWS_CONFIG_FILE", ".aws", "config"), section)
    settings |= _section(
        surroundings.home_file("AWS_SHARED_CREDENTIALS_FILE", ".aws", "credentials"), name
    )
    return AwsProfile(name, settings) if settings else None


def keys_at_hand(named_profile: str | None = None) -> AwsKeys:
    """Return the keys that AWS's tools would sign with; raise KeysMissing."""
    if named_profile is None and (keys := find_environment_keys()):
        return keys
    profile = find_profile(named_profile)
    if profile is None:
        told = f"there is no AWS profile {named_profile!r}" if named_profile else "no AWS keys"
        raise KeysMissing(
            f"{told}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of"
            " ~/.aws/credentials"
        )
    return _keys_of_profile(profile)


def keys_of_environment() -> AwsKeys:
    """Return the keys that variables hold, whatever profiles there are; raise KeysMissing."""
    keys = find_environment_keys()
    if keys is None:
        raise KeysMissing("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
    return keys


def find_environment_keys() -> AwsKeys | None:
    """Return the keys that variables hold, if they do."""
    access_key_id = surroundings.variable("AWS_ACCESS_KEY_ID")
    secret_access_key = surroundings.variable("AWS_SECRET_ACCESS_KEY")
    if access_key_id is None or secret_access_key is None:
        return None
    return _keys(access_key_id, secret_access_key, surroundings.variable("AWS_SESSION_TOKEN"))


def _keys_of_profile(profile: AwsProfile) -> AwsKeys:
    access_key_id = profile.setting("aws_access_key_id")
    secret_access_key = profile.setting("aws_secret_access_key")
    if access_key_id is not None and secret_access_key is not None:
        return _keys(access_key_id, secret_access_key, profile.setting("aws_session_token"))
    if (command := profile.setting("credential_process")) is not None:
        return _keys_of_process(profile.name, command)
    raise KeysMissing(
        f"the AWS profile {profile.name!r} has no keys of its own; put them into the environment:"
        f' eval "$(aws configure export-credentials --profile {shlex.quote(profile.name)}'
        ' --format env)"'
    )


def _keys_of_process(profile_name: str, command: str) -> AwsKeys:
    try:
        finished = subprocess.run(  # noqa: S603 - the person's own profile names the command
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=_PROCESS_SECONDS,
            check=True,
        )
        told: Any = json.loads(finished.stdout)
        return _keys(told["AccessKeyId"], told["SecretAccessKey"], told.get("SessionToken"))
    except (OSError, ValueError, LookupError, TypeError, subprocess.SubprocessError) as error:
        raise KeysMissing(
            f"the credential_process of the AWS profile {profile_name!r} gives no keys",
            private_detail=type(error).__name__,
        ) from error


def _keys(access_key_id: str, secret_access_key: str, session_token: str | None) -> AwsKeys:
    return AwsKeys(
        access_key_id, Secret(secret_access_key), Secret(session_token) if session_token else None
    )


def _section(path: str, section: str) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, configparser.Error) as error:
        raise KeysMissing(f"{path} cannot be read ({type(error).__name__})") from error
    return dict(parser.items(section)) if parser.has_section(section) else {}

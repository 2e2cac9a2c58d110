"""Somebody at a terminal who has signed in and gets AWS keys."""

import contextlib
import json
import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
from kits.command import Finished, poolgate
from kits.served_chain import ServedChain
from kits.serving import BIN, PASSWORD, make_user

from poolgate.client.profiles import Profile, Profiles, Storage
from poolgate.client.token_sets import Door, KeptSignIn
from poolgate.client.token_sources import TokenSource
from poolgate.client.user_pool_calls import call, token_set
from poolgate.foundation.clock import SystemClock

_COUNTED = re.compile(r'poolgate_requests_total\{operation="(\w+)",outcome="200",.*\} (\S+)')


@dataclass(frozen=True)
class KeyHolder:
    """A home folder with one profile."""

    chain: ServedChain
    home: Path
    profile: Profile

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": f"{BIN}:/usr/bin:/bin",
            "POOLGATE_CONFIG_DIR": str(self.home / "config"),
        }

    @property
    def source(self) -> TokenSource:
        return TokenSource(self.profile, Profiles(self.home / "config"), SystemClock())

    @property
    def answers(self) -> Path:
        """The folder of what is kept for the profile."""
        return self.home / "config" / "answers" / self.profile.name

    def with_profile(self, **changes: Any) -> "KeyHolder":
        """Change the profile."""
        changed = replace(self, profile=replace(self.profile, **changes))
        Profiles(self.home / "config").put(changed.profile)
        return changed

    def sign_in(self, username: str) -> None:
        """Sign in as a user, who is made unless there is one."""
        cognito = self.chain.served.client("cognito-idp")
        with contextlib.suppress(cognito.exceptions.UsernameExistsException):
            make_user(cognito, self.chain.pool, username)
        answer = call(
            self.chain.served.url,
            "InitiateAuth",
            {
                "AuthFlow": "USER_PASSWORD_AUTH",
                "ClientId": self.chain.pool.client_id,
                "AuthParameters": {"USERNAME": username, "PASSWORD": PASSWORD},
            },
        )
        self.source.keep(
            KeptSignIn(
                issuer=self.profile.issuer,
                client_id=self.profile.client_id,
                door=Door.API,
                tokens=token_set(answer["AuthenticationResult"], SystemClock()),
            )
        )

    def run(self, *arguments: str, **variables: str) -> Finished:
        return poolgate(self.environment | variables, *arguments)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [BIN / "poolgate", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def keys(self, *arguments: str, **variables: str) -> dict[str, Any]:
        """Return what `poolgate credentials` prints."""
        finished = self.run("credentials", *arguments, **variables)
        assert finished.exit_code == 0, finished.told
        return finished.json

    def age_answers(self) -> None:
        """Make it time to renew everything that is kept."""
        for path in self.answers.parent.rglob("*"):
            if re.fullmatch("[0-9a-f]{8}", path.name):
                _, rest = path.read_text().split("\n", 1)
                path.write_text(f"0\n{rest}")

    def spend_tokens(self) -> None:
        """Make the tokens of the sign-in as good as expired, so that they must be refreshed."""
        [file] = (self.home / "config" / "sign-ins").glob("*.json")
        kept = json.loads(file.read_text())
        file.write_text(json.dumps(kept | {"refresh_at": 0, "expires_at": 0}) + "\n")

    def caller_of(self, keys: dict[str, Any]) -> str:
        """Return the ARN of whoever signs with the keys."""
        sts = boto3.client(
            "sts",
            endpoint_url=self.chain.served.url,
            region_name=self.chain.region,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        return sts.get_caller_identity()["Arn"]

    def write_aws_profile(self, name: str, *arguments: str, **settings: str) -> dict[str, str]:
        """Write a profile with a `credential_process`; return an environment that uses it."""
        lines = [f"[profile {name}]", f"region = {self.chain.region}"]
        lines += [f"credential_process = {BIN / 'poolgate'} {' '.join(arguments)}"]
        lines += [f"{setting} = {value}" for setting, value in settings.items()]
        config = self.home / "aws-config"
        config.write_text("\n".join(lines) + "\n")
        return self.environment | {
            "AWS_CONFIG_FILE": str(config),
            "AWS_PROFILE": name,
            "AWS_ENDPOINT_URL": self.chain.served.url,
        }


def key_holder(chain: ServedChain, home: Path, issuer: str, **members: Any) -> KeyHolder:
    """Return somebody with a profile who has not signed in yet."""
    profile = Profile(
        name="default",
        issuer=issuer,
        client_id=chain.pool.client_id,
        endpoint_url=chain.served.url,
        identity_pool_id=chain.identity_pool_id,
        storage=Storage.FILE,
    )
    return KeyHolder(chain, home, profile).with_profile(**members)


def requests_answered(url: str) -> dict[str, int]:
    """Return how often a server has done each operation."""
    with urlopen(f"{url}/_poolgate/metrics") as answer:
        lines = answer.read().decode().splitlines()
    found = (_COUNTED.fullmatch(line) for line in lines)
    return {match[1]: round(float(match[2])) for match in found if match}

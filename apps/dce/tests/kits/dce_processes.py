"""Real processes: a Poolgate server, and what tests ask of it as its root."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.credentials import Credentials

BIN = Path(sys.executable).parent
REGION = "us-east-1"
PASSWORD = "Correct-Horse-1"
STOP_SECONDS = 30


@contextlib.contextmanager
def process(*command: str | Path, log: Path | None = None, **environment: str) -> Iterator[str]:
    """Run a server until the block ends; the value is the URL that it printed."""
    with contextlib.ExitStack() as opened:
        running = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=opened.enter_context(log.open("wb")) if log else subprocess.DEVNULL,
            text=True,
            env={**os.environ, **environment},
        )
        try:
            line = running.stdout.readline()
            assert "http://" in line, f"{command} printed {line!r}"
            yield "http://" + line.split("http://")[1].split()[0].rstrip("/")
        finally:
            running.terminate()
            running.wait(timeout=STOP_SECONDS)
            running.stdout.close()


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@dataclass(frozen=True)
class Server:
    """A Poolgate server and the root's way to it."""

    url: str
    root: Credentials = field(repr=False)

    @property
    def account_id(self) -> str:
        return self.client("sts").get_caller_identity()["Account"]

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.root.access_key,
            aws_secret_access_key=self.root.secret_key,
        )

    def iam_user(self, name: str, policy: Mapping[str, Any] | None) -> Credentials:
        """Create an IAM user with one policy and return its access key."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        if policy is not None:
            document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **policy}]}
            iam.put_user_policy(
                UserName=name, PolicyName="all", PolicyDocument=json.dumps(document)
            )
        access_key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(access_key["AccessKeyId"], access_key["SecretAccessKey"])


@contextlib.contextmanager
def serving(data: Path) -> Iterator[Server]:
    """Run a Poolgate server until the block ends."""
    with process(BIN / "poolgate", "serve", "--data", data, "--port", "0") as url:
        section = dict(
            line.split(" = ")
            for line in (data / "credentials").read_text().splitlines()[1:]
            if line
        )
        yield Server(
            url, Credentials(section["aws_access_key_id"], section["aws_secret_access_key"])
        )

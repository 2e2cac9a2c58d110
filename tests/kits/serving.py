"""Real server processes and the pools that the counterpart clients sign in to."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

BIN = Path(sys.executable).parent
PASSWORD = "Correct-Horse-1"
READY_SECONDS = 30


@dataclass(frozen=True)
class Served:
    """One `poolgate serve` process and how to reach it."""

    url: str
    data: Path

    def environment(self) -> dict[str, str]:
        """Return what `eval "$(poolgate env)"` exports, on top of a bare environment."""
        exports = subprocess.run(
            [BIN / "poolgate", "env", "--data", self.data],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        show = "import json, os; print(json.dumps(dict(os.environ)))"
        script = f"{exports}\n'{sys.executable}' -c '{show}'"
        evaluated = subprocess.run(
            ["bash", "-c", script],
            check=True,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self.data)},
        ).stdout
        return json.loads(evaluated)

    def client(self, service: str) -> Any:
        """Return a boto3 client signing with the root access key."""
        environment = self.environment()
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=environment["AWS_DEFAULT_REGION"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(data: Path, *flags: str, port: int = 0, **settings: str) -> Iterator[Served]:
    """Run `poolgate serve` on a free port, or on that one, until the block ends."""
    process = subprocess.Popen(
        [BIN / "poolgate", "serve", "--data", data, "--port", str(port), *flags],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **settings},
    )
    try:
        line = process.stdout.readline()
        assert "://" in line, f"the server printed {line!r} instead of its URL"
        # What is printed is its public URL, which may be that of a proxy in front.
        printed = line.split()[-1].rstrip("/")
        yield Served(url=f"http://127.0.0.1:{port}" if port else printed, data=data)
    finally:
        process.terminate()
        process.wait(timeout=READY_SECONDS)
        process.stdout.close()


@contextlib.contextmanager
def killable(
    data: Path, database_url: str | None, *flags: str
) -> Iterator[tuple[Served, Callable[[], None]]]:
    """Run the server in a process group of its own; give it and what kills it."""
    database = ["--database-url", database_url] if database_url else []
    with subprocess.Popen(
        [BIN / "poolgate", "serve", "--data", data, "--port", "0", *database, *flags],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:

        def kill() -> None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=READY_SECONDS)

        try:
            line = process.stdout.readline()
            assert "http://" in line, f"the server printed {line!r} instead of its URL"
            yield Served("http://" + line.split("http://")[1].split()[0], data), kill
        finally:
            if process.poll() is None:
                kill()


@dataclass(frozen=True)
class PoolMade:
    """A pool with one public client that allows every password flow."""

    pool_id: str
    client_id: str


def make_pool(client: Any, name: str, **settings: Any) -> PoolMade:
    """Create a pool and a client on it."""
    pool_id = client.create_user_pool(PoolName=name, **settings)["UserPool"]["Id"]
    app_client = client.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName=name,
        ExplicitAuthFlows=[
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        ],
    )
    return PoolMade(pool_id, app_client["UserPoolClient"]["ClientId"])


def make_user(client: Any, pool: PoolMade, username: str, *, permanent: bool = True) -> None:
    """Create a user with PASSWORD, either for good or as a temporary password."""
    client.admin_create_user(
        UserPoolId=pool.pool_id,
        Username=username,
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=[
            {"Name": "email", "Value": f"{username}@example.com"},
            {"Name": "email_verified", "Value": "true"},
        ],
    )
    if permanent:
        client.admin_set_user_password(
            UserPoolId=pool.pool_id, Username=username, Password=PASSWORD, Permanent=True
        )

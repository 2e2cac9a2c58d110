"""`poolgate serve` as a real process: first start, restart, limits, stop."""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from kits.serving import BIN, Served, serving

POOLGATE = BIN / "poolgate"
SECONDS = 30


def poolgate(*arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [POOLGATE, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env={"PATH": os.environ["PATH"], **settings},
    )


def connection_to(served: Served) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=SECONDS)


def test_first_start_makes_what_it_needs_for_its_owner_alone(served: Served) -> None:
    assert stat.S_IMODE(served.data.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in served.data.iterdir()}
    assert {"master.key", "credentials", "poolgate.db", "server.json"} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert "[poolgate]" in (served.data / "credentials").read_text()


def test_root_key_signs_and_a_changed_one_does_not(served: Served) -> None:
    identity = served.client("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{identity['Account']}:root"
    environment = served.environment() | {"AWS_SECRET_ACCESS_KEY": "x" * 40}
    told = subprocess.run(
        [BIN / "aws", "sts", "get-caller-identity"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "SignatureDoesNotMatch" in told.stderr


def test_a_restart_keeps_the_account_and_its_key(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as first:
        account = first.client("sts").get_caller_identity()["Account"]
        credentials = (data / "credentials").read_text()
    with serving(data) as second:
        assert second.client("sts").get_caller_identity()["Account"] == account
    assert (data / "credentials").read_text() == credentials


def test_one_line_is_printed_and_sigterm_stops_cleanly(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [POOLGATE, "serve", "--data", tmp_path / "data", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    url = line.split()[-1]
    assert urlopen(f"{url}/_poolgate/ready", timeout=SECONDS).status == 200
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=SECONDS)
    assert (process.returncode, rest) == (0, "")
    with pytest.raises(OSError, match="refused"):
        urlopen(url, timeout=SECONDS)


def test_workers_die_with_a_killed_parent(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [POOLGATE, "serve", "--data", tmp_path / "data", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    url = urlsplit(process.stdout.readline().split()[-1])
    # An open connection: its end tells that the worker is gone, without asking again and again.
    with socket.create_connection((url.hostname, url.port), timeout=SECONDS) as connection:
        process.kill()
        process.communicate(timeout=SECONDS)
        assert connection.recv(1) == b""


def test_workers_share_one_port(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--workers", "2") as served:
        sts = served.client("sts")
        for _ in range(20):
            assert sts.get_caller_identity()["UserId"]
        # Whichever worker answers, it tells of all: each call was a connection of its own.
        metrics = urlopen(f"{served.url}/_poolgate/metrics", timeout=SECONDS).read().decode()
    (line,) = (
        line for line in metrics.splitlines() if "GetCallerIdentity" in line and "_total" in line
    )
    assert line.endswith(" 20.0")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--dev", "--host", "0.0.0.0"), "it listens on loopback only"),  # noqa: S104 - refused
        (("--port", "99999"), "must be a number from 0 to 65535"),
        (("--host", "192.0.2.1"), "cannot listen on 192.0.2.1"),
        (("--account-id", "1"), "must have 12 digits"),
    ],
)
def test_a_refused_start_says_why(tmp_path: Path, flags: tuple[str, ...], told: str) -> None:
    refused = poolgate("serve", "--data", tmp_path / "data", "--port", "0", *flags)
    assert refused.returncode in {1, 2}
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""


def test_a_port_in_use_is_told(served: Served, tmp_path: Path) -> None:
    port = urlsplit(served.url).port
    refused = poolgate("serve", "--data", tmp_path / "data", "--port", port)
    assert refused.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in refused.stderr


def test_foreign_data_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data):
        pass
    other_account = poolgate("serve", "--data", data, "--port", 0, "--account-id", "123456789012")
    assert "the data belongs to account" in other_account.stderr
    (data / "master.key").write_text("00" * 32)
    refused = poolgate("serve", "--data", data, "--port", "0")
    assert "sealed under another master key" in refused.stderr
    assert refused.returncode == 1


def test_a_body_over_the_limit_is_told(served: Served) -> None:
    connection = connection_to(served)
    target = {"x-amz-target": "AWSCognitoIdentityProviderService.SignUp"}
    connection.request("POST", "/", body=b"x" * 3_000_000, headers=target)
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["__type"] == "RequestEntityTooLargeException"
    connection.close()


def test_chunked_bodies_count_as_well(served: Served) -> None:
    connection = connection_to(served)
    target = {"x-amz-target": "AWSCognitoIdentityProviderService.SignUp"}
    chunks = iter([b"x" * 500_000] * 5)
    connection.request("POST", "/", body=chunks, headers=target, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_headers_over_the_limit_are_refused(served: Served) -> None:
    connection = connection_to(served)
    connection.request("GET", "/_poolgate/health", headers={"x-large": "x" * 200_000})
    assert connection.getresponse().status == 431
    connection.close()


def test_encoded_paths_reach_the_same_place_or_none(served: Served) -> None:
    connection = connection_to(served)
    for path in ("/%5fpoolgate/clock", "/_poolgate/%2e%2e/clock", "/x%00y", "/%ff", "/a%2Fb"):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 404
    connection.close()


def test_config_check_explains_every_setting(tmp_path: Path) -> None:
    config = tmp_path / "poolgate.toml"
    config.write_text('region = "eu-west-1"\n')
    told = poolgate(
        "config",
        "check",
        "--config",
        config,
        "--data",
        "/srv",
        POOLGATE_SMTP_PASSWORD="hidden",
        POOLGATE_DATABASE_URL="postgresql://me:hidden@db/poolgate",
    )
    assert "hidden" not in told.stdout + told.stderr
    assert f"region = eu-west-1   ({config})" in told.stdout
    assert "data = /srv   (--data)" in told.stdout
    assert "postgresql://me:***@db/poolgate" in told.stdout
    assert "smtp_username and smtp_password are set together" in told.stderr
    assert told.returncode == 1


def test_keys_rotate_beside_a_running_server(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as served:
        pool = served.client("cognito-idp").create_user_pool(PoolName="p")["UserPool"]["Id"]
        keys = f"{served.url}/{pool}/.well-known/jwks.json"
        assert len(json.load(urlopen(keys, timeout=SECONDS))["keys"]) == 2
        rotated = poolgate("keys", "rotate", "--pool", pool, "--data", data)
        assert rotated.returncode == 0, rotated.stderr
        assert len(json.load(urlopen(keys, timeout=SECONDS))["keys"]) == 4
        unknown = poolgate("keys", "rotate", "--pool", "us-east-1_abcdefghi", "--data", data)
        assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)


def test_help_and_version() -> None:
    assert poolgate("--version").stdout.startswith("poolgate ")
    assert "serve" in poolgate().stdout
    told = poolgate("serve", "--help").stdout
    assert "--trusted-proxies" in told
    assert "--smtp-password" not in told

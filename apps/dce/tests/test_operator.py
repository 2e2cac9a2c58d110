"""What an operator does by hand: settings that do not start, usage records beside the server."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SIGNED = ("--poolgate-url", "http://127.0.0.1:1", "--access-key-id", "A")
PAGE = (*SIGNED, "--user-pool-id", "us-east-1_x", "--identity-pool-id", "us-east-1:x")
LOGIN = (*PAGE, "--login-client-id", "c", "--login-url", "https://login.example.com")


def test_settings_without_a_guard_do_not_start(tmp_path: Path):
    database = str(tmp_path / "dce.sqlite3")
    for flags, text, secret_access_key in (
        ([], "an API needs a guard", ""),
        (SIGNED, "DCE_SECRET_ACCESS_KEY", ""),
        (["--bearer-issuer", "http://127.0.0.1:1/p"], "--bearer-client-id", ""),
        (["--host", "::", *SIGNED], "needs --public-url", "x"),
        (["--user-pool-id", "us-east-1_x", *SIGNED], "go together", "x"),
        ([*PAGE, "--login-url", "http://127.0.0.1:1"], "go together", "x"),
        ([*LOGIN, "--login-url", "http://login.example.com"], "--login-url must be https", "x"),
        ([*LOGIN, "--public-url", "http://dce.example.com"], "--public-url that is https", "x"),
        ([*SIGNED, "--console-sign-in-url", "ftp://x"], "--console-sign-in-url must", "x"),
        (
            [
                "--bearer-issuer",
                "http://127.0.0.1:1/p",
                "--bearer-client-id",
                "c",
                "--admin-name",
                "a,b",
            ],
            "admin_attribute",
            "",
        ),
    ):
        finished = subprocess.run(
            [sys.executable, "-m", "poolgate_dce", "serve", "--database", database, *flags],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DCE_SECRET_ACCESS_KEY": secret_access_key},
        )
        assert finished.returncode == 1
        assert text in finished.stderr


def run_command(database: Path, *arguments: str, given: str = "") -> str:
    return subprocess.run(
        [sys.executable, "-m", "poolgate_dce", *arguments, "--database", str(database)],
        check=True,
        capture_output=True,
        text=True,
        input=given,
    ).stdout


def test_operator_keeps_usage_beside_the_server(api, jane, operator):
    today = int(time.time())
    record = {"startDate": today, "accountId": "1", "costAmount": 2.5}
    add = json.dumps({**record, "principalId": "jane"})
    assert run_command(api.database, "usage", "add", add) == "1 usage records kept\n"
    lines = "".join(
        json.dumps({**record, "principalId": name, "accountId": "2"}) + "\n"
        for name in ("jane", "joan")
    )
    assert run_command(api.database, "usage", "import", "-", given=lines) == (
        "2 usage records kept\n"
    )
    own = api.bearer(jane, "GET", "/usage").body
    assert [(u["accountId"], u["costAmount"]) for u in own] == [("1", 2.5), ("2", 2.5)]
    everybody = api.signed(operator, "GET", "/usage").body
    assert "joan" in {u["principalId"] for u in everybody}


def test_broken_line_of_an_import_keeps_nothing(tmp_path: Path):
    database = tmp_path / "dce.sqlite3"
    good = '{"startDate": 1, "principalId": "p", "accountId": "1", "costAmount": 1}'
    with pytest.raises(subprocess.CalledProcessError) as failed:
        run_command(database, "usage", "import", "-", given=f"{good}\nnonsense\n")
    assert failed.value.stderr == "invalid request parameters\n"
    assert run_command(database, "review") == ""

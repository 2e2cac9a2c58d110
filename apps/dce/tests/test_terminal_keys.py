"""Where the keys of the `dce` command come from, and what happens without good ones."""

import base64
import json
import time

import pytest
from dce_processes import BIN
from dce_terminal import Terminal

NO_KEYS = "No valid DCE credentials found"


@pytest.fixture(scope="module")
def admin_code(installed):
    return installed.code_of("terminal-admin", "Admins")


@pytest.fixture(scope="module")
def user_code(installed):
    return installed.code_of("terminal-user")


@pytest.fixture(scope="module")
def by_hand(installed):
    """The environment of somebody with keys of an IAM user who may list accounts."""
    keys = installed.server.iam_user(
        "by-hand", {"Action": "execute-api:Invoke", "Resource": f"{installed.arn}/GET/accounts"}
    )
    return {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}


@pytest.fixture
def terminal(installed, tmp_path):
    return Terminal.at(tmp_path, installed.api_url)


def remade(code: str, **changes: object) -> str:
    """Return the code with other members, as a hand-made one."""
    members = {**json.loads(base64.b64decode(code)), **changes}
    return base64.b64encode(json.dumps(members).encode()).decode()


def test_d41_code_is_stored_unparsed_and_for_its_owner_only(terminal, user_code):
    with terminal.asking("auth") as asking:
        assert asking.paste(f"  {user_code}").exit_code == 0
    assert terminal.config["api"]["token"] == user_code
    assert terminal.config_path.stat().st_mode & 0o777 == 0o600
    assert terminal.config_path.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in terminal.config_path.parent.iterdir()] == ["config.yaml"]


def test_pasted_code_is_not_shown_on_the_screen(terminal, user_code):
    exit_code, seen = terminal.run_on_screen("auth", typed=user_code)
    assert exit_code == 0, seen
    assert user_code not in seen
    assert "Saving API Token to" in seen
    assert terminal.config["api"]["token"] == user_code


def test_d45_configured_code_wins_over_environment_and_files(terminal, user_code, by_hand):
    assert terminal.run("accounts", "list", **by_hand).exit_code == 0
    terminal.configure(token=user_code)
    told = terminal.run("accounts", "list", **by_hand).told
    assert told == "err:  [GET /accounts][403] getAccountsForbidden\n"


@pytest.mark.parametrize("spelled", [{}, {"ACCESS_KEY_ID": "ACCESS_KEY"}])
def test_d50_keys_of_the_environment(terminal, by_hand, spelled):
    renamed = dict(by_hand)
    if spelled:
        renamed = {
            "AWS_ACCESS_KEY": by_hand["AWS_ACCESS_KEY_ID"],
            "AWS_SECRET_KEY": by_hand["AWS_SECRET_ACCESS_KEY"],
        }
    assert terminal.run("accounts", "list", **renamed).exit_code == 0


def test_d50_keys_of_the_credentials_file(terminal, by_hand):
    folder = terminal.home / ".aws"
    folder.mkdir()
    lines = (f"{name.lower()} = {value}" for name, value in by_hand.items())
    (folder / "credentials").write_text("\n".join(["[default]", *lines]))
    assert terminal.run("accounts", "list").exit_code == 0
    # The environment comes first.
    wrong = {"AWS_ACCESS_KEY_ID": "AKIAWRONG00000000000", "AWS_SECRET_ACCESS_KEY": "x" * 40}
    assert NO_KEYS in terminal.run("accounts", "list", **wrong).told


def test_keys_of_a_credential_process(terminal, by_hand):
    folder = terminal.home / ".aws"
    folder.mkdir()
    keys = {
        "Version": 1,
        "AccessKeyId": by_hand["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": by_hand["AWS_SECRET_ACCESS_KEY"],
    }
    (folder / "keys.json").write_text(json.dumps(keys))
    (folder / "config").write_text(f"[default]\ncredential_process = cat {folder}/keys.json\n")
    assert terminal.run("accounts", "list").exit_code == 0


@pytest.mark.parametrize(
    "code",
    [
        "no base64!",
        base64.b64encode(b"no json").decode(),
        base64.b64encode(b"[]").decode(),
        base64.b64encode(b'{"accessKeyId": 1, "expireTime": 99999999999}').decode(),
        base64.b64encode(b"[" * 100_000).decode(),
    ],
)
def test_d47_damaged_code_falls_through_to_the_environment(terminal, by_hand, code):
    terminal.configure(token=code)
    assert terminal.run("accounts", "list", **by_hand).exit_code == 0


def test_code_made_by_hand_counts(terminal, admin_code):
    terminal.configure(token=remade(admin_code, expireTime=int(time.time()) + 60))
    assert terminal.run("accounts", "list").exit_code == 0


def test_d46_ended_code_leads_to_the_sign_in_and_the_command_goes_on(terminal, admin_code):
    terminal.configure(token=remade(admin_code, expireTime=int(time.time()) - 1))
    with terminal.asking("accounts", "list") as asking:
        assert asking.told.startswith(f"{NO_KEYS}\nOpening web browser.")
        assert terminal.opened[-1].endswith("/auth")
        finished = asking.paste(admin_code)
    assert finished.exit_code == 0
    assert isinstance(finished.json, list)
    assert terminal.config["api"]["token"] == admin_code


def test_d43_without_keys_nothing_is_listed(terminal):
    finished = terminal.run("leases", "list")
    assert (finished.exit_code, finished.output) == (1, "")
    assert finished.told.startswith(f"{NO_KEYS}\n")
    assert finished.told.endswith("Enter API Token: err:  no API Token was entered\n")


def test_keys_that_the_api_does_not_take_lead_to_the_sign_in(terminal, user_code):
    terminal.configure(token=remade(user_code, secretAccessKey="x" * 40))
    finished = terminal.run("leases", "list", typed=f"{user_code}\n")
    assert finished.told.startswith(f"{NO_KEYS}\n")
    assert (finished.exit_code, finished.output) == (0, "[]\n")
    finished = terminal.run("auth", typed="nonsense\n")
    assert finished.exit_code == 0
    finished = terminal.run("leases", "list", typed="nonsense\n")
    assert finished.exit_code == 1
    assert finished.told.endswith("err:  the API Token is not valid\n")


def test_secrets_are_in_no_message(terminal, user_code):
    secret = json.loads(base64.b64decode(user_code))["secretAccessKey"]
    terminal.configure(token=user_code)
    for arguments in (("leases", "list"), ("accounts", "list"), ("leases", "describe", "x")):
        finished = terminal.run(*arguments, DCE_LOG_LEVEL="TRACE")
        for told in (finished.output, finished.told):
            assert user_code not in told
            assert secret not in told


def test_programs_are_installed():
    assert (BIN / "dce").exists()
    assert (BIN / "poolgate-dce").exists()

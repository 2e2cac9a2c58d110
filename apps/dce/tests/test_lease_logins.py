"""`dce leases login`: keys of a leased account, as a profile, printed, or as a console."""

import configparser

import pytest
from dce_installation import AccountPool, keys_in
from dce_terminal import Terminal
from kits.aws_cli import aws


@pytest.fixture(scope="module")
def pool(installed):
    pool = AccountPool(installed.api, keys_in(installed.code_of("lending-admin", "Admins")))
    pool.add_ready(installed.own_account)
    return pool


@pytest.fixture(scope="module")
def lease_id(pool):
    return pool.lease("lessee")


@pytest.fixture(scope="module")
def code(installed):
    return installed.code_of("lessee")


@pytest.fixture
def lessee(installed, tmp_path, code):
    terminal = Terminal.at(tmp_path, installed.api_url)
    terminal.configure(token=code)
    return terminal


def who(installed, environment) -> str:
    """Return whose keys the AWS CLI finds there."""
    return aws(
        {
            "AWS_ENDPOINT_URL": installed.server.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            **environment,
        },
        "sts",
        "get-caller-identity",
    )["Arn"]


@pytest.mark.parametrize("by_id", [True, False])
def test_printed_keys_are_the_accounts(installed, lessee, lease_id, by_id):
    named = (lease_id,) if by_id else ()
    finished = lessee.run("leases", "login", *named, "--print-creds")
    assert (finished.exit_code, finished.told) == (0, "")
    lines = finished.output.splitlines()
    assert [line.partition("=")[0] for line in lines] == [
        "export AWS_ACCESS_KEY_ID",
        "export AWS_SECRET_ACCESS_KEY",
        "export AWS_SESSION_TOKEN",
    ]
    environment = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    account_id = installed.own_account
    assert who(installed, environment) == (
        f"arn:aws:sts::{account_id}:assumed-role/DCEPrincipal/lessee"
    )


def test_keys_become_a_profile_and_leave_the_others_alone(installed, lessee, lease_id):
    path = lessee.home / ".aws" / "credentials"
    path.parent.mkdir()
    path.write_text(
        "# mine\n[work]\naws_access_key_id = A\n\n[lease]\naws_session_token = old\n"
        "region = eu-west-1\n[last]\naws_access_key_id = B\n"
    )
    finished = lessee.run("leases", "login", lease_id, "-p", "lease")
    assert (finished.exit_code, finished.output) == (0, "")
    assert finished.told == "Adding credentials to .aws/credentials\n"
    assert path.read_text().startswith("# mine\n[work]\naws_access_key_id = A\n\n[lease]\n")
    assert path.stat().st_mode & 0o777 == 0o600
    parser = configparser.ConfigParser()
    parser.read(path)
    assert parser["lease"]["region"] == "eu-west-1"
    assert parser["last"]["aws_access_key_id"] == "B"
    environment = {"HOME": str(lessee.home), "AWS_PROFILE": "lease"}
    assert who(installed, environment).endswith(":assumed-role/DCEPrincipal/lessee")
    # The next login takes the place of this one.
    before = parser["lease"]["aws_session_token"]
    assert lessee.run("leases", "login", "-p", "lease").exit_code == 0
    parser.read(path)
    assert parser["lease"]["aws_session_token"] not in {before, "old"}


def test_default_profile_is_made_where_there_is_none(installed, lessee, lease_id):
    assert lessee.run("leases", "login", lease_id).exit_code == 0
    assert who(installed, {"HOME": str(lessee.home)}).endswith("/lessee")
    assert (lessee.home / ".aws").stat().st_mode & 0o777 == 0o700


def test_no_console_without_a_place_that_gives_links(lessee, lease_id):
    finished = lessee.run("leases", "login", lease_id, "--open-browser")
    assert finished.exit_code == 1
    assert finished.told == "err:  this installation gives no links to a console\n"
    assert lessee.opened == []


def test_login_to_what_is_not_leased(installed, lessee, tmp_path_factory):
    unknown = lessee.run("leases", "login", "none")
    assert unknown.told == (
        "err:  [POST /leases/{id}/auth][404] postLeasesIdAuthNotFound\n"
        "The requested resource could not be found.\n"
    )
    stranger = Terminal.at(tmp_path_factory.mktemp("stranger"), installed.api_url)
    stranger.configure(token=installed.code_of("lending-stranger"))
    nothing = stranger.run("leases", "login")
    assert nothing.told.startswith("err:  [POST /leases/auth][404] postLeasesAuthNotFound\n")

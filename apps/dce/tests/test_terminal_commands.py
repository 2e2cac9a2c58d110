"""What the subcommands of `dce` print, tell and send."""

import json
import time

import pytest
from dce_installation import AccountPool, keys_in
from dce_terminal import Terminal


@pytest.fixture(scope="module")
def admin_code(installed):
    return installed.code_of("commanding-admin", "Admins")


@pytest.fixture(scope="module")
def admin(installed, tmp_path_factory, admin_code):
    terminal = Terminal.at(tmp_path_factory.mktemp("admin"), installed.api_url)
    terminal.configure(token=admin_code)
    return terminal


@pytest.fixture(scope="module")
def user(installed, tmp_path_factory):
    terminal = Terminal.at(tmp_path_factory.mktemp("user"), installed.api_url)
    terminal.configure(token=installed.code_of("commanding-user"))
    return terminal


@pytest.fixture(scope="module")
def pool(installed, admin_code):
    """The pool of accounts, by the API itself."""
    return AccountPool(installed.api, keys_in(admin_code))


def create_lease(terminal: Terminal, principal_id: str, *more: str):
    return terminal.run(
        "leases", "create", "-p", principal_id, "-b", "50", "-e", "a@example.com",
        "--email", "b@example.com", *more,
    )  # fmt: skip


def test_accounts(admin):
    account_id = "300000000001"
    added = admin.run(
        "accounts", "add", "-a", account_id, "-r", f"arn:aws:iam::{account_id}:role/Admin"
    )
    assert (added.exit_code, added.output) == (0, "")
    assert added.told == "Account added to DCE accounts pool\n"
    assert admin.run("accounts", "describe", account_id).json["id"] == account_id
    shown = admin.run("accounts", "list")
    assert shown.told == ""
    assert account_id in {account["id"] for account in shown.json}
    assert shown.output == json.dumps(shown.json, indent="\t") + "\n"
    again = admin.run("accounts", "add", "-a", account_id, "-r", "arn:aws:iam::1:role/x")
    assert (again.exit_code, again.output) == (1, "")
    assert again.told.startswith("err:  [POST /accounts][400] postAccountsBadRequest\n")
    removed = admin.run("accounts", "remove", account_id)
    assert (removed.exit_code, removed.told) == (0, "Account removed from DCE accounts pool\n")
    gone = admin.run("accounts", "describe", account_id)
    assert gone.told == (
        "err:  [GET /accounts/{id}][404] getAccountsIdNotFound\n"
        f'account "{account_id}" not found\n'
    )
    assert gone.exit_code == 1


def test_accounts_of_every_page_are_listed(admin, pool):
    numbers = [pool.add(f"31000000{number:04d}") for number in range(27)]
    listed = [account["id"] for account in admin.run("accounts", "list").json]
    assert set(numbers) <= set(listed)
    assert len(listed) == len(set(listed))


def test_a_lease_from_its_beginning_to_its_end(admin, user, pool):
    pool.add_ready("300000000002")
    soon = int(time.time()) + 8 * 60 * 60
    created = create_lease(user, "commanding-user", "-E", "8h")
    assert (created.exit_code, created.told) == (0, "")
    lease = created.json
    assert lease["budgetAmount"] == 50
    assert lease["budgetCurrency"] == "USD"
    assert lease["budgetNotificationEmails"] == ["a@example.com", "b@example.com"]
    assert soon <= lease["expiresOn"] <= soon + 60
    assert user.run("leases", "describe", lease["id"]).json == lease
    assert user.run("leases", "list").json == [lease]
    assert user.run("leases", "list", "-s", "Inactive").output == "[]\n"

    second = create_lease(user, "commanding-user")
    assert second.exit_code == 1
    assert second.told.startswith("err:  [POST /leases][409] postLeasesConflict\nlease ")
    dear = create_lease(admin, "somebody", "-b", "30000")
    assert dear.told.startswith("err:  [POST /leases][400] postLeasesBadRequest\nlease validation")
    foreign = create_lease(user, "somebody")
    assert foreign.told.startswith("err:  [POST /leases][401] postLeasesUnauthorized\nUser [")

    ended = user.run("leases", "end", lease["id"])
    assert (ended.exit_code, ended.output, ended.told) == (0, "", "Lease ended\n")
    again = user.run("leases", "end", lease["id"])
    assert again.told.startswith("err:  [DELETE /leases/{id}][409] deleteLeasesIdConflict\n")


def test_lease_is_ended_by_account_and_principal(admin, pool):
    pool.add_ready("300000000003")
    lease = create_lease(admin, "paired").json
    incomplete = admin.run("leases", "end", "-p", "paired")
    assert incomplete.exit_code == 1
    assert incomplete.told == "err:  give a lease id, or both --account-id and --principal-id\n"
    ended = admin.run("leases", "end", "-a", lease["accountId"], "-p", "paired")
    assert ended.told == "Lease ended\n"
    found = admin.run("leases", "list", "--principal-id", "paired").json
    assert [each["leaseStatusReason"] for each in found] == ["Destroyed"]


def test_pages_of_leases(admin, pool):
    for number in range(3):
        pool.add_ready(f"30000000001{number}")
        pool.lease(f"paging-{number}")
    first = admin.run("leases", "list", "-l", "1", "-s", "Active")
    assert len(first.json) == 1
    assert first.told.startswith("Next page: --next-account-id ")
    following = first.told.removeprefix("Next page: ").split()
    second = admin.run("leases", "list", "-l", "1", "-s", "Active", *following)
    assert second.json != first.json
    for lease in admin.run("leases", "list", "-s", "Active").json:
        assert admin.run("leases", "end", lease["id"]).exit_code == 0


def test_usage(installed, admin, user):
    assert user.run("usage", "get", "-s", "0", "-e", "100").output == "[]\n"
    assert user.run("usage", "-s", "0", "-e", "100").output == "[]\n"
    assert admin.run("usage").output == "[]\n"
    assert user.run("usage", "-s", "x").exit_code == 2
    assert installed.api.database.exists()


def test_lease_that_is_none(user):
    missing = user.run("leases", "describe", "none")
    assert missing.told == (
        'err:  [GET /leases/{id}][404] getLeasesIdNotFound\nlease "none" not found\n'
    )


def test_time_that_is_none_is_refused(user):
    finished = create_lease(user, "commanding-user", "--expires-on", "1w")
    assert finished.exit_code == 2
    assert "invalid duration format: 1w" in finished.told


def test_help_names_every_command(user):
    shown = user.run("--help").output
    for name in ("init", "auth", "version", "accounts", "leases", "usage"):
        assert f"\n    {name} " in shown
    for group, names in (
        ("accounts", ("list", "describe", "add", "remove")),
        ("leases", ("list", "create", "describe", "end", "login")),
    ):
        shown = user.run(group, "--help").output
        assert all(f"\n    {name} " in shown for name in names)
    assert user.run("version").output.count(".") == 2

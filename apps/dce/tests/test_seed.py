"""Seed 000 from its first step to its last, with the programs and pages that people use."""

from dce_installation import TEMPORARY, DceBrowser
from dce_processes import PASSWORD, REGION
from dce_terminal import Terminal
from kits.aws_cli import aws


def test_two_users_one_of_them_an_admin_sign_in_at_the_terminal(installed, tmp_path):
    operator = {
        "AWS_ENDPOINT_URL": installed.server.url,
        "AWS_ACCESS_KEY_ID": installed.server.root.access_key,
        "AWS_SECRET_ACCESS_KEY": installed.server.root.secret_key,
        "AWS_DEFAULT_REGION": REGION,
    }
    # 1-3: the user pool is there; 4-6: a user and an admin, each with a temporary password only.
    pool_id = installed.outputs["cognito_user_pool_id"]
    pools = aws(operator, "cognito-idp", "list-user-pools", "--max-results", "10")
    assert pool_id in {pool["Id"] for pool in pools["UserPools"]}
    in_pool = ("--user-pool-id", pool_id)
    for name in ("quick-start-user", "quick-start-admin"):
        made = aws(
            operator,
            "cognito-idp",
            "admin-create-user",
            *in_pool,
            "--username",
            name,
            "--temporary-password",
            TEMPORARY,
            "--message-action",
            "SUPPRESS",
        )
        assert made["User"]["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    # 7-9: a group whose name has the word, and the admin in it.
    aws(operator, "cognito-idp", "create-group", *in_pool, "--group-name", "quick-Admins")
    aws(
        operator,
        "cognito-idp",
        "admin-add-user-to-group",
        *in_pool,
        "--group-name",
        "quick-Admins",
        "--username",
        "quick-start-admin",
    )

    terminal = Terminal.at(tmp_path, installed.api_url)
    # 10: `dce auth` opens the log-in screen; the temporary password is reset there.
    with terminal.asking("auth") as asking:
        assert terminal.opened == [f"{installed.api_url}/auth"]
        browser = DceBrowser.opening(terminal.opened[0])
        browser.sign_in_first("quick-start-user")
        # 11: the credentials page. 12: its code is pasted into the terminal.
        assert "DCE CLI Credentials" in browser.says
        finished = asking.paste(browser.authentication_code)
    assert finished.exit_code == 0
    assert finished.told == (
        "Opening web browser. Please Login and copy/paste the provided token into this terminal.\n"
        f"{installed.api_url}/auth\n"
        "Enter API Token: "
        f"Saving API Token to {terminal.config_path}\n"
    )
    # 13: authenticated as a user, who has no leases.
    leases = terminal.run("leases", "list")
    assert (leases.exit_code, leases.output, leases.told) == (0, "[]\n", "")
    # 14: users may not list accounts.
    accounts = terminal.run("accounts", "list")
    assert (accounts.exit_code, accounts.output) == (1, "")
    assert accounts.told == "err:  [GET /accounts][403] getAccountsForbidden\n"

    # The other user is an admin.
    with terminal.asking("auth") as asking:
        browser = DceBrowser.opening(terminal.opened[1])
        browser.sign_in_first("quick-start-admin")
        assert asking.paste(browser.authentication_code).exit_code == 0
    accounts = terminal.run("accounts", "list")
    assert (accounts.exit_code, accounts.told) == (0, "")
    assert isinstance(accounts.json, list)

    # Without the group the next keys are a user's, and the present ones are no admin's any more.
    installed.leave("quick-start-admin", "quick-Admins")
    assert terminal.run("accounts", "list").told == (
        "err:  [GET /accounts][403] getAccountsForbidden\n"
    )
    code = DceBrowser.at(installed.api_url).sign_in("quick-start-admin").authentication_code
    assert PASSWORD not in code
    with terminal.asking("auth") as asking:
        assert asking.paste(code).exit_code == 0
    assert terminal.run("accounts", "list").exit_code == 1
    assert terminal.run("leases", "list").output == "[]\n"

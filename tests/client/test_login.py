"""`poolgate login`, `logout`, `status` and `token`, as people use them."""

import json
import stat
import sys

import pytest
from kits.oauth import claims_of
from kits.serving import PASSWORD, make_user, serving
from kits.signed_in_pools import REDIRECT_URI, make_signed_in_pool
from kits.terminal import Terminal, browser_at, signs_in, visits

from poolgate.cli import commands
from poolgate.cli.login import profile_of
from poolgate.client.profiles import Profiles


@pytest.fixture
def terminal(tmp_path):
    return Terminal(tmp_path)


def kept_files(terminal):
    return sorted(path.name for path in (terminal.config / "sign-ins").glob("*.json"))


def test_the_browser_of_this_machine_signs_in(terminal, pool):
    with terminal.begins(*terminal.login_flags(pool), "--no-browser") as login:
        back = signs_in(pool, login.address)
        page = visits(back)
        finished = login.finished()
    assert finished.exit_code == 0, finished.told
    assert finished.output.startswith("Signed in as alice (profile default, tokens in ")
    assert (page.status, "You are signed in" in page.text) == (200, True)
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    file = terminal.config / "sign-ins" / "default.sign-in.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "Bearer" not in finished.told
    assert "eyJ" not in finished.told + finished.output
    status = terminal.run("status")
    assert "signed in as alice, renewed before" in status.output
    assert claims_of(terminal.run("token").output)["token_use"] == "access"
    assert claims_of(terminal.run("token", "--id").output)["token_use"] == "id"
    assert set(terminal.run("token", "--json").json) == {
        "access_token",
        "id_token",
        "token_type",
        "expires_at",
    }


def test_the_browser_that_a_variable_names_is_opened(terminal, pool, tmp_path):
    opened = tmp_path / "opened"
    script = tmp_path / "browser.py"
    script.write_text(f"import sys; open({str(opened)!r}, 'w').write(sys.argv[1])")
    terminal.more["BROWSER"] = f"{sys.executable} {script} %s"
    with terminal.begins(*terminal.login_flags(pool)) as login:
        assert visits(signs_in(pool, login.address)).status == 200
        assert login.finished().exit_code == 0
    assert opened.read_text() == login.address


def test_what_is_not_the_answer_changes_nothing(terminal, pool):
    with terminal.begins(*terminal.login_flags(pool), "--no-browser") as login:
        back = signs_in(pool, login.address)
        assert visits(back.replace("state=", "state=x")).status == 400
        assert visits(back.replace("iss=http", "iss=https")).status == 400
        assert visits(f"{back}&state=again").status == 400
        assert visits(back.partition("?")[0]).status == 400
        assert visits(back, host="attacker.example").status == 404
        assert visits(back.replace("/callback", "/other")).status == 404
        assert visits(back, method="POST").status == 501
        assert visits(back).status == 200
        finished = login.finished()
    assert finished.exit_code == 0, finished.told
    assert "its state is another); still waiting" in finished.told
    assert "that answer is from another issuer; still waiting" in finished.told


def test_whoever_denies_is_not_signed_in(terminal, pool):
    with terminal.begins(*terminal.login_flags(pool), "--no-browser") as login:
        back = signs_in(pool, login.address)
        start, _, query = back.partition("?")
        state = next(each for each in query.split("&") if each.startswith("state="))
        issuer = next(each for each in query.split("&") if each.startswith("iss="))
        denied = f"error=access_denied&error_description=not+today%1B[2J&{state}&{issuer}"
        page = visits(f"{start}?{denied}")
        finished = login.finished()
    assert "Not signed in" in page.text
    assert (finished.exit_code, finished.output) == (1, "")
    assert "poolgate: the sign-in was refused: access_denied: not today [2J" in finished.told
    assert not kept_files(terminal)


def test_nobody_comes(terminal, pool):
    finished = terminal.run(*terminal.login_flags(pool), "--no-browser", "--timeout", "0")
    assert finished.exit_code == 1
    assert "nobody signed in within the time for it" in finished.told


def test_an_address_is_pasted(terminal, pool):
    with terminal.begins(*terminal.login_flags(pool), "--paste") as login:
        back = signs_in(pool, login.address)
        assert back.startswith(f"{REDIRECT_URI}?")
        wrong = back.replace("state=", "state=x")
        finished = login.finished(f"{wrong}\n{back}\n")
    assert finished.exit_code == 0, finished.told
    assert "its state is another" in finished.told
    assert terminal.run("status").exit_code == 0


def test_a_device_is_approved_at_another_one(terminal, pool):
    with terminal.begins(*terminal.login_flags(pool), "--device") as login:
        user_code = login.hears(r"\n  (\w{4}-\w{4})\n")
        complete = login.hears(r"Or open (\S+)")
        browser = browser_at(pool).open(complete.removeprefix(pool.served.url))
        browser.send()
        browser.send(username="alice", password=PASSWORD)
        browser.send()
        action, form = browser.page.forms[0]
        browser.post(action, {**form, "decision": "approve"})
        finished = login.finished()
    assert user_code in complete
    assert finished.exit_code == 0, finished.told
    assert terminal.run("status", "--json").json["username"] == "alice"


def test_without_a_browser_the_device_flow_is_taken_and_then_pasting(terminal, pool):
    other = pool.another(CallbackURLs=[REDIRECT_URI])
    refused = terminal.run(*terminal.login_flags(other))
    assert (refused.exit_code, "unauthorized_client" in refused.told) == (1, True)
    with terminal.begins(*terminal.login_flags(pool)) as login:
        assert login.hears(r"(type this code)")
    terminal.more["DISPLAY"] = ":0"
    terminal.more["SSH_CONNECTION"] = "192.0.2.1 1 192.0.2.2 22"
    with terminal.begins(*terminal.login_flags(pool)) as login:
        assert login.hears(r"(type this code)")


def test_a_password_is_typed_at_a_terminal_and_never_shown(terminal, pool):
    pool.cognito.admin_create_user(
        UserPoolId=pool.pool_id,
        Username="bob",
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
    )
    answers = [
        ("Username: ", "bob"),
        ("Password: ", PASSWORD),
        ("Please provide a new password: ", "Another-Horse-2"),
        ("The same again: ", "Another-Horse-2"),
    ]
    exit_code, screen = terminal.types(*terminal.login_flags(pool), "--password", answers=answers)
    assert exit_code == 0, screen
    assert "Signed in as bob" in screen
    assert "Horse" not in screen


def test_a_refused_password_is_one_sentence(terminal, pool):
    flags = (*terminal.login_flags(pool), "--password", "--username", "alice")
    finished = terminal.run(*flags, typed="Wrong-Horse-1\n")
    assert finished.exit_code == 1
    assert finished.told == "Password: poolgate: Incorrect username or password.\n"
    assert not kept_files(terminal)


def test_an_app_client_with_a_secret_signs_in_and_refreshes(terminal, pool):
    other = pool.another(secret=True)
    terminal.more["POOLGATE_CLIENT_SECRET"] = other.client_secret
    with terminal.begins(*terminal.login_flags(other), "--no-browser") as login:
        assert visits(signs_in(other, login.address)).status == 200
        assert login.finished().exit_code == 0
    del terminal.more["POOLGATE_CLIENT_SECRET"]
    assert other.client_secret not in (terminal.config / "profiles/default.toml").read_text()
    expired = terminal.config / "sign-ins" / "default.sign-in.json"
    kept = json.loads(expired.read_text())
    expired.write_text(json.dumps({**kept, "expires_at": 0}) + "\n")
    assert terminal.run("token").output.strip() != kept["access_token"]


def test_logging_out_revokes_and_forgets(terminal, pool):
    terminal.signed_in(pool)
    access_token = terminal.run("token").output.strip()
    assert terminal.run("logout", "--json").json == {
        "profile": "default",
        "signed_in": False,
        "was_signed_in": True,
        "revoked": True,
    }
    assert not kept_files(terminal)
    with pytest.raises(pool.cognito.exceptions.NotAuthorizedException, match="revoked"):
        pool.cognito.get_user(AccessToken=access_token)
    for command in ("status", "token"):
        assert terminal.run(command).exit_code == 4
    assert terminal.run("logout").output == "Nobody was signed in (profile default).\n"


def test_a_server_that_cannot_be_told_is_told_of(terminal, pool):
    terminal.signed_in(pool)
    profile = terminal.config / "profiles/default.toml"
    profile.write_text(profile.read_text() + 'endpoint_url = "http://127.0.0.1:9"\n')
    finished = terminal.run("logout")
    assert (finished.exit_code, finished.output) == (1, "Signed out (profile default).\n")
    assert "the server did not revoke them" in finished.told
    assert not kept_files(terminal)


def test_the_browsers_session_ends_too(terminal, pool):
    terminal.signed_in(pool)
    browser = browser_at(pool)
    with terminal.begins("login", "--no-browser") as login:
        visits(signs_in(pool, login.address, browser))
        assert login.finished().exit_code == 0
    with terminal.begins("login", "--no-browser") as login:
        # Its session signs in by itself.
        visits(signs_in(pool, login.address, browser))
        assert login.finished().exit_code == 0
    with terminal.begins("logout", "--browser") as logout:
        browser.open(logout.address.removeprefix(pool.served.url))
        assert logout.finished().exit_code == 0
    assert browser.path.endswith("/login")
    assert not [name for name in browser.cookies if "cognito" in name]


def test_a_sign_in_that_has_ended_is_needed_again(terminal, pool):
    make_user(pool.cognito, pool, "carol")
    flags = (*terminal.login_flags(pool), "--password", "--username", "carol")
    assert terminal.run(*flags, typed=f"{PASSWORD}\n").exit_code == 0
    pool.cognito.admin_user_global_sign_out(UserPoolId=pool.pool_id, Username="carol")
    file = terminal.config / "sign-ins" / "default.sign-in.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "expires_at": 0}) + "\n")
    finished = terminal.run("token")
    assert (finished.exit_code, finished.output) == (4, "")
    assert finished.told == ("poolgate: the sign-in has ended; sign in with: poolgate login\n")
    status = terminal.run("status", "--json")
    assert (status.exit_code, status.json["signed_in"]) == (4, False)


def test_without_a_keyring_nothing_is_begun(terminal, pool):
    flags = [flag for flag in terminal.login_flags(pool) if flag != "--insecure-storage"]
    finished = terminal.run(*flags, "--password")
    assert finished.exit_code == 1
    assert finished.told.startswith("poolgate: there is no keyring; `poolgate login --insecure")


def test_tokens_live_in_the_keyring(terminal, pool, tmp_path, request):
    terminal.more |= {
        "PYTHON_KEYRING_BACKEND": "kits.file_keyring.FileKeyring",
        "PYTHONPATH": str(request.config.rootpath / "tests"),
        "TEST_KEYRING": str(tmp_path / "keyring"),
    }
    flags = [flag for flag in terminal.login_flags(pool) if flag != "--insecure-storage"]
    finished = terminal.run(*flags, "--password", "--username", "alice", typed=f"{PASSWORD}\n")
    assert "tokens in keyring" in finished.output
    assert not kept_files(terminal)
    assert len(json.loads((tmp_path / "keyring").read_text())) == 1
    assert terminal.run("status").exit_code == 0
    assert terminal.run("logout").exit_code == 0
    assert json.loads((tmp_path / "keyring").read_text()) == {}


def test_profiles_stand_beside_each_other(terminal, pool):
    assert terminal.run("status").told.startswith("poolgate: there is no profile 'default'")
    terminal.signed_in(pool)
    other = make_signed_in_pool(pool.served, "others")
    flags = (*terminal.login_flags(other), "--profile", "other", "--password")
    assert terminal.run(*flags, "--username", "alice", typed=f"{PASSWORD}\n").exit_code == 0
    assert terminal.run("logout").exit_code == 0
    states = terminal.run("status", "--all", "--json").json
    assert [(state["profile"], state["signed_in"]) for state in states] == [
        ("default", False),
        ("other", True),
    ]
    terminal.more["POOLGATE_PROFILE"] = "other"
    assert claims_of(terminal.run("token").output)["client_id"] == other.client_id


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--profile", "../x"), "is no name of a profile"),
        (("--profile", "x", "--issuer", "ftp://x", "--client-id", "x"), "must be an https or http"),
        (("--profile", "x", "--issuer", "http://x.example/a_b", "--client-id", "x"), "plain http"),
        (("--profile", "x", "--user-pool-id", "nonsense", "--client-id", "x"), "is no id of"),
        (("--issuer", "http://127.0.0.1:9/us-east-1_x", "--client-id", "x"), "does not answer"),
    ],
)
def test_what_cannot_be_a_profile_is_told(terminal, flags, told):
    finished = terminal.run("login", "--insecure-storage", *flags)
    assert (finished.exit_code, told in finished.told) == (1, True), finished.told
    assert "Traceback" not in finished.told
    assert not (terminal.config / "profiles").exists()


def test_another_issuers_document_is_not_believed(terminal, pool):
    other = make_signed_in_pool(pool.served, "believed")
    flags = ("login", "--insecure-storage", "--client-id", pool.client_id)
    finished = terminal.run(*flags, "--issuer", f"{pool.issuer}/../{other.pool_id}")
    assert finished.exit_code == 1
    assert "is the document of" in finished.told


def test_a_pool_of_aws_is_named_by_its_id(terminal):
    flags = ("login", "--user-pool-id", "eu-west-1_abc", "--client-id", "x")
    chosen = commands.parser_of(flags).parse_args(flags)
    profile = profile_of(chosen, Profiles(terminal.config))
    assert profile.issuer == "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc"
    assert profile.api_url == "https://cognito-idp.eu-west-1.amazonaws.com"
    assert profile.aws_region == "eu-west-1"


def test_an_issuer_of_aws_may_be_served_elsewhere(terminal, tmp_path):
    with serving(tmp_path / "data", "--dev", POOLGATE_ISSUER_STYLE="aws") as served:
        pool = make_signed_in_pool(served)
        issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{pool.pool_id}"
        flags = ("login", "--insecure-storage", "--client-id", pool.client_id, "--issuer", issuer)
        with terminal.begins(*flags, "--endpoint-url", served.url, "--no-browser") as login:
            assert visits(signs_in(pool, login.address)).status == 200
            finished = login.finished()
        assert finished.exit_code == 0, finished.told
        finished = terminal.run("login", "--password", typed=f"alice\n{PASSWORD}\n")
        assert finished.exit_code == 0, finished.told
        assert claims_of(terminal.run("token", "--id").output)["iss"] == issuer

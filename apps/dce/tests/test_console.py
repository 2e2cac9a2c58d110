"""Links to a console: how one is asked for, and that nothing else is ever opened."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from dce_peers import peer
from dce_processes import REGION
from dce_terminal import Terminal

from poolgate_dce.assumed_roles import AssumedRoleKeys, Console
from poolgate_dce.aws_clients import signing_client
from poolgate_dce.failures import KeysUnavailable

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE000000000", "AWS_SECRET_ACCESS_KEY": "x" * 40}


@pytest.fixture
def other():
    with peer() as serving:
        yield serving


@pytest.fixture
def terminal(other, tmp_path):
    return Terminal.at(tmp_path, f"{other.url}/api")


def keys_with_a_console(installed, url: str):
    settings = installed.settings()
    access_key = (settings["DCE_ACCESS_KEY_ID"], settings["DCE_SECRET_ACCESS_KEY"])
    sts = signing_client("sts", installed.server.url, REGION, access_key)
    source = AssumedRoleKeys(sts, Console(f"{url}/federation", "https://console.example.com/"))
    return source.keys_of(
        account_id=installed.own_account,
        role_arn=f"arn:aws:iam::{installed.own_account}:role/DCEPrincipal",
        role_session_name="jane",
    )


def test_link_is_asked_for_without_secrets_in_an_address(set_up_once, other):
    other.answer(200, {"SigninToken": "sign-in token"})
    keys = keys_with_a_console(set_up_once, other.url)
    ((line, form),) = other.asked
    assert line == "POST /federation"
    told = parse_qs(form)
    assert told["Action"] == ["getSigninToken"]
    assert json.loads(told["Session"][0]) == {
        "sessionId": keys.access_key_id,
        "sessionKey": keys.secret_access_key,
        "sessionToken": keys.session_token,
    }
    link = urlsplit(keys.console_url)
    assert f"{link.scheme}://{link.netloc}{link.path}" == f"{other.url}/federation"
    assert parse_qs(link.query) == {
        "Action": ["login"],
        "Issuer": ["DCE"],
        "Destination": ["https://console.example.com/"],
        "SigninToken": ["sign-in token"],
    }


@pytest.mark.parametrize(("status", "body"), [(400, {}), (200, {}), (200, b"no json"), (200, [])])
def test_without_a_link_there_are_no_keys(set_up_once, other, status, body):
    other.answer(status, body)
    with pytest.raises(KeysUnavailable):
        keys_with_a_console(set_up_once, other.url)


def test_console_is_opened(terminal, other):
    other.answer(201, {"consoleUrl": "https://console.example.com/federation?Action=login"})
    finished = terminal.run("leases", "login", "-b", **KEYS)
    assert (finished.exit_code, finished.output) == (0, "")
    assert finished.told == "Opening AWS Console in Web Browser\n"
    assert terminal.opened == ["https://console.example.com/federation?Action=login"]


@pytest.mark.parametrize("url", ["", "file:///etc/passwd"])
def test_nothing_but_a_web_page_is_opened(terminal, other, url):
    other.answer(201, {"consoleUrl": url})
    assert terminal.run("leases", "login", "-b", **KEYS).exit_code == 1
    assert terminal.opened == []

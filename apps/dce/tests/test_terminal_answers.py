"""What the `dce` command makes of answers that no DCE API gives, or not often."""

import json

import pytest
from dce_peers import peer
from dce_terminal import Terminal

from poolgate.client.exchanges import Answer
from poolgate_dce.terminal import operations
from poolgate_dce.terminal.expiries import expires_on

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE000000000", "AWS_SECRET_ACCESS_KEY": "x" * 40}


@pytest.fixture
def other():
    with peer() as serving:
        yield serving


@pytest.fixture
def terminal(other, tmp_path):
    return Terminal.at(tmp_path, f"{other.url}/api")


def test_next_page_is_never_asked_of_another_server(terminal, other):
    with peer() as foreign:
        foreign.answer(200, [])
        other.answer(200, ["one"], Link=f'<{foreign.url}/api/accounts?nextId=1>; rel="next"')
        finished = terminal.run("accounts", "list", **KEYS)
    assert finished.told == "err:  the API's pages lead back to one another\n"
    assert [line for line, _ in other.asked] == ["GET /api/accounts", "GET /api/accounts?nextId=1"]
    assert foreign.asked == []


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Signature expired: 20200101T000000Z is now earlier than", "clock differs from the API's"),
        ("The request signature we calculated does not match", "No valid DCE credentials found"),
    ],
)
def test_clock_that_differs_is_told(terminal, other, message, told):
    other.answer(403, {"message": message}, x_amzn_ErrorType="InvalidSignatureException")
    finished = terminal.run("leases", "list", **KEYS)
    assert finished.exit_code == 1
    assert told in finished.told


@pytest.mark.parametrize("wrong", ["$(id)", "x\ncredential_process = id", None, ["x"]])
def test_keys_that_are_more_than_keys_go_nowhere(terminal, other, wrong):
    keys = {"accessKeyId": "ASIAEXAMPLE", "secretAccessKey": "x", "sessionToken": wrong}
    other.answer(201, keys)
    finished = terminal.run("leases", "login", "--print-creds", **KEYS)
    assert (finished.exit_code, finished.output) == (1, "")
    assert finished.told == "err:  the API's answer holds no keys\n"


def test_what_others_wrote_does_nothing_to_the_terminal(terminal, other):
    other.answer(200, [{"principalId": "jos\u00e9 \x1b[2J\x9b31m\u202e\U000e0001"}])
    finished = terminal.run("leases", "list", **KEYS)
    assert finished.output == (
        '[\n\t{\n\t\t"principalId": "jos\u00e9 \\u001b[2J\\u009b31m\\u202e\\udb40\\udc01"\n\t}\n]\n'
    )
    assert finished.json == other.body


def test_answer_that_is_no_json(terminal, other):
    other.answer(200, b"<html>")
    assert terminal.run("leases", "list", **KEYS).told == "err:  the API's answer is no JSON\n"


def test_answer_that_never_ends_is_not_waited_for(terminal, other):
    other.answer(200, b" " * (5 * 1024 * 1024))
    finished = terminal.run("leases", "list", **KEYS)
    assert finished.told == "err:  127.0.0.1 sends too much or too slowly\n"


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (418, {}, "unknown error (status 418): I'm a Teapot"),
        (599, {}, "unknown error (status 599)"),
        (404, {"error": {"message": "gone\x1b[31m"}}, "unknown error (status 404): gone[31m"),
        (500, [], "unknown error (status 500): Internal Server Error"),
        (400, {"error": "x"}, "[GET /leases][400] getLeasesBadRequest"),
        (403, {"Message": "not shown"}, "[GET /leases][403] getLeasesForbidden"),
    ],
)
def test_how_refusals_are_told(status, body, told):
    answer = Answer(status, {}, json.dumps(body).encode())
    assert operations.LIST_LEASES.told(answer) == told


def test_id_cannot_reach_another_path():
    for named, target in (
        ("../accounts", "/leases/..%2Faccounts"),
        ("a/b", "/leases/a%2Fb"),
        ("%2e", "/leases/%252e"),
        ("?limit=1", "/leases/%3Flimit%3D1"),
    ):
        assert operations.DESCRIBE_LEASE.target(named) == target


def test_times():
    assert expires_on("1700000000", 5) == 1_700_000_000
    assert [expires_on(told, 5) for told in ("7d", "8h", "3m", "1s")] == [604_805, 28_805, 185, 6]
    for told in ("0d", "-1d", "1w", "7 d", "x", "", "1.5h", "٣d", "9" * 12 + "d"):
        with pytest.raises(ValueError, match="invalid duration format"):
            expires_on(told, 5)

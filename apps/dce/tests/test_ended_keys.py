"""What the app and its command say when Poolgate tells that keys have ended, or tells nothing."""

import pytest
from botocore.credentials import Credentials
from dce_peers import peer
from dce_terminal import Terminal

ENDED = Credentials("ASIAEXAMPLE000000000", "x" * 40, "session token")


@pytest.fixture(scope="module")
def poolgate():
    """A server in Poolgate's place, whose answers a test chooses."""
    with peer() as serving:
        yield serving


@pytest.fixture(scope="module")
def api(set_up_once, poolgate):
    with set_up_once.serving(DCE_POOLGATE_URL=poolgate.url) as running:
        yield running


def test_d31_ended_keys_are_called_ended(api, poolgate, tmp_path):
    poolgate.answer(403, {"code": "ExpiredToken", "message": "no"})
    for _ in range(2):
        reply = api.signed(ENDED, "GET", "/leases")
        assert reply.status == 403
        assert reply.body == {"message": "The security token included in the request is expired"}
        assert reply.headers["x-amzn-errortype"] == "ExpiredTokenException"
    # The guard has asked once; the second time it knew.
    assert [line for line, _ in poolgate.asked] == ["POST /_poolgate/guard/signing-key"]
    terminal = Terminal.at(tmp_path, api.url)
    keys = {
        "AWS_ACCESS_KEY_ID": ENDED.access_key,
        "AWS_SECRET_ACCESS_KEY": ENDED.secret_key,
        "AWS_SESSION_TOKEN": ENDED.token,
    }
    told = terminal.run("leases", "list", **keys).told
    assert told.startswith("No valid DCE credentials found\nOpening web browser.")


def test_nobody_gets_in_while_poolgate_does_not_answer(api, poolgate):
    poolgate.answer(500, {})
    other = Credentials("ASIAOTHER00000000000", "x" * 40, "session token")
    reply = api.signed(other, "GET", "/leases")
    assert (reply.status, reply.body) == (503, {"message": "Service Unavailable"})

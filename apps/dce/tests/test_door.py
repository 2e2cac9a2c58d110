"""The HTTP door of a running app: preflight, links, and what is refused before it is read."""

import contextlib
from typing import Any

import pytest
from dce_api import Api


@pytest.mark.parametrize(
    "path", ["/accounts", "/accounts/1", "/leases", "/leases/x/auth", "/usage"]
)
def test_d58_preflight_is_open(api, path: str):
    reply = api.send("OPTIONS", path, {"Origin": "https://app.example"})
    assert (reply.status, reply.body) == (200, {})
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["access-control-allow-methods"] == "*"
    assert reply.headers["access-control-allow-headers"] == (
        "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token"
    )


def test_d52_link_header_can_be_followed(api, operator):
    for number in range(3):
        body = {
            "id": f"20000000000{number}",
            "adminRoleArn": f"arn:aws:iam::20000000000{number}:role/Admin",
        }
        assert api.signed(operator, "POST", "/accounts", body).status == 201
    found: list[Any] = []
    target: str | None = "/accounts?limit=2"
    while target is not None:
        reply = api.signed(operator, "GET", target)
        found += [account["id"] for account in reply.body]
        link = reply.headers.get("link")
        target = link and link[1:].partition(">")[0].removeprefix(api.url)
        assert link is None or link.endswith('>; rel="next"')
    assert found == sorted(found)
    assert {"200000000000", "200000000001", "200000000002"} <= set(found)


def test_long_body_is_refused_before_it_is_read(api, operator):
    with contextlib.suppress(ConnectionError):
        reply = api.send("POST", "/leases", body=b" " * (2 * 1024 * 1024))
        assert (reply.status, reply.body) == (413, {"message": "Request Too Long"})
    assert api.signed(operator, "GET", "/leases").status == 200


def test_hostile_bodies_are_client_errors(api, operator):
    for body in (b"\xff", b"[" * 50_000, b'{"principalId": "\\ud800"}', b"null"):
        signature = api.signature(operator, "POST", "/leases", body)
        reply = api.send("POST", "/leases", signature, body)
        assert (reply.status, reply.body["error"]["code"]) == (400, "ClientError")
    target = "/leases?" + "&".join(f"a{number}=" for number in range(101))
    assert api.signed(operator, "GET", target).status == 400


def test_base_path_can_be_chosen(installation, tmp_path, operator):
    with installation.api(tmp_path, "--base-path", "/v1/dce") as api:
        assert api.url.endswith("/v1/dce")
        assert api.signed(operator, "GET", "/leases").status == 200
        outside = api.url.removesuffix("/v1/dce")
        assert Api(outside + "/api", api.database, api.arn).send("GET", "/leases").status == 403

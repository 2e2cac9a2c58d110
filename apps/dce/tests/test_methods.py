"""Which methods there are, and the accounts, called as plain users and admins."""

import pytest
from dce_desk import ADMIN, URL, Desk, error

from poolgate_dce.methods import METHODS, find_methods


def test_methods_open_to_users_are_those_of_the_user_policy():
    assert {f"{m.http_method} {m.path}" for m in METHODS if m.open_to_users} == {
        "GET /usage",
        "GET /leases",
        "GET /leases/{id}",
        "POST /leases",
        "POST /leases/auth",
        "POST /leases/{id}/auth",
        "DELETE /leases",
        "DELETE /leases/{id}",
    }


@pytest.mark.parametrize(
    "path",
    ["", "/", "/leases/", "//leases", "/Leases", "/%6ceases", "/leases/a/b", "/accounts/1/", "/a"],
)
def test_path_is_matched_as_sent(path: str):
    assert find_methods(path) == ({}, "")


def test_account_is_added_changed_and_removed(desk: Desk):
    now = desk.now()
    arn = "arn:aws:iam::123456789012:role/Admin"
    body = {"id": "123456789012", "adminRoleArn": arn, "metadata": {"team": "a"}}
    shown = {
        "id": "123456789012",
        "accountStatus": "NotReady",
        "adminRoleArn": arn,
        "principalRoleArn": "arn:aws:iam::123456789012:role/DCEPrincipal",
        "createdOn": now,
        "lastModifiedOn": now,
        "metadata": {"team": "a"},
    }
    assert desk.ask(ADMIN, "POST /accounts", body) == (201, shown, {})
    assert desk.ask(ADMIN, "GET /accounts/123456789012") == (200, shown, {})
    assert desk.ask(ADMIN, "POST /accounts", body) == (
        409,
        error('account "123456789012" already exists', "AlreadyExistsError"),
        {},
    )
    desk.now.seconds += 5
    changed = {**shown, "adminRoleArn": f"{arn}2", "lastModifiedOn": now + 5}
    update = {"adminRoleArn": f"{arn}2"}
    assert desk.ask(ADMIN, "PUT /accounts/123456789012", update) == (200, changed, {})
    cleared = desk.ask(ADMIN, "PUT /accounts/123456789012", {"metadata": {}})[1]
    assert (cleared["metadata"], cleared["adminRoleArn"]) == ({}, f"{arn}2")
    assert desk.ask(ADMIN, "DELETE /accounts/123456789012") == (204, None, {})
    gone = error('account "123456789012" not found', "NotFoundError")
    for method, body in (("GET", None), ("PUT", {}), ("DELETE", None)):
        assert desk.ask(ADMIN, f"{method} /accounts/123456789012", body) == (404, gone, {})


def test_role_that_cannot_be_assumed_is_refused(desk: Desk):
    desk.add_accounts(1)
    refused = error(
        "account validation error: adminRoleArn: must be an admin role arn that can be assumed.",
        "RequestValidationError",
    )
    bad = {"adminRoleArn": "arn:aws:iam::1:user/x"}
    assert desk.ask(ADMIN, "PUT /accounts/000000000001", bad) == (400, refused, {})
    new = {"id": "000000000002", **bad}
    assert desk.ask(ADMIN, "POST /accounts", new) == (400, refused, {})


def test_leased_account_stays(desk: Desk):
    (account_id,) = desk.add_accounts(1)
    desk.lease(ADMIN, "jane")
    assert desk.ask(ADMIN, f"DELETE /accounts/{account_id}") == (
        409,
        error(
            f'operation cannot be fulfilled on account "{account_id}": accountStatus: must not be'
            " leased.",
            "ConflictError",
        ),
        {},
    )


def test_accounts_are_filtered_and_paged(desk: Desk):
    account_ids = desk.add_accounts(5)
    desk.lease(ADMIN, "jane")
    leased = desk.ask(ADMIN, "GET /accounts", status="Leased")[1]
    assert [account["id"] for account in leased] == [account_ids[0]]
    role = "arn:aws:iam::000000000003:role/Admin"
    assert len(desk.ask(ADMIN, "GET /accounts", adminRoleArn=role)[1]) == 1
    assert desk.ask(ADMIN, "GET /accounts", principalPolicyHash="x")[1] == []
    _, first, headers = desk.ask(ADMIN, "GET /accounts", limit="2", status="Ready")
    assert [account["id"] for account in first] == account_ids[1:3]
    assert headers["Link"] == (
        f'<{URL}/accounts?limit=2&status=Ready&nextId={account_ids[2]}>; rel="next"'
    )
    _, second, headers = desk.ask(
        ADMIN, "GET /accounts", limit="2", status="Ready", nextId=account_ids[2]
    )
    assert [account["id"] for account in second] == account_ids[3:]
    assert headers == {}


@pytest.mark.parametrize("limit", ["0", "-1", "x", "", "1.5", "²"])
def test_bad_limit_is_refused(desk: Desk, limit: str):
    for line in ("GET /accounts", "GET /leases", "GET /usage"):
        status, body, _ = desk.ask(ADMIN, line, limit=limit)
        assert (status, body["error"]["code"]) == (400, "ClientError")

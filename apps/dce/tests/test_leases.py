"""Leases and the keys of their accounts; the numbers are the checklist's."""

import json

import pytest
from dce_desk import ADMIN, JANE, JUNE, Desk, KeySource, error, query_of, refusal

from poolgate_dce import usage
from poolgate_dce.database import Database
from poolgate_dce.housekeeping import keep_house
from poolgate_dce.methods import ApiCaller


def test_d16_d17_d18_users_see_own_leases_and_admins_all(desk: Desk):
    desk.add_accounts(2)
    assert desk.ask(JANE, "GET /leases") == (200, [], {})
    own = desk.lease(JANE, "jane")
    other = desk.lease(JUNE, "june")
    assert desk.ask(JANE, "GET /leases")[1] == [own]
    assert desk.ask(JANE, "GET /leases", principalId="june")[1] == [own]
    assert desk.ask(JANE, "GET /leases", accountId=other["accountId"])[1] == []
    assert desk.ask(ADMIN, "GET /leases")[1] == [own, other]
    assert desk.ask(ADMIN, "GET /leases", principalId="june")[1] == [other]
    assert desk.ask(ADMIN, "GET /leases", status="Inactive")[1] == []


def test_d19_d20_users_lease_for_themselves_only(desk: Desk):
    desk.add_accounts(1)
    assert desk.ask(JANE, "POST /leases", {"principalId": "june"}) == (
        401,
        refusal("jane", "june"),
        {},
    )
    lease = desk.lease(JANE, "jane")
    assert (lease["leaseStatus"], lease["leaseStatusReason"]) == ("Active", "Active")
    assert desk.ask(ADMIN, f"GET /accounts/{lease['accountId']}")[1]["accountStatus"] == "Leased"


def test_d21_d22_users_reach_own_leases_only(desk: Desk):
    desk.add_accounts(1)
    lease = desk.lease(JANE, "jane")
    path = f"/leases/{lease['id']}"
    pair = {"accountId": lease["accountId"], "principalId": "jane"}
    for line, body in ((f"GET {path}", None), (f"DELETE {path}", None), ("DELETE /leases", pair)):
        assert desk.ask(JUNE, line, body) == (401, refusal("june", "jane"), {})
    assert desk.ask(JANE, f"GET {path}") == (200, lease, {})


@pytest.mark.parametrize("by_id", [True, False])
@pytest.mark.parametrize("caller", [JANE, ADMIN])
def test_d26_d56_lease_ends_and_its_account_waits_for_reset(
    desk: Desk, caller: ApiCaller, *, by_id: bool
):
    desk.add_accounts(1)
    lease = desk.lease(JANE, "jane")
    desk.now.seconds += 60
    pair = {"accountId": lease["accountId"], "principalId": "jane"}
    line, body = (f"DELETE /leases/{lease['id']}", None) if by_id else ("DELETE /leases", pair)
    ended = {
        **lease,
        "leaseStatus": "Inactive",
        "leaseStatusReason": "Destroyed",
        "lastModifiedOn": desk.now(),
        "leaseStatusModifiedOn": desk.now(),
    }
    assert desk.ask(caller, line, body) == (200, ended, {})
    assert desk.ask(ADMIN, f"GET /accounts/{lease['accountId']}")[1]["accountStatus"] == "NotReady"
    status, refused, _ = desk.ask(caller, line, body)
    assert (status, refused["error"]["code"]) == (409, "ConflictError")
    assert refused["error"]["message"].startswith(
        f'operation cannot be fulfilled on lease "{lease["id"]}": leaseStatus: must be active lease'
    )


def test_unknown_leases_are_not_found(desk: Desk):
    for line in ("GET /leases/none", "DELETE /leases/none"):
        assert desk.ask(JANE, line) == (404, error('lease "none" not found', "NotFoundError"), {})
    pair = {"accountId": "000000000001", "principalId": "jane"}
    assert desk.ask(JANE, "DELETE /leases", pair) == (
        404,
        error(
            'lease "with Principal ID jane and Account ID 000000000001" not found', "NotFoundError"
        ),
        {},
    )


def test_d54_d55_second_lease_and_empty_pool(desk: Desk):
    (account_id,) = desk.add_accounts(1)
    desk.lease(JANE, "jane")
    assert desk.ask(JANE, "POST /leases", {"principalId": "jane"}) == (
        409,
        error(
            f'lease "with principal jane and account {account_id}" already exists',
            "AlreadyExistsError",
        ),
        {},
    )
    assert desk.ask(JUNE, "POST /leases", {"principalId": "june"}) == (
        500,
        error("No Available accounts at this moment", "ServerError"),
        {},
    )


def test_bad_lease_requests(desk: Desk):
    desk.add_accounts(1)
    for line in ("POST /leases", "DELETE /leases"):
        for body in (b"", b"{", b"[]", b"\xff"):
            refused = error("invalid request parameters", "ClientError")
            assert desk.ask(JANE, line, body) == (400, refused, {})
    status, refused, _ = desk.ask(JANE, "POST /leases", {"principalId": "jane", "expiresOn": 5})
    assert (status, refused["error"]["code"]) == (400, "RequestValidationError")
    status, refused, _ = desk.ask(ADMIN, "GET /leases", id="x")
    assert (status, refused["error"]["code"]) == (400, "ClientError")
    assert desk.ask(ADMIN, "GET /accounts", status="Leased")[1] == []


def test_overspent_principal_gets_no_lease(desk: Desk, database: Database):
    desk.add_accounts(1)
    record = {
        "startDate": desk.now(),
        "principalId": "jane",
        "accountId": "000000000001",
        "costAmount": 1500,
    }
    with database.writing() as transaction:
        usage.put(transaction, usage.parse_record(json.dumps(record).encode()))
    status, refused, _ = desk.ask(JANE, "POST /leases", {"principalId": "jane"})
    assert status == 400
    assert "has already spent 1500.00 of their 1000.00 principal budget" in str(refused)


def test_d52_leases_are_paged_without_gaps(desk: Desk):
    desk.add_accounts(2)
    for number in range(7):
        lease = desk.lease(ADMIN, f"p{number % 2}")
        desk.ask(ADMIN, f"DELETE /leases/{lease['id']}")
        keep_house(desk.office, auto_reset=True)
    everything = desk.ask(ADMIN, "GET /leases")[1]
    assert len(everything) == 7
    found, query = [], {"limit": "2"}
    while query:
        _, page, headers = desk.ask(ADMIN, "GET /leases", **query)
        assert len(page) <= 2
        found += page
        query = query_of(headers.get("Link"))
    assert found == everything


def test_user_cannot_page_into_other_leases(desk: Desk):
    desk.add_accounts(3)
    for principal_id in ("jane", "june", "joan"):
        desk.lease(ADMIN, principal_id)
    everything = {"nextAccountId": "0", "nextPrincipalId": "a", "limit": "1"}
    _, page, headers = desk.ask(JANE, "GET /leases", **everything)
    assert [lease["principalId"] for lease in page] == ["jane"]
    assert headers == {}


def test_d23_keys_of_other_leases_look_unknown(desk: Desk):
    desk.add_accounts(1)
    lease = desk.lease(JANE, "jane")
    hidden = error("The requested resource could not be found.", "NotFound")
    assert desk.ask(JUNE, f"POST /leases/{lease['id']}/auth") == (404, hidden, {})
    assert desk.ask(ADMIN, "POST /leases/none/auth") == (404, hidden, {})


def test_d25_ended_or_expired_lease_gives_no_keys(database: Database):
    desk = Desk(database, KeySource())
    desk.add_accounts(2)
    refused = error("Could not access the resource requested.", "Unauthorized")
    lease = desk.lease(JANE, "jane", expiresOn=desk.now() + 10)
    desk.now.seconds += 10
    assert desk.ask(JANE, f"POST /leases/{lease['id']}/auth") == (401, refused, {})
    keep_house(desk.office, auto_reset=False)
    assert desk.ask(ADMIN, f"POST /leases/{lease['id']}/auth") == (401, refused, {})
    assert desk.office.key_source.asked == []


def test_keys_without_a_source_are_unavailable(desk: Desk):
    desk.add_accounts(1)
    lease = desk.lease(JANE, "jane")
    status, refused, _ = desk.ask(JANE, f"POST /leases/{lease['id']}/auth")
    assert (status, refused["error"]["code"]) == (503, "ServerError")
    assert "this installation gives none" in refused["error"]["message"]


@pytest.mark.parametrize(("caller", "role_session_name"), [(JANE, "jane"), (ADMIN, "jane")])
def test_d24_keys_come_from_the_principal_role(
    database: Database, caller: ApiCaller, role_session_name: str
):
    desk = Desk(database, KeySource())
    (account_id,) = desk.add_accounts(1)
    lease = desk.lease(JANE, "jane")
    assert desk.ask(caller, f"POST /leases/{lease['id']}/auth") == (
        201,
        {
            "accessKeyId": "ASIAEXAMPLE",
            "secretAccessKey": "example-secret",
            "sessionToken": "example-token",
            "consoleUrl": "https://example.com",
        },
        {"Cache-Control": "no-store"},
    )
    assert desk.office.key_source.asked == [
        {
            "account_id": account_id,
            "role_arn": f"arn:aws:iam::{account_id}:role/DCEPrincipal",
            "role_session_name": role_session_name,
        }
    ]

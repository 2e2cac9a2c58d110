"""Every method of the API, called as plain users and admins; the numbers are the checklist's."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from poolgate_dce import usage
from poolgate_dce.account_keys import AccountKeys
from poolgate_dce.answers import Answer, error_answer
from poolgate_dce.database import Database
from poolgate_dce.failures import Failure
from poolgate_dce.housekeeping import keep_house
from poolgate_dce.limits import Limits
from poolgate_dce.methods import METHODS, ApiCaller, MethodCall, Office, find_methods

ADMIN = ApiCaller("arn:aws:iam::111122223333:user/operator", "", is_admin=True)
JANE = ApiCaller("jane", "jane", is_admin=False)
JUNE = ApiCaller("june", "june", is_admin=False)
URL = "http://dce.example/api"
Asked = Callable[..., Answer]


class Moment:
    """A clock that stands where a test puts it."""

    seconds = 1_700_000_000

    def __call__(self) -> int:
        return self.seconds


class KeySource:
    """A source of account keys that tells what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    def keys_of(self, **asked: str) -> AccountKeys:
        self.asked.append(asked)
        return AccountKeys("ASIAEXAMPLE", "example-secret", "example-token", "https://example.com")


class Desk:
    """An office and how a test calls its methods."""

    def __init__(self, database: Database, key_source: KeySource | None = None) -> None:
        self.now = Moment()
        numbers = iter(range(1000))
        self.office = Office(
            database,
            Limits(),
            self.now,
            lambda: f"00000000-0000-4000-8000-{next(numbers):012d}",
            key_source,
        )

    def ask(
        self, caller: ApiCaller, line: str, body: Any = None, **query: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Return status, body and headers of e.g. `GET /leases`."""
        http_method, path = line.split()
        methods, named = find_methods(path)
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        call = MethodCall(caller, f"{URL}{path}", query, raw, named)
        try:
            answer = methods[http_method].run(self.office, call)
        except Failure as failure:
            answer = error_answer(failure)
        return answer.status, json.loads(json.dumps(answer.body)), dict(answer.headers)

    def add_accounts(self, count: int, *, ready: bool = True) -> list[str]:
        """Add accounts through the API and reset them."""
        account_ids = [f"{number:012d}" for number in range(1, count + 1)]
        for account_id in account_ids:
            body = {"id": account_id, "adminRoleArn": f"arn:aws:iam::{account_id}:role/Admin"}
            assert self.ask(ADMIN, "POST /accounts", body)[0] == 201
        keep_house(self.office, auto_reset=ready)
        return account_ids

    def lease(self, caller: ApiCaller, principal_id: str, **members: Any) -> dict[str, Any]:
        """Create a lease and return it."""
        body = {"principalId": principal_id, **members}
        status, lease, _ = self.ask(caller, "POST /leases", body)
        assert status == 201, lease
        return lease


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def error(message: str, error_code: str) -> dict[str, dict[str, str]]:
    return {"error": {"message": message, "code": error_code}}


def refusal(me: str, other: str) -> dict[str, dict[str, str]]:
    return error(
        f"User [{me}] with role: [User] attempted to act on a lease for [{other}], but was not"
        " authorized",
        "UnauthorizedError",
    )


def test_methods_open_to_users_are_those_of_the_user_policy():
    assert {f"{m.http_method} {m.path}" for m in METHODS if m.open_to_users} == {
        "GET /usage",
        "GET /leases",
        "GET /leases/{id}",
        "POST /leases",
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


# Accounts


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


# Leases


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
        query = _query_of(headers.get("Link"))
    assert found == everything


def test_user_cannot_page_into_other_leases(desk: Desk):
    desk.add_accounts(3)
    for principal_id in ("jane", "june", "joan"):
        desk.lease(ADMIN, principal_id)
    everything = {"nextAccountId": "0", "nextPrincipalId": "a", "limit": "1"}
    _, page, headers = desk.ask(JANE, "GET /leases", **everything)
    assert [lease["principalId"] for lease in page] == ["jane"]
    assert headers == {}


def _query_of(link: str | None) -> dict[str, str]:
    if link is None:
        return {}
    target, _, relation = link.partition(">; ")
    assert relation == 'rel="next"'
    return dict(part.split("=") for part in target.partition("?")[2].split("&"))


# Keys of a leased account


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
    assert "no source of account keys" in refused["error"]["message"]


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
        {},
    )
    assert desk.office.key_source.asked == [
        {
            "account_id": account_id,
            "role_arn": f"arn:aws:iam::{account_id}:role/DCEPrincipal",
            "role_session_name": role_session_name,
        }
    ]


# Usage


@pytest.fixture
def spent(desk: Desk, database: Database) -> list[dict[str, Any]]:
    today = desk.now() - desk.now() % 86400
    records = [
        {
            "principalId": principal_id,
            "accountId": account_id,
            "startDate": today - days_ago * 86400,
            "endDate": today - days_ago * 86400 + 86399,
            "costAmount": amount,
            "costCurrency": "USD",
            "timeToLive": today + 86400 * 30,
        }
        for days_ago, principal_id, account_id, amount in (
            (2, "jane", "000000000001", 1.5),
            (1, "jane", "000000000001", 2.0),
            (1, "june", "000000000002", 8.0),
            (0, "jane", "000000000003", 4.0),
        )
    ]
    with database.writing() as transaction:
        for record in records:
            usage.put(transaction, usage.parse_record(json.dumps(record).encode()))
    return records


def test_d27_users_see_own_usage_and_admins_all(desk: Desk, spent: list[dict[str, Any]]):
    own = [record for record in spent if record["principalId"] == "jane"]
    assert desk.ask(ADMIN, "GET /usage") == (200, spent, {})
    assert desk.ask(JANE, "GET /usage") == (200, own, {})
    assert desk.ask(JANE, "GET /usage", principalId="june")[1] == own
    assert desk.ask(ADMIN, "GET /usage", accountId="000000000002")[1] == [spent[2]]
    assert desk.ask(ApiCaller("joan", "joan", is_admin=False), "GET /usage") == (200, [], {})


def test_range_is_summed_for_each_principal(desk: Desk, spent: list[dict[str, Any]]):
    start, end = spent[0]["startDate"], spent[2]["startDate"]
    dates = {"startDate": str(start), "endDate": str(end)}
    sums = desk.ask(ADMIN, "GET /usage", **dates)[1]
    assert [(s["principalId"], s["costAmount"], s["startDate"], s["endDate"]) for s in sums] == [
        ("jane", 3.5, start, end),
        ("june", 8.0, start, end),
    ]
    assert [s["principalId"] for s in desk.ask(JANE, "GET /usage", **dates)[1]] == ["jane"]


def test_one_principals_days_up_to_today(desk: Desk, spent: list[dict[str, Any]]):
    start = str(spent[1]["startDate"])
    days = desk.ask(ADMIN, "GET /usage", startDate=start, principalId="jane")[1]
    assert days == [spent[1], spent[3]]


def test_usage_is_paged(desk: Desk, spent: list[dict[str, Any]]):
    found, query = [], {"limit": "1"}
    while query:
        _, page, headers = desk.ask(ADMIN, "GET /usage", **query)
        found += page
        query = _query_of(headers.get("Link"))
    assert found == spent


def test_bad_date_of_usage(desk: Desk):
    status, refused, _ = desk.ask(JANE, "GET /usage", startDate="2020-01-01")
    assert (status, refused["error"]["code"]) == (400, "RequestValidationError")
    assert refused["error"]["message"].startswith("Failed to parse usage start date: ")

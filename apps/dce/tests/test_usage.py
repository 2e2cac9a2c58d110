"""Usage, as plain users and admins see it; the numbers are the checklist's."""

import json
from typing import Any

import pytest
from dce_desk import ADMIN, JANE, Desk, query_of

from poolgate_dce import usage
from poolgate_dce.database import Database
from poolgate_dce.methods import ApiCaller


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
        query = query_of(headers.get("Link"))
    assert found == spent


def test_bad_date_of_usage(desk: Desk):
    status, refused, _ = desk.ask(JANE, "GET /usage", startDate="2020-01-01")
    assert (status, refused["error"]["code"]) == (400, "RequestValidationError")
    assert refused["error"]["message"].startswith("Failed to parse usage start date: ")

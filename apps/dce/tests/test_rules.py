"""The pure rules: limits, periods, validation texts, when a lease must end."""

from datetime import UTC, datetime

import pytest

from poolgate_dce import accounts, leases, usage
from poolgate_dce.failures import InvalidRequest, ValidationFailed
from poolgate_dce.leases import LeaseRequest, StatusReason
from poolgate_dce.limits import BudgetPeriod, Limits, period_start

NOW = 1_700_000_000
LIMITS = Limits()


def epoch(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp())


def request(**members: object) -> LeaseRequest:
    asked = {
        "principal_id": "jane",
        "budget_amount": None,
        "budget_currency": None,
        "budget_notification_emails": None,
        "expires_on": None,
        "metadata": None,
    }
    return LeaseRequest(**{**asked, **members})


@pytest.mark.parametrize(
    ("period", "now", "start"),
    [
        (BudgetPeriod.WEEKLY, epoch(2026, 3, 14, 23, 59), epoch(2026, 3, 8)),
        (BudgetPeriod.WEEKLY, epoch(2026, 3, 15), epoch(2026, 3, 15)),
        (BudgetPeriod.WEEKLY, epoch(2026, 3, 2, 5), epoch(2026, 3, 1)),
        (BudgetPeriod.MONTHLY, epoch(2026, 3, 1), epoch(2026, 3, 1)),
        (BudgetPeriod.MONTHLY, epoch(2024, 2, 29, 12), epoch(2024, 2, 1)),
    ],
)
def test_period_begins_on_sunday_or_on_the_first(period: BudgetPeriod, now: int, start: int):
    assert period_start(period, now) == start


def problems_of(asked: LeaseRequest, spent: float = 0.0) -> str:
    with pytest.raises(ValidationFailed) as refused:
        leases.verify_request(asked, LIMITS, spent, NOW)
    return refused.value.message


def test_texts_of_refused_terms():
    assert problems_of(request(expires_on=NOW)) == (
        "lease validation error: expiresOn: Requested lease has a desired expiry date less than"
        f" today: {NOW}."
    )
    assert problems_of(request(expires_on=NOW + 604_801)) == (
        "lease validation error: expiresOn: Requested lease has a budget expires on of"
        f" {NOW + 604_801}, which is greater than max lease period of 604800."
    )
    assert problems_of(request(budget_amount=30_000.0)) == (
        "lease validation error: budgetAmount: Requested lease has a budget amount of"
        " 30000.000000, which is greater than max lease budget amount of 1000.000000."
    )
    assert problems_of(request(), spent=1000.5) == (
        "lease validation error: budgetAmount: Unable to create lease: User principal jane has"
        " already spent 1000.50 of their 1000.00 principal budget."
    )
    assert problems_of(request(budget_amount=-1.0, expires_on=1)).count(":") == 4


def test_terms_on_the_limits_are_accepted():
    asked = request(budget_amount=1000.0, expires_on=NOW + 604_800)
    leases.verify_request(asked, LIMITS, 1000.0, NOW)


def test_lease_without_wishes_gets_the_defaults():
    lease = leases.new_lease(request(), LIMITS, lease_id="L", account_id="1" * 12, now=NOW)
    assert leases.render(lease) == {
        "id": "L",
        "accountId": "111111111111",
        "principalId": "jane",
        "leaseStatus": "Active",
        "leaseStatusReason": "Active",
        "createdOn": NOW,
        "lastModifiedOn": NOW,
        "leaseStatusModifiedOn": NOW,
        "expiresOn": NOW + 604_800,
        "budgetAmount": 1000.0,
        "budgetCurrency": "",
        "budgetNotificationEmails": [""],
        "metadata": {},
    }


@pytest.mark.parametrize(
    ("spent", "spent_by_principal", "after", "reason"),
    [
        (50.0, 1000.0, 99, None),
        (0.0, 0.0, 100, StatusReason.EXPIRED),
        (50.1, 50.1, 0, StatusReason.OVER_BUDGET),
        (0.0, 1000.1, 0, StatusReason.OVER_PRINCIPAL_BUDGET),
        (99.0, 2000.0, 100, StatusReason.EXPIRED),
    ],
)
def test_reason_to_end_a_lease(
    spent: float, spent_by_principal: float, after: int, reason: StatusReason | None
):
    asked = request(budget_amount=50.0, expires_on=NOW + 100)
    lease = leases.new_lease(asked, LIMITS, lease_id="L", account_id="1" * 12, now=NOW)
    owed = leases.end_owed(
        lease, LIMITS, spent=spent, spent_by_principal=spent_by_principal, now=NOW + after
    )
    assert owed is reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"principalId": 5}',
        b'{"principalId": "p", "budgetAmount": "5"}',
        b'{"principalId": "p", "budgetAmount": NaN}',
        b'{"principalId": "p", "budgetAmount": 1e999}',
        b'{"principalId": "p", "budgetAmount": true}',
        b'{"principalId": "p", "expiresOn": 1.5}',
        b'{"principalId": "p", "expiresOn": 99999999999999999999}',
        b'{"principalId": "p", "budgetNotificationEmails": "a@b"}',
        b'{"principalId": "p", "budgetNotificationEmails": [1]}',
        b'{"principalId": "p", "metadata": []}',
        b'{"principalId": "p", "metadata": {"a": "\\ud800"}}',
        b'{"principalId": "\\ud800"}',
        b'{"principalId": "p", "metadata": ' + b'{"a": ' * 33 + b"1" + b"}" * 34,
        b'{"principalId": "p", "metadata": ' + b'{"a": ' * 900 + b"1" + b"}" * 901,
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_body_that_cannot_be_read(body: bytes):
    with pytest.raises(InvalidRequest) as refused:
        leases.parse_request(body)
    assert refused.value.message == "invalid request parameters"


def test_metadata_may_be_deep_within_reason():
    body = b'{"principalId": "p", "metadata": ' + b'{"a": ' * 32 + b"1" + b"}" * 33
    assert leases.parse_request(body).metadata is not None


def test_texts_of_missing_members():
    for parse, body, message in (
        (leases.parse_request, b"{}", "missing principalId"),
        (leases.parse_request, b'{"principalId": ""}', "missing principalId"),
        (leases.parse_pair, b'{"principalId": "p"}', "missing AccountID"),
        (leases.parse_pair, b'{"accountId": "1"}', "missing PrincipalID"),
    ):
        with pytest.raises(InvalidRequest) as refused:
            parse(body)
        assert refused.value.message == f"invalid request parameters: {message}"


def test_account_may_not_bring_what_the_pool_sets():
    body = (
        b'{"id": "12345", "adminRoleArn": "none", "accountStatus": "Ready", "createdOn": 1,'
        b' "lastModifiedOn": 1, "principalRoleArn": "x", "principalPolicyHash": "x"}'
    )
    with pytest.raises(ValidationFailed) as refused:
        accounts.parse_new_account(body, LIMITS, NOW)
    assert refused.value.message == (
        "account validation error: accountStatus: must be empty; adminRoleArn: must be an admin"
        " role arn that can be assumed; createdOn: must be empty; id: must be a string with 12"
        " digits; lastModifiedOn: must be empty; principalPolicyHash: must be empty;"
        " principalRoleArn: must be empty."
    )


def test_bad_date_is_named():
    for parameter, word in (("startDate", "start"), ("endDate", "end")):
        for given in ("yesterday", "", "1.5", "9" * 30):
            with pytest.raises(ValidationFailed) as refused:
                usage.parse_query({parameter: given})
            assert refused.value.message.startswith(f"Failed to parse usage {word} date: ")

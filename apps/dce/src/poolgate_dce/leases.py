"""Leases: what a request may ask for, when a lease ends, and their records.

(created) --> Active --> Inactive (Destroyed | Expired | OverBudget | OverPrincipalBudget)
"""

import json
import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from poolgate_dce import json_bodies
from poolgate_dce.database import Transaction
from poolgate_dce.failures import InvalidRequest, NotFound, validation_failed
from poolgate_dce.json_bodies import JsonObject
from poolgate_dce.limits import Limits
from poolgate_dce.paging import Page, parse_limit


class LeaseStatus(StrEnum):
    """Whether the lease gives access to its account."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


class StatusReason(StrEnum):
    """Why a lease has its status."""

    ACTIVE = "Active"
    DESTROYED = "Destroyed"
    EXPIRED = "Expired"
    OVER_BUDGET = "OverBudget"
    OVER_PRINCIPAL_BUDGET = "OverPrincipalBudget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A principal's hold on one account; times are epoch seconds."""

    id: str
    account_id: str
    principal_id: str
    status: LeaseStatus
    status_reason: StatusReason
    created_on: int
    last_modified_on: int
    status_modified_on: int
    expires_on: int
    budget_amount: float
    budget_currency: str
    budget_notification_emails: tuple[str, ...]
    metadata: JsonObject

    def gives_access(self, now: int) -> bool:
        """Tell whether keys may be had; an expired lease gives none, even before its review."""
        return self.status is LeaseStatus.ACTIVE and now < self.expires_on


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """What somebody asks for; None stands for the installation's default."""

    principal_id: str
    budget_amount: float | None
    budget_currency: str | None
    budget_notification_emails: tuple[str, ...] | None
    expires_on: int | None
    metadata: JsonObject | None


@dataclass(frozen=True, slots=True)
class LeasePair:
    """The account and the principal by which a lease can be named."""

    account_id: str
    principal_id: str

    def __str__(self) -> str:
        return f"with Principal ID {self.principal_id} and Account ID {self.account_id}"


def parse_request(body: bytes) -> LeaseRequest:
    """Return what a new lease is asked to be; raise InvalidRequest."""
    document = json_bodies.parse_object(body)
    principal_id = json_bodies.text(document, "principalId")
    if not principal_id:
        raise InvalidRequest("missing principalId")
    return LeaseRequest(
        principal_id,
        json_bodies.amount(document, "budgetAmount"),
        json_bodies.text(document, "budgetCurrency"),
        json_bodies.texts(document, "budgetNotificationEmails"),
        json_bodies.whole_number(document, "expiresOn"),
        json_bodies.nested_object(document, "metadata"),
    )


def parse_pair(body: bytes) -> LeasePair:
    """Return which lease is meant by account and principal; raise InvalidRequest."""
    document = json_bodies.parse_object(body)
    account_id = json_bodies.text(document, "accountId")
    principal_id = json_bodies.text(document, "principalId")
    if not account_id:
        raise InvalidRequest("missing AccountID")
    if not principal_id:
        raise InvalidRequest("missing PrincipalID")
    return LeasePair(account_id, principal_id)


def verify_request(request: LeaseRequest, limits: Limits, spent: float, now: int) -> None:
    """Raise unless the asked budget and expiry lie within the limits.

    `spent` is what the principal has spent in the current budget period.
    """
    problems: dict[str, str] = {}
    if budget_problem := _budget_problem(request, limits, spent):
        problems["budgetAmount"] = budget_problem
    if expiry_problem := _expiry_problem(request.expires_on, limits, now):
        problems["expiresOn"] = expiry_problem
    if problems:
        raise validation_failed("lease", problems)


def _budget_problem(request: LeaseRequest, limits: Limits, spent: float) -> str | None:
    if request.budget_amount is not None:
        if request.budget_amount < 0:
            return "must be no less than 0"
        if request.budget_amount > limits.max_lease_budget_amount:
            return (
                f"Requested lease has a budget amount of {_rounded(request.budget_amount):f}, which"
                " is greater than max lease budget amount of"
                f" {_rounded(limits.max_lease_budget_amount):f}"
            )
    if spent > limits.principal_budget_amount:
        return (
            f"Unable to create lease: User principal {request.principal_id} has already spent"
            f" {spent:.2f} of their {limits.principal_budget_amount:.2f} principal budget"
        )
    return None


def _expiry_problem(expires_on: int | None, limits: Limits, now: int) -> str | None:
    if expires_on is None:
        return None
    if expires_on <= now:
        return f"Requested lease has a desired expiry date less than today: {expires_on}"
    if expires_on > now + limits.max_lease_period_seconds:
        return (
            f"Requested lease has a budget expires on of {expires_on}, which is greater than max"
            f" lease period of {limits.max_lease_period_seconds}"
        )
    return None


def _rounded(amount: float) -> float:
    return math.floor(amount + 0.5)


def new_lease(
    request: LeaseRequest, limits: Limits, *, lease_id: str, account_id: str, now: int
) -> Lease:
    """Return the active lease of the account, with defaults where nothing was asked."""
    emails = request.budget_notification_emails
    return Lease(
        id=lease_id,
        account_id=account_id,
        principal_id=request.principal_id,
        status=LeaseStatus.ACTIVE,
        status_reason=StatusReason.ACTIVE,
        created_on=now,
        last_modified_on=now,
        status_modified_on=now,
        expires_on=(
            now + limits.max_lease_period_seconds
            if request.expires_on is None
            else request.expires_on
        ),
        budget_amount=(
            limits.max_lease_budget_amount
            if request.budget_amount is None
            else request.budget_amount
        ),
        budget_currency=request.budget_currency or "",
        budget_notification_emails=("",) if emails is None else emails,
        metadata=request.metadata or {},
    )


def end_owed(
    lease: Lease, limits: Limits, *, spent: float, spent_by_principal: float, now: int
) -> StatusReason | None:
    """Return why an active lease must end now, or None while it may go on."""
    if now >= lease.expires_on:
        return StatusReason.EXPIRED
    if spent > lease.budget_amount:
        return StatusReason.OVER_BUDGET
    if spent_by_principal > limits.principal_budget_amount:
        return StatusReason.OVER_PRINCIPAL_BUDGET
    return None


def render(lease: Lease) -> JsonObject:
    """Return the lease as the API shows it."""
    return {
        "id": lease.id,
        "accountId": lease.account_id,
        "principalId": lease.principal_id,
        "leaseStatus": lease.status,
        "leaseStatusReason": lease.status_reason,
        "createdOn": lease.created_on,
        "lastModifiedOn": lease.last_modified_on,
        "leaseStatusModifiedOn": lease.status_modified_on,
        "expiresOn": lease.expires_on,
        "budgetAmount": lease.budget_amount,
        "budgetCurrency": lease.budget_currency,
        "budgetNotificationEmails": list(lease.budget_notification_emails),
        "metadata": lease.metadata,
    }


def insert(transaction: Transaction, lease: Lease) -> None:
    """Keep a new lease."""
    transaction.execute(
        "INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            lease.id,
            lease.account_id,
            lease.principal_id,
            lease.status,
            lease.status_reason,
            lease.created_on,
            lease.last_modified_on,
            lease.status_modified_on,
            lease.expires_on,
            lease.budget_amount,
            lease.budget_currency,
            json.dumps(lease.budget_notification_emails),
            json.dumps(lease.metadata),
        ),
    )


def mark_inactive(transaction: Transaction, lease_id: str, reason: StatusReason, now: int) -> None:
    """Record the end of a lease."""
    transaction.execute(
        "UPDATE leases SET status = ?, status_reason = ?, status_modified_on = ?,"
        " last_modified_on = ? WHERE id = ?",
        (LeaseStatus.INACTIVE, reason, now, now, lease_id),
    )


def get(transaction: Transaction, lease_id: str) -> Lease:
    """Return the lease; raise NotFound when there is none."""
    row = transaction.execute("SELECT * FROM leases WHERE id = ?", (lease_id,)).fetchone()
    if row is None:
        raise NotFound("lease", lease_id)
    return _from_row(row)


def get_by_pair(transaction: Transaction, pair: LeasePair) -> Lease:
    """Return the pair's active lease, else its latest; raise NotFound when there was never one."""
    row = transaction.execute(
        "SELECT * FROM leases WHERE principal_id = ? AND account_id = ?"
        " ORDER BY status = 'Active' DESC, created_on DESC LIMIT 1",
        (pair.principal_id, pair.account_id),
    ).fetchone()
    if row is None:
        raise NotFound("lease", str(pair))
    return _from_row(row)


def find_active_of_principal(transaction: Transaction, principal_id: str) -> Lease | None:
    """Return the principal's active lease, or None."""
    row = transaction.execute(
        "SELECT * FROM leases WHERE principal_id = ? AND status = 'Active'", (principal_id,)
    ).fetchone()
    return None if row is None else _from_row(row)


def list_active(transaction: Transaction) -> tuple[Lease, ...]:
    """Return every active lease; there is at most one for each account of the pool."""
    rows = transaction.execute("SELECT * FROM leases WHERE status = 'Active'").fetchall()
    return tuple(_from_row(row) for row in rows)


def list_page(transaction: Transaction, query: Mapping[str, str]) -> Page[Lease]:
    """Return the leases that match every filter, in the order of account, principal and id.

    A page begins after `nextAccountId`, `nextPrincipalId` and `nextId`; without the last, after
    every lease of that account and principal.
    """
    if "id" in query:
        raise InvalidRequest("id is not a filter; ask for /leases/{id}")
    limit = parse_limit(query)
    conditions: list[str] = []
    values: list[str] = []
    for parameter, column in _FILTERS.items():
        if parameter in query:
            conditions.append(f"{column} = ?")
            values.append(query[parameter])
    if "nextAccountId" in query or "nextPrincipalId" in query:
        conditions.append("(account_id, principal_id, id) > (?, ?, ?)")
        values += [
            query.get("nextAccountId", ""),
            query.get("nextPrincipalId", ""),
            query.get("nextId", _AFTER_EVERY_ID),
        ]
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = transaction.execute(
        f"SELECT * FROM leases {where} ORDER BY account_id, principal_id, id LIMIT ?",  # noqa: S608  only fixed column names are put in
        (*values, limit + 1),
    ).fetchall()
    found = tuple(_from_row(row) for row in rows[:limit])
    return Page(found, _next_page(found[-1]) if len(rows) > limit else None)


_FILTERS = {"principalId": "principal_id", "accountId": "account_id", "status": "status"}
# Sorts after every UUID.
_AFTER_EVERY_ID = "~"


def _next_page(last: Lease) -> Mapping[str, str]:
    return {
        "nextAccountId": last.account_id,
        "nextPrincipalId": last.principal_id,
        "nextId": last.id,
    }


def _from_row(row: sqlite3.Row) -> Lease:
    return Lease(
        id=row["id"],
        account_id=row["account_id"],
        principal_id=row["principal_id"],
        status=LeaseStatus(row["status"]),
        status_reason=StatusReason(row["status_reason"]),
        created_on=row["created_on"],
        last_modified_on=row["last_modified_on"],
        status_modified_on=row["status_modified_on"],
        expires_on=row["expires_on"],
        budget_amount=row["budget_amount"],
        budget_currency=row["budget_currency"],
        budget_notification_emails=tuple(json.loads(row["budget_notification_emails"])),
        metadata=json.loads(row["metadata"]),
    )

"""Usage: what principals' use of accounts cost; one record a day, principal and account."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from poolgate_dce import json_bodies
from poolgate_dce.database import Transaction
from poolgate_dce.failures import InvalidRequest, ValidationFailed
from poolgate_dce.json_bodies import LARGEST_NUMBER, JsonObject
from poolgate_dce.limits import DAY_SECONDS, day_start
from poolgate_dce.paging import Page, parse_limit

KEPT_SECONDS = 60 * DAY_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The cost of one day; times are epoch seconds, and `time_to_live` is when it is forgotten."""

    start_date: int
    end_date: int
    principal_id: str
    account_id: str
    cost_amount: float
    cost_currency: str
    time_to_live: int


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """Which records are asked for; None does not narrow."""

    start_date: int | None = None
    end_date: int | None = None
    principal_id: str | None = None
    account_id: str | None = None

    @property
    def is_range(self) -> bool:
        """Tell whether both ends are given, which asks for sums."""
        return self.start_date is not None and self.end_date is not None

    @property
    def is_daily(self) -> bool:
        """Tell whether one principal's days up to today are asked for."""
        return self.start_date is not None and self.principal_id is not None


def parse_record(body: bytes) -> Usage:
    """Return the record in one JSON object; raise InvalidRequest.

    The day begins at `startDate`'s midnight (UTC); `endDate` and `timeToLive` have defaults.
    """
    document = json_bodies.parse_object(body)
    start_date = json_bodies.whole_number(document, "startDate")
    principal_id = json_bodies.text(document, "principalId")
    account_id = json_bodies.text(document, "accountId")
    cost_amount = json_bodies.amount(document, "costAmount")
    if start_date is None or not principal_id or not account_id or cost_amount is None:
        raise InvalidRequest("startDate, principalId, accountId and costAmount are required")
    start_date = day_start(start_date)
    end_date = json_bodies.whole_number(document, "endDate")
    time_to_live = json_bodies.whole_number(document, "timeToLive")
    return Usage(
        start_date=start_date,
        end_date=start_date + DAY_SECONDS - 1 if end_date is None else end_date,
        principal_id=principal_id,
        account_id=account_id,
        cost_amount=cost_amount,
        cost_currency=json_bodies.text(document, "costCurrency") or "USD",
        time_to_live=start_date + KEPT_SECONDS if time_to_live is None else time_to_live,
    )


def parse_query(query: Mapping[str, str]) -> UsageQuery:
    """Return what the query asks for; raise ValidationFailed for a date that is none."""
    return UsageQuery(
        _parse_date(query, "startDate", "start"),
        _parse_date(query, "endDate", "end"),
        query.get("principalId"),
        query.get("accountId"),
    )


def _parse_date(query: Mapping[str, str], parameter: str, word: str) -> int | None:
    given = query.get(parameter)
    if given is None:
        return None
    try:
        date = int(given)
    except ValueError as error:
        raise _bad_date(word, given) from error
    if abs(date) > LARGEST_NUMBER:
        raise _bad_date(word, given)
    return date


def _bad_date(word: str, given: str) -> ValidationFailed:
    return ValidationFailed(
        f"Failed to parse usage {word} date: {given[:40]!r} is not a whole number of epoch seconds"
    )


def render(usage: Usage) -> JsonObject:
    """Return the record as the API shows it."""
    return {
        "principalId": usage.principal_id,
        "accountId": usage.account_id,
        "startDate": usage.start_date,
        "endDate": usage.end_date,
        "costAmount": usage.cost_amount,
        "costCurrency": usage.cost_currency,
        "timeToLive": usage.time_to_live,
    }


def put(transaction: Transaction, usage: Usage) -> None:
    """Keep the record, in place of the one for the same day, principal and account."""
    transaction.execute(
        "INSERT OR REPLACE INTO usage VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            usage.start_date,
            usage.principal_id,
            usage.account_id,
            usage.end_date,
            usage.cost_amount,
            usage.cost_currency,
            usage.time_to_live,
        ),
    )


def forget_old(transaction: Transaction, now: int) -> int:
    """Delete the records whose time is over and return how many they were."""
    return transaction.execute("DELETE FROM usage WHERE time_to_live <= ?", (now,)).rowcount


def spent_by_principal(transaction: Transaction, principal_id: str, since: int) -> float:
    """Return the principal's cost of all days from `since` on."""
    (spent,) = transaction.execute(
        "SELECT coalesce(sum(cost_amount), 0.0) FROM usage"
        " WHERE principal_id = ? AND start_date >= ?",
        (principal_id, since),
    ).fetchone()
    return float(spent)


def spent_on_account(
    transaction: Transaction, principal_id: str, account_id: str, since: int
) -> float:
    """Return the principal's cost in one account of all days from `since` on."""
    (spent,) = transaction.execute(
        "SELECT coalesce(sum(cost_amount), 0.0) FROM usage"
        " WHERE principal_id = ? AND account_id = ? AND start_date >= ?",
        (principal_id, account_id, since),
    ).fetchone()
    return float(spent)


def sums(transaction: Transaction, asked: UsageQuery) -> tuple[Usage, ...]:
    """Return one record for each principal (and currency): its sum over the asked range."""
    return tuple(
        replace(total, start_date=asked.start_date or 0, end_date=asked.end_date or 0)
        for total in _summed(_select(transaction, asked))
    )


def days(transaction: Transaction, asked: UsageQuery, now: int) -> tuple[Usage, ...]:
    """Return one principal's records from the start date to today."""
    return tuple(_select(transaction, replace(asked, end_date=now)))


def list_page(transaction: Transaction, query: Mapping[str, str], asked: UsageQuery) -> Page[Usage]:
    """Return the records in the order of day, principal and account.

    A page begins after `nextStartDate`, `nextPrincipalId` and `nextAccountId`; without the last,
    after every record of that day and principal.
    """
    limit = parse_limit(query)
    after = None
    if "nextStartDate" in query or "nextPrincipalId" in query:
        after = (
            _parse_date(query, "nextStartDate", "next start") or 0,
            query.get("nextPrincipalId", ""),
            query.get("nextAccountId", _AFTER_EVERY_ACCOUNT),
        )
    found = tuple(_select(transaction, asked, after=after, limit=limit + 1))
    if len(found) <= limit:
        return Page(found)
    last = found[limit - 1]
    position = {
        "nextStartDate": str(last.start_date),
        "nextPrincipalId": last.principal_id,
        "nextAccountId": last.account_id,
    }
    return Page(found[:limit], position)


# Sorts after every account id.
_AFTER_EVERY_ACCOUNT = "~"
_NO_LIMIT = -1


def _select(
    transaction: Transaction,
    asked: UsageQuery,
    *,
    after: tuple[int, str, str] | None = None,
    limit: int = _NO_LIMIT,
) -> Iterable[Usage]:
    narrowed: dict[str, int | str | None] = {
        "start_date >= ?": asked.start_date,
        "start_date <= ?": asked.end_date,
        "principal_id = ?": asked.principal_id,
        "account_id = ?": asked.account_id,
    }
    conditions = [condition for condition, value in narrowed.items() if value is not None]
    values = [value for value in narrowed.values() if value is not None]
    if after is not None:
        conditions.append("(start_date, principal_id, account_id) > (?, ?, ?)")
        values += after
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = transaction.execute(
        f"SELECT * FROM usage {where} ORDER BY start_date, principal_id, account_id LIMIT ?",  # noqa: S608  only fixed column names are put in
        (*values, limit),
    ).fetchall()
    return [_from_row(row) for row in rows]


def _summed(records: Iterable[Usage]) -> Iterable[Usage]:
    totals: dict[tuple[str, str], Usage] = {}
    for record in records:
        # Amounts of two currencies have no sum.
        total = totals.get((record.principal_id, record.cost_currency))
        totals[record.principal_id, record.cost_currency] = (
            record
            if total is None
            else replace(total, cost_amount=total.cost_amount + record.cost_amount)
        )
    return totals.values()


def _from_row(row: sqlite3.Row) -> Usage:
    return Usage(
        start_date=row["start_date"],
        end_date=row["end_date"],
        principal_id=row["principal_id"],
        account_id=row["account_id"],
        cost_amount=row["cost_amount"],
        cost_currency=row["cost_currency"],
        time_to_live=row["time_to_live"],
    )

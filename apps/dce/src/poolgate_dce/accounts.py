"""Child accounts: what may be added, changed and removed, and the pool that leases draw from.

(added) --> NotReady --reset--> Ready --lease--> Leased --end of lease--> NotReady
"""

import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from poolgate_dce import json_bodies
from poolgate_dce.database import Transaction
from poolgate_dce.failures import (
    AlreadyExists,
    Conflict,
    NoAccountReady,
    NotFound,
    validation_failed,
)
from poolgate_dce.json_bodies import JsonObject
from poolgate_dce.limits import Limits
from poolgate_dce.paging import Page, parse_limit

_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)
_SET_BY_THE_POOL = (
    "accountStatus",
    "createdOn",
    "lastModifiedOn",
    "principalPolicyHash",
    "principalRoleArn",
)
_FILTERS = {
    "id": "id",
    "status": "status",
    "adminRoleArn": "admin_role_arn",
    "principalRoleArn": "principal_role_arn",
    "principalPolicyHash": "principal_policy_hash",
}


class AccountStatus(StrEnum):
    """Where an account stands in the pool."""

    NOT_READY = "NotReady"
    READY = "Ready"
    LEASED = "Leased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A child account; times are epoch seconds."""

    id: str
    status: AccountStatus
    admin_role_arn: str
    principal_role_arn: str
    principal_policy_hash: str | None = None
    created_on: int
    last_modified_on: int
    metadata: JsonObject


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What an update asks for; None leaves a member as it is."""

    admin_role_arn: str | None
    metadata: JsonObject | None


def parse_new_account(body: bytes, limits: Limits, now: int) -> Account:
    """Return the account that the request adds; raise for a member missing or not its to set."""
    document = json_bodies.parse_object(body)
    account_id = json_bodies.text(document, "id")
    admin_role_arn = json_bodies.text(document, "adminRoleArn")
    problems = _problems(document, admin_role_arn)
    if account_id is None:
        problems["id"] = "must be a string"
    elif not _ACCOUNT_ID.fullmatch(account_id):
        problems["id"] = "must be a string with 12 digits"
    if admin_role_arn is None:
        problems["adminRoleArn"] = "must be a string"
    metadata = json_bodies.nested_object(document, "metadata") or {}
    if problems or account_id is None or admin_role_arn is None:
        raise validation_failed("account", problems)
    return Account(
        id=account_id,
        status=AccountStatus.NOT_READY,
        admin_role_arn=admin_role_arn,
        principal_role_arn=f"arn:aws:iam::{account_id}:role/{limits.principal_role_name}",
        created_on=now,
        last_modified_on=now,
        metadata=metadata,
    )


def parse_change(body: bytes, account_id: str) -> AccountChange:
    """Return what the update changes; raise for a member that may not be changed."""
    document = json_bodies.parse_object(body)
    admin_role_arn = json_bodies.text(document, "adminRoleArn")
    problems = _problems(document, admin_role_arn)
    if json_bodies.text(document, "id") not in (None, account_id):
        problems["id"] = "must be a valid value"
    if problems:
        raise validation_failed("account", problems)
    return AccountChange(admin_role_arn, json_bodies.nested_object(document, "metadata"))


def _problems(document: JsonObject, admin_role_arn: str | None) -> dict[str, str]:
    problems = {member: "must be empty" for member in _SET_BY_THE_POOL if member in document}
    if admin_role_arn is not None and not _ROLE_ARN.fullmatch(admin_role_arn):
        problems["adminRoleArn"] = "must be an admin role arn that can be assumed"
    return problems


def render(account: Account) -> JsonObject:
    """Return the account as the API shows it."""
    shown: dict[str, object] = {
        "id": account.id,
        "accountStatus": account.status,
        "adminRoleArn": account.admin_role_arn,
        "principalRoleArn": account.principal_role_arn,
        "createdOn": account.created_on,
        "lastModifiedOn": account.last_modified_on,
        "metadata": account.metadata,
    }
    if account.principal_policy_hash is not None:
        shown["principalPolicyHash"] = account.principal_policy_hash
    return shown


def create(transaction: Transaction, account: Account) -> None:
    """Add the account to the pool; raise AlreadyExists when its id is taken."""
    try:
        transaction.execute(
            "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                account.id,
                account.status,
                account.admin_role_arn,
                account.principal_role_arn,
                account.principal_policy_hash,
                account.created_on,
                account.last_modified_on,
                json.dumps(account.metadata),
            ),
        )
    except sqlite3.IntegrityError as error:
        raise AlreadyExists("account", account.id) from error


def get(transaction: Transaction, account_id: str) -> Account:
    """Return the account; raise NotFound when there is none."""
    row = transaction.execute("SELECT * FROM accounts WHERE id = ?", (account_id,)).fetchone()
    if row is None:
        raise NotFound("account", account_id)
    return _from_row(row)


def list_page(transaction: Transaction, query: Mapping[str, str]) -> Page[Account]:
    """Return the accounts that match every filter of the query, in the order of their ids."""
    limit = parse_limit(query)
    conditions, values = ["id > ?"], [query.get("nextId", "")]
    for parameter, column in _FILTERS.items():
        if parameter in query:
            conditions.append(f"{column} = ?")
            values.append(query[parameter])
    rows = transaction.execute(
        # The conditions are this module's own words; every value is bound.
        f"SELECT * FROM accounts WHERE {' AND '.join(conditions)} ORDER BY id LIMIT ?",  # noqa: S608  only fixed column names are put in
        (*values, limit + 1),
    ).fetchall()
    found = tuple(_from_row(row) for row in rows[:limit])
    return Page(found, {"nextId": found[-1].id} if len(rows) > limit else None)


def update(transaction: Transaction, account_id: str, change: AccountChange, now: int) -> Account:
    """Return the account after the change; raise NotFound when there is none."""
    account = get(transaction, account_id)
    changed = replace(
        account,
        admin_role_arn=change.admin_role_arn or account.admin_role_arn,
        metadata=account.metadata if change.metadata is None else change.metadata,
        last_modified_on=now,
    )
    transaction.execute(
        "UPDATE accounts SET admin_role_arn = ?, metadata = ?, last_modified_on = ? WHERE id = ?",
        (changed.admin_role_arn, json.dumps(changed.metadata), now, account_id),
    )
    return changed


def delete(transaction: Transaction, account_id: str) -> None:
    """Take the account out of the pool; raise NotFound, or Conflict while it is leased."""
    if get(transaction, account_id).status is AccountStatus.LEASED:
        raise Conflict("account", account_id, "accountStatus: must not be leased")
    transaction.execute("DELETE FROM accounts WHERE id = ?", (account_id,))


def take_ready(transaction: Transaction, now: int) -> str:
    """Mark the Ready account that has waited longest as Leased and return its id."""
    row = transaction.execute(
        "UPDATE accounts SET status = ?, last_modified_on = ? WHERE id = ("
        " SELECT id FROM accounts WHERE status = ? ORDER BY last_modified_on, id LIMIT 1"
        ") RETURNING id",
        (AccountStatus.LEASED, now, AccountStatus.READY),
    ).fetchone()
    if row is None:
        raise NoAccountReady
    return str(row["id"])


def give_back(transaction: Transaction, account_id: str, now: int) -> None:
    """Mark an account whose lease has ended as NotReady: it must be reset before its next lease."""
    transaction.execute(
        "UPDATE accounts SET status = ?, last_modified_on = ? WHERE id = ?",
        (AccountStatus.NOT_READY, now, account_id),
    )


def reset(transaction: Transaction, now: int, account_id: str | None = None) -> tuple[str, ...]:
    """Mark one or all NotReady accounts as Ready and return their ids."""
    rows = transaction.execute(
        "UPDATE accounts SET status = ?, last_modified_on = ?"
        " WHERE status = ? AND id = coalesce(?, id) RETURNING id",
        (AccountStatus.READY, now, AccountStatus.NOT_READY, account_id),
    ).fetchall()
    return tuple(sorted(row["id"] for row in rows))


def _from_row(row: sqlite3.Row) -> Account:
    return Account(
        id=row["id"],
        status=AccountStatus(row["status"]),
        admin_role_arn=row["admin_role_arn"],
        principal_role_arn=row["principal_role_arn"],
        principal_policy_hash=row["principal_policy_hash"],
        created_on=row["created_on"],
        last_modified_on=row["last_modified_on"],
        metadata=json.loads(row["metadata"]),
    )

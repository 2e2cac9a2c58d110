"""The steps on a real file: leasing, ending, reviewing, paging, and what a kill leaves."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from poolgate_dce import accounts, leases, leasing, usage
from poolgate_dce.database import Database, FileOfAnotherVersion
from poolgate_dce.failures import AlreadyExists, Conflict, NoAccountReady, NotFound
from poolgate_dce.leases import Lease, LeaseStatus, StatusReason
from poolgate_dce.limits import DAY_SECONDS, Limits

NOW = 1_700_000_000
LIMITS = Limits()


def add_accounts(database: Database, *account_ids: str) -> None:
    with database.writing() as transaction:
        for account_id in account_ids:
            body = {"id": account_id, "adminRoleArn": f"arn:aws:iam::{account_id}:role/Admin"}
            account = accounts.parse_new_account(json.dumps(body).encode(), LIMITS, NOW)
            accounts.create(transaction, account)
        accounts.reset(transaction, NOW)


def lease_to(database: Database, principal_id: str, now: int = NOW, **members: object) -> Lease:
    request = leases.parse_request(json.dumps({"principalId": principal_id, **members}).encode())
    with database.writing() as transaction:
        return leasing.begin_lease(
            transaction, request, LIMITS, lease_id=f"lease-of-{principal_id}-{now}", now=now
        )


def status_of(database: Database, account_id: str) -> str:
    with database.reading() as transaction:
        return accounts.get(transaction, account_id).status


def spend(database: Database, principal_id: str, account_id: str, amount: float, day: int) -> None:
    body = {
        "startDate": day,
        "principalId": principal_id,
        "accountId": account_id,
        "costAmount": amount,
    }
    with database.writing() as transaction:
        usage.put(transaction, usage.parse_record(json.dumps(body).encode()))


def test_account_goes_round_through_the_pool(database: Database):
    add_accounts(database, "111111111111")
    lease = lease_to(database, "jane")
    assert (lease.account_id, status_of(database, "111111111111")) == ("111111111111", "Leased")
    with database.writing() as transaction:
        ended = leasing.end_lease(transaction, lease, StatusReason.DESTROYED, NOW + 5)
    assert (ended.status, ended.status_reason) == ("Inactive", "Destroyed")
    assert ended.status_modified_on == NOW + 5
    assert status_of(database, "111111111111") == "NotReady"
    with pytest.raises(NoAccountReady):
        lease_to(database, "june")
    with database.writing() as transaction:
        assert accounts.reset(transaction, NOW + 6, "222222222222") == ()
        assert accounts.reset(transaction, NOW + 6) == ("111111111111",)
    assert lease_to(database, "june").account_id == "111111111111"


def test_principal_has_one_active_lease(database: Database):
    add_accounts(database, "111111111111", "222222222222")
    lease_to(database, "jane")
    with pytest.raises(AlreadyExists) as refused:
        lease_to(database, "jane", now=NOW + 1)
    assert refused.value.message == (
        'lease "with principal jane and account 111111111111" already exists'
    )
    assert status_of(database, "222222222222") == "Ready"


def test_parallel_takers_share_the_accounts_without_doubles(database: Database):
    add_accounts(database, *(f"{n}" * 12 for n in range(1, 4)))
    outcomes: list[str] = []

    def take(principal_id: str) -> None:
        try:
            outcomes.append(lease_to(database, principal_id).account_id)
        except (NoAccountReady, AlreadyExists) as refused:
            outcomes.append(type(refused).__name__)

    takers = [threading.Thread(target=take, args=(f"p{n % 5}",)) for n in range(10)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    taken = [outcome for outcome in outcomes if outcome.isdecimal()]
    assert sorted(taken) == ["1" * 12, "2" * 12, "3" * 12]
    assert len(outcomes) == 10


def test_file_itself_refuses_a_second_active_lease(database: Database):
    add_accounts(database, "111111111111")
    lease = lease_to(database, "jane")
    with pytest.raises(sqlite3.IntegrityError), database.writing() as transaction:
        transaction.execute(
            "INSERT INTO leases SELECT 'other', '2', principal_id, status, status_reason,"
            " created_on, last_modified_on, status_modified_on, expires_on, budget_amount,"
            " budget_currency, budget_notification_emails, metadata FROM leases WHERE id = ?",
            (lease.id,),
        )


def test_ended_lease_cannot_end_again(database: Database):
    add_accounts(database, "111111111111")
    lease = lease_to(database, "jane")
    with database.writing() as transaction:
        ended = leasing.end_lease(transaction, lease, StatusReason.DESTROYED, NOW)
    with pytest.raises(Conflict) as refused, database.writing() as transaction:
        leasing.end_lease(transaction, ended, StatusReason.DESTROYED, NOW)
    assert refused.value.message == (
        f'operation cannot be fulfilled on lease "{lease.id}": leaseStatus: must be active lease.'
    )


def test_review_ends_what_must_end(database: Database):
    add_accounts(database, *(f"{n}" * 12 for n in range(1, 5)))
    expired = lease_to(database, "expired", expiresOn=NOW + 10)
    dear = lease_to(database, "dear", budgetAmount=5)
    spent_before = lease_to(database, "spender")
    kept = lease_to(database, "kept", budgetAmount=5)
    spend(database, "dear", dear.account_id, 5.01, NOW)
    spend(database, "spender", "999999999999", 1000.01, NOW)
    spend(database, "kept", kept.account_id, 5.0, NOW)
    # Before the lease began: not the lease's cost.
    spend(database, "kept", kept.account_id, 100.0, NOW - 3 * DAY_SECONDS)
    with database.writing() as transaction:
        ended = leasing.review(transaction, LIMITS, NOW + 10)
    assert {lease.id: lease.status_reason for lease in ended} == {
        expired.id: "Expired",
        dear.id: "OverBudget",
        spent_before.id: "OverPrincipalBudget",
    }
    with database.reading() as transaction:
        assert leases.get(transaction, kept.id).status is LeaseStatus.ACTIVE
    assert status_of(database, expired.account_id) == "NotReady"


def test_review_forgets_old_usage(database: Database):
    spend(database, "jane", "111111111111", 1.0, NOW)
    for moment, left in ((NOW, 1), (NOW + usage.KEPT_SECONDS, 0)):
        with database.writing() as transaction:
            leasing.review(transaction, LIMITS, moment)
            assert len(usage.days(transaction, usage.UsageQuery(), NOW * 2)) == left


def test_pair_names_the_active_lease_else_the_latest(database: Database):
    add_accounts(database, "111111111111")
    first = lease_to(database, "jane")
    pair = leases.LeasePair("111111111111", "jane")
    with database.writing() as transaction:
        leasing.end_lease(transaction, first, StatusReason.DESTROYED, NOW)
        accounts.reset(transaction, NOW)
    second = lease_to(database, "jane", now=NOW + 1)
    with database.reading() as transaction:
        assert leases.get_by_pair(transaction, pair).id == second.id
        with pytest.raises(NotFound) as refused:
            leases.get_by_pair(transaction, leases.LeasePair("2", "jane"))
    assert refused.value.message == ('lease "with Principal ID jane and Account ID 2" not found')


def test_failed_change_leaves_nothing(database: Database):
    add_accounts(database, "111111111111")

    def take_and_fail() -> None:
        with database.writing() as transaction:
            accounts.take_ready(transaction, NOW)
            leases.get(transaction, "unknown")

    with pytest.raises(NotFound):
        take_and_fail()
    assert status_of(database, "111111111111") == "Ready"


def test_file_is_private_and_of_a_known_version(tmp_path: Path):
    path = tmp_path / "deep" / "dce.sqlite3"
    database = Database.open(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with database.writing() as transaction:
        transaction.execute("PRAGMA user_version = 99")
    with pytest.raises(FileOfAnotherVersion, match="schema version 99"):
        Database.open(path)
    database.close()


KILLED_WRITER = """
import sys
from pathlib import Path
from poolgate_dce import usage
from poolgate_dce.database import Database, FileOfAnotherVersion
database = Database.open(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    body = b'{"startDate": %d, "principalId": "p", "accountId": "a", "costAmount": 1}'
    with database.writing() as transaction:
        for day in (number, number + 100_000):
            usage.put(transaction, usage.parse_record(body % (day * 86400)))
    print(number, flush=True)
"""


def test_killed_process_loses_nothing_acknowledged(tmp_path: Path):
    path = tmp_path / "dce.sqlite3"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout.read().splitlines() if line]
    database = Database.open(path)
    with database.reading() as transaction:
        kept = {r.start_date // 86400 for r in usage.days(transaction, usage.UsageQuery(), 10**12)}
    database.close()
    assert set(acknowledged) <= kept
    # One change writes both or neither.
    assert {day + 100_000 for day in kept if day < 100_000} == {d for d in kept if d >= 100_000}

"""The steps that tie accounts, leases and usage together; each runs in one transaction."""

from poolgate_dce import accounts, leases, usage
from poolgate_dce.database import Transaction
from poolgate_dce.failures import AlreadyExists, Conflict
from poolgate_dce.leases import Lease, LeaseRequest, LeaseStatus, StatusReason
from poolgate_dce.limits import Limits, day_start, period_start


def begin_lease(
    transaction: Transaction, request: LeaseRequest, limits: Limits, *, lease_id: str, now: int
) -> Lease:
    """Give the principal a Ready account and return the lease of it.

    The checks of the request come first, then the one active lease a principal, then the pool: the
    caller is told of what it can change before it is told to wait.
    """
    spent = _spent_this_period(transaction, request.principal_id, limits, now)
    leases.verify_request(request, limits, spent, now)
    active = leases.find_active_of_principal(transaction, request.principal_id)
    if active is not None:
        raise AlreadyExists(
            "lease", f"with principal {active.principal_id} and account {active.account_id}"
        )
    account_id = accounts.take_ready(transaction, now)
    lease = leases.new_lease(request, limits, lease_id=lease_id, account_id=account_id, now=now)
    leases.insert(transaction, lease)
    return lease


def end_lease(transaction: Transaction, lease: Lease, reason: StatusReason, now: int) -> Lease:
    """Make the lease inactive, give its account back and return the lease as it is now."""
    if lease.status is not LeaseStatus.ACTIVE:
        raise Conflict("lease", lease.id, "leaseStatus: must be active lease")
    leases.mark_inactive(transaction, lease.id, reason, now)
    accounts.give_back(transaction, lease.account_id, now)
    return leases.get(transaction, lease.id)


def review(transaction: Transaction, limits: Limits, now: int) -> tuple[Lease, ...]:
    """End every lease that has expired or spent too much, forget old usage, return the ended."""
    ended = []
    for lease in leases.list_active(transaction):
        reason = leases.end_owed(
            lease,
            limits,
            spent=usage.spent_on_account(
                transaction, lease.principal_id, lease.account_id, day_start(lease.created_on)
            ),
            spent_by_principal=_spent_this_period(transaction, lease.principal_id, limits, now),
            now=now,
        )
        if reason is not None:
            ended.append(end_lease(transaction, lease, reason, now))
    usage.forget_old(transaction, now)
    return tuple(ended)


def _spent_this_period(
    transaction: Transaction, principal_id: str, limits: Limits, now: int
) -> float:
    since = period_start(limits.principal_budget_period, now)
    return usage.spent_by_principal(transaction, principal_id, since)

"""Provisioned limits: how many requests of one kind are let through in a second.

Nothing is limited until somebody provisions a rate. From then on requests are counted in the
database, so the rate holds for all servers together. What was provisioned is read again every few
seconds, so that requests without a limit cost no query.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.failure import Failure
from poolgate.store.call import Call
from poolgate.store.database import Database, InsertIfAbsent, Transaction
from poolgate.userpools.tables import provisioned_limits

SERVICE = "cognito-idp"
# What a category has that nothing was provisioned for, and what lifts a limit again.
UNLIMITED = 2**31 - 1
KNOWN_FOR_SECONDS = 5


class CategoryNotFound(Failure):
    """No category of operations has this name. Facts: category."""


class LimitNotAdjustable(Failure):
    """The category's rate cannot be provisioned. Facts: category."""


class LimitTooLow(Failure):
    """A rate below the one that the category has anyway. Facts: free."""


class RateExceeded(Failure):
    """More requests in this second than the provisioned rate."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One category's rate: what is enforced, and what AWS lets through for nothing."""

    category: str
    provisioned: int
    free: int


# AWS Developer Guide, "Amazon Cognito user pools API operation categories and request rate quotas".
_FREE: Mapping[str, int] = {
    "UserAuthentication": 120,
    "UserCreation": 50,
    "UserFederation": 25,
    "UserAccountRecovery": 30,
    "UserRead": 120,
    "UserUpdate": 25,
    "UserToken": 120,
    "UserResourceRead": 50,
    "UserResourceUpdate": 25,
    "UserList": 30,
    "UserPoolRead": 15,
    "UserPoolUpdate": 15,
    "UserPoolResourceRead": 20,
    "UserPoolResourceUpdate": 15,
    "UserPoolClientRead": 15,
    "UserPoolClientUpdate": 15,
    "ClientAuthentication": 150,
}
# Those that AWS calls adjustable, but for UserFederation, which has no operation.
_OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "UserAuthentication": (
        "InitiateAuth",
        "RespondToAuthChallenge",
        "AdminInitiateAuth",
        "AdminRespondToAuthChallenge",
        "GetTokensFromRefreshToken",
    ),
    "UserCreation": ("SignUp", "ConfirmSignUp", "AdminCreateUser", "AdminConfirmSignUp"),
    "UserRead": ("GetUser", "AdminGetUser"),
    "UserToken": ("RevokeToken",),
    "UserResourceRead": (
        "AdminGetDevice",
        "AdminListDevices",
        "AdminListGroupsForUser",
        "AdminListUserAuthEvents",
        "GetDevice",
        "GetUserAttributeVerificationCode",
        "ListDevices",
        "ResendConfirmationCode",
    ),
}
CATEGORY_OF: Mapping[str, str] = {
    operation: category for category, names in _OPERATIONS.items() for operation in names
}

_GET = sa.select(provisioned_limits.c.requests_per_second).where(
    provisioned_limits.c.category == sa.bindparam("category")
)
_ALL = sa.select(provisioned_limits.c.category, provisioned_limits.c.requests_per_second)
_INSERT = InsertIfAbsent(provisioned_limits)
_UPDATE = (
    sa.update(provisioned_limits)
    .where(provisioned_limits.c.category == sa.bindparam("of_category"))
    .values(requests_per_second=sa.bindparam("requests_per_second"))
)
_DELETE = sa.delete(provisioned_limits).where(
    provisioned_limits.c.category == sa.bindparam("category")
)
# A server whose clock is behind counts into the newest second there is.
_is_new_second = provisioned_limits.c.second < sa.bindparam("now")
_TAKE = (
    sa.update(provisioned_limits)
    .where(
        provisioned_limits.c.category == sa.bindparam("of_category"),
        sa.or_(
            _is_new_second,
            provisioned_limits.c.requests < provisioned_limits.c.requests_per_second,
        ),
    )
    .values(
        requests=sa.case((_is_new_second, 1), else_=provisioned_limits.c.requests + 1),
        second=sa.case((_is_new_second, sa.bindparam("now")), else_=provisioned_limits.c.second),
    )
)


def get(transaction: Transaction, category: str) -> Limit:
    """Return the category's rate; raise CategoryNotFound."""
    if category not in _FREE:
        raise CategoryNotFound(category=category[:64])
    row = transaction.one(_GET, {"category": category})
    provisioned = UNLIMITED if row is None else row.requests_per_second
    return Limit(category, provisioned, _FREE[category])


def provision(call: Call, category: str, requests_per_second: int) -> Limit:
    """Set the category's rate, from the next seconds on; UNLIMITED ends it."""
    with call.db.writing() as transaction:
        limit = get(transaction, category)
        if category not in _OPERATIONS:
            raise LimitNotAdjustable(category=category)
        if requests_per_second < limit.free:
            raise LimitTooLow(free=str(limit.free))
        if requests_per_second == UNLIMITED:
            transaction.run(_DELETE, {"category": category})
            return get(transaction, category)
        row = {
            "category": category,
            "requests_per_second": requests_per_second,
            "second": 0,
            "requests": 0,
        }
        if not transaction.insert_if_absent(_INSERT, row):
            changed = {"of_category": category, "requests_per_second": requests_per_second}
            transaction.run(_UPDATE, changed)
        return get(transaction, category)


class EnforcedLimits:
    """What one process knows of provisioned rates; at most KNOWN_FOR_SECONDS old."""

    def __init__(self) -> None:
        self._limited: frozenset[str] = frozenset()
        self._known_until = 0

    def take(self, db: Database, now: datetime, service: str, operation: str) -> None:
        """Count one request where its kind is limited; raise RateExceeded at the limit."""
        category = CATEGORY_OF.get(operation)
        if category is None or service != SERVICE:
            return
        second = epoch_seconds(now)
        if second >= self._known_until:
            with db.reading() as transaction:
                self._limited = frozenset(row.category for row in transaction.rows(_ALL))
            self._known_until = second + KNOWN_FOR_SECONDS
        if category in self._limited:
            _take(db, category, second)


def _take(db: Database, category: str, second: int) -> None:
    with db.writing(about=f"limit:{category}") as transaction:
        taken = transaction.run(_TAKE, {"of_category": category, "now": second})
        # A limit that was lifted meanwhile has no row any more.
        if not taken and transaction.one(_GET, {"category": category}) is not None:
            raise RateExceeded

"""What an installation allows at most, and when a budget period begins."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

DAY_SECONDS = 24 * 60 * 60
_SUNDAY = 6


class BudgetPeriod(StrEnum):
    """The span over which a principal's spending is summed."""

    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


@dataclass(frozen=True, slots=True)
class Limits:
    """The rules of one installation; amounts are in the budget's currency."""

    max_lease_budget_amount: float = 1000.0
    max_lease_period_seconds: int = 7 * DAY_SECONDS
    principal_budget_amount: float = 1000.0
    principal_budget_period: BudgetPeriod = BudgetPeriod.WEEKLY
    principal_role_name: str = "DCEPrincipal"


def day_start(now: int) -> int:
    """Return the first second of the UTC day that holds `now`."""
    return now - now % DAY_SECONDS


def period_start(period: BudgetPeriod, now: int) -> int:
    """Return the first second of the current budget period: Sunday, or the first of the month."""
    today = datetime.fromtimestamp(day_start(now), UTC)
    if period is BudgetPeriod.MONTHLY:
        return int(today.replace(day=1).timestamp())
    days_since_sunday = (today.weekday() - _SUNDAY) % 7
    return int((today - timedelta(days=days_since_sunday)).timestamp())

"""How often something may be tried in an hour, for each user or name.

AWS Developer Guide, "Quotas in Amazon Cognito": codes sent and tried, and passwords changed. Names
that nobody has are counted under their stand-in, so a limit does not tell who has an account.
"""

from collections.abc import Mapping
from enum import StrEnum

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Sub
from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools.tables import attempt_windows

WINDOW_MILLIS = 60 * 60 * 1000
_FORGOTTEN_AFTER_MILLIS = 24 * WINDOW_MILLIS


class AttemptLimitExceeded(Failure):
    """The hour's attempts are used up."""


class Attempt(StrEnum):
    """What is counted. Asking for a reset code and trying one count together."""

    CONFIRM_SIGN_UP = "confirm_sign_up"
    RESEND_SIGN_UP = "resend_sign_up"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of attempt
    SEND_ATTRIBUTE_CODE = "send_attribute_code"
    VERIFY_ATTRIBUTE = "verify_attribute"
    CHANGE_PASSWORD = "change_password"  # noqa: S105 - a kind of attempt
    SEND_MFA_CODE = "send_mfa_code"
    TYPE_USER_CODE = "type_user_code"
    ANSWER_FIRST_FACTOR = "answer_first_factor"
    SEND_RISK_NOTICE = "send_risk_notice"
    ASK_AHEAD = "ask_ahead"


_PER_HOUR: Mapping[Attempt, int] = {
    Attempt.CONFIRM_SIGN_UP: 15,
    Attempt.RESEND_SIGN_UP: 5,
    Attempt.PASSWORD_RESET: 20,
    Attempt.SEND_ATTRIBUTE_CODE: 5,
    Attempt.VERIFY_ATTRIBUTE: 15,
    Attempt.CHANGE_PASSWORD: 5,
    Attempt.SEND_MFA_CODE: 20,
    Attempt.TYPE_USER_CODE: 30,
    Attempt.ANSWER_FIRST_FACTOR: 20,
    Attempt.SEND_RISK_NOTICE: 10,
    # For devices and pushed requests that nobody has proven anything for, by address.
    Attempt.ASK_AHEAD: 600,
}

_is_over = attempt_windows.c.started_at <= sa.bindparam("window_start")
_BEGIN = InsertIfAbsent(attempt_windows)
_COUNT = (
    sa.update(attempt_windows)
    .where(
        attempt_windows.c.pool_id == sa.bindparam("of_pool"),
        attempt_windows.c.sub == sa.bindparam("of_sub"),
        attempt_windows.c.kind == sa.bindparam("of_kind"),
        sa.or_(_is_over, attempt_windows.c.attempts < sa.bindparam("limit")),
    )
    .values(
        attempts=sa.case((_is_over, 1), else_=attempt_windows.c.attempts + 1),
        started_at=sa.case((_is_over, sa.bindparam("now")), else_=attempt_windows.c.started_at),
    )
)
_SPENT = sa.select(attempt_windows.c.attempts).where(
    attempt_windows.c.pool_id == sa.bindparam("of_pool"),
    attempt_windows.c.sub == sa.bindparam("of_sub"),
    attempt_windows.c.kind == sa.bindparam("of_kind"),
    sa.not_(_is_over),
)
_PURGE = sa.delete(attempt_windows).where(
    attempt_windows.c.started_at <= sa.bindparam("forgotten_before")
)


def count(
    transaction: Transaction, pool_id: PoolId, sub: Sub, attempt: Attempt, now_millis: int
) -> None:
    """Count one attempt; raise AttemptLimitExceeded, having changed nothing, at the limit.

    Takers side by side are counted one after the other: no more than the limit get through.
    """
    row = {"pool_id": pool_id, "sub": sub, "kind": attempt, "started_at": now_millis, "attempts": 1}
    if transaction.insert_if_absent(_BEGIN, row):
        return
    counted = transaction.run(
        _COUNT,
        {
            "of_pool": pool_id,
            "of_sub": sub,
            "of_kind": attempt,
            "limit": _PER_HOUR[attempt],
            "window_start": now_millis - WINDOW_MILLIS,
            "now": now_millis,
        },
    )
    if not counted:
        raise AttemptLimitExceeded


def verify_left(
    transaction: Transaction, pool_id: PoolId, sub: Sub, attempt: Attempt, now_millis: int
) -> None:
    """Raise AttemptLimitExceeded when `count` would; counts nothing."""
    spent = transaction.one(
        _SPENT,
        {
            "of_pool": pool_id,
            "of_sub": sub,
            "of_kind": attempt,
            "window_start": now_millis - WINDOW_MILLIS,
        },
    )
    if spent is not None and spent.attempts >= _PER_HOUR[attempt]:
        raise AttemptLimitExceeded


def count_of_address(
    transaction: Transaction, pool_id: PoolId, address: str, attempt: Attempt, now_millis: int
) -> None:
    """Count what nobody in particular tries from an address, as `count` does for a user."""
    count(transaction, pool_id, Sub(f"address {address}"), attempt, now_millis)


def purge(transaction: Transaction, now_millis: int) -> int:
    """Forget windows that are long over, lock-out counters of unknown names among them."""
    return transaction.run(_PURGE, {"forgotten_before": now_millis - _FORGOTTEN_AFTER_MILLIS})

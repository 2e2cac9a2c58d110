"""Confirmation codes: sent to an address, taken once, only as a keyed digest at rest.

Of each purpose a user has one code, the newest. Its value follows from the installation's key, the
row and the moment of issue, so a request that comes again within seconds sends the same code once
more instead of making the message that is on its way useless.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from poolgate.credentials.confirmation_codes import (
    WrongCode,
    derive_code,
    digest_code,
    verify_code,
)
from poolgate.delivery.queue import enqueue, rehearse
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Sub
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Put, Transaction
from poolgate.userpools import messages
from poolgate.userpools.messages import Delivery, Wording
from poolgate.userpools.tables import attempt_windows, confirmation_codes

HOUR_MILLIS = 60 * 60 * 1000
REPEATED_WITHIN_MILLIS = 10_000
_TRIES_OF_A_CODE = 20
_KEY = "confirmation code"


class CodeMismatch(Failure):
    """The code is not the one that was sent."""


class CodeExpired(Failure):
    """No code is waiting, or it is too old."""


class CodeWornOut(Failure):
    """The code was guessed at too often; only a new one helps."""


class Purpose(StrEnum):
    """What a code confirms."""

    SIGN_UP = "sign_up"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose
    VERIFY_EMAIL = "verify_email"
    VERIFY_PHONE_NUMBER = "verify_phone_number"


VERIFYING: Mapping[str, Purpose] = {
    "email": Purpose.VERIFY_EMAIL,
    "phone_number": Purpose.VERIFY_PHONE_NUMBER,
}
_LIFETIME_MILLIS: Mapping[Purpose, int] = {
    Purpose.SIGN_UP: 24 * HOUR_MILLIS,
    Purpose.PASSWORD_RESET: HOUR_MILLIS,
    Purpose.VERIFY_EMAIL: 24 * HOUR_MILLIS,
    Purpose.VERIFY_PHONE_NUMBER: 24 * HOUR_MILLIS,
}


@dataclass(frozen=True, slots=True)
class CodeKey:
    """Which code: of whom, and for what."""

    pool_id: PoolId
    sub: Sub
    purpose: Purpose

    @property
    def parameters(self) -> dict[str, str]:
        """The key as the statements name it."""
        return {"of_pool": self.pool_id, "of_sub": self.sub, "of_purpose": self.purpose}

    @property
    def row_name(self) -> str:
        """What the code's value and digest are bound to."""
        return f"{self.pool_id}/{self.sub}/{self.purpose}"


@dataclass(frozen=True, slots=True)
class Refused:
    """A code was not accepted; the try is counted, so the caller commits before it raises."""

    failure: Failure


_OF_PURPOSE = sa.and_(
    confirmation_codes.c.pool_id == sa.bindparam("of_pool"),
    confirmation_codes.c.sub == sa.bindparam("of_sub"),
    confirmation_codes.c.purpose == sa.bindparam("of_purpose"),
)
_GET = sa.select(confirmation_codes).where(_OF_PURPOSE).with_for_update()
_PUT = Put(confirmation_codes)
_CONSUME = sa.delete(confirmation_codes).where(
    _OF_PURPOSE, confirmation_codes.c.digest == sa.bindparam("of_digest")
)
_COUNT_TRY = (
    sa.update(confirmation_codes)
    .where(_OF_PURPOSE)
    .values(attempts_left=confirmation_codes.c.attempts_left - 1)
)
_REVOKE = sa.delete(confirmation_codes).where(
    confirmation_codes.c.pool_id == sa.bindparam("of_pool"),
    confirmation_codes.c.sub == sa.bindparam("of_sub"),
    confirmation_codes.c.attribute == sa.bindparam("of_attribute"),
)
# Remembers that a code "was sent" for a name that nobody has.
_SIMULATE = Put(attempt_windows)
_SIMULATED_AT = sa.select(attempt_windows.c.started_at).where(
    attempt_windows.c.pool_id == sa.bindparam("pool_id"),
    attempt_windows.c.sub == sa.bindparam("sub"),
    attempt_windows.c.kind == sa.bindparam("kind"),
)
_PURGE = sa.delete(confirmation_codes).where(confirmation_codes.c.expires_at <= sa.bindparam("now"))


def lifetime_millis(purpose: Purpose) -> int:
    """Return how long a code of that purpose can be used."""
    return _LIFETIME_MILLIS[purpose]


def issue(
    transaction: Transaction, call: Call, wording: Wording, key: CodeKey, delivery: Delivery
) -> None:
    """Send a code; it takes the place of the former one of that purpose."""
    now, mac_key = call.now_millis, call.vault.derived_key(_KEY)
    former = transaction.one(_GET, key.parameters)
    is_repeated = (
        former is not None
        and (former.attribute, former.address) == (delivery.attribute, delivery.address)
        and now < former.issued_at + REPEATED_WITHIN_MILLIS
        and former.attempts_left > 0
    )
    issued_at = former.issued_at if is_repeated else now
    code = derive_code(mac_key=mac_key, bound_to=key.row_name, issued_at=issued_at)
    if not is_repeated:
        transaction.put(
            _PUT,
            {
                "pool_id": key.pool_id,
                "sub": key.sub,
                "purpose": key.purpose,
                "digest": digest_code(code, mac_key=mac_key, bound_to=key.row_name),
                "attribute": delivery.attribute,
                "address": delivery.address,
                "attempts_left": _TRIES_OF_A_CODE,
                "issued_at": now,
                "expires_at": now + lifetime_millis(key.purpose),
            },
        )
    enqueue(transaction, call, messages.verification(wording, delivery, code, purpose=key.purpose))


def simulate(
    transaction: Transaction, call: Call, wording: Wording, key: CodeKey, delivery: Delivery
) -> None:
    """Do for a name that nobody has what `issue` does for a user, except that nothing is sent.

    It takes about as long, and is remembered, so that a code tried later is refused alike.
    """
    mac_key = call.vault.derived_key(_KEY)
    transaction.one(_GET, key.parameters)
    code = derive_code(mac_key=mac_key, bound_to=key.row_name, issued_at=call.now_millis)
    digest_code(code, mac_key=mac_key, bound_to=key.row_name)
    transaction.put(
        _SIMULATE,
        {
            "pool_id": key.pool_id,
            "sub": key.sub,
            "kind": _simulated(key),
            "started_at": call.now_millis,
            "attempts": 0,
        },
    )
    rehearse(transaction, call, messages.verification(wording, delivery, code, purpose=key.purpose))


def simulated_refusal(transaction: Transaction, call: Call, key: CodeKey) -> Refused:
    """Return how a name that nobody has is refused: as with a wrong code, once one was sent."""
    asked = {"pool_id": key.pool_id, "sub": key.sub, "kind": _simulated(key)}
    row = transaction.one(_SIMULATED_AT, asked)
    if row is None or call.now_millis >= row.started_at + lifetime_millis(key.purpose):
        return Refused(CodeExpired())
    return Refused(CodeMismatch())


def consume(
    transaction: Transaction, call: Call, key: CodeKey, submitted: Secret
) -> Delivery | Refused:
    """Take the code and return where it was sent; one taker gets it, others find none waiting.

    Refusals are values, not raised: a wrong try counts against the code, so it must be committed.
    """
    waiting = transaction.one(_GET, key.parameters)
    if waiting is None or call.now_millis >= waiting.expires_at:
        return Refused(CodeExpired())
    if waiting.attempts_left <= 0:
        return Refused(CodeWornOut())
    try:
        verify_code(
            submitted, waiting.digest, mac_key=call.vault.derived_key(_KEY), bound_to=key.row_name
        )
    except WrongCode:
        transaction.run(_COUNT_TRY, key.parameters)
        return Refused(CodeMismatch())
    if not transaction.run(_CONSUME, {**key.parameters, "of_digest": waiting.digest}):
        return Refused(CodeExpired())
    return Delivery(waiting.attribute, waiting.address)


def find_delivery(transaction: Transaction, key: CodeKey, now_millis: int) -> Delivery | None:
    """Return where the code that waits was sent, or None."""
    waiting = transaction.one(_GET, key.parameters)
    if waiting is None or now_millis >= waiting.expires_at:
        return None
    return Delivery(waiting.attribute, waiting.address)


def revoke_of_attribute(
    transaction: Transaction, pool_id: PoolId, sub: Sub, attribute: str
) -> None:
    """Make every code that was sent to the attribute's former address useless."""
    transaction.run(_REVOKE, {"of_pool": pool_id, "of_sub": sub, "of_attribute": attribute})


def purge(transaction: Transaction, now_millis: int) -> int:
    """Remove expired codes."""
    return transaction.run(_PURGE, {"now": now_millis})


def _simulated(key: CodeKey) -> str:
    return f"simulated_{key.purpose}"

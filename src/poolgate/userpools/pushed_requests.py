"""Authorization requests that app clients send ahead of the browser (RFC 9126).

The browser carries only a random reference, which counts once and for its own client.
"""

import hashlib
from collections.abc import Mapping

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId
from poolgate.foundation.randomness import random_token
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import attempt_limits
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.attempt_limits import Attempt
from poolgate.userpools.tables import pushed_requests

LIFETIME_SECONDS = 60


class PushedRequestInvalid(Failure):
    """The reference names no request of this app client, or one that was used or is too old."""


_INSERT = sa.insert(pushed_requests)
_CONSUME = (
    sa.update(pushed_requests)
    .where(
        pushed_requests.c.digest == sa.bindparam("of_digest"),
        pushed_requests.c.client_id == sa.bindparam("of_client_id"),
        pushed_requests.c.used_at.is_(None),
        pushed_requests.c.expires_at > sa.bindparam("now"),
    )
    .values(used_at=sa.bindparam("now"))
)
_GET = sa.select(pushed_requests.c.request).where(
    pushed_requests.c.digest == sa.bindparam("digest")
)
_PURGE = sa.delete(pushed_requests).where(pushed_requests.c.expires_at <= sa.bindparam("now"))


def push(
    call: Call, app_client: AppClient, parameters: Mapping[str, str], *, is_proven: bool
) -> Secret:
    """Keep the request and return its reference.

    Those of app clients that have not proven who they are are counted for the address that they
    come from: raises AttemptLimitExceeded.
    """
    reference = Secret(random_token())
    with call.db.writing() as transaction:
        if not is_proven:
            attempt_limits.count_of_address(
                transaction,
                app_client.pool_id,
                call.source_address,
                Attempt.ASK_AHEAD,
                call.now_millis,
            )
        transaction.run(
            _INSERT,
            {
                "digest": _digest(reference),
                "client_id": app_client.client_id,
                "request": msgspec.msgpack.encode(dict(parameters)),
                "used_at": None,
                "expires_at": call.now_millis + LIFETIME_SECONDS * 1000,
            },
        )
    return reference


def consume(call: Call, client_id: ClientId, reference: Secret) -> Mapping[str, str]:
    """Return the request, once among all takers; raise PushedRequestInvalid."""
    digest = _digest(reference)
    with call.db.writing() as transaction:
        taken = transaction.run(
            _CONSUME, {"of_digest": digest, "of_client_id": client_id, "now": call.now_millis}
        )
        row = transaction.one(_GET, {"digest": digest}) if taken == 1 else None
    if row is None:
        raise PushedRequestInvalid
    return msgspec.msgpack.decode(row.request, type=dict[str, str])


def purge(transaction: Transaction, now_millis: int) -> int:
    """Forget requests that nobody can take any more."""
    return transaction.run(_PURGE, {"now": now_millis})


def _digest(reference: Secret) -> bytes:
    return hashlib.sha256(reference.reveal().encode()).digest()

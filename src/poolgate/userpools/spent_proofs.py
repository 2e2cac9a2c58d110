"""Proofs that may be used once though nothing was stored when they were begun."""

from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools.tables import spent_proofs


@dataclass(frozen=True, slots=True)
class SpentProof:
    """A proof that is used up, and until when (milliseconds) it could have been used again."""

    digest: bytes
    expires_at: int


_SPEND = InsertIfAbsent(spent_proofs)
_PURGE = sa.delete(spent_proofs).where(spent_proofs.c.expires_at <= sa.bindparam("now"))


def consume(transaction: Transaction, proof: SpentProof) -> bool:
    """Use the proof up and tell whether this was the first time, among all takers."""
    return transaction.insert_if_absent(
        _SPEND, {"digest": proof.digest, "expires_at": proof.expires_at}
    )


def purge(transaction: Transaction, now_millis: int) -> int:
    """Forget proofs that are too old to be accepted anyway."""
    return transaction.run(_PURGE, {"now": now_millis})

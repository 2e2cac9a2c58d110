"""That somebody agreed to terms by signing up: to which documents, and when.

The documents are kept by their links as they were shown; what an app client links to later is
something else. Of each user there is one acceptance, as there is one sign-up.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.ids import ClientId
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools.tables import terms_acceptances
from poolgate.userpools.users import User


@dataclass(frozen=True, slots=True)
class TermsAcceptance:
    """The links that were agreed to; `accepted_at` is in milliseconds."""

    terms_of_use: str
    privacy_policy: str
    accepted_at: int


_INSERT = sa.insert(terms_acceptances)
_FIND = sa.select(terms_acceptances).where(
    terms_acceptances.c.pool_id == sa.bindparam("pool_id"),
    terms_acceptances.c.sub == sa.bindparam("sub"),
)


def record(
    transaction: Transaction, call: Call, user: User, client_id: ClientId, links: tuple[str, str]
) -> None:
    """Keep that the new user agreed to terms of use and privacy policy."""
    terms_of_use, privacy_policy = links
    transaction.run(
        _INSERT,
        {
            "pool_id": user.pool_id,
            "sub": user.sub,
            "client_id": client_id,
            "terms_of_use": terms_of_use,
            "privacy_policy": privacy_policy,
            "accepted_at": call.now_millis,
        },
    )


def find(transaction: Transaction, user: User) -> TermsAcceptance | None:
    """Return what the user agreed to, None where nothing was asked."""
    row = transaction.one(_FIND, {"pool_id": user.pool_id, "sub": user.sub})
    if row is None:
        return None
    return TermsAcceptance(row.terms_of_use, row.privacy_policy, row.accepted_at)

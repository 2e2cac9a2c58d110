"""Passwords as they are kept: the value, and the rows of those a user had before.

An imported password is FOREIGN until it is typed for the first time; then it is kept anew in the
pool's own scheme, and stays the password that was set at the same moment. A hash that is weaker
than new ones is made again when its password is typed, and keeps its `salt`.

Earlier passwords are kept only in pools with a password history, and only as many as it asks for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from poolgate.foundation.ids import PoolId, Sub
from poolgate.store.database import Transaction
from poolgate.userpools.tables import earlier_passwords


class PasswordScheme(StrEnum):
    """How a user's password is kept."""

    SRP = "srp"
    ARGON2ID = "argon2id"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """A password as it is kept: a sealed SRP verifier with its salt, or a sealed hash.

    A hash of this server carries its own salt; what stands here is drawn when the password is set
    and tells it from others, however often the hash is made again.
    """

    scheme: PasswordScheme
    salt: bytes
    sealed: bytes
    set_at: int


def is_same_password(later: StoredPassword | None, former: StoredPassword | None) -> bool:
    """Tell whether nobody set a password in between; being kept anew is no change."""
    if later is None or former is None or later == former:
        return later == former
    if former.scheme is PasswordScheme.FOREIGN:
        return later.set_at == former.set_at
    return former.scheme is later.scheme is PasswordScheme.ARGON2ID and later.salt == former.salt


_OF_USER = sa.and_(
    earlier_passwords.c.pool_id == sa.bindparam("pool_id"),
    earlier_passwords.c.sub == sa.bindparam("sub"),
)
_NEWEST = sa.select(sa.func.coalesce(sa.func.max(earlier_passwords.c.number), 0)).where(_OF_USER)
_INSERT = sa.insert(earlier_passwords)
_FORGET = sa.delete(earlier_passwords).where(
    _OF_USER, earlier_passwords.c.number <= sa.bindparam("up_to")
)
_LIST = (
    sa.select(earlier_passwords)
    .where(_OF_USER)
    .order_by(earlier_passwords.c.number.desc())
    .limit(sa.bindparam("limit"))
)


def remember(
    transaction: Transaction, pool_id: PoolId, sub: Sub, password: StoredPassword, *, kept: int
) -> None:
    """Keep a password that is being replaced, and forget all but the newest `kept`."""
    of_user = {"pool_id": pool_id, "sub": sub}
    number = transaction.one(_NEWEST, of_user)[0] + 1
    transaction.run(
        _INSERT,
        {
            **of_user,
            "number": number,
            "scheme": password.scheme,
            "salt": password.salt,
            "sealed_password": password.sealed,
            "set_at": password.set_at,
        },
    )
    transaction.run(_FORGET, {**of_user, "up_to": number - kept})


def earlier(
    transaction: Transaction, pool_id: PoolId, sub: Sub, *, limit: int
) -> Sequence[StoredPassword]:
    """Return the passwords that the user had before the current one, the last one first."""
    rows = transaction.rows(_LIST, {"pool_id": pool_id, "sub": sub, "limit": limit})
    return [
        StoredPassword(
            scheme=PasswordScheme(row.scheme),
            salt=row.salt,
            sealed=row.sealed_password,
            set_at=row.set_at,
        )
        for row in rows
    ]

"""Which passwords a user may not take again, where the pool remembers them.

The pool's history size counts the current password: with 1 only that one is refused. A pool without
a history reads and computes nothing here.
"""

from collections.abc import Sequence

from poolgate.credentials.passwords import WrongPassword
from poolgate.foundation.failure import Failure
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import passwords, stored_passwords
from poolgate.userpools.pools import UserPool
from poolgate.userpools.stored_passwords import StoredPassword
from poolgate.userpools.users import User


class PasswordUsedBefore(Failure):
    """The user has, or had, this password."""


class PasswordChangedMeanwhile(Failure):
    """Somebody else replaced the password while the new one was compared with the old ones."""


def verify_unused(call: Call, pool: UserPool, user: User, password: Secret) -> None:
    """Raise PasswordUsedBefore for a password of the user's history. Slow: not in a transaction."""
    if is_used(call, pool, user, password):
        raise PasswordUsedBefore


def is_used(call: Call, pool: UserPool, user: User | None, password: Secret) -> bool:
    """Tell whether the pool's history refuses the password. Slow: not in a transaction.

    It costs the same for a user with few earlier passwords, and for nobody: the time it takes does
    not tell who has an account.
    """
    size = pool.password_policy.password_history_size
    if not size:
        return False
    compared = [
        _is_same(call, pool, user, kept, password) for kept in _history(call, user, size=size)
    ]
    return any(compared)


def verify_unchanged(pool: UserPool, compared: User, former: User) -> None:
    """Raise PasswordChangedMeanwhile unless the history is still the one that was compared."""
    if pool.password_policy.password_history_size and former.password != compared.password:
        raise PasswordChangedMeanwhile


def _history(call: Call, user: User | None, *, size: int) -> Sequence[StoredPassword | None]:
    """Return the current password and those before it, filled up with nothing to `size`."""
    kept: list[StoredPassword | None] = []
    if user is not None:
        kept.append(user.password)
        with call.db.reading() as transaction:
            kept += stored_passwords.earlier(transaction, user.pool_id, user.sub, limit=size - 1)
    return kept + [None] * (size - len(kept))


def _is_same(
    call: Call, pool: UserPool, user: User | None, kept: StoredPassword | None, password: Secret
) -> bool:
    try:
        passwords.verify_kept(call, pool, user, kept, password)
    except WrongPassword:
        return False
    return True

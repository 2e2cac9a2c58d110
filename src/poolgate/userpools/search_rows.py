"""The index behind ListUsers: one row for each value of a user that can be searched.

Whoever writes a user writes these rows in the same transaction.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from poolgate.foundation.ids import PoolId, Sub
from poolgate.store.database import Transaction
from poolgate.userpools.tables import user_search

STATUS = "status"
USER_STATUS = "cognito:user_status"
FOLDED_ATTRIBUTES = frozenset(
    {"email", "phone_number", "name", "given_name", "family_name", "preferred_username"}
)
ENABLED, DISABLED = "Enabled", "Disabled"
# PostgreSQL keeps at most 2,704 bytes in an index entry; a filter is at most 256 characters long.
_MAX_KEY_LENGTH = 600

_INSERT = sa.insert(user_search)
_DELETE = sa.delete(user_search).where(
    user_search.c.pool_id == sa.bindparam("pool_id"),
    user_search.c.attribute == sa.bindparam("attribute"),
    user_search.c.value_key == sa.bindparam("value_key"),
    user_search.c.sub == sa.bindparam("sub"),
)


def search_key(attribute: str, value: str) -> str:
    """Return the form in which a value of `attribute` is kept and looked for."""
    # AWS API_ListUsers: only username, status and the user status are case-sensitive.
    return (value.casefold() if attribute in FOLDED_ATTRIBUTES else value)[:_MAX_KEY_LENGTH]


def searchable(attributes: Mapping[str, str], status: str, *, enabled: bool) -> dict[str, str]:
    """Return what a user can be found by, as attribute and search key."""
    keys = {
        name: search_key(name, value)
        for name, value in attributes.items()
        if name in FOLDED_ATTRIBUTES
    }
    return {**keys, USER_STATUS: status, STATUS: ENABLED if enabled else DISABLED}


def replace(
    transaction: Transaction,
    pool_id: PoolId,
    sub: Sub,
    *,
    wanted: Mapping[str, str],
    former: Mapping[str, str],
) -> None:
    """Make the user's rows be `wanted`, knowing they are `former`; only differences are written."""
    _write(transaction, _DELETE, pool_id, sub, former.items() - wanted.items())
    _write(transaction, _INSERT, pool_id, sub, wanted.items() - former.items())


def _write(
    transaction: Transaction,
    statement: sa.Executable,
    pool_id: PoolId,
    sub: Sub,
    keys: set[tuple[str, str]],
) -> None:
    rows = [
        {"pool_id": pool_id, "attribute": attribute, "value_key": value_key, "sub": sub}
        for attribute, value_key in sorted(keys)
    ]
    if rows:
        transaction.run(statement, rows)

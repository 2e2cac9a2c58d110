"""What is decided once for an installation, at its first start."""

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccountId, new_account_id
from poolgate.store.database import Database, InsertIfAbsent, Transaction
from poolgate.store.tables import installation

_ACCOUNT_ID = "account_id"
_INSERT_IF_ABSENT = InsertIfAbsent(installation)
_GET = sa.select(installation.c.value).where(installation.c.name == sa.bindparam("name"))


class AccountIdDiffers(Failure):
    """The data belongs to another account than the settings name. Facts: stored, given."""


def ensure_account_id(db: Database, given: AccountId | None = None) -> AccountId:
    """Return the account id of this data: the stored one, else `given`, else a new one.

    Of servers that start together on empty data, one decides; all return the same.
    """
    with db.writing() as transaction:
        remember(transaction, _ACCOUNT_ID, given or new_account_id())
        stored = AccountId(find(transaction, _ACCOUNT_ID) or "")
    if given is not None and given != stored:
        raise AccountIdDiffers(stored=stored, given=given)
    return stored


def find(transaction: Transaction, name: str) -> str | None:
    """Return a fact of the installation, or None while nobody has decided it."""
    row = transaction.one(_GET, {"name": name})
    return None if row is None else str(row.value)


def remember(transaction: Transaction, name: str, value: str) -> bool:
    """Decide a fact once; return False, having changed nothing, when it is decided already."""
    return transaction.insert_if_absent(_INSERT_IF_ABSENT, {"name": name, "value": value})

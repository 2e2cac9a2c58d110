"""The account's alias: one name at most, for people who sign in by it."""

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccountId
from poolgate.iam.tables import iam_account_aliases
from poolgate.store.call import Call
from poolgate.store.database import Put, Transaction

_PUT = Put(iam_account_aliases)
_GET = sa.select(iam_account_aliases.c.alias).where(
    iam_account_aliases.c.account_id == sa.bindparam("of_account")
)
_DELETE = sa.delete(iam_account_aliases).where(
    iam_account_aliases.c.account_id == sa.bindparam("of_account"),
    iam_account_aliases.c.alias == sa.bindparam("of_alias"),
)


class AccountAliasExists(Failure):
    """The account has this alias already. Facts: alias."""


class AccountAliasNotFound(Failure):
    """The account has no such alias. Facts: alias."""


def find(transaction: Transaction, account_id: AccountId) -> str | None:
    """Return the account's alias, or None."""
    row = transaction.one(_GET, {"of_account": account_id})
    return None if row is None else row.alias


def put(call: Call, alias: str) -> None:
    """Give the account an alias in place of the one that it has; raise AccountAliasExists."""
    with call.db.writing() as transaction:
        if find(transaction, call.account_id) == alias:
            raise AccountAliasExists(alias=alias)
        transaction.put(_PUT, {"account_id": call.account_id, "alias": alias})


def delete(call: Call, alias: str) -> None:
    """Take the alias away; raise AccountAliasNotFound."""
    with call.db.writing() as transaction:
        taken = transaction.run(_DELETE, {"of_account": call.account_id, "of_alias": alias})
        if taken == 0:
            raise AccountAliasNotFound(alias=alias)

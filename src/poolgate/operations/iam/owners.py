"""Whose access keys a request is about: the named user, or the caller."""

from poolgate.foundation.failure import Failure
from poolgate.iam import users
from poolgate.policy.principal import PrincipalType
from poolgate.store.call import Call
from poolgate.store.database import Transaction

ROOT_NAME = "root"


class UserNameRequired(Failure):
    """The caller is neither a user nor the root, so "the caller's own" names nobody."""


def owner_named(transaction: Transaction, call: Call, name: str | None) -> users.IamUser | None:
    """Return the named user, or the caller where none is named; None is the root."""
    if name is not None:
        return users.get(transaction, name)
    principal = call.principal
    if principal is not None and principal.is_root:
        return None
    if principal is None or principal.type is not PrincipalType.USER:
        raise UserNameRequired
    return users.get_by_id(transaction, principal.user_id, name=principal.username or "")

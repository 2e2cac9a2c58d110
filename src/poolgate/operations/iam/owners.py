"""Whom a request is about: the named user, group or role, or the caller."""

from collections.abc import Callable, Mapping

from poolgate.foundation.failure import Failure
from poolgate.iam import groups, roles, users
from poolgate.iam.inline_policies import FindOwner
from poolgate.iam.owners import OwnerKind, PolicyOwner
from poolgate.operations.iam.resources import (
    named_group_resource,
    named_role_resource,
    named_user_resource,
)
from poolgate.operations.registry import ResourceOf
from poolgate.policy.principal import PrincipalType
from poolgate.store.call import Call
from poolgate.store.database import Transaction

ROOT_NAME = "root"

ENTITY_RESOURCES: Mapping[OwnerKind, ResourceOf] = {
    OwnerKind.USER: named_user_resource,
    OwnerKind.GROUP: named_group_resource,
    OwnerKind.ROLE: named_role_resource,
}


class UserNameRequired(Failure):
    """The caller is neither a user nor the root, so "the caller's own" names nobody."""


def owner_getter(kind: OwnerKind) -> Callable[[str], FindOwner]:
    """Return the function that gives, by name, how an owner of policies is found."""
    getter = _GETTERS[kind]

    def named(name: str) -> FindOwner:
        def find_owner(transaction: Transaction) -> PolicyOwner:
            return getter(transaction, name)

        return find_owner

    return named


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


def _user(transaction: Transaction, name: str) -> PolicyOwner:
    return users.get(transaction, name).owner


def _group(transaction: Transaction, name: str) -> PolicyOwner:
    return groups.get(transaction, name).owner


def _role(transaction: Transaction, name: str) -> PolicyOwner:
    return roles.get(transaction, name).owner


_GETTERS: Mapping[OwnerKind, Callable[[Transaction, str], PolicyOwner]] = {
    OwnerKind.USER: _user,
    OwnerKind.GROUP: _group,
    OwnerKind.ROLE: _role,
}

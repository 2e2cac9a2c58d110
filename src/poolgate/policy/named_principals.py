"""The Principal and NotPrincipal elements of resource policies: whom a statement names, and how.

How a principal was named decides what an Allow is worth: naming the account only delegates to the
account's own policies; naming a role leaves its sessions limited by boundary and session policy;
naming the very user or session is final.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

from poolgate.policy.principal import Principal, PrincipalType


class Naming(IntEnum):
    """How directly a statement names a principal; more is stronger."""

    NOT_NAMED = 0
    ACCOUNT = 1
    ROLE = 2
    DIRECT = 3


@dataclass(frozen=True, slots=True)
class NamedPrincipals:
    """The principals that a statement lists: those of accounts, and identity providers."""

    names: frozenset[str]
    providers: frozenset[str] = frozenset()

    @property
    def everyone(self) -> bool:
        """Tell whether `*` is among the names."""
        return "*" in self.names

    def naming_of(self, principal: Principal) -> Naming:
        """Return the most direct way in which the principal is named.

        Whom an identity provider vouches for has no name but the provider's; `*` is not one.
        """
        if principal.type is PrincipalType.WEB_IDENTITY:
            return Naming.DIRECT if principal.arn in self.providers else Naming.NOT_NAMED
        if self.everyone or not self.names.isdisjoint(own_names(principal)):
            return Naming.DIRECT
        if not self.names.isdisjoint(role_names(principal)):
            return Naming.ROLE
        if not self.names.isdisjoint(account_names(principal)):
            return Naming.ACCOUNT
        return Naming.NOT_NAMED

    def spares(self, principal: Principal) -> bool:
        """Tell whether a NotPrincipal of these names leaves the principal out.

        # AWS elements_notprincipal: account, role and session must each be listed.
        """
        layers = (own_names(principal), role_names(principal), account_names(principal))
        return self.everyone or all(not self.names.isdisjoint(names) for names in layers if names)


def own_names(principal: Principal) -> Collection[str]:
    """Return the names of exactly this user, root or session."""
    return (principal.arn, principal.user_id)


def role_names(principal: Principal) -> Collection[str]:
    """Return the names of a session's role; none for other principals."""
    if principal.type is not PrincipalType.ASSUMED_ROLE:
        return ()
    return (principal.principal_arn, principal.user_id.partition(":")[0])


def account_names(principal: Principal) -> Collection[str]:
    """Return the names of the principal's account."""
    return (principal.account_id, f"arn:aws:iam::{principal.account_id}:root")

"""Which role an identity gets: one pure decision over the pool and the login's claims.

    no mapping for the login  -> the authenticated role
    mapping by token          -> the role asked for, the preferred one, the only one
    mapping by rules          -> the first rule that fits, or the one asked for among those that do
    nothing fits              -> the authenticated role, or nobody's: as the mapping says

# AWS cognito-identity "Using role-based access control"
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from poolgate.foundation.failure import Failure
from poolgate.identitypools.identity_pools import (
    AUTHENTICATED,
    UNAUTHENTICATED,
    IdentityPool,
    RoleMapping,
    RoleRule,
)
from poolgate.identitypools.logins import Login

_ROLES, _PREFERRED_ROLE = "cognito:roles", "cognito:preferred_role"


class RoleDenied(Failure):
    """The mapping gives no role, or not the one that was asked for."""


class RoleNotSet(Failure):
    """The pool has no role for identities of this kind."""


def choose_role(pool: IdentityPool, logins: Sequence[Login], custom_role_arn: str | None) -> str:
    """Return the ARN of the role; raise RoleDenied or RoleNotSet."""
    if not logins:
        if custom_role_arn is not None:
            raise RoleDenied
        return _default(pool, UNAUTHENTICATED)
    mapped = next((login for login in logins if login.mapping_key in pool.role_mappings), None)
    if mapped is None:
        if custom_role_arn is not None:
            raise RoleDenied
        return _default(pool, AUTHENTICATED)
    mapping = pool.role_mappings[mapped.mapping_key]
    choose = _by_token if mapping.by_token else _by_rules
    role_arn = choose(mapping, mapped.claims, custom_role_arn)
    if role_arn is not None:
        return role_arn
    if not mapping.falls_back:
        raise RoleDenied
    return _default(pool, AUTHENTICATED)


def _by_token(
    _mapping: RoleMapping, claims: Mapping[str, Any], custom_role_arn: str | None
) -> str | None:
    roles = _texts(claims.get(_ROLES))
    if custom_role_arn is not None:
        if custom_role_arn not in roles:
            raise RoleDenied
        return custom_role_arn
    preferred = claims.get(_PREFERRED_ROLE)
    if isinstance(preferred, str) and preferred:
        return preferred
    return roles[0] if len(roles) == 1 else None


def _by_rules(
    mapping: RoleMapping, claims: Mapping[str, Any], custom_role_arn: str | None
) -> str | None:
    fitting = [rule.role_arn for rule in mapping.rules if fits(rule, claims)]
    if custom_role_arn is not None:
        if custom_role_arn not in fitting:
            raise RoleDenied
        return custom_role_arn
    return fitting[0] if fitting else None


def fits(rule: RoleRule, claims: Mapping[str, Any]) -> bool:
    """Tell whether a rule fits the claims; of a claim with several values one must fit.

    A rule of NotEqual fits where no value equals, and not at all without the claim.
    """
    values = _texts(claims.get(rule.claim))
    if not values:
        return False
    if rule.match_type == "NotEqual":
        return rule.value not in values
    compare = _COMPARISONS[rule.match_type]
    return any(compare(value, rule.value) for value in values)


def _equals(value: str, wanted: str) -> bool:
    return value == wanted


def _contains(value: str, wanted: str) -> bool:
    return wanted in value


def _starts_with(value: str, wanted: str) -> bool:
    return value.startswith(wanted)


_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "Equals": _equals,
    "Contains": _contains,
    "StartsWith": _starts_with,
}


def _texts(claim: object) -> list[str]:
    if claim is None:
        return []
    if isinstance(claim, bool):
        return ["true" if claim else "false"]
    if isinstance(claim, list):
        return [str(each) for each in claim]
    return [str(claim)]


def _default(pool: IdentityPool, kind: str) -> str:
    role_arn = pool.roles.get(kind)
    if role_arn is None:
        raise RoleNotSet
    return role_arn

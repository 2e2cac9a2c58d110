"""What a pre token generation function may change in tokens: pure rules over claims.

Of what is in both lists, suppressing wins over adding. What says who the user is, who may use the
token and how long is protected: attempts to change it are ignored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from poolgate.userpools.token_claims import Claims

GROUPS, ROLES, PREFERRED_ROLE = "cognito:groups", "cognito:roles", "cognito:preferred_role"
# AWS Pre token generation Lambda trigger, "claims that you can't modify".
_PROTECTED = frozenset(
    {
        "acr",
        "amr",
        "at_hash",
        "aud",
        "auth_time",
        "azp",
        "client_id",
        "cnf",
        "device_key",
        "event_id",
        "exp",
        "iat",
        "identities",
        "iss",
        "jti",
        "nbf",
        "nonce",
        "origin_jti",
        "sub",
        "token_use",
        "username",
        "version",
        # Has lists of its own.
        "scope",
    }
)
_TEXT_ONLY = frozenset({"phone_number_verified", "email_verified", "updated_at", "address"})


@dataclass(frozen=True, slots=True)
class GroupOverride:
    """Groups and roles in place of the user's own; empty ones leave the claims out."""

    groups: Sequence[str] = ()
    roles: Sequence[str] = ()
    preferred_role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changes in one kind of token."""

    added: Mapping[str, object]
    suppressed: frozenset[str] = frozenset()
    added_scopes: Sequence[str] = ()
    suppressed_scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What a function answered; `groups` is None where the user's own stay."""

    id_token: Changes = Changes(added={})
    access_token: Changes = Changes(added={})
    groups: GroupOverride | None = None


def overridden_id_claims(claims: Claims, overrides: Overrides) -> Claims:
    """Return the ID token's claims as the function wants them."""
    changes = overrides.id_token
    claims = _with_groups(claims, overrides.groups, with_roles=True)
    added = {
        name: value
        for name, value in changes.added.items()
        if isinstance(value, str) or name not in _TEXT_ONLY
    }
    return _changed(claims, added, changes.suppressed)


def overridden_access_claims(claims: Claims, overrides: Overrides) -> Claims:
    """Return the access token's claims as the function wants them."""
    changes = overrides.access_token
    claims = _with_groups(claims, overrides.groups, with_roles=False)
    claims = _changed(claims, changes.added, changes.suppressed)
    # AWS: an access token may be bound to its own app client and to nothing else.
    if changes.added.get("aud") == claims["client_id"] and "aud" not in changes.suppressed:
        claims["aud"] = claims["client_id"]
    scopes = dict.fromkeys([*str(claims["scope"]).split(), *changes.added_scopes])
    claims["scope"] = " ".join(scope for scope in scopes if scope not in changes.suppressed_scopes)
    return claims


def _changed(claims: Claims, added: Mapping[str, object], suppressed: frozenset[str]) -> Claims:
    claims = claims | {
        name: value
        for name, value in added.items()
        if value is not None and not _is_protected(name) and not name.startswith("dev:")
    }
    hidden = {name for name in suppressed if not _is_protected(name)}
    if GROUPS in suppressed:
        hidden |= {GROUPS, ROLES, PREFERRED_ROLE}
    return {name: value for name, value in claims.items() if name not in hidden}


def _is_protected(name: str) -> bool:
    return name in _PROTECTED or name.startswith("cognito:")


def _with_groups(claims: Claims, override: GroupOverride | None, *, with_roles: bool) -> Claims:
    if override is None:
        return claims
    wanted: Claims = {GROUPS: list(override.groups)}
    if with_roles:
        wanted |= {ROLES: list(override.roles), PREFERRED_ROLE: override.preferred_role}
    kept = {
        name: value for name, value in claims.items() if name not in {GROUPS, ROLES, PREFERRED_ROLE}
    }
    return kept | {name: value for name, value in wanted.items() if value}

"""The Caller: who sent a request, as the API and its permissions see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

from poolgate.guard.cognito_identities import CognitoIdentity
from poolgate.policy.principal import Principal

CallerKind = Literal["anonymous", "bearer", "basic", "signed", "delegated"]

ADMIN_ROLE: Final = "admin"
USER_ROLE: Final = "user"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller, or the anonymous one.

    Arguments:
        kind: How the caller proved itself: `anonymous`, `bearer`, `basic`, `signed` or `delegated`.
        id: The `sub` of a pool's user or service, the principal's ARN for a signed request, None
            for the anonymous caller. Only together with `issuer` it names one person.
        issuer: Who issued the token; None without a token.
        username: The user's name in the pool, or the IAM user's name.
        claims: The verified token's claims, read-only all the way down; empty without a token.
        groups: The names in `cognito:groups`.
        scopes: The words of an access token's `scope`.
        principal: The IAM principal of a `signed` caller.
        cognito_identity: The identity whose keys a `signed` caller has, None for other keys.
        actor: The service that acts for the caller in a `delegated` call.
        roles: `admin` or `user`; empty for the anonymous caller.
    """

    kind: CallerKind
    id: str | None = None
    issuer: str | None = None
    username: str | None = None
    claims: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    groups: tuple[str, ...] = ()
    scopes: frozenset[str] = frozenset()
    principal: Principal | None = None
    cognito_identity: CognitoIdentity | None = None
    actor: Principal | None = None
    roles: frozenset[str] = frozenset()

    @property
    def is_anonymous(self) -> bool:
        """Tell whether nobody proved anything."""
        return self.kind == "anonymous"

    @property
    def is_admin(self) -> bool:
        """Tell whether one of the configured marks makes this caller an administrator."""
        return ADMIN_ROLE in self.roles

    def claims_for_json(self) -> dict[str, Any]:
        """Return the claims as a new plain dict that the caller may change and serialise."""
        plain: dict[str, Any] = _thawed(self.claims)
        return plain


ANONYMOUS: Final = Caller(kind="anonymous")


def frozen_claims(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the claims so that nobody can change them: callers of one token share them."""
    frozen = dict(claims)
    for name, value in claims.items():
        if isinstance(value, list | dict):
            frozen[name] = _frozen(value)
    return MappingProxyType(frozen)


def groups_in(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names in `cognito:groups`; anything but a list of text counts as none."""
    groups = claims.get("cognito:groups")
    if not isinstance(groups, list | tuple):
        return ()
    return tuple(name for name in groups if isinstance(name, str))


def scopes_in(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return the words of the `scope` claim."""
    scope = claims.get("scope")
    return frozenset(scope.split()) if isinstance(scope, str) else frozenset()


def username_in(claims: Mapping[str, Any]) -> str | None:
    """Return the pool's username: `cognito:username` in ID tokens, `username` in access tokens."""
    for name in ("cognito:username", "username"):
        username = claims.get(name)
        if isinstance(username, str):
            return username
    return None


def _frozen(value: Any) -> Any:  # noqa: ANN401 - claims hold any JSON value
    if isinstance(value, dict):
        return frozen_claims(value)
    if isinstance(value, list):
        return tuple(_frozen(member) for member in value)
    return value


def _thawed(value: Any) -> Any:  # noqa: ANN401 - claims hold any JSON value
    if isinstance(value, Mapping):
        return {name: _thawed(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return [_thawed(member) for member in value]
    return value

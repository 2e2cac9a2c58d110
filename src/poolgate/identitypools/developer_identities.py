"""Developer-authenticated identities: users whom the developer's own server vouches for.

# AWS cognito-identity "Developer-authenticated identities"
"""

from collections.abc import Mapping
from dataclasses import dataclass

from poolgate.foundation.failure import Failure
from poolgate.identitypools import identities, identity_pools, logins, openid_tokens
from poolgate.identitypools.identities import Identity, LinkedLogin
from poolgate.identitypools.identity_pools import IdentityPool
from poolgate.identitypools.openid_tokens import LOGIN_PROVIDER
from poolgate.store.call import Call
from poolgate.store.database import Transaction

DEFAULT_TOKEN_SECONDS = 900


class DeveloperProviderNotGiven(Failure):
    """The logins do not name the pool's developer provider."""


class DeveloperUserRegistered(Failure):
    """The developer's user belongs to another identity."""


class DeveloperUserNotFound(Failure):
    """No identity is linked to the developer's user."""


class LookUpNotPossible(Failure):
    """A look-up needs an identity or a developer's user."""


@dataclass(frozen=True, slots=True)
class DeveloperIdentity:
    """An identity and the developer's users that are linked to it."""

    identity_id: str
    user_identifiers: tuple[str, ...]


def issue_token(
    call: Call,
    pool_id: str,
    shown: Mapping[str, str],
    *,
    identity_id: str | None,
    seconds: int | None,
    tags: Mapping[str, str],
) -> tuple[str, str]:
    """Return the identity of a developer's user and a token of it; a new one the first time."""
    with call.db.reading() as transaction:
        pool = identity_pools.get(transaction, pool_id)
    own = _own_login(pool, shown)
    public = logins.verify_logins(
        call, pool, {key: token for key, token in shown.items() if key != own.provider}
    )
    with call.db.writing() as transaction:
        identity = _identity_of(transaction, call, pool, own, identity_id)
        identities.link(transaction, call, identity, [own])
        identities.link(transaction, call, identity, public)
    token = openid_tokens.issue(
        call,
        identity_id=identity.identity_id,
        pool_id=pool_id,
        references=(own.provider, f"{LOGIN_PROVIDER}:{pool_id}:{own.subject}"),
        seconds=seconds or DEFAULT_TOKEN_SECONDS,
        tags=tags,
    )
    return identity.identity_id, token


def look_up(
    call: Call, pool_id: str, *, identity_id: str | None, user_identifier: str | None
) -> DeveloperIdentity:
    """Return the identity of a developer's user, or the users of an identity."""
    with call.db.reading() as transaction:
        pool = identity_pools.get(transaction, pool_id)
        provider = _provider(pool)
        found = identity_id
        if user_identifier is not None:
            found = identities.find_by_login(transaction, pool_id, provider, user_identifier)
            if found is None:
                raise DeveloperUserNotFound
            if identity_id not in {None, found}:
                raise identities.LoginsLinkedElsewhere
        if found is None:
            raise LookUpNotPossible
        identity = _in_pool(transaction, pool, found)
        linked = identities.logins_of(transaction, identity.identity_id)
    users = tuple(login.subject for login in linked if login.provider == provider)
    return DeveloperIdentity(identity.identity_id, users)


def merge(call: Call, pool_id: str, *, provider: str, source: str, destination: str) -> str:
    """Make the source user's identity part of the destination user's; return that one."""
    with call.db.writing() as transaction:
        pool = identity_pools.get(transaction, pool_id)
        if provider != _provider(pool):
            raise DeveloperProviderNotGiven
        found = [
            identities.find_by_login(transaction, pool_id, provider, user)
            for user in (source, destination)
        ]
        if found[0] is None or found[1] is None:
            raise DeveloperUserNotFound
        merged = identities.get(transaction, found[0])
        survivor = identities.get(transaction, found[1])
        if merged != survivor:
            identities.merge(transaction, call, merged, survivor)
    return survivor.identity_id


def unlink(
    call: Call, pool_id: str, identity_id: str, *, provider: str, user_identifier: str
) -> None:
    """Let a developer's user lead to the identity no longer; raise DeveloperUserNotFound."""
    with call.db.writing() as transaction:
        pool = identity_pools.get(transaction, pool_id)
        identity = _in_pool(transaction, pool, identity_id)
        if provider != _provider(pool):
            raise DeveloperProviderNotGiven
        if not identities.unlink(
            transaction, call, identity, LinkedLogin(provider, user_identifier)
        ):
            raise DeveloperUserNotFound


def _identity_of(
    transaction: Transaction,
    call: Call,
    pool: IdentityPool,
    own: LinkedLogin,
    identity_id: str | None,
) -> Identity:
    known = identities.find_by_login(transaction, pool.pool_id, own.provider, own.subject)
    if identity_id is not None:
        identity = _in_pool(transaction, pool, identity_id)
        if known not in {None, identity.identity_id}:
            raise DeveloperUserRegistered
        return identity
    if known is not None:
        return identities.surviving(transaction, known)
    return identities.create(transaction, call, pool.pool_id)


def _in_pool(transaction: Transaction, pool: IdentityPool, identity_id: str) -> Identity:
    identity = identities.surviving(transaction, identity_id)
    if identity.pool_id != pool.pool_id:
        raise identities.IdentityNotFound(identity_id=identity_id)
    return identity


def _own_login(pool: IdentityPool, shown: Mapping[str, str]) -> LinkedLogin:
    provider = _provider(pool)
    if provider not in shown:
        raise DeveloperProviderNotGiven
    return LinkedLogin(provider, shown[provider])


def _provider(pool: IdentityPool) -> str:
    if pool.developer_provider is None:
        raise DeveloperProviderNotGiven
    return pool.developer_provider

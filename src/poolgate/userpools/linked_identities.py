"""Linked identities: which user of a pool somebody is who signs in at an identity provider.

A link names the person there by the subject that the provider gives (`Cognito_Subject`) or by the
value of an attribute that the pool takes over from it. The user's attribute `identities` tells of
all links; it is written here, in the transaction that changes them, and nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Sub
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools import identity_providers, pools, refresh_tokens, users
from poolgate.userpools.identity_providers import IdentityProvider
from poolgate.userpools.pools import UserPool
from poolgate.userpools.provider_details import ProviderType
from poolgate.userpools.tables import linked_identities
from poolgate.userpools.users import User, UserNotFound, UserStatus

IDENTITIES = "identities"
SUBJECT = "Cognito_Subject"
LOCAL = "Cognito"
# AWS AdminLinkProviderForUser: "The maximum number of federated identities linked to a user is
# five."
MAX_LINKS_OF_A_USER = 5
# What an index entry of PostgreSQL holds with the other parts of the key.
_MAX_VALUE_LENGTH = 512


class InvalidUserIdentifier(Failure):
    """A user is not named as this operation needs it. Facts: fault."""


class AlreadySignedUp(Failure):
    """The person at the provider has a profile of their own in the pool."""


class AlreadyLinked(Failure):
    """The person at the provider is linked to a user."""


class TooManyLinks(Failure):
    """The user has as many linked identities as a user can have."""


class Identity(msgspec.Struct, frozen=True):
    """A person at an identity provider, by an attribute there."""

    provider_name: str
    attribute: str
    value: str


class Link(msgspec.Struct, frozen=True):
    """An identity and when it was linked; `linked_at` is in milliseconds.

    With `is_profile` the user is the profile that the person's first sign-in made.
    """

    identity: Identity
    linked_at: int
    is_profile: bool = False
    issuer: str | None = None


class ShownIdentity(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of the attribute `identities`; `date_created` is in milliseconds."""

    user_id: str
    provider_name: str
    provider_type: str
    issuer: str | None
    primary: bool
    date_created: int


_IS_IDENTITY = sa.and_(
    linked_identities.c.pool_id == sa.bindparam("pool_id"),
    linked_identities.c.provider_name == sa.bindparam("provider_name"),
    linked_identities.c.attribute == sa.bindparam("attribute"),
    linked_identities.c.value == sa.bindparam("value"),
)
_FIND = sa.select(linked_identities.c.sub).where(_IS_IDENTITY)
_COUNT = sa.select(sa.func.count()).where(
    linked_identities.c.pool_id == sa.bindparam("pool_id"),
    linked_identities.c.sub == sa.bindparam("sub"),
)
_OF_USER = (
    sa.select(linked_identities)
    .where(
        linked_identities.c.pool_id == sa.bindparam("pool_id"),
        linked_identities.c.sub == sa.bindparam("sub"),
    )
    .order_by(linked_identities.c.provider_name, linked_identities.c.value)
)
_INSERT = InsertIfAbsent(linked_identities)
_DELETE = sa.delete(linked_identities).where(_IS_IDENTITY)


def find(transaction: Transaction, pool_id: PoolId, identity: Identity) -> Sub | None:
    """Return whom the identity is linked to, or None."""
    row = transaction.one(_FIND, _key(pool_id, identity))
    return None if row is None else Sub(row.sub)


def find_by_attributes(
    transaction: Transaction, pool_id: PoolId, provider_name: str, values: Mapping[str, str]
) -> Sub | None:
    """Return whom one of the values is linked to, or None; the first one counts."""
    for attribute, value in values.items():
        sub = find(transaction, pool_id, Identity(provider_name, attribute, value))
        if sub is not None:
            return sub
    return None


def own_identity(
    provider: IdentityProvider, subject: str, *, issuer: str | None, now_millis: int
) -> dict[str, str]:
    """Return the attribute `identities` of the profile that the person's first sign-in makes."""
    own = Link(
        Identity(provider.name, SUBJECT, subject), now_millis, is_profile=True, issuer=issuer
    )
    return {IDENTITIES: msgspec.json.encode([_shown(provider, own)]).decode()}


def is_profile_of(user: User, identity: Identity) -> bool:
    """Tell whether the user is the profile that the person's first sign-in made."""
    return any(
        shown.primary
        and (shown.provider_name, shown.user_id) == (identity.provider_name, identity.value)
        for shown in identities_of(user)
    )


def federated_username(identity: Identity) -> str:
    """Return the username of the profile that the person's first sign-in makes."""
    return f"{identity.provider_name}_{identity.value}"


def identities_of(user: User) -> tuple[ShownIdentity, ...]:
    """Return the entries of the user's attribute `identities`, oldest first."""
    text = user.attributes.get(IDENTITIES)
    return () if text is None else msgspec.json.decode(text, type=tuple[ShownIdentity, ...])


def link(call: Call, pool_id: PoolId, destination: Identity, source: Identity) -> None:
    """Let who is `source` sign in as the user `destination`; of two linkers one gets AlreadyLinked.

    Raises IdentityProviderNotFound, UserNotFound and the failures of this module.
    """
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        provider = _verify_source(transaction, pool_id, source)
        user = _destination(transaction, pool, destination)
        if source.attribute == SUBJECT and users.find(
            transaction, pool, federated_username(source)
        ):
            raise AlreadySignedUp
        shown = _insert(transaction, user, provider, Link(source, call.now_millis))
        _show(transaction, call, pool, user, (*identities_of(user), shown))


def links_of(transaction: Transaction, user: User) -> tuple[Link, ...]:
    """Return the user's links, oldest first, behind whose profile it is."""
    since = {
        (shown.provider_name, shown.user_id): shown.date_created for shown in identities_of(user)
    }
    rows = transaction.rows(_OF_USER, {"pool_id": user.pool_id, "sub": user.sub})
    own = [
        Link(
            Identity(shown.provider_name, SUBJECT, shown.user_id),
            shown.date_created,
            is_profile=True,
            issuer=shown.issuer,
        )
        for shown in identities_of(user)
        if shown.primary
    ]
    links = [
        Link(
            Identity(row.provider_name, row.attribute, row.value),
            since.get((row.provider_name, row.value), user.modified_at),
        )
        for row in rows
    ]
    return (*own, *sorted(links, key=lambda link: link.linked_at))


def restore(
    transaction: Transaction, call: Call, pool: UserPool, user: User, links: Sequence[Link]
) -> None:
    """Link a user who was just stored as it was linked before; raises what `link` does."""
    if not links:
        return
    shown = []
    for each in links:
        provider = _verify_source(transaction, pool.pool_id, each.identity)
        if each.is_profile:
            shown.append(_shown(provider, each))
        else:
            shown.append(_insert(transaction, user, provider, each))
    stored = users.get_to_change(transaction, pool.pool_id, user.sub)
    _show(transaction, call, pool, stored, shown, modified_at=stored.modified_at)


def disable(call: Call, pool_id: PoolId, identity: Identity) -> None:
    """Keep a person from signing in that way: end a link, a profile's use, or a password's.

    Raises IdentityProviderNotFound, UserNotFound or InvalidUserIdentifier.
    """
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        if identity.provider_name == LOCAL:
            _disable_password(transaction, call, pool, identity)
            return
        identity_providers.get(transaction, pool_id, identity.provider_name)
        sub = find(transaction, pool_id, identity)
        if sub is not None:
            _unlink(
                transaction, call, pool, users.get_to_change(transaction, pool_id, sub), identity
            )
            return
        if identity.attribute != SUBJECT:
            raise UserNotFound
        profile = users.get(transaction, pool, federated_username(identity))
        if not is_profile_of(profile, identity):
            raise UserNotFound
        _disable_profile(transaction, call, pool, profile)


def _verify_source(transaction: Transaction, pool_id: PoolId, source: Identity) -> IdentityProvider:
    if source.provider_name == LOCAL:
        raise InvalidUserIdentifier(fault="SourceUser must be a user of an identity provider.")
    provider = identity_providers.get(transaction, pool_id, source.provider_name)
    # AWS AdminLinkProviderForUser: social providers know the subject only, others what is mapped.
    if provider.type.is_social and source.attribute != SUBJECT:
        raise InvalidUserIdentifier(
            fault=f"ProviderAttributeName of a {provider.type} user must be {SUBJECT}."
        )
    # AWS AdminLinkProviderForUser: of SAML users by any claim, which is nowhere listed.
    is_listed = provider.type is not ProviderType.SAML
    if is_listed and source.attribute not in {SUBJECT, *provider.attribute_mapping}:
        raise InvalidUserIdentifier(
            fault=f"{source.attribute[:64]} is not mapped for provider {provider.name}."
        )
    if len(source.value) > _MAX_VALUE_LENGTH:
        raise InvalidUserIdentifier(
            fault=f"ProviderAttributeValue must not be longer than {_MAX_VALUE_LENGTH} characters."
        )
    return provider


def _insert(
    transaction: Transaction, user: User, provider: IdentityProvider, link: Link
) -> ShownIdentity:
    row = {**_key(user.pool_id, link.identity), "sub": user.sub}
    if not transaction.insert_if_absent(_INSERT, row):
        raise AlreadyLinked
    (links,) = transaction.one(_COUNT, {"pool_id": user.pool_id, "sub": user.sub})
    if links > MAX_LINKS_OF_A_USER:
        raise TooManyLinks
    return _shown(provider, link)


def _shown(provider: IdentityProvider, link: Link) -> ShownIdentity:
    return ShownIdentity(
        user_id=link.identity.value,
        provider_name=provider.name,
        provider_type=provider.type.value,
        issuer=link.issuer,
        primary=link.is_profile,
        date_created=link.linked_at,
    )


def _destination(transaction: Transaction, pool: UserPool, destination: Identity) -> User:
    name = destination.value
    if destination.provider_name != LOCAL:
        identity_providers.get(transaction, pool.pool_id, destination.provider_name)
        name = federated_username(destination)
    found = users.get(transaction, pool, name)
    return users.get_to_change(transaction, pool.pool_id, found.sub)


def _unlink(
    transaction: Transaction, call: Call, pool: UserPool, user: User, identity: Identity
) -> None:
    transaction.run(_DELETE, _key(pool.pool_id, identity))
    named = (identity.provider_name, identity.value)
    left = tuple(
        shown
        for shown in identities_of(user)
        if shown.primary or (shown.provider_name, shown.user_id) != named
    )
    _show(transaction, call, pool, user, left)


def _disable_password(
    transaction: Transaction, call: Call, pool: UserPool, identity: Identity
) -> None:
    if identity.attribute != SUBJECT:
        raise InvalidUserIdentifier(fault=f"ProviderAttributeName must be {SUBJECT}.")
    found = users.get(transaction, pool, identity.value)
    user = users.get_to_change(transaction, pool.pool_id, found.sub)
    # No password is left to be tried or reset, as for somebody who came from elsewhere.
    changed = replace(
        user, status=UserStatus.EXTERNAL_PROVIDER, password=None, modified_at=call.now_millis
    )
    users.update(transaction, pool, changed, user)


def _disable_profile(transaction: Transaction, call: Call, pool: UserPool, profile: User) -> None:
    user = users.get_to_change(transaction, pool.pool_id, profile.sub)
    users.update(transaction, pool, replace(user, enabled=False, modified_at=call.now_millis), user)
    refresh_tokens.revoke_all_of_user(transaction, pool.pool_id, user.sub, call.now_millis)


def _show(
    transaction: Transaction,
    call: Call,
    pool: UserPool,
    user: User,
    shown: Sequence[ShownIdentity],
    *,
    modified_at: int | None = None,
) -> None:
    others = {name: value for name, value in user.attributes.items() if name != IDENTITIES}
    # AWS lists it right behind the sub.
    written = {IDENTITIES: msgspec.json.encode(shown).decode()} if shown else {}
    changed = replace(
        user,
        attributes={**written, **others},
        modified_at=call.now_millis if modified_at is None else modified_at,
    )
    users.update(transaction, pool, changed, user)


def _key(pool_id: PoolId, identity: Identity) -> dict[str, str]:
    return {
        "pool_id": pool_id,
        "provider_name": identity.provider_name,
        "attribute": identity.attribute,
        "value": identity.value,
    }

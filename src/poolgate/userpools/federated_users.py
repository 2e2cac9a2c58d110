"""Users who are known by an identity provider: found, made at their first sign-in, refreshed.

Somebody is one user by a link that an administrator made, or the profile that the first sign-in
made: `ProviderName_subject`, in the status EXTERNAL_PROVIDER. Nobody is ever found by an address:
another provider, or a user of this pool, may have the same one (ASVS 6.8.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import Sub, Username
from poolgate.foundation.randomness import random_uuid
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import attributes, groups, linked_identities, usernames, users
from poolgate.userpools.attribute_updates import revoke_stale_codes
from poolgate.userpools.attributes import AttributeImmutable
from poolgate.userpools.federated_assertions import (
    Assertion,
    is_storable_text,
    linkable_values,
    with_flags,
)
from poolgate.userpools.pools import UserPool
from poolgate.userpools.provider_changes import group_description, group_of
from poolgate.userpools.users import User, UserStatus


class RequiredAttributesMissing(Failure):
    """The provider did not send what every user of the pool must have. Facts: names."""


class FederatedNameTaken(Failure):
    """The profile's username belongs to somebody else. Facts: username."""


class SubjectUnusable(Failure):
    """No username can be made of whom the provider names. Facts: username."""


class IdentityMoved(Failure):
    """Who somebody is in this pool changed while it was signing in."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a provider vouches for, with the attributes that follow from its word."""

    assertion: Assertion
    mapped: Mapping[str, str]


def username_of(pool: UserPool, assertion: Assertion) -> Username:
    """Return the username of the person's own profile; raise SubjectUnusable."""
    name = linked_identities.federated_username(assertion.identity)
    # AWS: the whole of it is lower-case in pools that do not tell cases apart.
    name = name if pool.case_sensitive else name.lower()
    if not usernames.is_storable(name):
        raise SubjectUnusable(username=name)
    return Username(name)


def find(transaction: Transaction, pool: UserPool, person: Person) -> User | None:
    """Return who it is in this pool, or None before the first sign-in.

    Raises FederatedNameTaken when the profile's name is another user's: one who chose it at
    sign-up, or another person at the provider whose subject differs in case only.
    """
    assertion = person.assertion
    if not is_storable_text(assertion.subject):
        raise SubjectUnusable(username=assertion.subject)
    sub = linked_identities.find(transaction, pool.pool_id, assertion.identity)
    if sub is None:
        sub = linked_identities.find_by_attributes(
            transaction, pool.pool_id, assertion.provider.name, linkable_values(assertion)
        )
    if sub is not None:
        return users.get_by_sub(transaction, pool.pool_id, sub)
    username = username_of(pool, assertion)
    found = users.find(transaction, pool, username)
    # INVARIANT: a name alone makes nobody somebody; the identity is compared letter by letter.
    if found is not None and not linked_identities.is_profile_of(found, assertion.identity):
        raise FederatedNameTaken(username=username)
    return found


def verify_same(transaction: Transaction, pool: UserPool, person: Person, user: User) -> None:
    """Raise IdentityMoved unless the person is still this user."""
    found = find(transaction, pool, person)
    if found is None or found.sub != user.sub:
        raise IdentityMoved


def new_profile(call: Call, pool: UserPool, person: Person, vouched_for: Mapping[str, str]) -> User:
    """Return the profile of somebody's first sign-in, not stored yet.

    `vouched_for` are attributes that the pool's function adds.
    """
    assertion = person.assertion
    own = linked_identities.own_identity(
        assertion.provider, assertion.subject, issuer=assertion.issuer, now_millis=call.now_millis
    )
    return users.new_user(
        call,
        pool.pool_id,
        Sub(random_uuid()),
        username_of(pool, assertion),
        status=UserStatus.EXTERNAL_PROVIDER,
        attributes={**own, **first_attributes(person), **vouched_for},
        password=None,
    )


def first_attributes(person: Person) -> dict[str, str]:
    """Return what a new profile begins with."""
    return {name: value for name, value in with_flags(person.mapped, {}).items() if value}


def verify_complete(pool: UserPool, stored: Mapping[str, str]) -> None:
    """Raise RequiredAttributesMissing unless every required attribute has a value."""
    missing = attributes.missing_required(pool, stored)
    if missing:
        raise RequiredAttributesMissing(names=", ".join(missing))


def insert(transaction: Transaction, call: Call, pool: UserPool, provider: str, user: User) -> None:
    """Store a new profile in the provider's group; of two at once one gets UsernameTaken."""
    users.insert(transaction, pool, user)
    group = group_of(pool.pool_id, provider)
    # An administrator may have deleted it; AWS says that every profile joins it.
    groups.ensure(transaction, call, pool.pool_id, group, group_description(provider))
    groups.add_member(transaction, pool.pool_id, group, user.sub)


def refreshed(call: Call, pool: UserPool, user: User, mapped: Mapping[str, str]) -> User:
    """Return the user as a further sign-in leaves it: what came takes the place of what was.

    Raises AttributeImmutable or RequiredAttributesMissing.
    """
    changes = {
        name: value
        for name, value in with_flags(mapped, user.attributes).items()
        if value != user.attributes.get(name, "")
    }
    if not changes:
        return user
    by_name = {attribute.name: attribute for attribute in pool.schema}
    for name in changes:
        if not by_name[name].mutable:
            raise AttributeImmutable(name=name)
    after = {name: value for name, value in {**user.attributes, **changes}.items() if value}
    lost = [name for name in attributes.missing_required(pool, after) if name in changes]
    if lost:
        raise RequiredAttributesMissing(names=", ".join(lost))
    return replace(user, attributes=after, modified_at=call.now_millis)


def store_refreshed(transaction: Transaction, pool: UserPool, changed: User, former: User) -> None:
    """Store what `refreshed` changed; raise AliasTaken."""
    if changed is former:
        return
    users.update(transaction, pool, changed, former)
    revoke_stale_codes(transaction, changed, former)

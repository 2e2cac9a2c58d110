"""Identities: one for each login of a pool, for good; guests have none and may get one later.

guest ── first login ──> that login's identity
guest ── a login that has an identity ──> merged into that one
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.paging import Page
from poolgate.foundation.randomness import random_uuid
from poolgate.identitypools.identity_pools import IdentityPool
from poolgate.identitypools.logins import Login
from poolgate.identitypools.openid_tokens import LOGIN_PROVIDER
from poolgate.identitypools.tables import identities, identity_logins
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction

LOGINS_PER_IDENTITY = 20  # AWS limits of Amazon Cognito identity pools


class IdentityNotFound(Failure):
    """No identity has this id. Facts: identity_id."""


class GuestsNotAllowed(Failure):
    """The pool has no unauthenticated identities."""


class LoginsDiffer(Failure):
    """No login that was shown is one of the identity's."""


class LoginsLinkedElsewhere(Failure):
    """The logins belong to different identities."""


class AccessToIdentityForbidden(Failure):
    """The identity needs a login that was not shown, or has no role. Facts: identity_id."""


class TooManyLinkedLogins(Failure):
    """The identity would have more logins than it may."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity as stored; `merged_into` names the one that it became part of."""

    identity_id: str
    pool_id: str
    merged_into: str | None
    created_at: int
    modified_at: int


@dataclass(frozen=True, slots=True)
class LinkedLogin:
    """A login that leads to an identity."""

    provider: str
    subject: str


_INSERT = sa.insert(identities)
_FIND = sa.select(identities).where(identities.c.identity_id == sa.bindparam("of_identity"))
_PAGE = (
    sa.select(identities)
    .where(
        identities.c.pool_id == sa.bindparam("of_pool"),
        identities.c.identity_id > sa.bindparam("after"),
    )
    .order_by(identities.c.identity_id)
    .limit(sa.bindparam("limit"))
)
_PAGE_ENABLED = _PAGE.where(identities.c.merged_into.is_(None))
_MERGE = (
    sa.update(identities)
    .where(identities.c.identity_id == sa.bindparam("of_identity"))
    .values(merged_into=sa.bindparam("survivor"), modified_at=sa.bindparam("now"))
)
_TOUCH = (
    sa.update(identities)
    .where(identities.c.identity_id == sa.bindparam("of_identity"))
    .values(modified_at=sa.bindparam("now"))
)
_DELETE = sa.delete(identities).where(identities.c.identity_id == sa.bindparam("of_identity"))
_BY_LOGIN = sa.select(identity_logins.c.identity_id).where(
    identity_logins.c.pool_id == sa.bindparam("of_pool"),
    identity_logins.c.provider == sa.bindparam("of_provider"),
    identity_logins.c.subject == sa.bindparam("of_subject"),
)
_LOGINS = (
    sa.select(identity_logins.c.provider, identity_logins.c.subject)
    .where(identity_logins.c.identity_id == sa.bindparam("of_identity"))
    .order_by(identity_logins.c.provider, identity_logins.c.subject)
)
_LINK = InsertIfAbsent(identity_logins)
_UNLINK = sa.delete(identity_logins).where(
    identity_logins.c.identity_id == sa.bindparam("of_identity"),
    identity_logins.c.provider == sa.bindparam("of_provider"),
    identity_logins.c.subject == sa.bindparam("of_subject"),
)
_MOVE_LOGINS = (
    sa.update(identity_logins)
    .where(identity_logins.c.identity_id == sa.bindparam("of_identity"))
    .values(identity_id=sa.bindparam("survivor"))
)


def create(transaction: Transaction, call: Call, pool_id: str) -> Identity:
    """Store a new identity without logins."""
    region = pool_id.partition(":")[0]
    identity = Identity(
        identity_id=f"{region}:{random_uuid()}",
        pool_id=pool_id,
        merged_into=None,
        created_at=call.now_millis,
        modified_at=call.now_millis,
    )
    transaction.run(
        _INSERT,
        {
            "identity_id": identity.identity_id,
            "pool_id": pool_id,
            "merged_into": None,
            "created_at": identity.created_at,
            "modified_at": identity.modified_at,
        },
    )
    return identity


def get(transaction: Transaction, identity_id: str) -> Identity:
    """Return the identity; raise IdentityNotFound."""
    row = transaction.one(_FIND, {"of_identity": identity_id})
    if row is None:
        raise IdentityNotFound(identity_id=identity_id)
    return _identity(row)


def surviving(transaction: Transaction, identity_id: str) -> Identity:
    """Return the identity, or the one that it became part of; raise IdentityNotFound."""
    identity = get(transaction, identity_id)
    while identity.merged_into is not None:
        identity = get(transaction, identity.merged_into)
    return identity


def find_by_login(
    transaction: Transaction, pool_id: str, provider: str, subject: str
) -> str | None:
    """Return the identity that a login leads to, or None."""
    row = transaction.one(
        _BY_LOGIN, {"of_pool": pool_id, "of_provider": provider, "of_subject": subject}
    )
    return None if row is None else str(row.identity_id)


def logins_of(transaction: Transaction, identity_id: str) -> Sequence[LinkedLogin]:
    """Return the logins of an identity; a guest has none."""
    rows = transaction.rows(_LOGINS, {"of_identity": identity_id})
    return [LinkedLogin(row.provider, row.subject) for row in rows]


def list_page(
    transaction: Transaction, pool_id: str, *, hides_merged: bool, after: str | None, limit: int
) -> Page[Identity]:
    """Return a pool's identities by id."""
    statement = _PAGE_ENABLED if hides_merged else _PAGE
    rows = transaction.rows(
        statement, {"of_pool": pool_id, "after": after or "", "limit": limit + 1}
    )
    found = tuple(_identity(row) for row in rows[:limit])
    return Page(found, found[-1].identity_id if len(rows) > limit else None)


def identity_for(call: Call, pool: IdentityPool, logins: Sequence[Login]) -> Identity:
    """Return the identity that the logins lead to; a new one the first time.

    Raise GuestsNotAllowed without logins, LoginsLinkedElsewhere for logins of several identities.
    """
    if not logins and not pool.allows_guests:
        raise GuestsNotAllowed
    with call.db.writing() as transaction:
        known = _linked(transaction, pool, logins)
        if len(known) > 1:
            raise LoginsLinkedElsewhere
        if known:
            identity = surviving(transaction, known.pop())
        else:
            identity = create(transaction, call, pool.pool_id)
        link(transaction, call, identity, logins)
    return identity


def resolve(
    call: Call, pool: IdentityPool, identity: Identity, logins: Sequence[Login]
) -> Identity:
    """Return whose the logins are, beginning from an identity that a client named.

    New logins are linked; a guest with a login that has an identity becomes part of that one.
    """
    with call.db.writing() as transaction:
        current = surviving(transaction, identity.identity_id)
        known = _linked(transaction, pool, logins)
        if known - {current.identity_id}:
            current = _merged(transaction, call, current, known)
        elif not known and logins_of(transaction, current.identity_id):
            raise LoginsDiffer
        link(transaction, call, current, logins)
    return current


def verify_guest(call: Call, pool: IdentityPool, identity: Identity) -> None:
    """Raise unless the identity may act without a login."""
    with call.db.reading() as transaction:
        if logins_of(transaction, identity.identity_id):
            raise AccessToIdentityForbidden(identity_id=identity.identity_id)
    if not pool.allows_guests:
        raise GuestsNotAllowed


def link(
    transaction: Transaction,
    call: Call,
    identity: Identity,
    logins: Sequence[Login] | Sequence[LinkedLogin],
) -> None:
    """Let the logins lead to the identity from now on."""
    linked = set(logins_of(transaction, identity.identity_id))
    wanted = {LinkedLogin(login.provider, login.subject) for login in logins} - linked
    # A developer's user shows a token of the identity itself, which is no login of its own.
    added = [each for each in wanted if each.provider != LOGIN_PROVIDER]
    if len(linked) + len(added) > LOGINS_PER_IDENTITY:
        raise TooManyLinkedLogins
    for login in added:
        transaction.insert_if_absent(
            _LINK,
            {
                "pool_id": identity.pool_id,
                "provider": login.provider,
                "subject": login.subject,
                "identity_id": identity.identity_id,
            },
        )
    if added:
        transaction.run(_TOUCH, {"of_identity": identity.identity_id, "now": call.now_millis})


def unlink(transaction: Transaction, call: Call, identity: Identity, login: LinkedLogin) -> bool:
    """Let a login lead to the identity no longer; tell whether it did."""
    touched = transaction.run(
        _UNLINK,
        {
            "of_identity": identity.identity_id,
            "of_provider": login.provider,
            "of_subject": login.subject,
        },
    )
    transaction.run(_TOUCH, {"of_identity": identity.identity_id, "now": call.now_millis})
    return touched == 1


def merge(transaction: Transaction, call: Call, source: Identity, survivor: Identity) -> None:
    """Make one identity part of another, with its logins."""
    moved = {"of_identity": source.identity_id, "survivor": survivor.identity_id}
    together = len(logins_of(transaction, source.identity_id)) + len(
        logins_of(transaction, survivor.identity_id)
    )
    if together > LOGINS_PER_IDENTITY:
        raise TooManyLinkedLogins
    transaction.run(_MOVE_LOGINS, moved)
    transaction.run(_MERGE, {**moved, "now": call.now_millis})


def delete(transaction: Transaction, identity_id: str) -> None:
    """Remove an identity and its logins; one that is not there is not missed."""
    transaction.run(_DELETE, {"of_identity": identity_id})


def _linked(transaction: Transaction, pool: IdentityPool, logins: Sequence[Login]) -> set[str]:
    known = set()
    for login in logins:
        # INVARIANT: only a token that this server signed for an identity names it by its id.
        found = (
            login.subject
            if login.provider == LOGIN_PROVIDER
            else find_by_login(transaction, pool.pool_id, login.provider, login.subject)
        )
        if found is not None:
            known.add(surviving(transaction, found).identity_id)
    return known


def _merged(transaction: Transaction, call: Call, guest: Identity, known: set[str]) -> Identity:
    """Return the identity that the logins belong to, with the guest made part of it."""
    if len(known) > 1:
        raise LoginsLinkedElsewhere
    if logins_of(transaction, guest.identity_id):
        raise LoginsDiffer
    survivor = get(transaction, known.pop())
    merge(transaction, call, guest, survivor)
    return survivor


def _identity(row: "sa.Row[tuple[object, ...]]") -> Identity:
    return Identity(
        identity_id=row.identity_id,
        pool_id=row.pool_id,
        merged_into=row.merged_into,
        created_at=row.created_at,
        modified_at=row.modified_at,
    )

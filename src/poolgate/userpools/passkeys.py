"""Passkeys of users: kept, listed, removed; and each use of one, which its counter must allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import sqlalchemy as sa

from poolgate.credentials.passkeys import KeptCredential, RelyingParty
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId, Sub
from poolgate.foundation.paging import Page
from poolgate.jose.base64url import decode_base64url, encode_base64url
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools import domains, users
from poolgate.userpools.passkey_settings import (
    NO_PASSKEY_SETTINGS,
    RelyingPartyInvalid,
    UserVerification,
    verify_relying_party_id,
)
from poolgate.userpools.pools import UserPool
from poolgate.userpools.tables import passkeys
from poolgate.userpools.users import User

# AWS Developer Guide, "Quotas": 20 passkeys for each user.
MAX_PASSKEYS_OF_A_USER = 20


class PasskeysNotEnabled(Failure):
    """The pool does not let users sign in with passkeys."""


class RelyingPartyMissing(Failure):
    """The pool has no domain that passkeys could be for."""


class PasskeyNotFound(Failure):
    """The user has no such passkey."""


class PasskeyKnown(Failure):
    """The passkey is registered already, with this user or another."""


class TooManyPasskeys(Failure):
    """The user has as many passkeys as one can have."""


class PasskeyUsedMeanwhile(Failure):
    """The passkey was removed, or used with a higher count, since it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey as stored; `transports` are the ways in which an authenticator is reached."""

    credential_id: bytes
    relying_party_id: str
    kept: KeptCredential
    name: str
    attachment: str | None
    transports: tuple[str, ...]
    created_at: int

    @property
    def shown_id(self) -> str:
        """The id as browsers and AWS write it."""
        return encode_base64url(self.credential_id).decode()


@dataclass(frozen=True, slots=True)
class PasskeyUse:
    """A use of a passkey that its owner has proven."""

    credential_id: bytes
    sign_count: int


_OF_USER = sa.and_(
    passkeys.c.pool_id == sa.bindparam("of_pool"), passkeys.c.sub == sa.bindparam("of_sub")
)
_LIST = (
    sa.select(passkeys).where(_OF_USER).order_by(passkeys.c.created_at, passkeys.c.credential_id)
)
_COUNT = sa.select(sa.func.count()).where(_OF_USER)
_INSERT = InsertIfAbsent(passkeys)
_DELETE = sa.delete(passkeys).where(
    _OF_USER, passkeys.c.credential_id == sa.bindparam("of_credential")
)
_COUNT_USE = (
    sa.update(passkeys)
    .where(
        _OF_USER,
        passkeys.c.credential_id == sa.bindparam("of_credential"),
        # Once among all takers: of two answers with the same count one gets here.
        sa.or_(
            passkeys.c.sign_count < sa.bindparam("new_count"),
            sa.and_(passkeys.c.sign_count == 0, sa.bindparam("new_count") == 0),
        ),
    )
    .values(sign_count=sa.bindparam("new_count"))
)


def is_enabled(pool: UserPool) -> bool:
    """Tell whether the pool lets users sign in with passkeys."""
    return "WEB_AUTHN" in pool.first_factors


def relying_party(call: Call, transaction: Transaction, pool: UserPool) -> RelyingParty:
    """Return whom passkeys of the pool are for.

    Raises PasskeysNotEnabled or RelyingPartyMissing.
    """
    if not is_enabled(pool):
        raise PasskeysNotEnabled
    settings = pool.passkeys or NO_PASSKEY_SETTINGS
    return RelyingParty(
        settings.relying_party_id or _domain_of_pages(call, transaction, pool),
        demands_user_verification=settings.asks_for is UserVerification.REQUIRED,
    )


def _domain_of_pages(call: Call, transaction: Transaction, pool: UserPool) -> str:
    """Return the domain of the pool's login pages."""
    owned = domains.of_pool(transaction, pool.pool_id)
    if not owned:
        raise RelyingPartyMissing
    # AWS CustomDomainConfig: "the passkey RP ID defaults to the custom domain".
    for domain in owned:
        if domain.is_custom:
            return domain.domain
    # A prefix domain is a path of this server, not a name of its own.
    host = urlsplit(call.public_url).hostname or ""
    try:
        verify_relying_party_id(host)
    except RelyingPartyInvalid as error:
        raise RelyingPartyMissing from error
    return host


def of_user(transaction: Transaction, pool_id: PoolId, sub: Sub) -> Sequence[Passkey]:
    """Return the user's passkeys, the oldest first."""
    rows = transaction.rows(_LIST, {"of_pool": pool_id, "of_sub": sub})
    return [_passkey_of(row) for row in rows]


def count(transaction: Transaction, user: User) -> int:
    """Return how many passkeys the user has."""
    (number,) = transaction.one(_COUNT, _key(user))
    return int(number)


def list_page(call: Call, user: User, *, after: str, limit: int) -> Page[Passkey]:
    """Return the user's passkeys, the oldest first, from behind `after`."""
    with call.db.reading() as transaction:
        found = of_user(transaction, user.pool_id, user.sub)
    rest = [passkey for passkey in found if _position(passkey) > after]
    page = tuple(rest[:limit])
    return Page(page, _position(page[-1]) if len(rest) > len(page) else None)


def insert(transaction: Transaction, user: User, passkey: Passkey) -> None:
    """Keep a new passkey; raise PasskeyKnown."""
    row = {
        "pool_id": user.pool_id,
        "credential_id": passkey.credential_id,
        "sub": user.sub,
        "relying_party_id": passkey.relying_party_id,
        "public_key": passkey.kept.public_key,
        "sign_count": passkey.kept.sign_count,
        "backup_eligible": passkey.kept.is_backup_eligible,
        "name": passkey.name,
        "attachment": passkey.attachment,
        "transports": " ".join(passkey.transports),
        "created_at": passkey.created_at,
    }
    if not transaction.insert_if_absent(_INSERT, row):
        raise PasskeyKnown


def delete(call: Call, user: User, shown_id: str) -> None:
    """Remove the user's passkey; raise PasskeyNotFound, also for a text that is no id."""
    try:
        credential_id = decode_base64url(shown_id.encode())
    except ValueError as error:
        raise PasskeyNotFound from error
    with call.db.writing(about=users.rows_of(user.pool_id, user.sub)) as transaction:
        if not transaction.run(_DELETE, {**_key(user), "of_credential": credential_id}):
            raise PasskeyNotFound


def take_use(transaction: Transaction, user: User, use: PasskeyUse) -> None:
    """Count the use, once among all takers; raise PasskeyUsedMeanwhile for the others."""
    taken = transaction.run(
        _COUNT_USE,
        {**_key(user), "of_credential": use.credential_id, "new_count": use.sign_count},
    )
    if not taken:
        raise PasskeyUsedMeanwhile


def _key(user: User) -> Mapping[str, object]:
    return {"of_pool": user.pool_id, "of_sub": user.sub}


def _position(passkey: Passkey) -> str:
    # Both of a fixed length, or in an order of their own: text compares as the rows do.
    return f"{passkey.created_at:020}{passkey.credential_id.hex()}"


def _passkey_of(row: "sa.Row[tuple[object, ...]]") -> Passkey:
    return Passkey(
        credential_id=row.credential_id,
        relying_party_id=row.relying_party_id,
        kept=KeptCredential(
            public_key=row.public_key,
            sign_count=row.sign_count,
            is_backup_eligible=row.backup_eligible,
        ),
        name=row.name,
        attachment=row.attachment,
        transports=tuple(row.transports.split()),
        created_at=row.created_at,
    )

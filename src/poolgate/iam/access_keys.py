"""Access keys: the pairs that sign requests, and whose they are.

A secret access key is shown once, when it is made. The store keeps it sealed, bound to its row.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from poolgate.credentials.sealing import Vault
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccessKeyId, new_access_key_id
from poolgate.foundation.paging import Page
from poolgate.foundation.randomness import random_text
from poolgate.foundation.secret import Secret
from poolgate.iam.tables import access_keys
from poolgate.iam.users import IamUser, get_by_id
from poolgate.store.call import Call
from poolgate.store.database import Database, Transaction

ACCESS_KEYS_PER_USER = 2
_PURPOSE = "secret access key"
_SECRET_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"  # noqa: S105 - an alphabet, not a secret
_SECRET_LENGTH = 40

_INSERT = sa.insert(access_keys)
# A null owner is the root, and null equals nothing in SQL: hence the second form.
_IS_OWNED = sa.or_(
    access_keys.c.user_id == sa.bindparam("of_user"),
    sa.and_(access_keys.c.user_id.is_(None), sa.bindparam("of_user", type_=sa.Text) == sa.null()),
)
_IS_KEY = sa.and_(access_keys.c.access_key_id == sa.bindparam("of_key"), _IS_OWNED)
_COUNT = sa.select(sa.func.count()).select_from(access_keys).where(_IS_OWNED)
_PAGE = (
    sa.select(
        access_keys.c.access_key_id,
        access_keys.c.active,
        access_keys.c.created_at,
    )
    .where(_IS_OWNED, access_keys.c.access_key_id > sa.bindparam("after"))
    .order_by(access_keys.c.access_key_id)
    .limit(sa.bindparam("limit"))
)
_SET_ACTIVE = sa.update(access_keys).where(_IS_KEY).values(active=sa.bindparam("wanted"))
_DELETE = sa.delete(access_keys).where(_IS_KEY)
_EXISTS = sa.select(access_keys.c.access_key_id).where(
    access_keys.c.access_key_id == sa.bindparam("of_key")
)
_ROOT_KEY = (
    sa.select(access_keys.c.access_key_id, access_keys.c.sealed_secret)
    .where(access_keys.c.user_id.is_(None))
    .order_by(access_keys.c.created_at)
    .limit(1)
)


class AccessKeyNotFound(Failure):
    """The owner has no such access key. Facts: access_key_id."""


class TooManyAccessKeys(Failure):
    """The owner has as many access keys as it may. Facts: limit."""


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key without its secret."""

    access_key_id: AccessKeyId
    active: bool
    created_at: int


def create_root_access_key(
    db: Database, vault: Vault, now_millis: int
) -> tuple[AccessKeyId, Secret]:
    """Return the root's access key of a first start.

    A start that was killed before it could hand the key to the operator finds the same key again.
    """
    with db.writing() as transaction:
        row = transaction.one(_ROOT_KEY)
        if row is not None:
            return row.access_key_id, unsealed_secret(vault, row.access_key_id, row.sealed_secret)
        return insert_access_key(transaction, vault, user_id=None, now_millis=now_millis)


def insert_access_key(
    transaction: Transaction, vault: Vault, *, user_id: str | None, now_millis: int
) -> tuple[AccessKeyId, Secret]:
    """Store a new active key of a user, or of the root when `user_id` is None."""
    access_key_id = new_access_key_id()
    secret_access_key = new_secret_access_key()
    transaction.run(
        _INSERT,
        {
            "access_key_id": access_key_id,
            "user_id": user_id,
            "sealed_secret": vault.seal(
                secret_access_key.reveal().encode(), purpose=_PURPOSE, bound_to=access_key_id
            ),
            "active": True,
            "created_at": now_millis,
        },
    )
    return access_key_id, secret_access_key


def new_secret_access_key() -> Secret:
    """Return a fresh secret access key."""
    return Secret(random_text(_SECRET_CHARACTERS, _SECRET_LENGTH))


def create(call: Call, owner: IamUser | None) -> tuple[AccessKey, Secret]:
    """Store a new active key of `owner`, the root when None; the secret is told only now."""
    user_id = _owner_id(owner)
    with call.db.writing() as transaction:
        if owner is not None:
            get_by_id(transaction, owner.user_id, name=owner.name)
        if transaction.one(_COUNT, {"of_user": user_id})[0] >= ACCESS_KEYS_PER_USER:
            raise TooManyAccessKeys(limit=str(ACCESS_KEYS_PER_USER))
        access_key_id, secret_access_key = insert_access_key(
            transaction, call.vault, user_id=user_id, now_millis=call.now_millis
        )
    return AccessKey(access_key_id, active=True, created_at=call.now_millis), secret_access_key


def list_page(
    transaction: Transaction, owner: IamUser | None, *, after: str | None, limit: int
) -> Page[AccessKey]:
    """Return the keys of `owner`, the root when None."""
    rows = transaction.rows(
        _PAGE, {"of_user": _owner_id(owner), "after": after or "", "limit": limit + 1}
    )
    keys = tuple(AccessKey(*row) for row in rows[:limit])
    return Page(keys, keys[-1].access_key_id if len(rows) > limit else None)


def set_active(
    call: Call, owner: IamUser | None, access_key_id: AccessKeyId, *, active: bool
) -> None:
    """Let a key of `owner` sign from now on, or no longer."""
    with call.db.writing() as transaction:
        _verify_touched(
            transaction.run(
                _SET_ACTIVE,
                {"of_key": access_key_id, "of_user": _owner_id(owner), "wanted": active},
            ),
            access_key_id,
        )


def delete(call: Call, owner: IamUser | None, access_key_id: AccessKeyId) -> None:
    """Remove a key of `owner`; what it signed is refused from now on."""
    with call.db.writing() as transaction:
        _verify_touched(
            transaction.run(_DELETE, {"of_key": access_key_id, "of_user": _owner_id(owner)}),
            access_key_id,
        )


def verify_exists(db: Database, access_key_id: AccessKeyId) -> None:
    """Raise AccessKeyNotFound unless the key belongs to this account, in use or not."""
    with db.reading() as transaction:
        found = transaction.one(_EXISTS, {"of_key": access_key_id})
    _verify_touched(0 if found is None else 1, access_key_id)


def unsealed_secret(vault: Vault, access_key_id: str, sealed: bytes) -> Secret:
    """Return the secret access key of a long-term key."""
    return Secret(vault.unseal(sealed, purpose=_PURPOSE, bound_to=access_key_id).decode())


def _owner_id(owner: IamUser | None) -> str | None:
    return None if owner is None else owner.user_id


def _verify_touched(rows: int, access_key_id: AccessKeyId) -> None:
    if rows == 0:
        raise AccessKeyNotFound(access_key_id=access_key_id)

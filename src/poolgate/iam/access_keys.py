"""Access keys: the pairs that sign requests, and whose they are.

A secret access key is shown once, when it is made. The store keeps it sealed, bound to its row.
"""

from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from poolgate.credentials.sealing import Vault
from poolgate.foundation.ids import AccessKeyId, AccountId, Arn, new_access_key_id
from poolgate.foundation.randomness import random_text
from poolgate.foundation.secret import Secret
from poolgate.iam.tables import access_keys, iam_users
from poolgate.policy.principal import Principal, PrincipalType
from poolgate.store.database import Database, Transaction

_PURPOSE = "secret access key"
_SECRET_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"  # noqa: S105 - an alphabet, not a secret
_SECRET_LENGTH = 40

_SIGNER = (
    sa.select(
        access_keys.c.sealed_secret,
        access_keys.c.active,
        access_keys.c.user_id,
        iam_users.c.name,
        iam_users.c.path,
        iam_users.c.tags,
    )
    .outerjoin_from(access_keys, iam_users, access_keys.c.user_id == iam_users.c.user_id)
    .where(access_keys.c.access_key_id == sa.bindparam("access_key_id"))
)
_INSERT = sa.insert(access_keys)
_ROOT_KEY = (
    sa.select(access_keys.c.access_key_id, access_keys.c.sealed_secret)
    .where(access_keys.c.user_id.is_(None))
    .order_by(access_keys.c.created_at)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Signer:
    """An access key with its secret, and the principal that signs with it."""

    access_key_id: AccessKeyId
    secret_access_key: Secret
    active: bool
    principal: Principal


def find_signer(
    db: Database, vault: Vault, account_id: AccountId, access_key_id: AccessKeyId
) -> Signer | None:
    """Return the owner of an access key, or None; the caller must refuse an inactive one."""
    with db.reading() as transaction:
        row = transaction.one(_SIGNER, {"access_key_id": access_key_id})
    if row is None:
        return None
    return Signer(
        access_key_id=access_key_id,
        secret_access_key=_unsealed(vault, access_key_id, row.sealed_secret),
        active=row.active,
        principal=root_principal(account_id)
        if row.user_id is None
        else _user_principal(account_id, row),
    )


def create_root_access_key(
    db: Database, vault: Vault, now_millis: int
) -> tuple[AccessKeyId, Secret]:
    """Return the root's access key of a first start.

    A start that was killed before it could hand the key to the operator finds the same key again.
    """
    with db.writing() as transaction:
        row = transaction.one(_ROOT_KEY)
        if row is not None:
            return row.access_key_id, _unsealed(vault, row.access_key_id, row.sealed_secret)
        return insert_access_key(transaction, vault, user_id=None, now_millis=now_millis)


def insert_access_key(
    transaction: Transaction, vault: Vault, *, user_id: str | None, now_millis: int
) -> tuple[AccessKeyId, Secret]:
    """Store a new active key of a user, or of the root when `user_id` is None."""
    access_key_id = new_access_key_id()
    secret_text = random_text(_SECRET_CHARACTERS, _SECRET_LENGTH)
    transaction.run(
        _INSERT,
        {
            "access_key_id": access_key_id,
            "user_id": user_id,
            "sealed_secret": vault.seal(
                secret_text.encode(), purpose=_PURPOSE, bound_to=access_key_id
            ),
            "active": True,
            "created_at": now_millis,
        },
    )
    return access_key_id, Secret(secret_text)


def root_principal(account_id: AccountId) -> Principal:
    """Return the account's root."""
    arn = Arn(f"arn:aws:iam::{account_id}:root")
    return Principal(
        type=PrincipalType.ACCOUNT,
        arn=arn,
        account_id=account_id,
        user_id=account_id,
        principal_arn=arn,
    )


def _user_principal(account_id: AccountId, row: "sa.Row[tuple[object, ...]]") -> Principal:
    arn = Arn(f"arn:aws:iam::{account_id}:user{row.path}{row.name}")
    return Principal(
        type=PrincipalType.USER,
        arn=arn,
        account_id=account_id,
        user_id=row.user_id,
        principal_arn=arn,
        username=row.name,
        tags=tuple(msgspec.json.decode(row.tags, type=dict[str, str]).items()),
    )


def _unsealed(vault: Vault, access_key_id: str, sealed: bytes) -> Secret:
    return Secret(vault.unseal(sealed, purpose=_PURPOSE, bound_to=access_key_id).decode())

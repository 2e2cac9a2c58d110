"""The keys that sign a pool's tokens: one for ID tokens and another for access tokens.

    created_at            signs_from                    retires_at
        │── published ──────│── signs ── successor signs ──│ gone
                                        └ longest token life ┘

A key is in the key set before its first signature, so that every verifier knows it in time, and
stays there until the last token it signed has expired. Which key signs is read for every token;
the opened private keys are kept in the process.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from poolgate.credentials.sealing import Vault
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.foundation.randomness import random_bytes
from poolgate.jose.key_sets import (
    Jwk,
    VerificationKey,
    render_jwk,
    render_key_set,
    verification_key,
)
from poolgate.jose.tokens import SigningKey, signing_key
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools.tables import signing_keys

# AWS: an access or ID token lives one day at most.
LONGEST_TOKEN_LIFE_SECONDS = 24 * 3600
PUBLISHED_AHEAD_SECONDS = 24 * 3600
_PURPOSE = "signing key"
_KEY_ID_BYTES = 32


class TokenUse(StrEnum):
    """The two kinds of token, as their claim `token_use` says it."""

    ID = "id"
    ACCESS = "access"


class SigningKeysMissing(Failure):
    """No pool with this id has keys, so there is no such pool. Facts: pool_id."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key ready to be stored; the private part is sealed."""

    key_id: str
    token_use: TokenUse
    public_jwk: bytes
    sealed_private_key: bytes


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A published key, and whose tokens it verifies."""

    pool_id: PoolId
    verification_key: VerificationKey


_OF_POOL = signing_keys.c.pool_id == sa.bindparam("pool_id")
_NOT_RETIRED = sa.or_(
    signing_keys.c.retires_at.is_(None), signing_keys.c.retires_at > sa.bindparam("now")
)
_SIGNING = (
    sa.select(signing_keys.c.key_id, signing_keys.c.token_use, signing_keys.c.sealed_private_key)
    .where(_OF_POOL, signing_keys.c.signs_from <= sa.bindparam("now"), _NOT_RETIRED)
    .order_by(signing_keys.c.signs_from, signing_keys.c.created_at)
)
_PUBLISHED = (
    sa.select(signing_keys.c.public_jwk)
    .where(_OF_POOL, _NOT_RETIRED)
    .order_by(signing_keys.c.created_at, signing_keys.c.token_use)
)
_FIND_PUBLISHED = sa.select(signing_keys.c.pool_id, signing_keys.c.public_jwk).where(
    signing_keys.c.key_id == sa.bindparam("key_id"),
    signing_keys.c.token_use == sa.bindparam("token_use"),
    _NOT_RETIRED,
)
_INSERT = sa.insert(signing_keys)
_RETIRE = (
    sa.update(signing_keys)
    .where(
        signing_keys.c.pool_id == sa.bindparam("rotated_pool_id"),
        signing_keys.c.retires_at.is_(None),
    )
    .values(retires_at=sa.bindparam("retires_at"))
)
_DELETE_RETIRED = sa.delete(signing_keys).where(
    _OF_POOL, signing_keys.c.retires_at <= sa.bindparam("now")
)


def new_keys(call: Call) -> tuple[NewKey, ...]:
    """Return a sealed key for each token use; slow, so call it before the transaction."""
    return tuple(_new_key(call, token_use) for token_use in TokenUse)


def create_for_pool(
    transaction: Transaction, call: Call, pool_id: PoolId, keys: tuple[NewKey, ...]
) -> None:
    """Store a new pool's first keys, which sign at once."""
    _insert(transaction, call, pool_id, keys, signs_from=call.now_millis)


def rotate(
    call: Call, pool_id: PoolId, *, published_ahead_seconds: int = PUBLISHED_AHEAD_SECONDS
) -> None:
    """Publish new keys that sign after the given time; raise SigningKeysMissing.

    The present keys sign until then, and are published until their last token has expired.
    """
    keys = new_keys(call)
    signs_from = call.now_millis + published_ahead_seconds * 1000
    retires_at = signs_from + LONGEST_TOKEN_LIFE_SECONDS * 1000
    with call.db.writing() as transaction:
        transaction.run(_DELETE_RETIRED, {"pool_id": pool_id, "now": call.now_millis})
        retiring = {"rotated_pool_id": pool_id, "retires_at": retires_at}
        if not transaction.run(_RETIRE, retiring):
            raise SigningKeysMissing(pool_id=pool_id)
        _insert(transaction, call, pool_id, keys, signs_from=signs_from)


def signing(transaction: Transaction, call: Call, pool_id: PoolId) -> Mapping[TokenUse, SigningKey]:
    """Return the key that signs each kind of token now; raise SigningKeysMissing."""
    rows = transaction.rows(_SIGNING, {"pool_id": pool_id, "now": call.now_millis})
    # The rows are in order of signs_from, so the newest of each use stays.
    keys = {TokenUse(row.token_use): (row.key_id, row.sealed_private_key) for row in rows}
    if len(keys) < len(TokenUse):
        raise SigningKeysMissing(pool_id=pool_id)
    return {
        token_use: _opened(call.vault, key_id, sealed)
        for token_use, (key_id, sealed) in keys.items()
    }


def find_published(
    transaction: Transaction, call: Call, key_id: str, token_use: TokenUse
) -> PublishedKey | None:
    """Return the published key with that id for that kind of token, of whatever pool."""
    asked = {"key_id": key_id, "token_use": token_use.value, "now": call.now_millis}
    row = transaction.one(_FIND_PUBLISHED, asked)
    return None if row is None else PublishedKey(row.pool_id, _decoded(row.public_jwk))


def jwks(call: Call, pool_id: PoolId) -> bytes:
    """Return the pool's key set document; raise SigningKeysMissing."""
    with call.db.reading() as transaction:
        rows = transaction.rows(_PUBLISHED, {"pool_id": pool_id, "now": call.now_millis})
    if not rows:
        raise SigningKeysMissing(pool_id=pool_id)
    return render_key_set(msgspec.json.decode(row.public_jwk, type=Jwk) for row in rows)


def _new_key(call: Call, token_use: TokenUse) -> NewKey:
    private_key = call.key_stock.take()
    key_id = base64.b64encode(random_bytes(_KEY_ID_BYTES)).decode()
    encoded = private_key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return NewKey(
        key_id=key_id,
        token_use=token_use,
        public_jwk=msgspec.json.encode(render_jwk(key_id, private_key.public_key())),
        sealed_private_key=call.vault.seal(encoded, purpose=_PURPOSE, bound_to=key_id),
    )


def _insert(
    transaction: Transaction,
    call: Call,
    pool_id: PoolId,
    keys: tuple[NewKey, ...],
    *,
    signs_from: int,
) -> None:
    transaction.run(
        _INSERT,
        [
            {
                "key_id": key.key_id,
                "pool_id": pool_id,
                "token_use": key.token_use.value,
                "public_jwk": key.public_jwk,
                "sealed_private_key": key.sealed_private_key,
                "created_at": call.now_millis,
                "signs_from": signs_from,
                "retires_at": None,
            }
            for key in keys
        ],
    )


@lru_cache(maxsize=2048)
def _opened(vault: Vault, key_id: str, sealed: bytes) -> SigningKey:
    encoded = vault.unseal(sealed, purpose=_PURPOSE, bound_to=key_id)
    # Sealing has proven that the key is the one that was made here; checking its primes again would
    # take longer than a hundred signatures.
    private_key = serialization.load_der_private_key(
        encoded, None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(private_key, rsa.RSAPrivateKey):
        raise TypeError("a signing key is an RSA key")
    return signing_key(key_id, private_key)


@lru_cache(maxsize=2048)
def _decoded(public_jwk: bytes) -> VerificationKey:
    return verification_key(msgspec.json.decode(public_jwk, type=Jwk))

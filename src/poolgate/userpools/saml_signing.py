"""The key that signs a pool's SAML requests, and the certificate that its partners know it by.

It is made when it is first asked for, once: of two servers that make one at the same moment the
first one's is everybody's.
"""

from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from poolgate.credentials.certificates import certificate_text, self_signed_certificate
from poolgate.foundation.ids import PoolId
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent
from poolgate.userpools import pools
from poolgate.userpools.tables import saml_signing_keys

_PURPOSE = "saml signing key"
_GET = sa.select(saml_signing_keys).where(saml_signing_keys.c.pool_id == sa.bindparam("pool_id"))
_INSERT = InsertIfAbsent(saml_signing_keys)


def certificate(call: Call, pool_id: PoolId) -> str:
    """Return the pool's certificate as base64; raise UserPoolNotFound."""
    return certificate_text(_row(call, pool_id).certificate)


def signing_key(call: Call, pool_id: PoolId) -> rsa.RSAPrivateKey:
    """Return the key that the certificate is of; raise UserPoolNotFound."""
    sealed = _row(call, pool_id).sealed_private_key
    encoded = call.vault.unseal(sealed, purpose=_PURPOSE, bound_to=pool_id)
    private_key = serialization.load_der_private_key(encoded, password=None)
    if not isinstance(private_key, rsa.RSAPrivateKey):
        raise TypeError("a stored key of another kind")
    return private_key


def _row(call: Call, pool_id: PoolId) -> Any:  # noqa: ANN401 - a row of saml_signing_keys
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        row = transaction.one(_GET, {"pool_id": pool_id})
    if row is None:
        _make(call, pool_id)
        with call.db.reading() as transaction:
            pools.get(transaction, pool_id)
            row = transaction.one(_GET, {"pool_id": pool_id})
    return row


def _make(call: Call, pool_id: PoolId) -> None:
    private_key = call.key_stock.take()
    encoded = private_key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    made = {
        "pool_id": pool_id,
        "certificate": self_signed_certificate(private_key, pool_id, call.now),
        "sealed_private_key": call.vault.seal(encoded, purpose=_PURPOSE, bound_to=pool_id),
        "created_at": call.now_millis,
    }
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        transaction.insert_if_absent(_INSERT, made)

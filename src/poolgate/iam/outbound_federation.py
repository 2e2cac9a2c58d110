"""Outbound web identity federation: whether this account makes tokens, its issuer and its keys.

The issuer is made when the feature is enabled for the first time and stays; its key set stays
readable when the feature is disabled, since tokens that are out keep their time.
# AWS id_roles_providers_outbound
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from poolgate.credentials.sealing import Vault
from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_bytes, random_uuid
from poolgate.iam.tables import iam_outbound_federation, iam_web_identity_keys
from poolgate.jose import es384, tokens
from poolgate.jose.key_sets import render_jwk
from poolgate.store.call import Call
from poolgate.store.database import Transaction

RS256, ES384 = tokens.ALGORITHM, es384.ALGORITHM
DOCUMENTS_PATH = "sts"
_AWS_ISSUER = "https://{name}.tokens.sts.global.api.aws"
_PURPOSE = "web identity token key"
_KEY_ID_BYTES = 32


class OutboundFederationEnabled(Failure):
    """The feature is enabled already."""


class OutboundFederationDisabled(Failure):
    """The feature is not enabled."""


@dataclass(frozen=True, slots=True)
class OutboundFederation:
    """The account's issuer by the name in its URL, and whether it makes tokens."""

    name: str
    enabled: bool

    def issuer(self, call: Call) -> str:
        """Return the issuer as tokens name it."""
        if call.issuer_base is None:
            return _AWS_ISSUER.format(name=self.name)
        return f"{call.public_url}/{DOCUMENTS_PATH}/{self.name}"


_FIND = sa.select(iam_outbound_federation)
_INSERT = sa.insert(iam_outbound_federation)
_SET_ENABLED = sa.update(iam_outbound_federation).values(enabled=sa.bindparam("wanted"))
_KEYS = sa.select(iam_web_identity_keys).order_by(iam_web_identity_keys.c.algorithm)
_KEY = sa.select(iam_web_identity_keys).where(
    iam_web_identity_keys.c.algorithm == sa.bindparam("of_algorithm")
)
_INSERT_KEY = sa.insert(iam_web_identity_keys)


def find(transaction: Transaction) -> OutboundFederation | None:
    """Return the account's issuer, or None where the feature was never enabled."""
    row = transaction.one(_FIND)
    return None if row is None else OutboundFederation(row.name, bool(row.enabled))


def get_enabled(transaction: Transaction) -> OutboundFederation:
    """Return the account's issuer; raise OutboundFederationDisabled."""
    found = find(transaction)
    if found is None or not found.enabled:
        raise OutboundFederationDisabled
    return found


def enable(call: Call) -> OutboundFederation:
    """Let the account make tokens; raise OutboundFederationEnabled."""
    new_keys = [_new_rsa_row(call), _new_elliptic_row(call)]
    with call.db.writing() as transaction:
        found = find(transaction)
        if found is None:
            made = OutboundFederation(random_uuid(), enabled=True)
            transaction.run(
                _INSERT, {"account_id": call.account_id, "name": made.name, "enabled": True}
            )
            transaction.run(_INSERT_KEY, new_keys)
            return made
        if found.enabled:
            raise OutboundFederationEnabled
        transaction.run(_SET_ENABLED, {"wanted": True})
    return OutboundFederation(found.name, enabled=True)


def disable(call: Call) -> None:
    """Make no more tokens; raise OutboundFederationDisabled."""
    with call.db.writing() as transaction:
        get_enabled(transaction)
        transaction.run(_SET_ENABLED, {"wanted": False})


def sign(call: Call, claims: Mapping[str, Any], algorithm: str) -> str:
    """Return a token of the account; `algorithm` is RS256 or ES384."""
    with call.db.reading() as transaction:
        row = transaction.one(_KEY, {"of_algorithm": algorithm})
    return _signer(call.vault, row.key_id, row.sealed_private_key)(claims)


def key_set(call: Call, name: str) -> bytes | None:
    """Return the key set of the issuer of that name, or None for no such issuer."""
    with call.db.reading() as transaction:
        found = find(transaction)
        rows = transaction.rows(_KEYS)
    if found is None or found.name != name:
        return None
    keys = [msgspec.Raw(row.public_jwk) for row in rows]
    return msgspec.json.encode({"keys": keys})


def configuration(call: Call, name: str) -> bytes | None:
    """Return the discovery document of the issuer of that name, or None for no such issuer."""
    with call.db.reading() as transaction:
        found = find(transaction)
    if found is None or found.name != name:
        return None
    issuer = found.issuer(call)
    # SPEC OpenID Connect Discovery 1.0 s3: nobody signs in here, so there are no endpoints.
    return msgspec.json.encode(
        {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [RS256, ES384],
            "claims_supported": ["aud", "exp", "iat", "iss", "jti", "sub"],
        }
    )


def _new_rsa_row(call: Call) -> dict[str, Any]:
    private_key, key_id = call.key_stock.take(), _new_key_id()
    jwk = render_jwk(key_id, private_key.public_key())
    return _row(call, key_id, RS256, jwk, private_key)


def _new_elliptic_row(call: Call) -> dict[str, Any]:
    private_key, key_id = es384.new_private_key(), _new_key_id()
    jwk = es384.render_elliptic_jwk(key_id, private_key.public_key())
    return _row(call, key_id, ES384, jwk, private_key)


def _new_key_id() -> str:
    return base64.urlsafe_b64encode(random_bytes(_KEY_ID_BYTES)).decode().rstrip("=")


def _row(
    call: Call,
    key_id: str,
    algorithm: str,
    jwk: msgspec.Struct,
    private_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
) -> dict[str, Any]:
    encoded = private_key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "key_id": key_id,
        "algorithm": algorithm,
        "public_jwk": msgspec.json.encode(jwk),
        "sealed_private_key": call.vault.seal(encoded, purpose=_PURPOSE, bound_to=key_id),
        "created_at": call.now_millis,
    }


@lru_cache(maxsize=8)
def _signer(vault: Vault, key_id: str, sealed: bytes) -> Callable[[Mapping[str, Any]], str]:
    encoded = vault.unseal(sealed, purpose=_PURPOSE, bound_to=key_id)
    match serialization.load_der_private_key(encoded, password=None):
        case rsa.RSAPrivateKey() as private_key:
            rsa_key = tokens.signing_key(key_id, private_key)
            return lambda claims: tokens.sign_token(claims, rsa_key)
        case ec.EllipticCurvePrivateKey() as private_key:
            elliptic_key = es384.elliptic_signing_key(key_id, private_key)
            return lambda claims: es384.sign_elliptic(claims, elliptic_key)
        case _:
            raise TypeError("the keys of web identity tokens are RSA and P-384")

"""OpenID tokens of identities: what the basic flow and developers' users show to STS.

Signed with one key of this server, which it publishes. They are RS256 like all tokens here; AWS
signs these with RS512.
"""

import base64
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from poolgate.credentials.sealing import Vault
from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.randomness import random_bytes
from poolgate.identitypools.identity_pools import pool_arn
from poolgate.identitypools.tables import identity_token_keys
from poolgate.jose.key_sets import Jwk, render_jwk, render_key_set, verification_key
from poolgate.jose.tokens import (
    SignatureMismatch,
    SigningKey,
    TokenMalformed,
    parse_token,
    sign_token,
    signing_key,
    verify_token,
)
from poolgate.store.call import Call

LOGIN_PROVIDER = "cognito-identity.amazonaws.com"
ISSUER = f"https://{LOGIN_PROVIDER}"
LIFE_SECONDS = 600
_PURPOSE = "identity token key"
_TAGS = "https://aws.amazon.com/tags"
_KEY_ID_BYTES = 32

_INSERT = sa.insert(identity_token_keys)
_KEYS = sa.select(identity_token_keys).order_by(identity_token_keys.c.created_at)


def issue(
    call: Call,
    *,
    identity_id: str,
    pool_id: str,
    references: Sequence[str],
    seconds: int = LIFE_SECONDS,
    tags: Mapping[str, str] | None = None,
) -> str:
    """Return a token of an identity; `references` name its logins, none for a guest."""
    now = epoch_seconds(call.now)
    claims: dict[str, Any] = {
        "sub": identity_id,
        "aud": pool_id,
        "amr": ["authenticated", *references] if references else ["unauthenticated"],
        "iss": ISSUER,
        f"{ISSUER}/identity-pool-arn": pool_arn(call.account_id, pool_id),
        "exp": now + seconds,
        "iat": now,
    }
    if tags:
        claims[_TAGS] = {"principal_tags": {key: [value] for key, value in tags.items()}}
    return sign_token(claims, _signing_key(call))


def verify(call: Call, token: str) -> Mapping[str, Any]:
    """Return the claims of a token of this server's identities; its times are not judged here.

    Raises TokenMalformed or SignatureMismatch.
    """
    unverified = parse_token(token)
    with call.db.reading() as transaction:
        rows = transaction.rows(_KEYS)
    jwks = [msgspec.json.decode(row.public_jwk, type=Jwk) for row in rows]
    jwk = next((jwk for jwk in jwks if jwk.kid == unverified.key_id), None)
    if jwk is None:
        raise SignatureMismatch(private_detail="unknown key")
    claims = verify_token(unverified, verification_key(jwk))
    if claims.get("iss") != ISSUER:
        raise TokenMalformed(private_detail="another issuer")
    return claims


def key_set(call: Call) -> bytes:
    """Return the key set that verifies these tokens."""
    with call.db.reading() as transaction:
        rows = transaction.rows(_KEYS)
    return render_key_set(msgspec.json.decode(row.public_jwk, type=Jwk) for row in rows)


def principal_tags_of(
    claims: Mapping[str, Any],
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Return the session tags that a token asks for, and which of them are transitive.

    # AWS id_session-tags: each tag has one value, in a list.
    """
    asked = claims.get(_TAGS)
    if not isinstance(asked, dict):
        return (), ()
    tags, transitive = asked.get("principal_tags", {}), asked.get("transitive_tag_keys", [])
    try:
        pairs = tuple((str(key), str(value)) for key, (value,) in tags.items())
        return pairs, tuple(map(str, transitive))
    except (AttributeError, TypeError, ValueError) as error:
        raise TokenMalformed(private_detail="tags") from error


def _signing_key(call: Call) -> SigningKey:
    with call.db.reading() as transaction:
        row = transaction.one(_KEYS)
    if row is not None:
        return _opened(call.vault, row.key_id, row.sealed_private_key)
    new_row = _new_row(call)
    with call.db.writing() as transaction:
        # Another server may have been first: there is one key only.
        row = transaction.one(_KEYS)
        if row is None:
            transaction.run(_INSERT, new_row)
            return _opened(call.vault, str(new_row["key_id"]), new_row["sealed_private_key"])
    return _opened(call.vault, row.key_id, row.sealed_private_key)


def _new_row(call: Call) -> dict[str, Any]:
    private_key = call.key_stock.take()
    key_id = base64.b64encode(random_bytes(_KEY_ID_BYTES)).decode()
    encoded = private_key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "key_id": key_id,
        "public_jwk": msgspec.json.encode(render_jwk(key_id, private_key.public_key())),
        "sealed_private_key": call.vault.seal(encoded, purpose=_PURPOSE, bound_to=key_id),
        "created_at": call.now_millis,
    }


@lru_cache(maxsize=8)
def _opened(vault: Vault, key_id: str, sealed: bytes) -> SigningKey:
    encoded = vault.unseal(sealed, purpose=_PURPOSE, bound_to=key_id)
    private_key = serialization.load_der_private_key(encoded, password=None)
    if not isinstance(private_key, rsa.RSAPrivateKey):
        raise TypeError("the key of identity tokens is an RSA key")
    return signing_key(key_id, private_key)

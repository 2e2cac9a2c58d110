"""Access tokens at this server's own operations: whose they are and whether they still count.

A guard elsewhere believes a token until it expires; here the database is at hand, so an ended
sign-in, a disabled or deleted user and a removed app client count at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.jose.possession import bound_to
from poolgate.jose.tokens import TokenRefused, UnverifiedToken, parse_token, verify_token
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import app_clients, pools, signing_keys
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.pools import UserPool
from poolgate.userpools.signing_keys import PublishedKey, TokenUse
from poolgate.userpools.tables import app_clients as app_clients_table
from poolgate.userpools.tables import token_families, user_pools, users
from poolgate.userpools.token_claims import USER_SCOPE
from poolgate.userpools.users import User, UserDisabled, UserNotFound, user_of

Claims = Mapping[str, Any]


class AccessTokenInvalid(Failure):
    """The text is no access token of this server."""


class AccessTokenExpired(Failure):
    """The access token has reached the end of its life."""


class AccessTokenRevoked(Failure):
    """The sign-in that the access token came from was ended."""


class ScopeMissing(Failure):
    """The access token does not carry the scope that the operation needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A user with a good access token; `family_id` is None where tokens name no family."""

    user: User
    pool: UserPool
    app_client: AppClient
    scopes: frozenset[str]
    family_id: str | None
    access_token_claims: Claims


# Everything that an access token speaks of, in one read; each part by its primary key.
_FIND = (
    sa.select(
        users,
        user_pools.c.settings.label("pool_settings"),
        app_clients_table.c.settings.label("client_settings"),
        token_families.c.family_id,
        token_families.c.revoked_at.label("family_revoked_at"),
    )
    .select_from(users)
    .join(user_pools, user_pools.c.pool_id == users.c.pool_id)
    .outerjoin(
        app_clients_table,
        sa.and_(
            app_clients_table.c.client_id == sa.bindparam("client_id"),
            app_clients_table.c.pool_id == users.c.pool_id,
        ),
    )
    .outerjoin(
        token_families,
        sa.and_(
            token_families.c.family_id == sa.bindparam("family_id", type_=sa.Text),
            token_families.c.pool_id == users.c.pool_id,
            token_families.c.sub == users.c.sub,
        ),
    )
    .where(users.c.pool_id == sa.bindparam("pool_id"), users.c.sub == sa.bindparam("sub"))
)


def verify_access_token(
    call: Call,
    access_token: str,
    *,
    required_scope: str = USER_SCOPE,
    key_thumbprint: str | None = None,
) -> SignedIn:
    """Return who the token speaks for.

    A token that is bound to a key counts with that key only, and one that is not, without. Raises
    AccessTokenInvalid, -Expired, -Revoked, ScopeMissing, UserNotFound or UserDisabled.
    """
    with call.db.reading() as transaction:
        pool_id, claims = _verified(transaction, call, access_token, TokenUse.ACCESS)
        # SPEC RFC 9449 s7.1: never as a mere bearer token, whoever got hold of it.
        if bound_to(claims) != key_thumbprint:
            raise AccessTokenInvalid(private_detail="bound to another key")
        # Before the user is read: a token of an app client itself has none, nor this scope.
        if required_scope not in claims["scope"].split():
            raise ScopeMissing
        return _signed_in(transaction, pool_id, claims)


def verify_user_token(call: Call, token: str, token_use: TokenUse) -> SignedIn:
    """Return who an ID or access token speaks for, whatever its scopes.

    Raises the failures of `verify_access_token` but ScopeMissing.
    """
    with call.db.reading() as transaction:
        pool_id, claims = _verified(transaction, call, token, token_use)
        if bound_to(claims) is not None:
            raise AccessTokenInvalid(private_detail="bound to a key")
        return _signed_in(transaction, pool_id, claims)


def verify_any_token(call: Call, token: str, token_use: TokenUse) -> tuple[PoolId, Claims]:
    """Return the pool and claims of a user's token, or of an app client's own access token.

    Whoever presents it is not asked for the key that it may be bound to. Raises the failures of
    `verify_user_token`.
    """
    with call.db.reading() as transaction:
        pool_id, claims = _verified(transaction, call, token, token_use)
        if token_use is TokenUse.ID or "username" in claims:
            _signed_in(transaction, pool_id, claims)
        else:
            _verify_client_exists(transaction, pool_id, claims)
    return pool_id, claims


def _verified(
    transaction: Transaction, call: Call, token: str, token_use: TokenUse
) -> tuple[PoolId, Claims]:
    try:
        unverified = parse_token(token)
    except TokenRefused as refusal:
        raise AccessTokenInvalid(private_detail=refusal.private_detail) from refusal
    key = signing_keys.find_published(transaction, call, unverified.key_id, token_use)
    if key is None:
        raise AccessTokenInvalid(private_detail="unknown key")
    return key.pool_id, _verified_claims(call, unverified, key, token_use)


def _verify_client_exists(transaction: Transaction, pool_id: PoolId, claims: Claims) -> None:
    try:
        app_clients.get(transaction, claims["client_id"], pool_id)
    except app_clients.AppClientNotFound:
        raise AccessTokenInvalid(private_detail="app client is gone") from None


def _verified_claims(
    call: Call, unverified: UnverifiedToken, key: PublishedKey, token_use: TokenUse
) -> Claims:
    try:
        claims = verify_token(unverified, key.verification_key)
    except TokenRefused as refusal:
        raise AccessTokenInvalid(private_detail=refusal.private_detail) from refusal
    if claims["token_use"] != token_use or claims["iss"] != call.issuer(key.pool_id):
        raise AccessTokenInvalid(private_detail="another use or issuer")
    if epoch_seconds(call.now) >= claims["exp"]:
        raise AccessTokenExpired
    return claims


def _signed_in(transaction: Transaction, pool_id: PoolId, claims: Claims) -> SignedIn:
    family_id = claims.get("origin_jti")
    row = transaction.one(
        _FIND,
        {
            "pool_id": pool_id,
            "sub": claims["sub"],
            "client_id": _client_id_of(claims),
            "family_id": family_id,
        },
    )
    if row is None:
        raise UserNotFound
    if row.client_settings is None:
        raise AccessTokenInvalid(private_detail="app client is gone")
    _verify_not_revoked(row, claims)
    user = user_of(row)
    if not user.enabled:
        raise UserDisabled
    return SignedIn(
        user=user,
        pool=pools.decode(row.pool_settings),
        app_client=app_clients.decode(row.client_settings),
        scopes=frozenset(claims.get("scope", "").split()),
        family_id=family_id,
        access_token_claims=claims,
    )


def _client_id_of(claims: Claims) -> str:
    # An ID token names its app client as its audience, unless it was made for another audience.
    client_id: str = claims.get("client_id") or claims.get("azp") or claims["aud"]
    return client_id


def _verify_not_revoked(row: "sa.Row[tuple[object, ...]]", claims: Claims) -> None:
    if "origin_jti" in claims:
        if row.family_id is None or row.family_revoked_at is not None:
            raise AccessTokenRevoked
        return
    # Without a family there is only the time to go by. Claims have whole seconds, so a token of the
    # very second of the sign-out counts as ended.
    if row.signed_out_at is not None and claims["iat"] * 1000 <= row.signed_out_at:
        raise AccessTokenRevoked

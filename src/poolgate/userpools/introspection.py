"""Introspection (RFC 7662): whether a token is alive, and what it says, for those who may know."""

from typing import Any

from poolgate.foundation.failure import Failure
from poolgate.foundation.secret import Secret
from poolgate.jose.possession import bound_to
from poolgate.store.call import Call
from poolgate.userpools import refresh_tokens
from poolgate.userpools.access_tokens import (
    AccessTokenExpired,
    AccessTokenInvalid,
    AccessTokenRevoked,
    verify_any_token,
)
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.refresh_tokens import RefreshTokenExpired, RefreshTokenRevoked
from poolgate.userpools.signing_keys import TokenUse
from poolgate.userpools.users import UserDisabled, UserNotFound

# SPEC RFC 7662 s2.2: of a token that is not alive nothing else is told.
_INACTIVE = {"active": False}
_NOT_ALIVE: tuple[type[Failure], ...] = (
    AccessTokenInvalid,
    AccessTokenExpired,
    AccessTokenRevoked,
    UserNotFound,
    UserDisabled,
)


def describe(call: Call, asker: AppClient, token: Secret) -> dict[str, Any]:
    """Return the members of the answer for an app client that has proven itself.

    Access tokens are described to every confidential app client of their pool, since APIs are such
    clients; refresh tokens only to their own.
    """
    try:
        pool_id, claims = verify_any_token(call, token.reveal(), TokenUse.ACCESS)
    except _NOT_ALIVE:
        return _of_refresh_token(call, asker, token)
    if pool_id != asker.pool_id:
        return _INACTIVE
    # SPEC RFC 9449 s6.2: an API compares `cnf` with the key that its caller proves.
    token_type = "Bearer" if bound_to(claims) is None else "DPoP"
    return {**claims, "active": True, "token_type": token_type}


def _of_refresh_token(call: Call, asker: AppClient, token: Secret) -> dict[str, Any]:
    with call.db.reading() as transaction:
        held = refresh_tokens.find(transaction, token)
    if held is None or held.family.client_id != asker.client_id or not held.user.enabled:
        return _INACTIVE
    try:
        refresh_tokens.verify_alive(held, call.now_millis)
    except (RefreshTokenExpired, RefreshTokenRevoked):
        return _INACTIVE
    if held.rotated_at is not None:
        return _INACTIVE
    family = held.family
    return {
        "active": True,
        "token_type": "refresh_token",
        "iss": call.issuer(family.pool_id),
        "sub": family.sub,
        "username": held.user.username,
        "client_id": family.client_id,
        "scope": family.scope,
        "exp": family.expires_at // 1000,
    }

"""Access tokens for app clients themselves: machine to machine, without any user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId
from poolgate.foundation.randomness import random_uuid
from poolgate.foundation.secret import Secret
from poolgate.jose.tokens import sign_token
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import pools, resource_servers, signing_keys
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.auth_flows import FlowNotEnabled
from poolgate.userpools.client_proofs import proven_client
from poolgate.userpools.client_settings import CLIENT_TOKEN
from poolgate.userpools.grants import CLIENT_CREDENTIALS, verify_grant_allowed
from poolgate.userpools.pre_token_generation import ask_before_client_token
from poolgate.userpools.signing_keys import TokenUse
from poolgate.userpools.token_claims import client_token_claims
from poolgate.userpools.token_overrides import overridden_access_claims


class ScopeUnknown(Failure):
    """No resource server of the pool has the scope. Facts: scope."""


class ScopeNotAllowed(Failure):
    """The scope exists, but the app client may not have it. Facts: scope."""


class NoScopeToGrant(Failure):
    """The token would have no scope at all."""


@dataclass(frozen=True, slots=True)
class ClientToken:
    """An access token of an app client; `expires_in` is in seconds."""

    access_token: Secret
    expires_in: int


def issue(
    call: Call,
    client_id: ClientId,
    client_secret: Secret,
    scopes: Sequence[str],
    *,
    client_metadata: Mapping[str, str] | None = None,
) -> ClientToken:
    """Return an access token for the app client that the secret proves.

    Without `scopes` it has all that are set for the client. Raises the failures of
    `proven_client`, FlowNotEnabled, ScopeUnknown, ScopeNotAllowed or NoScopeToGrant.
    """
    with call.db.reading() as transaction:
        app_client = proven_client(transaction, call, client_id, client_secret)
    if CLIENT_TOKEN not in app_client.auth_flows:
        raise FlowNotEnabled
    return _issued(call, app_client, scopes, client_metadata)


def issue_by_grant(
    call: Call,
    app_client: AppClient,
    scopes: Sequence[str],
    *,
    client_metadata: Mapping[str, str] | None = None,
    key_thumbprint: str | None = None,
) -> ClientToken:
    """Return an access token for a proven app client by the grant `client_credentials`.

    It is bound to the key where one is named. Raises GrantNotAllowed, ScopeUnknown,
    ScopeNotAllowed or NoScopeToGrant.
    """
    verify_grant_allowed(app_client, CLIENT_CREDENTIALS)
    return _issued(call, app_client, scopes, client_metadata, key_thumbprint)


def _issued(
    call: Call,
    app_client: AppClient,
    scopes: Sequence[str],
    client_metadata: Mapping[str, str] | None,
    key_thumbprint: str | None = None,
) -> ClientToken:
    with call.db.reading() as transaction:
        granted = _granted_scopes(transaction, app_client, scopes)
        keys = signing_keys.signing(transaction, call, app_client.pool_id)
        pool = pools.get(transaction, app_client.pool_id)
    scope = " ".join(granted)
    overrides = ask_before_client_token(call, pool, app_client, scope, client_metadata)
    claims = client_token_claims(
        app_client,
        scope=scope,
        issuer=call.issuer(app_client.pool_id),
        issued_at=epoch_seconds(call.now),
        jti=random_uuid(),
        key_thumbprint=key_thumbprint,
    )
    if overrides is not None:
        claims = overridden_access_claims(claims, overrides)
    access_token = sign_token(claims, keys[TokenUse.ACCESS])
    return ClientToken(Secret(access_token), app_client.access_token_seconds)


def _granted_scopes(
    transaction: Transaction, app_client: AppClient, requested: Sequence[str]
) -> tuple[str, ...]:
    existing = resource_servers.scopes_of_pool(transaction, app_client.pool_id)
    # What speaks of users, such as openid, is no custom scope and is never granted here.
    allowed = tuple(scope for scope in app_client.oauth_scopes or () if scope in existing)
    for scope in requested:
        if scope not in existing:
            raise ScopeUnknown(scope=scope)
        if scope not in allowed:
            raise ScopeNotAllowed(scope=scope)
    granted = tuple(dict.fromkeys(requested)) or allowed
    if not granted:
        raise NoScopeToGrant
    return granted

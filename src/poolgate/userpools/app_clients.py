"""App clients: what an application may do with a pool, and how it proves itself."""

from functools import lru_cache

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.store.database import Transaction
from poolgate.userpools.tables import app_clients

HOUR = 3600
DAY = 24 * HOUR


class AppClientNotFound(Failure):
    """No app client (of this pool) has this id. Facts: client_id."""


class AppClient(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An app client with all its settings; stored as one value.

    `auth_flows` are always in the new spelling (`ALLOW_...`), whatever the request used;
    `explicit_auth_flows` is what the request gave, to be shown back. Lifetimes are in seconds;
    `read_attributes` and `write_attributes` are None while nothing was set (everything standard).
    """

    client_id: ClientId
    pool_id: PoolId
    name: str
    created_at: int
    modified_at: int
    has_secret: bool = False
    explicit_auth_flows: tuple[str, ...] | None = None
    auth_flows: frozenset[str] = frozenset(
        {"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"}
    )
    hides_user_existence: bool = False
    revocation_enabled: bool = True
    access_token_seconds: int = HOUR
    id_token_seconds: int = HOUR
    refresh_token_seconds: int = 30 * DAY
    auth_session_seconds: int = 180
    rotates_refresh_tokens: bool = False
    rotation_grace_seconds: int = 0
    read_attributes: tuple[str, ...] | None = None
    write_attributes: tuple[str, ...] | None = None


_GET = sa.select(app_clients.c.settings).where(app_clients.c.client_id == sa.bindparam("client_id"))


def get(transaction: Transaction, client_id: ClientId, pool_id: PoolId | None = None) -> AppClient:
    """Return the client; raise AppClientNotFound, also when it belongs to another pool."""
    row = transaction.one(_GET, {"client_id": client_id})
    if row is None:
        raise AppClientNotFound(client_id=client_id)
    app_client = decode(row.settings)
    if pool_id is not None and app_client.pool_id != pool_id:
        raise AppClientNotFound(client_id=client_id)
    return app_client


@lru_cache(maxsize=4096)
def decode(settings: bytes) -> AppClient:
    """Return the client that was stored as `settings`; equal bytes share one frozen value."""
    return msgspec.json.decode(settings, type=AppClient)

"""App clients: what an application may do with a pool, and how it proves itself."""

from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId, new_client_id
from poolgate.foundation.paging import Page
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import (
    client_secrets,
    identity_providers,
    pool_tiers,
    pools,
    resource_servers,
)
from poolgate.userpools.client_settings import (
    LOCAL_PROVIDER,
    SYSTEM_SCOPES,
    ClientSettings,
    allowed_auth_flows,
    verify_settings,
)
from poolgate.userpools.tables import app_clients, ui_customizations

MAX_CLIENTS_OF_A_POOL = 1000
secrets_of = client_secrets.secrets_of


class AppClientNotFound(Failure):
    """No app client (of this pool) has this id. Facts: client_id."""


class AppClientIsPublic(Failure):
    """The client has no secret, and none can be added to it."""


class TooManyAppClients(Failure):
    """The pool has as many app clients as it can hold."""


class AppClient(ClientSettings, frozen=True, kw_only=True, omit_defaults=True):
    """An app client with all its settings; stored as one value."""

    client_id: ClientId
    pool_id: PoolId
    name: str
    created_at: int
    modified_at: int
    has_secret: bool = False
    # How long a session of the login pages may be used again; set by an operation of its own.
    sso_session_minutes: int = 60


_GET = sa.select(app_clients.c.settings).where(app_clients.c.client_id == sa.bindparam("client_id"))
_INSERT = sa.insert(app_clients)
_UPDATE = (
    sa.update(app_clients)
    .where(app_clients.c.client_id == sa.bindparam("changed_client_id"))
    .values(
        name=sa.bindparam("name"),
        settings=sa.bindparam("settings"),
        modified_at=sa.bindparam("modified_at"),
    )
)
_DELETE = sa.delete(app_clients).where(app_clients.c.client_id == sa.bindparam("client_id"))
_FORGET_LOOKS = sa.delete(ui_customizations).where(
    ui_customizations.c.pool_id == sa.bindparam("pool_id"),
    ui_customizations.c.client_id == sa.bindparam("client_id"),
)
_COUNT = sa.select(sa.func.count()).where(app_clients.c.pool_id == sa.bindparam("pool_id"))
_LIST = (
    sa.select(app_clients.c.settings)
    .where(
        app_clients.c.pool_id == sa.bindparam("pool_id"),
        app_clients.c.client_id > sa.bindparam("after"),
    )
    .order_by(app_clients.c.client_id)
    .limit(sa.bindparam("limit"))
)


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


def create(
    call: Call, pool_id: PoolId, name: str, settings: ClientSettings, secret: Secret | None
) -> AppClient:
    """Make an app client, confidential when it is given a secret."""
    client_id = new_client_id()
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        (clients_of_pool,) = transaction.one(_COUNT, {"pool_id": pool_id})
        if clients_of_pool >= MAX_CLIENTS_OF_A_POOL:
            raise TooManyAppClients
        app_client = AppClient(
            client_id=client_id,
            pool_id=pool_id,
            name=name,
            created_at=call.now_millis,
            modified_at=call.now_millis,
            has_secret=secret is not None,
            **_fitted(
                transaction, settings, pool, has_secret=secret is not None, while_doing="creating"
            ),
        )
        transaction.run(
            _INSERT,
            {
                "client_id": client_id,
                "pool_id": pool_id,
                "name": name,
                "settings": msgspec.json.encode(app_client),
                "created_at": call.now_millis,
                "modified_at": call.now_millis,
            },
        )
        if secret is not None:
            client_secrets.insert(transaction, call, client_id, secret)
    return app_client


def update(
    call: Call, pool_id: PoolId, client_id: ClientId, settings: ClientSettings, *, name: str | None
) -> AppClient:
    """Replace all settings; the name stays when it is None, the secrets stay always."""
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        app_client = get(transaction, client_id, pool_id)
        changed = msgspec.structs.replace(
            app_client,
            name=name or app_client.name,
            modified_at=call.now_millis,
            **_fitted(
                transaction,
                settings,
                pool,
                has_secret=app_client.has_secret,
                while_doing="updating",
            ),
        )
        _store_changed(transaction, changed)
    return changed


def set_sso_session(call: Call, pool_id: PoolId, client_id: ClientId, *, minutes: int) -> AppClient:
    """Set for how long the client goes on with a session of the login pages.

    Raises FeatureAboveTier or SessionTrackingDisabled.
    """
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        app_client = get(transaction, client_id, pool_id)
        pool_tiers.verify_session_settings(pool)
        pools.verify_session_tracking(pool)
        changed = msgspec.structs.replace(
            app_client, sso_session_minutes=minutes, modified_at=call.now_millis
        )
        _store_changed(transaction, changed)
    return changed


def forget_identity_provider(
    transaction: Transaction, call: Call, pool_id: PoolId, name: str
) -> None:
    """Take an identity provider from every app client of the pool that supports it."""
    page = list_clients(transaction, pool_id, after="", limit=MAX_CLIENTS_OF_A_POOL)
    for app_client in page.rows:
        supported = app_client.identity_providers or ()
        if name in supported:
            left = tuple(other for other in supported if other != name)
            changed = msgspec.structs.replace(
                app_client, identity_providers=left, modified_at=call.now_millis
            )
            _store_changed(transaction, changed)


def delete(call: Call, pool_id: PoolId, client_id: ClientId) -> None:
    """Remove the client with its secrets and every refresh token given to it."""
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        get(transaction, client_id, pool_id)
        transaction.run(_DELETE, {"client_id": client_id})
        transaction.run(_FORGET_LOOKS, {"pool_id": pool_id, "client_id": client_id})


def add_secret(
    call: Call, pool_id: PoolId, client_id: ClientId, secret: Secret
) -> client_secrets.ClientSecret:
    """Give a confidential client a second secret; raise AppClientIsPublic for a public one."""
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        if not get(transaction, client_id, pool_id).has_secret:
            raise AppClientIsPublic
        return client_secrets.insert(transaction, call, client_id, secret)


def remove_secret(call: Call, pool_id: PoolId, client_id: ClientId, secret_id: str) -> None:
    """Remove one of the client's secrets; it stops proving the client at once."""
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        get(transaction, client_id, pool_id)
        client_secrets.delete(transaction, client_id, secret_id)


def list_clients(
    transaction: Transaction, pool_id: PoolId, *, after: str, limit: int
) -> Page[AppClient]:
    """Return the pool's clients by id, from behind `after`."""
    rows = transaction.rows(_LIST, {"pool_id": pool_id, "after": after, "limit": limit + 1})
    page = tuple(decode(row.settings) for row in rows[:limit])
    return Page(page, page[-1].client_id if len(rows) > limit else None)


def _store_changed(transaction: Transaction, changed: AppClient) -> None:
    transaction.run(
        _UPDATE,
        {
            "changed_client_id": changed.client_id,
            "name": changed.name,
            "settings": msgspec.json.encode(changed),
            "modified_at": changed.modified_at,
        },
    )


def _fitted(
    transaction: Transaction,
    settings: ClientSettings,
    pool: pools.UserPool,
    *,
    has_secret: bool,
    while_doing: str,
) -> dict[str, Any]:
    fitted = msgspec.structs.replace(
        settings, auth_flows=allowed_auth_flows(settings.explicit_auth_flows, pool)
    )
    names_identity_provider = not {LOCAL_PROVIDER}.issuperset(fitted.identity_providers or ())
    names_custom_scope = not SYSTEM_SCOPES.issuperset(fitted.oauth_scopes or ())
    verify_settings(
        fitted,
        pool,
        has_secret=has_secret,
        custom_scopes=(
            resource_servers.scopes_of_pool(transaction, pool.pool_id)
            if names_custom_scope
            else frozenset()
        ),
        identity_providers=(
            identity_providers.names_of_pool(transaction, pool.pool_id)
            if names_identity_provider
            else frozenset()
        ),
        while_doing=while_doing,
    )
    return {field: getattr(fitted, field) for field in ClientSettings.__struct_fields__}

"""Resource servers: the APIs of a pool's applications, and the scopes that each of them knows.

A scope's full name is `{identifier}/{scope name}`. Scope names hold no slash, so a full name
belongs to one resource server only, whatever its identifier.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.foundation.paging import Page
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Transaction
from poolgate.userpools import pools
from poolgate.userpools.tables import resource_servers

# AWS quotas of user pools: resource servers of a pool.
MAX_SERVERS_OF_A_POOL = 25


class ResourceServerNotFound(Failure):
    """The pool has no such resource server. Facts: identifier."""


class ResourceServerExists(Failure):
    """The pool already has a resource server of this identifier. Facts: identifier, pool_id."""


class TooManyResourceServers(Failure):
    """The pool has as many resource servers as it can hold."""


class ScopeNamedTwice(Failure):
    """A scope name was given twice for one resource server. Facts: name."""


class Scope(msgspec.Struct, frozen=True):
    """One thing that a resource server lets others do."""

    name: str
    description: str


class ResourceServer(msgspec.Struct, frozen=True, kw_only=True):
    """A resource server with its scopes, in the order they were given."""

    pool_id: PoolId
    identifier: str
    name: str
    scopes: tuple[Scope, ...]

    @property
    def scope_names(self) -> tuple[str, ...]:
        """The full names of its scopes."""
        return tuple(f"{self.identifier}/{scope.name}" for scope in self.scopes)


_OF_POOL = resource_servers.c.pool_id == sa.bindparam("pool_id")
_GET = sa.select(resource_servers).where(
    _OF_POOL, resource_servers.c.identifier == sa.bindparam("identifier")
)
_ALL = sa.select(resource_servers).where(_OF_POOL)
_COUNT = sa.select(sa.func.count()).where(_OF_POOL)
_INSERT = InsertIfAbsent(resource_servers)
_UPDATE = (
    sa.update(resource_servers)
    .where(
        resource_servers.c.pool_id == sa.bindparam("of_pool_id"),
        resource_servers.c.identifier == sa.bindparam("of_identifier"),
    )
    .values(name=sa.bindparam("name"), scopes=sa.bindparam("scopes"))
)
_DELETE = sa.delete(resource_servers).where(
    _OF_POOL, resource_servers.c.identifier == sa.bindparam("identifier")
)
_LIST = (
    sa.select(resource_servers)
    .where(_OF_POOL, resource_servers.c.identifier > sa.bindparam("after"))
    .order_by(resource_servers.c.identifier)
    .limit(sa.bindparam("limit"))
)


def get(transaction: Transaction, pool_id: PoolId, identifier: str) -> ResourceServer:
    """Return the resource server; raise ResourceServerNotFound."""
    row = transaction.one(_GET, {"pool_id": pool_id, "identifier": identifier})
    if row is None:
        raise ResourceServerNotFound(identifier=identifier)
    return _resource_server(row)


def list_servers(
    transaction: Transaction, pool_id: PoolId, *, after: str, limit: int
) -> Page[ResourceServer]:
    """Return the pool's resource servers by identifier, from behind `after`."""
    rows = transaction.rows(_LIST, {"pool_id": pool_id, "after": after, "limit": limit + 1})
    page = tuple(_resource_server(row) for row in rows[:limit])
    return Page(page, page[-1].identifier if len(rows) > limit else None)


def scopes_of_pool(transaction: Transaction, pool_id: PoolId) -> frozenset[str]:
    """Return the full names of all scopes that the pool's resource servers have now."""
    rows = transaction.rows(_ALL, {"pool_id": pool_id})
    return frozenset(name for row in rows for name in _resource_server(row).scope_names)


def create(call: Call, server: ResourceServer) -> ResourceServer:
    """Store a new resource server; of two concurrent creators one gets ResourceServerExists."""
    _verify_names(server.scopes)
    with call.db.writing() as transaction:
        pools.get(transaction, server.pool_id)
        (servers_of_pool,) = transaction.one(_COUNT, {"pool_id": server.pool_id})
        row = {
            "pool_id": server.pool_id,
            "identifier": server.identifier,
            "name": server.name,
            "scopes": msgspec.json.encode(server.scopes),
        }
        if not transaction.insert_if_absent(_INSERT, row):
            raise ResourceServerExists(identifier=server.identifier, pool_id=server.pool_id)
        if servers_of_pool >= MAX_SERVERS_OF_A_POOL:
            raise TooManyResourceServers
    return server


def update(call: Call, server: ResourceServer) -> ResourceServer:
    """Replace name and scopes; a scope that goes stays named, but unusable, at app clients."""
    _verify_names(server.scopes)
    with call.db.writing() as transaction:
        pools.get(transaction, server.pool_id)
        changed = {
            "of_pool_id": server.pool_id,
            "of_identifier": server.identifier,
            "name": server.name,
            "scopes": msgspec.json.encode(server.scopes),
        }
        if not transaction.run(_UPDATE, changed):
            raise ResourceServerNotFound(identifier=server.identifier)
    return server


def delete(call: Call, pool_id: PoolId, identifier: str) -> None:
    """Remove the resource server; no token is issued with its scopes from now on."""
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        if not transaction.run(_DELETE, {"pool_id": pool_id, "identifier": identifier}):
            raise ResourceServerNotFound(identifier=identifier)


def _verify_names(scopes: Sequence[Scope]) -> None:
    seen = set()
    for scope in scopes:
        if scope.name in seen:
            raise ScopeNamedTwice(name=scope.name)
        seen.add(scope.name)


def _resource_server(row: Any) -> ResourceServer:  # noqa: ANN401 - a row of resource_servers
    return ResourceServer(
        pool_id=row.pool_id,
        identifier=row.identifier,
        name=row.name,
        scopes=msgspec.json.decode(row.scopes, type=tuple[Scope, ...]),
    )

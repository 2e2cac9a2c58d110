"""Resource servers: create, describe, update, list, delete."""

from poolgate.foundation.ids import PoolId
from poolgate.operations.idp.paging import page_token_of, position_of
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    CreateResourceServerRequest,
    CreateResourceServerResponse,
    DeleteResourceServerRequest,
    DescribeResourceServerRequest,
    DescribeResourceServerResponse,
    ListResourceServersRequest,
    ListResourceServersResponse,
    ResourceServerType,
    UpdateResourceServerRequest,
    UpdateResourceServerResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import pools, resource_servers
from poolgate.userpools.resource_servers import ResourceServer, Scope

# AWS ListResourceServersLimitType.
_MAX_PAGE = 50


@registrar.operation("CreateResourceServer", authentication=Authentication.SIGV4)
def create_resource_server(
    call: Call, request: CreateResourceServerRequest
) -> CreateResourceServerResponse:
    """Make a resource server with its scopes."""
    return {"ResourceServer": _shape(resource_servers.create(call, _given(request)))}


@registrar.operation("DescribeResourceServer", authentication=Authentication.SIGV4)
def describe_resource_server(
    call: Call, request: DescribeResourceServerRequest
) -> DescribeResourceServerResponse:
    """Show a resource server."""
    pool_id = PoolId(request["UserPoolId"])
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        server = resource_servers.get(transaction, pool_id, request["Identifier"])
    return {"ResourceServer": _shape(server)}


@registrar.operation("UpdateResourceServer", authentication=Authentication.SIGV4)
def update_resource_server(
    call: Call, request: UpdateResourceServerRequest
) -> UpdateResourceServerResponse:
    """Replace a resource server's name and scopes; omitted scopes go."""
    return {"ResourceServer": _shape(resource_servers.update(call, _given(request)))}


@registrar.operation("DeleteResourceServer", authentication=Authentication.SIGV4)
def delete_resource_server(call: Call, request: DeleteResourceServerRequest) -> None:
    """Remove a resource server and its scopes."""
    resource_servers.delete(call, PoolId(request["UserPoolId"]), request["Identifier"])


@registrar.operation("ListResourceServers", authentication=Authentication.SIGV4)
def list_resource_servers(
    call: Call, request: ListResourceServersRequest
) -> ListResourceServersResponse:
    """List a pool's resource servers by identifier."""
    pool_id = PoolId(request["UserPoolId"])
    listing = f"ListResourceServers:{pool_id}"
    after = position_of(call, listing, request.get("NextToken"))
    limit = request.get("MaxResults", _MAX_PAGE)
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        page = resource_servers.list_servers(transaction, pool_id, after=after, limit=limit)
    response = ListResourceServersResponse(ResourceServers=[_shape(server) for server in page.rows])
    if page.next_position is not None:
        response["NextToken"] = page_token_of(call, listing, page.next_position)
    return response


def _given(request: CreateResourceServerRequest | UpdateResourceServerRequest) -> ResourceServer:
    return ResourceServer(
        pool_id=PoolId(request["UserPoolId"]),
        identifier=request["Identifier"],
        name=request["Name"],
        scopes=tuple(
            Scope(scope["ScopeName"], scope["ScopeDescription"])
            for scope in request.get("Scopes", ())
        ),
    )


def _shape(server: ResourceServer) -> ResourceServerType:
    return ResourceServerType(
        UserPoolId=server.pool_id,
        Identifier=server.identifier,
        Name=server.name,
        Scopes=[
            {"ScopeName": scope.name, "ScopeDescription": scope.description}
            for scope in server.scopes
        ],
    )

"""App clients: create, describe, update, list, delete."""

from poolgate.foundation.ids import ClientId, PoolId
from poolgate.foundation.secret import Secret
from poolgate.operations.idp.client_shapes import (
    client_settings_of,
    user_pool_client_description,
    user_pool_client_type,
)
from poolgate.operations.idp.paging import page_limit, page_token_of, position_of
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    CreateUserPoolClientRequest,
    CreateUserPoolClientResponse,
    DeleteUserPoolClientRequest,
    DescribeUserPoolClientRequest,
    DescribeUserPoolClientResponse,
    ListUserPoolClientsRequest,
    ListUserPoolClientsResponse,
    UpdateUserPoolClientRequest,
    UpdateUserPoolClientResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import app_clients, client_secrets, pools
from poolgate.userpools.client_settings import InvalidClientSettings

_LISTING = "ListUserPoolClients"


@registrar.operation("CreateUserPoolClient", authentication=Authentication.SIGV4)
def create_user_pool_client(
    call: Call, request: CreateUserPoolClientRequest
) -> CreateUserPoolClientResponse:
    """Make an app client, with a generated, a given or no secret."""
    client_secret = _asked_secret(request)
    app_client = app_clients.create(
        call,
        PoolId(request["UserPoolId"]),
        request["ClientName"],
        client_settings_of(request),
        client_secret,
    )
    return {"UserPoolClient": user_pool_client_type(app_client, client_secret)}


@registrar.operation("DescribeUserPoolClient", authentication=Authentication.SIGV4)
def describe_user_pool_client(
    call: Call, request: DescribeUserPoolClientRequest
) -> DescribeUserPoolClientResponse:
    """Show an app client with the secret it was made with."""
    pool_id, client_id = PoolId(request["UserPoolId"]), ClientId(request["ClientId"])
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        app_client = app_clients.get(transaction, client_id, pool_id)
        client_secret = client_secrets.first_secret(
            transaction, call.vault, client_id, app_client.created_at
        )
    return {"UserPoolClient": user_pool_client_type(app_client, client_secret)}


@registrar.operation("UpdateUserPoolClient", authentication=Authentication.SIGV4)
def update_user_pool_client(
    call: Call, request: UpdateUserPoolClientRequest
) -> UpdateUserPoolClientResponse:
    """Replace a client's settings; omitted ones return to their defaults."""
    client_id = ClientId(request["ClientId"])
    app_client = app_clients.update(
        call,
        PoolId(request["UserPoolId"]),
        client_id,
        client_settings_of(request),
        name=request.get("ClientName"),
    )
    with call.db.reading() as transaction:
        client_secret = client_secrets.first_secret(
            transaction, call.vault, client_id, app_client.created_at
        )
    return {"UserPoolClient": user_pool_client_type(app_client, client_secret)}


@registrar.operation("ListUserPoolClients", authentication=Authentication.SIGV4)
def list_user_pool_clients(
    call: Call, request: ListUserPoolClientsRequest
) -> ListUserPoolClientsResponse:
    """List a pool's clients by id and name; none was made by dynamic registration."""
    pool_id = PoolId(request["UserPoolId"])
    listing = f"{_LISTING}:{pool_id}"
    after = position_of(call, listing, request.get("NextToken"))
    limit = page_limit(request.get("MaxResults"))
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        if request.get("ClientType") == "DCR":
            return {"UserPoolClients": []}
        page = app_clients.list_clients(transaction, pool_id, after=after, limit=limit)
    response = ListUserPoolClientsResponse(
        UserPoolClients=[user_pool_client_description(app_client) for app_client in page.rows]
    )
    if page.next_position is not None:
        response["NextToken"] = page_token_of(call, listing, page.next_position)
    return response


@registrar.operation("DeleteUserPoolClient", authentication=Authentication.SIGV4)
def delete_user_pool_client(call: Call, request: DeleteUserPoolClientRequest) -> None:
    """Remove a client; its refresh tokens end with it."""
    app_clients.delete(call, PoolId(request["UserPoolId"]), ClientId(request["ClientId"]))


def _asked_secret(request: CreateUserPoolClientRequest) -> Secret | None:
    given = request.get("ClientSecret")
    if not request.get("GenerateSecret", False):
        return None if given is None else Secret(given)
    if given is not None:
        # AWS ClientSecret: "You cannot specify both GenerateSecret as true and provide a
        # ClientSecret value."
        raise InvalidClientSettings(
            fault="GenerateSecret and ClientSecret cannot be specified together."
        )
    return client_secrets.new_client_secret()

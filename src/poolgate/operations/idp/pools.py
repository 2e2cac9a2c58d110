"""User pools: create, describe, update, list, delete."""

from poolgate.foundation.ids import PoolId
from poolgate.operations.idp.paging import page_limit, page_token_of, position_of
from poolgate.operations.idp.pool_requests import pool_settings_of
from poolgate.operations.idp.pool_shapes import (
    user_pool_description,
    user_pool_type,
)
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.idp.schema_shapes import attribute_definitions
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AddCustomAttributesRequest,
    AddCustomAttributesResponse,
    CreateUserPoolRequest,
    CreateUserPoolResponse,
    DeleteUserPoolRequest,
    DescribeUserPoolRequest,
    DescribeUserPoolResponse,
    ListUserPoolsRequest,
    ListUserPoolsResponse,
    UpdateUserPoolRequest,
    UpdateUserPoolResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import domains, pool_changes, pools

_LISTING = "ListUserPools"


@registrar.operation("CreateUserPool", authentication=Authentication.SIGV4)
def create_user_pool(call: Call, request: CreateUserPoolRequest) -> CreateUserPoolResponse:
    """Make a user pool in the region the request was signed for."""
    username = request.get("UsernameConfiguration")
    pool = pools.create(
        call,
        pools.NewPool(
            name=request["PoolName"],
            settings=pool_settings_of(request),
            tier=request.get("UserPoolTier", "ESSENTIALS"),
            definitions=attribute_definitions(request.get("Schema", ())),
            alias_attributes=tuple(request.get("AliasAttributes", ())),
            username_attributes=tuple(request.get("UsernameAttributes", ())),
            case_sensitive=username["CaseSensitive"] if username else None,
        ),
    )
    return {"UserPool": user_pool_type(call, pool, number_of_users=0)}


@registrar.operation("DescribeUserPool", authentication=Authentication.SIGV4)
def describe_user_pool(call: Call, request: DescribeUserPoolRequest) -> DescribeUserPoolResponse:
    """Show a pool with all its settings."""
    pool_id = PoolId(request["UserPoolId"])
    with call.db.reading() as transaction:
        pool = pools.get(transaction, pool_id)
        number_of_users = pools.count_users(transaction, pool_id)
        of_pool = domains.of_pool(transaction, pool_id)
    shape = user_pool_type(call, pool, number_of_users=number_of_users, domains=of_pool)
    return {"UserPool": shape}


@registrar.operation("UpdateUserPool", authentication=Authentication.SIGV4)
def update_user_pool(call: Call, request: UpdateUserPoolRequest) -> UpdateUserPoolResponse:
    """Replace a pool's changeable settings; omitted ones return to their defaults."""
    pool_changes.update(
        call,
        PoolId(request["UserPoolId"]),
        pool_settings_of(request),
        name=request.get("PoolName"),
        tier=request.get("UserPoolTier"),
    )
    return {}


@registrar.operation("ListUserPools", authentication=Authentication.SIGV4)
def list_user_pools(call: Call, request: ListUserPoolsRequest) -> ListUserPoolsResponse:
    """List the pools of the region the request was signed for."""
    listing = f"{_LISTING}:{call.region}"
    after = position_of(call, listing, request.get("NextToken"))
    with call.db.reading() as transaction:
        page = pools.list_pools(
            transaction, call.region, after=after, limit=page_limit(request["MaxResults"])
        )
    response = ListUserPoolsResponse(UserPools=[user_pool_description(pool) for pool in page.rows])
    if page.next_position is not None:
        response["NextToken"] = page_token_of(call, listing, page.next_position)
    return response


@registrar.operation("DeleteUserPool", authentication=Authentication.SIGV4)
def delete_user_pool(call: Call, request: DeleteUserPoolRequest) -> None:
    """Remove a pool that is not protected, with everything in it."""
    pools.delete(call, PoolId(request["UserPoolId"]))


@registrar.operation("AddCustomAttributes", authentication=Authentication.SIGV4)
def add_custom_attributes(
    call: Call, request: AddCustomAttributesRequest
) -> AddCustomAttributesResponse:
    """Add custom attributes to a pool's schema, all or none."""
    definitions = attribute_definitions(request["CustomAttributes"])
    pool_changes.add_custom_attributes(call, PoolId(request["UserPoolId"]), definitions)
    return {}

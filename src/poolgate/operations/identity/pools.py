"""Identity pools, their roles, tags and tag maps."""

import msgspec

from poolgate.foundation.paging import decode_page_token, encode_page_token
from poolgate.identitypools import identity_pools
from poolgate.identitypools.identity_pools import IdentityPool, PrincipalTagMap
from poolgate.operations.identity.pool_shapes import (
    mapping_shapes,
    mappings_of_request,
    pool_of_request,
    pool_shape,
)
from poolgate.operations.identity.registrar import registrar
from poolgate.operations.identity.requests import RequestInvalid
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import identity as shapes
from poolgate.store.call import Call

_PURPOSE, _LISTING = "identity pool page", "identity pools"
_KINDS = frozenset({identity_pools.AUTHENTICATED, identity_pools.UNAUTHENTICATED})


@registrar.operation("CreateIdentityPool", authentication=Authentication.SIGV4)
def create_identity_pool(
    call: Call, request: shapes.CreateIdentityPoolInput
) -> shapes.IdentityPool:
    """Create an identity pool."""
    pool = pool_of_request(identity_pools.new_pool_id(call), request)
    return pool_shape(identity_pools.create(call, pool))


@registrar.operation("DescribeIdentityPool", authentication=Authentication.SIGV4)
def describe_identity_pool(
    call: Call, request: shapes.DescribeIdentityPoolInput
) -> shapes.IdentityPool:
    """Describe an identity pool."""
    with call.db.reading() as transaction:
        return pool_shape(identity_pools.get(transaction, request["IdentityPoolId"]))


@registrar.operation("UpdateIdentityPool", authentication=Authentication.SIGV4)
def update_identity_pool(call: Call, request: shapes.IdentityPool) -> shapes.IdentityPool:
    """Replace the settings; what is left out goes back to its default."""
    wanted = pool_of_request(request["IdentityPoolId"], request)
    return pool_shape(identity_pools.replace_settings(call, wanted))


@registrar.operation("DeleteIdentityPool", authentication=Authentication.SIGV4)
def delete_identity_pool(call: Call, request: shapes.DeleteIdentityPoolInput) -> None:
    """Delete a pool with its identities; keys that it gave work until they end."""
    identity_pools.delete(call, request["IdentityPoolId"])


@registrar.operation("ListIdentityPools", authentication=Authentication.SIGV4)
def list_identity_pools(
    call: Call, request: shapes.ListIdentityPoolsInput
) -> shapes.ListIdentityPoolsResponse:
    """List identity pools."""
    mac_key = call.vault.derived_key(_PURPOSE)
    page_token = request.get("NextToken")
    after = None if page_token is None else decode_page_token(mac_key, _LISTING, page_token)
    with call.db.reading() as transaction:
        page = identity_pools.list_page(transaction, after=after, limit=request["MaxResults"])
    answer: shapes.ListIdentityPoolsResponse = {
        "IdentityPools": [
            {"IdentityPoolId": pool.pool_id, "IdentityPoolName": pool.name} for pool in page.rows
        ]
    }
    if page.next_position is not None:
        answer["NextToken"] = encode_page_token(mac_key, _LISTING, page.next_position)
    return answer


@registrar.operation("SetIdentityPoolRoles", authentication=Authentication.SIGV4)
def set_identity_pool_roles(call: Call, request: shapes.SetIdentityPoolRolesInput) -> None:
    """Replace the default roles and the mappings."""
    unknown = request["Roles"].keys() - _KINDS
    if unknown:
        raise RequestInvalid(f"Roles are authenticated and unauthenticated, not {min(unknown)}.")
    mappings = mappings_of_request(request.get("RoleMappings", {}))

    def changed(pool: IdentityPool) -> IdentityPool:
        return msgspec.structs.replace(pool, roles=dict(request["Roles"]), role_mappings=mappings)

    identity_pools.change(call, request["IdentityPoolId"], changed)


@registrar.operation("GetIdentityPoolRoles", authentication=Authentication.SIGV4)
def get_identity_pool_roles(
    call: Call, request: shapes.GetIdentityPoolRolesInput
) -> shapes.GetIdentityPoolRolesResponse:
    """Return the default roles and the mappings."""
    with call.db.reading() as transaction:
        pool = identity_pools.get(transaction, request["IdentityPoolId"])
    answer: shapes.GetIdentityPoolRolesResponse = {"IdentityPoolId": pool.pool_id}
    if pool.roles:
        answer["Roles"] = pool.roles
    if pool.role_mappings:
        answer["RoleMappings"] = mapping_shapes(pool.role_mappings)
    return answer


@registrar.operation("SetPrincipalTagAttributeMap", authentication=Authentication.SIGV4)
def set_principal_tag_attribute_map(
    call: Call, request: shapes.SetPrincipalTagAttributeMapInput
) -> shapes.SetPrincipalTagAttributeMapResponse:
    """Say which claims of a provider become tags of the session."""
    provider = request["IdentityProviderName"]
    tag_map = PrincipalTagMap(
        uses_defaults=request.get("UseDefaults", False),
        claims_by_tag=dict(request.get("PrincipalTags", {})),
    )

    def changed(pool: IdentityPool) -> IdentityPool:
        return msgspec.structs.replace(
            pool, principal_tags=pool.principal_tags | {provider: tag_map}
        )

    identity_pools.change(call, request["IdentityPoolId"], changed)
    return _tag_map_shape(request["IdentityPoolId"], provider, tag_map)


@registrar.operation("GetPrincipalTagAttributeMap", authentication=Authentication.SIGV4)
def get_principal_tag_attribute_map(
    call: Call, request: shapes.GetPrincipalTagAttributeMapInput
) -> shapes.GetPrincipalTagAttributeMapResponse:
    """Return which claims of a provider become tags of the session."""
    provider = request["IdentityProviderName"]
    with call.db.reading() as transaction:
        pool = identity_pools.get(transaction, request["IdentityPoolId"])
    tag_map = pool.principal_tags.get(provider, PrincipalTagMap())
    shape = _tag_map_shape(pool.pool_id, provider, tag_map)
    return shapes.GetPrincipalTagAttributeMapResponse(**shape)


@registrar.operation("TagResource", authentication=Authentication.SIGV4)
def tag_resource(call: Call, request: shapes.TagResourceInput) -> shapes.TagResourceResponse:
    """Add or replace tags of a pool."""
    pool_id = identity_pools.pool_id_of_arn(call, request["ResourceArn"])
    identity_pools.tag(call, pool_id, request["Tags"])
    return {}


@registrar.operation("UntagResource", authentication=Authentication.SIGV4)
def untag_resource(call: Call, request: shapes.UntagResourceInput) -> shapes.UntagResourceResponse:
    """Remove tags of a pool."""
    pool_id = identity_pools.pool_id_of_arn(call, request["ResourceArn"])
    identity_pools.untag(call, pool_id, request["TagKeys"])
    return {}


@registrar.operation("ListTagsForResource", authentication=Authentication.SIGV4)
def list_tags_for_resource(
    call: Call, request: shapes.ListTagsForResourceInput
) -> shapes.ListTagsForResourceResponse:
    """List the tags of a pool."""
    pool_id = identity_pools.pool_id_of_arn(call, request["ResourceArn"])
    with call.db.reading() as transaction:
        return {"Tags": identity_pools.get(transaction, pool_id).tags}


def _tag_map_shape(
    pool_id: str, provider: str, tag_map: PrincipalTagMap
) -> shapes.SetPrincipalTagAttributeMapResponse:
    shape: shapes.SetPrincipalTagAttributeMapResponse = {
        "IdentityPoolId": pool_id,
        "IdentityProviderName": provider,
        "UseDefaults": tag_map.uses_defaults,
    }
    if tag_map.claims_by_tag:
        shape["PrincipalTags"] = tag_map.claims_by_tag
    return shape

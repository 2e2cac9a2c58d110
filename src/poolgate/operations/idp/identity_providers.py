"""The identity providers of user pools."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import PoolId
from poolgate.operations.idp.paging import page_limit, page_token_of, position_of
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    CreateIdentityProviderRequest,
    CreateIdentityProviderResponse,
    DeleteIdentityProviderRequest,
    DescribeIdentityProviderRequest,
    DescribeIdentityProviderResponse,
    GetIdentityProviderByIdentifierRequest,
    GetIdentityProviderByIdentifierResponse,
    IdentityProviderType,
    ListIdentityProvidersRequest,
    ListIdentityProvidersResponse,
    ProviderDescription,
    UpdateIdentityProviderRequest,
    UpdateIdentityProviderResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import identity_providers, pools, provider_changes
from poolgate.userpools.identity_providers import DetailedProvider, IdentityProvider
from poolgate.userpools.provider_changes import GivenSettings
from poolgate.userpools.provider_details import ProviderType

# The service model's longest list of providers.
_MAX_PAGE = 50


@registrar.operation("CreateIdentityProvider", authentication=Authentication.SIGV4)
def create_identity_provider(
    call: Call, request: CreateIdentityProviderRequest
) -> CreateIdentityProviderResponse:
    """Make a pool believe an identity provider."""
    pool_id, name = PoolId(request["UserPoolId"]), request["ProviderName"]
    kind = ProviderType(request["ProviderType"])
    provider_changes.create(call, pool_id, name, kind, _given(request))
    return {"IdentityProvider": _shown(call, pool_id, name)}


@registrar.operation("DescribeIdentityProvider", authentication=Authentication.SIGV4)
def describe_identity_provider(
    call: Call, request: DescribeIdentityProviderRequest
) -> DescribeIdentityProviderResponse:
    """Show an identity provider with all its details."""
    pool_id = PoolId(request["UserPoolId"])
    return {"IdentityProvider": _shown(call, pool_id, request["ProviderName"])}


@registrar.operation("UpdateIdentityProvider", authentication=Authentication.SIGV4)
def update_identity_provider(
    call: Call, request: UpdateIdentityProviderRequest
) -> UpdateIdentityProviderResponse:
    """Change an identity provider; members that are left out stay."""
    pool_id, name = PoolId(request["UserPoolId"]), request["ProviderName"]
    provider_changes.update(call, pool_id, name, _given(request))
    return {"IdentityProvider": _shown(call, pool_id, name)}


@registrar.operation("DeleteIdentityProvider", authentication=Authentication.SIGV4)
def delete_identity_provider(call: Call, request: DeleteIdentityProviderRequest) -> None:
    """Make a pool no longer believe an identity provider."""
    provider_changes.delete(call, PoolId(request["UserPoolId"]), request["ProviderName"])


@registrar.operation("GetIdentityProviderByIdentifier", authentication=Authentication.SIGV4)
def get_identity_provider_by_identifier(
    call: Call, request: GetIdentityProviderByIdentifierRequest
) -> GetIdentityProviderByIdentifierResponse:
    """Show the identity provider that has an identifier."""
    pool_id = PoolId(request["UserPoolId"])
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        found = identity_providers.get_by_identifier(
            transaction, call, pool_id, request["IdpIdentifier"]
        )
    return {"IdentityProvider": _shape(found)}


@registrar.operation("ListIdentityProviders", authentication=Authentication.SIGV4)
def list_identity_providers(
    call: Call, request: ListIdentityProvidersRequest
) -> ListIdentityProvidersResponse:
    """List a pool's identity providers by name."""
    pool_id = PoolId(request["UserPoolId"])
    listing = f"ListIdentityProviders:{pool_id}"
    after = position_of(call, listing, request.get("NextToken"))
    limit = min(page_limit(request.get("MaxResults")), _MAX_PAGE)
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        page = identity_providers.list_providers(transaction, pool_id, after=after, limit=limit)
    response = ListIdentityProvidersResponse(
        Providers=[_description(provider) for provider in page.rows]
    )
    if page.next_position is not None:
        response["NextToken"] = page_token_of(call, listing, page.next_position)
    return response


def _given(
    request: CreateIdentityProviderRequest | UpdateIdentityProviderRequest,
) -> GivenSettings:
    identifiers = request.get("IdpIdentifiers")
    return GivenSettings(
        details=request.get("ProviderDetails"),
        attribute_mapping=request.get("AttributeMapping"),
        identifiers=None if identifiers is None else tuple(identifiers),
        acr_mapping=request.get("AcrMapping"),
    )


def _shown(call: Call, pool_id: PoolId, name: str) -> IdentityProviderType:
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        return _shape(identity_providers.get_detailed(transaction, call, pool_id, name))


def _shape(found: DetailedProvider) -> IdentityProviderType:
    provider = found.provider
    shape = IdentityProviderType(
        UserPoolId=provider.pool_id,
        ProviderName=provider.name,
        ProviderType=provider.type.value,
        ProviderDetails=dict(found.details),
        AttributeMapping=dict(sorted(provider.attribute_mapping.items())),
        IdpIdentifiers=list(provider.identifiers),
        LastModifiedDate=from_epoch_millis(provider.modified_at),
        CreationDate=from_epoch_millis(provider.created_at),
    )
    if provider.acr_mapping is not None:
        shape["AcrMapping"] = dict(sorted(provider.acr_mapping.items()))
    return shape


def _description(provider: IdentityProvider) -> ProviderDescription:
    return ProviderDescription(
        ProviderName=provider.name,
        ProviderType=provider.type.value,
        LastModifiedDate=from_epoch_millis(provider.modified_at),
        CreationDate=from_epoch_millis(provider.created_at),
    )

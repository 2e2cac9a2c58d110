"""OIDC providers."""

from typing import Any

from poolgate.foundation.clock import from_epoch_millis
from poolgate.iam import oidc_providers
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.iam.resources import named_provider_resource, new_provider_resource
from poolgate.operations.iam.tag_shapes import tag_list, tag_pairs, tags_page
from poolgate.operations.registry import Authentication, any_resource
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call


@registrar.operation(
    "CreateOpenIDConnectProvider",
    authentication=Authentication.SIGV4,
    resource_of=new_provider_resource,
)
def create_open_id_connect_provider(
    call: Call, request: shapes.CreateOpenIDConnectProviderRequest
) -> shapes.CreateOpenIDConnectProviderResponse:
    """Let roles trust an issuer."""
    created = oidc_providers.create(
        call,
        url=request["Url"],
        client_ids=request.get("ClientIDList", ()),
        thumbprints=request.get("ThumbprintList", ()),
        tags=tag_pairs(request.get("Tags", ())),
    )
    answer: shapes.CreateOpenIDConnectProviderResponse = {
        "OpenIDConnectProviderArn": oidc_providers.provider_arn(call.account_id, created.url)
    }
    if created.tags:
        answer["Tags"] = tag_list(created.tags)
    return answer


@registrar.operation(
    "GetOpenIDConnectProvider",
    authentication=Authentication.SIGV4,
    resource_of=named_provider_resource,
)
def get_open_id_connect_provider(
    call: Call, request: shapes.GetOpenIDConnectProviderRequest
) -> shapes.GetOpenIDConnectProviderResponse:
    """Describe a provider."""
    with call.db.reading() as transaction:
        provider = oidc_providers.get(
            transaction, call.account_id, request["OpenIDConnectProviderArn"]
        )
    return {
        "Url": provider.url,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": from_epoch_millis(provider.created_at),
        "Tags": tag_list(provider.tags),
    }


@registrar.operation(
    "ListOpenIDConnectProviders", authentication=Authentication.SIGV4, resource_of=any_resource
)
def list_open_id_connect_providers(
    call: Call, _request: shapes.ListOpenIDConnectProvidersRequest
) -> shapes.ListOpenIDConnectProvidersResponse:
    """List the ARNs of all providers."""
    with call.db.reading() as transaction:
        found = oidc_providers.list_all(transaction)
    return {
        "OpenIDConnectProviderList": [
            {"Arn": oidc_providers.provider_arn(call.account_id, provider.url)}
            for provider in found
        ]
    }


@registrar.operation(
    "DeleteOpenIDConnectProvider",
    authentication=Authentication.SIGV4,
    resource_of=named_provider_resource,
)
def delete_open_id_connect_provider(
    call: Call, request: shapes.DeleteOpenIDConnectProviderRequest
) -> None:
    """Delete a provider; roles that trust it stay and trust nobody by it."""
    oidc_providers.delete(call, request["OpenIDConnectProviderArn"])


@registrar.operation(
    "AddClientIDToOpenIDConnectProvider",
    authentication=Authentication.SIGV4,
    resource_of=named_provider_resource,
)
def add_client_id(call: Call, request: shapes.AddClientIDToOpenIDConnectProviderRequest) -> None:
    """Accept another audience."""
    oidc_providers.add_client_id(call, request["OpenIDConnectProviderArn"], request["ClientID"])


@registrar.operation(
    "RemoveClientIDFromOpenIDConnectProvider",
    authentication=Authentication.SIGV4,
    resource_of=named_provider_resource,
)
def remove_client_id(
    call: Call, request: shapes.RemoveClientIDFromOpenIDConnectProviderRequest
) -> None:
    """Accept an audience no longer."""
    oidc_providers.remove_client_id(call, request["OpenIDConnectProviderArn"], request["ClientID"])


@registrar.operation(
    "UpdateOpenIDConnectProviderThumbprint",
    authentication=Authentication.SIGV4,
    resource_of=named_provider_resource,
)
def update_thumbprints(
    call: Call, request: shapes.UpdateOpenIDConnectProviderThumbprintRequest
) -> None:
    """Replace the thumbprints."""
    oidc_providers.set_thumbprints(
        call, request["OpenIDConnectProviderArn"], request["ThumbprintList"]
    )


@registrar.operation(
    "TagOpenIDConnectProvider",
    authentication=Authentication.SIGV4,
    resource_of=named_provider_resource,
)
def tag_provider(call: Call, request: shapes.TagOpenIDConnectProviderRequest) -> None:
    """Add or replace tags."""
    oidc_providers.tag(call, request["OpenIDConnectProviderArn"], tag_pairs(request["Tags"]))


@registrar.operation(
    "UntagOpenIDConnectProvider",
    authentication=Authentication.SIGV4,
    resource_of=named_provider_resource,
)
def untag_provider(call: Call, request: shapes.UntagOpenIDConnectProviderRequest) -> None:
    """Remove tags."""
    oidc_providers.untag(call, request["OpenIDConnectProviderArn"], request["TagKeys"])


@registrar.operation(
    "ListOpenIDConnectProviderTags",
    authentication=Authentication.SIGV4,
    resource_of=named_provider_resource,
)
def list_provider_tags(
    call: Call, request: shapes.ListOpenIDConnectProviderTagsRequest
) -> dict[str, Any]:
    """List a provider's tags, by key."""
    arn = request["OpenIDConnectProviderArn"]
    paging = Paging(call, request, f"provider tags {arn}")
    with call.db.reading() as transaction:
        provider = oidc_providers.get(transaction, call.account_id, arn)
    return tags_page(provider.tags, paging)

"""SAML providers."""

from typing import Any

from poolgate.foundation.clock import from_epoch_millis
from poolgate.iam import saml_providers
from poolgate.iam.saml_providers import ProviderChange
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.iam.resources import named_saml_resource, new_saml_resource
from poolgate.operations.iam.tag_shapes import tag_list, tag_pairs, tags_page
from poolgate.operations.registry import Authentication, any_resource
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call


@registrar.operation(
    "CreateSAMLProvider", authentication=Authentication.SIGV4, resource_of=new_saml_resource
)
def create_saml_provider(
    call: Call, request: shapes.CreateSAMLProviderRequest
) -> shapes.CreateSAMLProviderResponse:
    """Let roles trust what an identity provider asserts."""
    given = ProviderChange(
        document=request["SAMLMetadataDocument"],
        encryption_mode=request.get("AssertionEncryptionMode"),
        added_key=request.get("AddPrivateKey"),
    )
    created = saml_providers.create(
        call, request["Name"], given, tag_pairs(request.get("Tags", ()))
    )
    answer: shapes.CreateSAMLProviderResponse = {
        "SAMLProviderArn": saml_providers.provider_arn(call.account_id, created.name)
    }
    if created.tags:
        answer["Tags"] = tag_list(created.tags)
    return answer


@registrar.operation(
    "GetSAMLProvider", authentication=Authentication.SIGV4, resource_of=named_saml_resource
)
def get_saml_provider(
    call: Call, request: shapes.GetSAMLProviderRequest
) -> shapes.GetSAMLProviderResponse:
    """Describe a provider, with its metadata as it was given."""
    with call.db.reading() as transaction:
        provider = saml_providers.get(transaction, call.account_id, request["SAMLProviderArn"])
        private_keys = saml_providers.key_infos(transaction, provider)
    answer: shapes.GetSAMLProviderResponse = {
        "SAMLProviderUUID": provider.provider_id,
        "SAMLMetadataDocument": provider.document,
        "CreateDate": from_epoch_millis(provider.created_at),
        "ValidUntil": provider.valid_until,
        "Tags": tag_list(provider.tags),
    }
    if provider.encryption_mode is not None:
        answer["AssertionEncryptionMode"] = provider.encryption_mode.value
    if private_keys:
        answer["PrivateKeyList"] = [
            {"KeyId": key.key_id, "Timestamp": from_epoch_millis(key.created_at)}
            for key in private_keys
        ]
    return answer


@registrar.operation(
    "ListSAMLProviders", authentication=Authentication.SIGV4, resource_of=any_resource
)
def list_saml_providers(
    call: Call, _request: shapes.ListSAMLProvidersRequest
) -> shapes.ListSAMLProvidersResponse:
    """List all providers."""
    with call.db.reading() as transaction:
        found = saml_providers.list_all(transaction)
    return {
        "SAMLProviderList": [
            {
                "Arn": saml_providers.provider_arn(call.account_id, provider.name),
                "ValidUntil": provider.valid_until,
                "CreateDate": from_epoch_millis(provider.created_at),
            }
            for provider in found
        ]
    }


@registrar.operation(
    "UpdateSAMLProvider", authentication=Authentication.SIGV4, resource_of=named_saml_resource
)
def update_saml_provider(
    call: Call, request: shapes.UpdateSAMLProviderRequest
) -> shapes.UpdateSAMLProviderResponse:
    """Replace the metadata, change the encryption, add or remove a private key."""
    change = ProviderChange(
        document=request.get("SAMLMetadataDocument"),
        encryption_mode=request.get("AssertionEncryptionMode"),
        added_key=request.get("AddPrivateKey"),
        removed_key_id=request.get("RemovePrivateKey"),
    )
    saml_providers.update(call, request["SAMLProviderArn"], change)
    return {"SAMLProviderArn": request["SAMLProviderArn"]}


@registrar.operation(
    "DeleteSAMLProvider", authentication=Authentication.SIGV4, resource_of=named_saml_resource
)
def delete_saml_provider(call: Call, request: shapes.DeleteSAMLProviderRequest) -> None:
    """Delete a provider; roles that trust it stay and trust nobody by it."""
    saml_providers.delete(call, request["SAMLProviderArn"])


@registrar.operation(
    "TagSAMLProvider", authentication=Authentication.SIGV4, resource_of=named_saml_resource
)
def tag_saml_provider(call: Call, request: shapes.TagSAMLProviderRequest) -> None:
    """Add or replace tags."""
    saml_providers.tag(call, request["SAMLProviderArn"], tag_pairs(request["Tags"]))


@registrar.operation(
    "UntagSAMLProvider", authentication=Authentication.SIGV4, resource_of=named_saml_resource
)
def untag_saml_provider(call: Call, request: shapes.UntagSAMLProviderRequest) -> None:
    """Remove tags."""
    saml_providers.untag(call, request["SAMLProviderArn"], request["TagKeys"])


@registrar.operation(
    "ListSAMLProviderTags", authentication=Authentication.SIGV4, resource_of=named_saml_resource
)
def list_saml_provider_tags(
    call: Call, request: shapes.ListSAMLProviderTagsRequest
) -> dict[str, Any]:
    """List a provider's tags, by key."""
    arn = request["SAMLProviderArn"]
    paging = Paging(call, request, f"provider tags {arn}")
    with call.db.reading() as transaction:
        provider = saml_providers.get(transaction, call.account_id, arn)
    return tags_page(provider.tags, paging)

"""How cognito-idp words the failures of domains, replicas, looks, terms, identity providers."""

from collections.abc import Mapping

from poolgate.foundation.failure import Failure
from poolgate.operations.errors import AwsError
from poolgate.saml import metadata as saml_metadata
from poolgate.userpools import (
    branding_settings,
    custom_css,
    domains,
    identity_providers,
    images,
    linked_identities,
    managed_login_branding,
    provider_changes,
    provider_details,
    provider_documents,
    replicas,
    terms,
    ui_customizations,
)

INVALID_PARAMETER = "InvalidParameterException"
NOT_FOUND = "ResourceNotFoundException"
LIMIT_EXCEEDED = "LimitExceededException"

_IDENTITY_PROVIDERS: Mapping[type[Failure], AwsError] = {
    identity_providers.IdentityProviderNotFound: AwsError(
        NOT_FOUND, "Identity provider {name} does not exist."
    ),
    provider_changes.IdentityProviderExists: AwsError(
        "DuplicateProviderException", "Identity provider {name} already exists."
    ),
    provider_changes.IdentifierTaken: AwsError(
        INVALID_PARAMETER, "IdpIdentifier {identifier} is already in use."
    ),
    # OBSERVED terraform-provider-aws issue 4822.
    provider_changes.TypeDoesNotFitName: AwsError(
        INVALID_PARAMETER, "Provider {name} cannot be of type {type}."
    ),
    provider_changes.TooManyIdentityProviders: AwsError(
        LIMIT_EXCEEDED, "Maximum number of identity providers exceeded."
    ),
    provider_changes.InvalidAttributeMapping: AwsError(
        INVALID_PARAMETER, "Attribute {attribute} of AttributeMapping is not in the schema."
    ),
    provider_changes.AcrMappingNotSupported: AwsError(
        INVALID_PARAMETER, "AcrMapping is only supported for OIDC providers."
    ),
    provider_details.InvalidProviderDetails: AwsError(INVALID_PARAMETER, "{fault}"),
    # OBSERVED where stacks with an OIDC provider failed to deploy.
    provider_documents.IssuerUnreachable: AwsError(
        INVALID_PARAMETER, "Unable to contact well-known endpoint"
    ),
    # OBSERVED aws-data-lake-solution issue 31.
    provider_documents.MetadataMissing: AwsError(
        INVALID_PARAMETER,
        "Non-ok status code {status} returned from remote metadata source {url}",
    ),
    provider_documents.MetadataUnreachable: AwsError(
        INVALID_PARAMETER, "Unable to contact remote metadata source {url}"
    ),
    # OBSERVED ory/mocksaml issue 103, ssoready/dummyidp issue 10.
    saml_metadata.MetadataUnreadable: AwsError(INVALID_PARAMETER, "Unable to unmarshall metadata"),
    saml_metadata.NoRedirectBinding: AwsError(
        INVALID_PARAMETER, "No SingleSignOn Http redirect binding location found in metadata."
    ),
}

_LINKS: Mapping[type[Failure], AwsError] = {
    linked_identities.InvalidUserIdentifier: AwsError(INVALID_PARAMETER, "{fault}"),
    # OBSERVED aws-sdk-net issue 1000.
    linked_identities.AlreadySignedUp: AwsError(
        INVALID_PARAMETER,
        "Merging is not currently supported, provide a SourceUser that has not been signed up in "
        "order to link",
    ),
    # OBSERVED in the logs of pre sign-up functions that linked twice.
    linked_identities.AlreadyLinked: AwsError(
        INVALID_PARAMETER, "SourceUser is already linked to DestinationUser"
    ),
    linked_identities.TooManyLinks: AwsError(
        LIMIT_EXCEEDED, "A user can have at most 5 linked identities."
    ),
}

_DOMAINS: Mapping[type[Failure], AwsError] = {
    # OBSERVED terraform-provider-aws, aws-nuke: what deleting an unknown domain answers.
    domains.DomainNotFound: AwsError(INVALID_PARAMETER, "No such domain or user pool exists."),
    # OBSERVED aws-cdk-examples issue 402.
    domains.DomainTaken: AwsError(
        INVALID_PARAMETER, "Domain already associated with another user pool."
    ),
    domains.PoolHasSuchDomain: AwsError(
        INVALID_PARAMETER, "User pool already has a domain configured."
    ),
    # OBSERVED mineiros-io/terraform-aws-cognito-user-pool issue 69.
    domains.DomainMalformed: AwsError(
        INVALID_PARAMETER,
        "The domain name contains an invalid character. Domain names can only contain lower-case "
        "letters, numbers, and hyphens. Please enter a different name that follows this format: "
        r"^[a-z0-9](?:[a-z0-9\-]{{0,61}}[a-z0-9])?$",
    ),
    # OBSERVED amplify-cli issue 3854.
    domains.DomainReserved: AwsError(
        INVALID_PARAMETER, "Domain cannot contain reserved word: {word}"
    ),
    # OBSERVED where stacks with a custom domain failed to deploy.
    domains.NotASubdomain: AwsError(
        INVALID_PARAMETER,
        "Custom domain is not a valid subdomain: Was not able to resolve a DNS A record for the "
        "parent domain or domain parent is a top-level domain.",
    ),
    domains.InvalidDomainSettings: AwsError(INVALID_PARAMETER, "{fault}"),
    replicas.ReplicaNotFound: AwsError(NOT_FOUND, "Replica in {region} does not exist."),
    replicas.InvalidReplica: AwsError(INVALID_PARAMETER, "{fault}"),
    replicas.TooManyReplicas: AwsError(LIMIT_EXCEEDED, "Maximum number of replicas exceeded."),
}

_LOOKS: Mapping[type[Failure], AwsError] = {
    # OBSERVED anomalyco/guide issue 133.
    ui_customizations.DomainMissing: AwsError(
        INVALID_PARAMETER,
        "Cannot perform specific action because there does not exist a valid use pool domain "
        "associated with the user pool",
    ),
    ui_customizations.LogoRefused: AwsError(
        INVALID_PARAMETER, "ImageFile must be a PNG or JPEG image of at most 100 KB."
    ),
    ui_customizations.CustomizationTooLarge: AwsError(
        INVALID_PARAMETER, "CSS and ImageFile must not be larger than 135 KB together."
    ),
    branding_settings.InvalidSettings: AwsError(INVALID_PARAMETER, "{fault}"),
    managed_login_branding.InvalidBranding: AwsError(INVALID_PARAMETER, "{fault}"),
    managed_login_branding.BrandingNotFound: AwsError(
        NOT_FOUND, "Managed login branding does not exist."
    ),
    managed_login_branding.BrandingExists: AwsError(
        "ManagedLoginBrandingExistsException",
        "Managed login branding already exists for the app client.",
    ),
    terms.TermsNotFound: AwsError(NOT_FOUND, "Terms do not exist."),
    terms.TermsExist: AwsError(
        "TermsExistsException", "Terms {name} already exist for the app client."
    ),
    terms.InvalidLinks: AwsError(INVALID_PARAMETER, "{fault}"),
    custom_css.CssRefused: AwsError(INVALID_PARAMETER, "CSS must not contain {part}"),
    images.ImageUnusable: AwsError(INVALID_PARAMETER, "The file is not a usable image."),
}

LOGIN_ERRORS: Mapping[type[Failure], AwsError] = {
    **_DOMAINS,
    **_IDENTITY_PROVIDERS,
    **_LINKS,
    **_LOOKS,
}

"""ProviderDetails of identity providers: which keys each type has, and how AWS fills in the rest.

What was set is kept as it was set; what AWS derives (addresses of well-known providers, for
instance) stands beside it. The one secret among the keys is kept apart from the others.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

from poolgate.foundation.failure import Failure
from poolgate.outbound.documents import is_fetchable
from poolgate.saml.metadata import SamlMetadata, redirect_url

Details = Mapping[str, str]

# What an OIDC provider's own document tells, where the request does not.
ENDPOINT_KEYS = ("authorize_url", "token_url", "attributes_url", "jwks_uri")
_URL_KEYS = frozenset({*ENDPOINT_KEYS, "oidc_issuer", "MetadataURL"})
_BOOLEAN_KEYS = frozenset(
    {"IDPSignout", "IDPInit", "EncryptedResponses", "attributes_url_add_attributes"}
)
_CHOICES: Mapping[str, frozenset[str]] = {
    "attributes_request_method": frozenset({"GET", "POST"}),
    "token_request_method": frozenset({"GET", "POST"}),
    "RequestSigningAlgorithm": frozenset({"rsa-sha256"}),
}
_DEFAULT_FACEBOOK_VERSION = "v17.0"


class ProviderType(StrEnum):
    """The kinds of identity providers."""

    SAML = "SAML"
    FACEBOOK = "Facebook"
    GOOGLE = "Google"
    AMAZON = "LoginWithAmazon"
    APPLE = "SignInWithApple"
    OIDC = "OIDC"

    @property
    def is_social(self) -> bool:
        """Tell whether the provider is one certain company."""
        return self not in {ProviderType.SAML, ProviderType.OIDC}


class InvalidProviderDetails(Failure):
    """Details that are missing, unknown or malformed. Facts: fault."""


# AWS CreateIdentityProvider: the keys of the request, by type, and those of the answer.
_REQUIRED: Mapping[ProviderType, tuple[str, ...]] = {
    ProviderType.SAML: (),
    ProviderType.FACEBOOK: ("authorize_scopes", "client_id", "client_secret"),
    ProviderType.GOOGLE: ("authorize_scopes", "client_id", "client_secret"),
    ProviderType.AMAZON: ("authorize_scopes", "client_id", "client_secret"),
    ProviderType.APPLE: ("authorize_scopes", "client_id", "team_id", "key_id", "private_key"),
    ProviderType.OIDC: (
        "attributes_request_method",
        "authorize_scopes",
        "client_id",
        "oidc_issuer",
    ),
}
_OAUTH_KEYS = frozenset(
    {
        "attributes_url",
        "attributes_url_add_attributes",
        "authorize_url",
        "token_url",
        "token_request_method",
        "oidc_issuer",
    }
)
_OPTIONAL: Mapping[ProviderType, frozenset[str]] = {
    ProviderType.SAML: frozenset(
        {
            "MetadataURL",
            "MetadataFile",
            "IDPSignout",
            "IDPInit",
            "EncryptedResponses",
            "RequestSigningAlgorithm",
            "SSORedirectBindingURI",
            "SLORedirectBindingURI",
            "ActiveEncryptionCertificate",
        }
    ),
    ProviderType.FACEBOOK: _OAUTH_KEYS | {"api_version"},
    ProviderType.GOOGLE: _OAUTH_KEYS,
    ProviderType.AMAZON: _OAUTH_KEYS,
    ProviderType.APPLE: _OAUTH_KEYS,
    ProviderType.OIDC: frozenset(
        {*ENDPOINT_KEYS, "client_secret", "attributes_url_add_attributes", "token_request_method"}
    ),
}
# Of SAML details AWS writes these itself.
_SAML_PLACES = ("SSORedirectBindingURI", "SLORedirectBindingURI")
METADATA_URL = "MetadataURL"
# AWS: metadata that is published is read again every six hours.
REFRESH_EVERY_MILLIS = 6 * 3600 * 1000
SAML_ANSWERS = ("SSORedirectBindingURI", "SLORedirectBindingURI", "ActiveEncryptionCertificate")


def secret_key_of(provider_type: ProviderType) -> str:
    """Return the detail that is the secret of such a provider."""
    return "private_key" if provider_type is ProviderType.APPLE else "client_secret"


def verify_details(provider_type: ProviderType, details: Details) -> None:
    """Raise InvalidProviderDetails unless the details are complete and well formed."""
    for key in _REQUIRED[provider_type]:
        if not details.get(key, "").strip():
            raise InvalidProviderDetails(
                fault=f"{key} is a required key of ProviderDetails for {provider_type} providers."
            )
    known = {*_REQUIRED[provider_type], *_OPTIONAL[provider_type]}
    for key, value in details.items():
        if key not in known:
            raise InvalidProviderDetails(
                fault=f"ProviderDetails of {provider_type} providers have no key {key[:64]}."
            )
        _verify_value(key, value)
    has_metadata = details.get("MetadataURL") or details.get("MetadataFile")
    if provider_type is ProviderType.SAML and not has_metadata:
        # OBSERVED terraform-provider-aws issue 4815.
        raise InvalidProviderDetails(
            fault="At least one of the MetadataURL or MetadataFile should be provided."
        )


def completed(provider_type: ProviderType, details: Details) -> dict[str, str]:
    """Return the details with what AWS adds to those that were given."""
    return {**_ADDED[provider_type](details), **details}


def default_username_claim(provider_type: ProviderType) -> str | None:
    """Return the claim that names a user where the mapping does not say it."""
    return _USERNAME_CLAIMS.get(provider_type)


def _verify_value(key: str, value: str) -> None:
    if key in _BOOLEAN_KEYS and value not in {"true", "false"}:
        raise InvalidProviderDetails(fault=f"{key} must be true or false.")
    if key in _CHOICES and value not in _CHOICES[key]:
        raise InvalidProviderDetails(
            fault=f"{key} must be one of {', '.join(sorted(_CHOICES[key]))}."
        )
    if key in _URL_KEYS and not is_fetchable(value):
        raise InvalidProviderDetails(fault=f"{key} must be an https URL.")


def _nothing(_details: Details) -> dict[str, str]:
    return {}


def _facebook(details: Details) -> dict[str, str]:
    version = details.get("api_version", _DEFAULT_FACEBOOK_VERSION)
    return {
        "attributes_url": f"https://graph.facebook.com/{version}/me?fields=",
        "attributes_url_add_attributes": "true",
        "authorize_url": f"https://www.facebook.com/{version}/dialog/oauth",
        "token_request_method": "GET",
        "token_url": f"https://graph.facebook.com/{version}/oauth/access_token",
    }


def _google(_details: Details) -> dict[str, str]:
    return {
        "attributes_url": "https://people.googleapis.com/v1/people/me?personFields=",
        "attributes_url_add_attributes": "true",
        "authorize_url": "https://accounts.google.com/o/oauth2/v2/auth",
        "oidc_issuer": "https://accounts.google.com",
        "token_request_method": "POST",
        "token_url": "https://www.googleapis.com/oauth2/v4/token",
    }


def _amazon(_details: Details) -> dict[str, str]:
    return {
        "attributes_url": "https://api.amazon.com/user/profile",
        "attributes_url_add_attributes": "false",
        "authorize_url": "https://www.amazon.com/ap/oa",
        "token_request_method": "POST",
        "token_url": "https://api.amazon.com/auth/o2/token",
    }


def _apple(_details: Details) -> dict[str, str]:
    return {
        "attributes_url_add_attributes": "false",
        "authorize_url": "https://appleid.apple.com/auth/authorize",
        "oidc_issuer": "https://appleid.apple.com",
        "token_request_method": "POST",
        "token_url": "https://appleid.apple.com/auth/token",
    }


def _oidc(_details: Details) -> dict[str, str]:
    return {"attributes_url_add_attributes": "false"}


_ADDED: Mapping[ProviderType, Callable[[Details], dict[str, str]]] = {
    ProviderType.SAML: _nothing,
    ProviderType.FACEBOOK: _facebook,
    ProviderType.GOOGLE: _google,
    ProviderType.AMAZON: _amazon,
    ProviderType.APPLE: _apple,
    ProviderType.OIDC: _oidc,
}
# AWS oauth_login.md 7.2.
_USERNAME_CLAIMS: Mapping[ProviderType, str] = {
    ProviderType.FACEBOOK: "id",
    ProviderType.GOOGLE: "sub",
    ProviderType.AMAZON: "user_id",
    ProviderType.APPLE: "sub",
    ProviderType.OIDC: "sub",
}


def with_metadata(details: Details, described: SamlMetadata) -> dict[str, str]:
    """Return a SAML provider's details with where people are sent; raise NoRedirectBinding."""
    kept = {name: value for name, value in details.items() if name not in _SAML_PLACES}
    kept["SSORedirectBindingURI"] = redirect_url(described)
    if described.slo_redirect_url is not None:
        kept["SLORedirectBindingURI"] = described.slo_redirect_url
    return kept

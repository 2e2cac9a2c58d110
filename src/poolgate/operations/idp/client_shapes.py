"""App clients between their shapes and the domain's values."""

from typing import Any

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.secret import Secret
from poolgate.operations.idp.unbuilt import refuse_if
from poolgate.operations.shapes.idp import (
    CreateUserPoolClientRequest,
    UpdateUserPoolClientRequest,
    UserPoolClientDescription,
    UserPoolClientType,
)
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.client_settings import ClientSettings, Validity

# AWS RefreshTokenValidity: what a client has that set none, in days.
_DEFAULT_REFRESH_VALIDITY = 30
_DEFAULT_SESSION_MINUTES = 3


def client_settings_of(
    request: CreateUserPoolClientRequest | UpdateUserPoolClientRequest,
) -> ClientSettings:
    """Return the request's settings; what it leaves out has its default."""
    refuse_if(request.get("AnalyticsConfiguration"), "AnalyticsConfiguration")
    units = request.get("TokenValidityUnits", {})
    rotation = request.get("RefreshTokenRotation")
    return ClientSettings(
        explicit_auth_flows=_set_of(request.get("ExplicitAuthFlows")),
        prevent_user_existence_errors=request.get("PreventUserExistenceErrors"),
        revocation_enabled=request.get("EnableTokenRevocation", True),
        propagates_context=request.get("EnablePropagateAdditionalUserContextData", False),
        access_token_validity=Validity(
            request.get("AccessTokenValidity"), units.get("AccessToken")
        ),
        id_token_validity=Validity(request.get("IdTokenValidity"), units.get("IdToken")),
        refresh_token_validity=Validity(
            request.get("RefreshTokenValidity"), units.get("RefreshToken")
        ),
        auth_session_minutes=request.get("AuthSessionValidity", _DEFAULT_SESSION_MINUTES),
        refresh_token_rotation=rotation["Feature"] == "ENABLED" if rotation else None,
        rotation_grace_seconds=rotation.get("RetryGracePeriodSeconds", 0) if rotation else 0,
        read_attributes=_set_of(request.get("ReadAttributes")),
        write_attributes=_set_of(request.get("WriteAttributes")),
        identity_providers=_set_of(request.get("SupportedIdentityProviders")),
        callback_urls=_set_of(request.get("CallbackURLs")),
        logout_urls=_set_of(request.get("LogoutURLs")),
        default_redirect_uri=request.get("DefaultRedirectURI"),
        oauth_allowed=request.get("AllowedOAuthFlowsUserPoolClient", False),
        oauth_flows=_set_of(request.get("AllowedOAuthFlows")),
        oauth_scopes=_set_of(request.get("AllowedOAuthScopes")),
    )


def user_pool_client_type(
    app_client: AppClient, client_secret: Secret | None
) -> UserPoolClientType:
    """Return the client in full, with the secret it was made with."""
    refresh = app_client.refresh_token_validity
    shape = UserPoolClientType(
        UserPoolId=app_client.pool_id,
        ClientName=app_client.name,
        ClientId=app_client.client_id,
        LastModifiedDate=from_epoch_millis(app_client.modified_at),
        CreationDate=from_epoch_millis(app_client.created_at),
        RefreshTokenValidity=refresh.amount or _DEFAULT_REFRESH_VALIDITY,
        TokenValidityUnits={},
        AllowedOAuthFlowsUserPoolClient=app_client.oauth_allowed,
        EnableTokenRevocation=app_client.revocation_enabled,
        EnablePropagateAdditionalUserContextData=app_client.propagates_context,
        AuthSessionValidity=app_client.auth_session_minutes,
    )
    if client_secret is not None:
        shape["ClientSecret"] = client_secret.reveal()
    _add_lifetimes(shape, app_client)
    _add_lists(shape, app_client)
    _put(shape, "PreventUserExistenceErrors", app_client.prevent_user_existence_errors)
    _put(shape, "DefaultRedirectURI", app_client.default_redirect_uri)
    if app_client.refresh_token_rotation is not None:
        shape["RefreshTokenRotation"] = {
            "Feature": "ENABLED" if app_client.refresh_token_rotation else "DISABLED",
            "RetryGracePeriodSeconds": app_client.rotation_grace_seconds,
        }
    return shape


def user_pool_client_description(app_client: AppClient) -> UserPoolClientDescription:
    """Return the client as a listing shows it, without secrets."""
    return UserPoolClientDescription(
        ClientId=app_client.client_id, UserPoolId=app_client.pool_id, ClientName=app_client.name
    )


def _add_lifetimes(shape: UserPoolClientType, app_client: AppClient) -> None:
    _put(shape, "AccessTokenValidity", app_client.access_token_validity.amount)
    _put(shape, "IdTokenValidity", app_client.id_token_validity.amount)
    units = shape["TokenValidityUnits"]
    _put(units, "AccessToken", app_client.access_token_validity.unit)
    _put(units, "IdToken", app_client.id_token_validity.unit)
    _put(units, "RefreshToken", app_client.refresh_token_validity.unit)


def _add_lists(shape: UserPoolClientType, app_client: AppClient) -> None:
    for member, values in (
        ("ReadAttributes", app_client.read_attributes),
        ("WriteAttributes", app_client.write_attributes),
        ("ExplicitAuthFlows", app_client.explicit_auth_flows),
        ("SupportedIdentityProviders", app_client.identity_providers),
        ("CallbackURLs", app_client.callback_urls),
        ("LogoutURLs", app_client.logout_urls),
        ("AllowedOAuthFlows", app_client.oauth_flows),
        ("AllowedOAuthScopes", app_client.oauth_scopes),
    ):
        _put(shape, member, None if values is None else list(values))


def _set_of(values: list[str] | None) -> tuple[str, ...] | None:
    """Return the values once each, in their order; AWS takes an empty list for none given."""
    return tuple(dict.fromkeys(values)) if values else None


def _put(shape: Any, member: str, value: object) -> None:  # noqa: ANN401 - any shape with optional members
    if value is not None:
        shape[member] = value

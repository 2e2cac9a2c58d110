"""Ending sign-ins: by refresh token, by the user, by an administrator."""

from poolgate.credentials.secret_hash import verify_client_secret
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.foundation.secret import Secret
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AdminUserGlobalSignOutRequest,
    AdminUserGlobalSignOutResponse,
    GlobalSignOutRequest,
    GlobalSignOutResponse,
    RevokeTokenRequest,
    RevokeTokenResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import app_clients, pools, refresh_tokens, users
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.app_clients import AppClient


@registrar.operation("RevokeToken", authentication=Authentication.NONE)
def revoke_token(call: Call, request: RevokeTokenRequest) -> RevokeTokenResponse:
    """End the sign-in that a refresh token belongs to, and its browser session where asked."""
    with call.db.reading() as transaction:
        app_client = app_clients.get(transaction, ClientId(request["ClientId"]))
        client_secrets = app_clients.secrets_of(transaction, call.vault, app_client.client_id)
        pool = pools.get(transaction, app_client.pool_id)
    _verify_client(app_client, client_secrets, request.get("ClientSecret"))
    # AWS: "LINKED has no effect when session tracking is disabled".
    is_linked = request.get("RevokeAssociatedSessions") == "LINKED" and pool.session_tracking
    refresh_tokens.revoke(
        call, app_client, Secret(request["Token"]), with_browser_session=is_linked
    )
    return {}


@registrar.operation("GlobalSignOut", authentication=Authentication.ACCESS_TOKEN)
def global_sign_out(
    call: Call, _request: GlobalSignOutRequest, signed_in: SignedIn
) -> GlobalSignOutResponse:
    """End all sign-ins of the user who asks."""
    refresh_tokens.sign_out_everywhere(call, signed_in.user)
    return {}


@registrar.operation("AdminUserGlobalSignOut", authentication=Authentication.SIGV4)
def admin_user_global_sign_out(
    call: Call, request: AdminUserGlobalSignOutRequest
) -> AdminUserGlobalSignOutResponse:
    """End all sign-ins of a user."""
    with call.db.reading() as transaction:
        pool = pools.get(transaction, PoolId(request["UserPoolId"]))
        user = users.get(transaction, pool, request["Username"])
    refresh_tokens.sign_out_everywhere(call, user)
    return {}


def _verify_client(
    app_client: AppClient, client_secrets: tuple[Secret, ...], submitted: str | None
) -> None:
    if submitted is None and not app_client.has_secret:
        return
    if submitted is None:
        raise refresh_tokens.ClientSecretMissing(client_id=app_client.client_id)
    verify_client_secret(client_secrets, app_client.client_id, Secret(submitted))

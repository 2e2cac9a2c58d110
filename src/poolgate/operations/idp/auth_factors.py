"""What a user can sign in with, as the user sees it and as administrators do."""

from poolgate.foundation.ids import PoolId
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.idp.user_shapes import with_mfa
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AdminDeleteSoftwareTokenRequest,
    AdminDeleteSoftwareTokenResponse,
    AdminGetUserAuthFactorsRequest,
    AdminGetUserAuthFactorsResponse,
    GetUserAuthFactorsRequest,
    GetUserAuthFactorsResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import auth_factors, software_tokens, user_administration
from poolgate.userpools.access_tokens import SignedIn


@registrar.operation("GetUserAuthFactors", authentication=Authentication.ACCESS_TOKEN)
def get_user_auth_factors(
    call: Call, _request: GetUserAuthFactorsRequest, signed_in: SignedIn
) -> GetUserAuthFactorsResponse:
    """Show what the user can sign in with."""
    user = signed_in.user
    configured = auth_factors.configured(call, signed_in.pool, user)
    response = GetUserAuthFactorsResponse(
        Username=user.username, ConfiguredUserAuthFactors=list(configured)
    )
    return with_mfa(response, user)


@registrar.operation("AdminGetUserAuthFactors", authentication=Authentication.SIGV4)
def admin_get_user_auth_factors(
    call: Call, request: AdminGetUserAuthFactorsRequest
) -> AdminGetUserAuthFactorsResponse:
    """Show what a user can sign in with."""
    pool, user = user_administration.get(call, PoolId(request["UserPoolId"]), request["Username"])
    configured = auth_factors.configured(call, pool, user)
    response = AdminGetUserAuthFactorsResponse(
        Username=user.username, ConfiguredUserAuthFactors=list(configured)
    )
    return with_mfa(response, user)


@registrar.operation("AdminDeleteSoftwareToken", authentication=Authentication.SIGV4)
def admin_delete_software_token(
    call: Call, request: AdminDeleteSoftwareTokenRequest
) -> AdminDeleteSoftwareTokenResponse:
    """Take a user's authenticator app away, so that another one can be set up."""
    software_tokens.delete(call, PoolId(request["UserPoolId"]), request["Username"])
    return {}

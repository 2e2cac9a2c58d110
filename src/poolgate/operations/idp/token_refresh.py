"""New tokens for a refresh token, also where refresh tokens rotate."""

from poolgate.foundation.ids import ClientId
from poolgate.foundation.secret import Secret
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.idp.token_shapes import authentication_result
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    GetTokensFromRefreshTokenRequest,
    GetTokensFromRefreshTokenResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import pools, tokens
from poolgate.userpools.auth_flows import verify_may_refresh
from poolgate.userpools.client_proofs import proven_client
from poolgate.userpools.token_claims import TokenSource


@registrar.operation("GetTokensFromRefreshToken", authentication=Authentication.NONE)
def get_tokens_from_refresh_token(
    call: Call, request: GetTokensFromRefreshTokenRequest
) -> GetTokensFromRefreshTokenResponse:
    """Refresh a sign-in; the app client proves itself with its plain secret."""
    given_secret = request.get("ClientSecret")
    with call.db.reading() as transaction:
        app_client = proven_client(
            transaction,
            call,
            ClientId(request["ClientId"]),
            None if given_secret is None else Secret(given_secret),
        )
        pool = pools.get(transaction, app_client.pool_id)
    verify_may_refresh(app_client)
    token_set = tokens.refresh(
        call,
        app_client,
        pool,
        Secret(request["RefreshToken"]),
        device_key=request.get("DeviceKey"),
        # AWS API_GetTokensFromRefreshToken names this source, not the one of refreshing.
        source=TokenSource.AUTHENTICATION,
        client_metadata=request.get("ClientMetadata"),
    )
    return {"AuthenticationResult": authentication_result(token_set)}

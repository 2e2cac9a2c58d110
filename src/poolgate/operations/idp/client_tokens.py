"""Machine-to-machine access tokens."""

from poolgate.foundation.ids import ClientId
from poolgate.foundation.secret import Secret
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import GetClientTokenRequest, GetClientTokenResponse
from poolgate.store.call import Call
from poolgate.userpools import client_tokens


@registrar.operation("GetClientToken", authentication=Authentication.NONE)
def get_client_token(call: Call, request: GetClientTokenRequest) -> GetClientTokenResponse:
    """Issue an access token to an app client; its secret proves it, never a signature."""
    client_token = client_tokens.issue(
        call,
        ClientId(request["ClientId"]),
        Secret(request["Secret"]),
        request.get("Scopes", ()),
        client_metadata=request.get("ClientMetadata"),
    )
    return {
        "ClientAuthenticationResult": {
            "AccessToken": client_token.access_token.reveal(),
            "ExpiresIn": client_token.expires_in,
            "TokenType": "Bearer",
        }
    }

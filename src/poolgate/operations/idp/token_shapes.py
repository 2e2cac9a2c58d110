"""Tokens as answers show them."""

from poolgate.operations.shapes.idp import AuthenticationResultType
from poolgate.userpools.tokens import TokenSet


def authentication_result(token_set: TokenSet) -> AuthenticationResultType:
    """Return the tokens; an ID or refresh token is there only when one was issued."""
    tokens = AuthenticationResultType(
        AccessToken=token_set.access_token.reveal(),
        ExpiresIn=token_set.expires_in,
        TokenType="Bearer",
    )
    if token_set.id_token is not None:
        tokens["IdToken"] = token_set.id_token.reveal()
    if token_set.refresh_token is not None:
        tokens["RefreshToken"] = token_set.refresh_token.reveal()
    if token_set.new_device is not None:
        tokens["NewDeviceMetadata"] = {
            "DeviceKey": token_set.new_device.device_key,
            "DeviceGroupKey": token_set.new_device.device_group_key,
        }
    return tokens

"""Why a request was refused, for those who may know."""

from poolgate.iam import authorization_messages
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import sts as shapes
from poolgate.operations.sts.registrar import registrar
from poolgate.store.call import Call


@registrar.operation("DecodeAuthorizationMessage", authentication=Authentication.SIGV4)
def decode_authorization_message(
    call: Call, request: shapes.DecodeAuthorizationMessageRequest
) -> shapes.DecodeAuthorizationMessageResponse:
    """Open the message that came with a refusal."""
    return {"DecodedMessage": authorization_messages.decode(call, request["EncodedMessage"])}

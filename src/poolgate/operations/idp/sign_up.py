"""SignUp, ConfirmSignUp and ResendConfirmationCode."""

from poolgate.foundation.ids import ClientId
from poolgate.foundation.secret import Secret
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.idp.told_context import with_user_context
from poolgate.operations.idp.user_shapes import (
    code_delivery_details,
    given_attributes,
    validation_data,
)
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    ConfirmSignUpRequest,
    ConfirmSignUpResponse,
    ResendConfirmationCodeRequest,
    ResendConfirmationCodeResponse,
    SignUpRequest,
    SignUpResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import sign_up
from poolgate.userpools.users import UserStatus


@registrar.operation("SignUp", authentication=Authentication.NONE)
def sign_up_user(call: Call, request: SignUpRequest) -> SignUpResponse:
    """Let somebody make an account."""
    password = request.get("Password")
    signed_up = sign_up.sign_up(
        with_user_context(call, request.get("UserContextData")),
        ClientId(request["ClientId"]),
        request["Username"],
        None if password is None else Secret(password),
        given_attributes(request.get("UserAttributes", [])),
        secret_hash=request.get("SecretHash"),
        validation=validation_data(request),
        client_metadata=request.get("ClientMetadata"),
    )
    is_confirmed = signed_up.user.status is UserStatus.CONFIRMED
    response = SignUpResponse(UserConfirmed=is_confirmed, UserSub=signed_up.user.sub)
    if signed_up.delivery is not None:
        response["CodeDeliveryDetails"] = code_delivery_details(signed_up.delivery)
    if signed_up.auth_session is not None:
        response["Session"] = signed_up.auth_session.reveal()
    return response


@registrar.operation("ConfirmSignUp", authentication=Authentication.NONE)
def confirm_sign_up(call: Call, request: ConfirmSignUpRequest) -> ConfirmSignUpResponse:
    """Confirm an account with the code that was sent."""
    presented = request.get("Session")
    auth_session = sign_up.confirm(
        with_user_context(call, request.get("UserContextData")),
        ClientId(request["ClientId"]),
        request["Username"],
        Secret(request["ConfirmationCode"]),
        secret_hash=request.get("SecretHash"),
        takes_alias=request.get("ForceAliasCreation", False),
        auth_session=None if presented is None else Secret(presented),
        client_metadata=request.get("ClientMetadata"),
    )
    if auth_session is None:
        return ConfirmSignUpResponse()
    return ConfirmSignUpResponse(Session=auth_session.reveal())


@registrar.operation("ResendConfirmationCode", authentication=Authentication.NONE)
def resend_confirmation_code(
    call: Call, request: ResendConfirmationCodeRequest
) -> ResendConfirmationCodeResponse:
    """Send the code again."""
    delivery = sign_up.resend(
        with_user_context(call, request.get("UserContextData")),
        ClientId(request["ClientId"]),
        request["Username"],
        secret_hash=request.get("SecretHash"),
        client_metadata=request.get("ClientMetadata"),
    )
    return ResendConfirmationCodeResponse(CodeDeliveryDetails=code_delivery_details(delivery))

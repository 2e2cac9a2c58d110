"""ForgotPassword, ConfirmForgotPassword, AdminResetUserPassword and ChangePassword."""

from poolgate.foundation.ids import ClientId, PoolId
from poolgate.foundation.secret import Secret
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.idp.told_context import with_user_context
from poolgate.operations.idp.user_shapes import code_delivery_details
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AdminResetUserPasswordRequest,
    AdminResetUserPasswordResponse,
    ChangePasswordRequest,
    ChangePasswordResponse,
    ConfirmForgotPasswordRequest,
    ConfirmForgotPasswordResponse,
    ForgotPasswordRequest,
    ForgotPasswordResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import password_changes, password_recovery
from poolgate.userpools.access_tokens import SignedIn


@registrar.operation("ForgotPassword", authentication=Authentication.NONE)
def forgot_password(call: Call, request: ForgotPasswordRequest) -> ForgotPasswordResponse:
    """Send a code that allows a new password."""
    delivery = password_recovery.begin(
        with_user_context(call, request.get("UserContextData")),
        ClientId(request["ClientId"]),
        request["Username"],
        secret_hash=request.get("SecretHash"),
        client_metadata=request.get("ClientMetadata"),
    )
    return ForgotPasswordResponse(CodeDeliveryDetails=code_delivery_details(delivery))


@registrar.operation("ConfirmForgotPassword", authentication=Authentication.NONE)
def confirm_forgot_password(
    call: Call, request: ConfirmForgotPasswordRequest
) -> ConfirmForgotPasswordResponse:
    """Set a new password with the code that was sent."""
    password_recovery.finish(
        with_user_context(call, request.get("UserContextData")),
        ClientId(request["ClientId"]),
        request["Username"],
        Secret(request["ConfirmationCode"]),
        Secret(request["Password"]),
        secret_hash=request.get("SecretHash"),
        client_metadata=request.get("ClientMetadata"),
    )
    return ConfirmForgotPasswordResponse()


@registrar.operation("AdminResetUserPassword", authentication=Authentication.SIGV4)
def admin_reset_user_password(
    call: Call, request: AdminResetUserPasswordRequest
) -> AdminResetUserPasswordResponse:
    """Make a user choose a new password."""
    password_recovery.reset_by_administrator(
        call,
        PoolId(request["UserPoolId"]),
        request["Username"],
        client_metadata=request.get("ClientMetadata"),
    )
    return AdminResetUserPasswordResponse()


@registrar.operation("ChangePassword", authentication=Authentication.ACCESS_TOKEN)
def change_password(
    call: Call, request: ChangePasswordRequest, signed_in: SignedIn
) -> ChangePasswordResponse:
    """Replace one's own password."""
    previous = request.get("PreviousPassword")
    password_changes.change(
        call,
        signed_in,
        None if previous is None else Secret(previous),
        Secret(request["ProposedPassword"]),
    )
    return ChangePasswordResponse()

"""Users as administrators handle them, and a user's view of itself."""

from poolgate.delivery.queue import Medium
from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import PoolId
from poolgate.foundation.secret import Secret
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.idp.user_shapes import (
    attribute_list,
    given_attributes,
    user_type,
    validation_data,
    with_mfa,
)
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AdminConfirmSignUpRequest,
    AdminConfirmSignUpResponse,
    AdminCreateUserRequest,
    AdminCreateUserResponse,
    AdminDeleteUserRequest,
    AdminDisableUserRequest,
    AdminDisableUserResponse,
    AdminEnableUserRequest,
    AdminEnableUserResponse,
    AdminGetUserRequest,
    AdminGetUserResponse,
    AdminSetUserPasswordRequest,
    AdminSetUserPasswordResponse,
    DeleteUserRequest,
    GetUserRequest,
    GetUserResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import attributes, user_administration
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.user_administration import Invitation


@registrar.operation("AdminCreateUser", authentication=Authentication.SIGV4)
def admin_create_user(call: Call, request: AdminCreateUserRequest) -> AdminCreateUserResponse:
    """Make a user with a temporary password, or invite one again."""
    pool_id, login_name = PoolId(request["UserPoolId"]), request["Username"]
    temporary_password = request.get("TemporaryPassword")
    password = Secret(temporary_password) if temporary_password else None
    action = request.get("MessageAction")
    invitation = Invitation(
        media=[Medium(medium) for medium in request.get("DesiredDeliveryMediums", [])],
        suppressed=action == "SUPPRESS",
    )
    if action == "RESEND":
        user = user_administration.invite_again(
            call,
            pool_id,
            login_name,
            temporary_password=password,
            invitation=invitation,
            client_metadata=request.get("ClientMetadata"),
        )
    else:
        user = user_administration.create(
            call,
            pool_id,
            login_name,
            given_attributes(request.get("UserAttributes", [])),
            temporary_password=password,
            invitation=invitation,
            takes_aliases=request.get("ForceAliasCreation", False),
            validation=validation_data(request),
            client_metadata=request.get("ClientMetadata"),
        )
    return AdminCreateUserResponse(User=user_type(user))


@registrar.operation("AdminGetUser", authentication=Authentication.SIGV4)
def admin_get_user(call: Call, request: AdminGetUserRequest) -> AdminGetUserResponse:
    """Return a user with all attributes."""
    _, user = user_administration.get(call, PoolId(request["UserPoolId"]), request["Username"])
    response = AdminGetUserResponse(
        Username=user.username,
        UserAttributes=attribute_list(user),
        UserCreateDate=from_epoch_millis(user.created_at),
        UserLastModifiedDate=from_epoch_millis(user.modified_at),
        Enabled=user.enabled,
        UserStatus=user.status,
    )
    return with_mfa(response, user)


@registrar.operation("AdminConfirmSignUp", authentication=Authentication.SIGV4)
def admin_confirm_sign_up(
    call: Call, request: AdminConfirmSignUpRequest
) -> AdminConfirmSignUpResponse:
    """Confirm a sign-up without a code."""
    user_administration.confirm(
        call,
        PoolId(request["UserPoolId"]),
        request["Username"],
        client_metadata=request.get("ClientMetadata"),
    )
    return AdminConfirmSignUpResponse()


@registrar.operation("AdminEnableUser", authentication=Authentication.SIGV4)
def admin_enable_user(call: Call, request: AdminEnableUserRequest) -> AdminEnableUserResponse:
    """Let a user sign in again."""
    user_administration.set_enabled(
        call, PoolId(request["UserPoolId"]), request["Username"], enabled=True
    )
    return AdminEnableUserResponse()


@registrar.operation("AdminDisableUser", authentication=Authentication.SIGV4)
def admin_disable_user(call: Call, request: AdminDisableUserRequest) -> AdminDisableUserResponse:
    """End a user's sessions and let no new ones begin."""
    user_administration.set_enabled(
        call, PoolId(request["UserPoolId"]), request["Username"], enabled=False
    )
    return AdminDisableUserResponse()


@registrar.operation("AdminDeleteUser", authentication=Authentication.SIGV4)
def admin_delete_user(call: Call, request: AdminDeleteUserRequest) -> None:
    """Remove a user."""
    user_administration.delete(call, PoolId(request["UserPoolId"]), request["Username"])


@registrar.operation("AdminSetUserPassword", authentication=Authentication.SIGV4)
def admin_set_user_password(
    call: Call, request: AdminSetUserPasswordRequest
) -> AdminSetUserPasswordResponse:
    """Replace a user's password."""
    user_administration.set_password(
        call,
        PoolId(request["UserPoolId"]),
        request["Username"],
        Secret(request["Password"]),
        permanent=request.get("Permanent", False),
    )
    return AdminSetUserPasswordResponse()


@registrar.operation("GetUser", authentication=Authentication.ACCESS_TOKEN)
def get_user(_call: Call, _request: GetUserRequest, signed_in: SignedIn) -> GetUserResponse:
    """Return what the user's app client may see of the user."""
    user = signed_in.user
    shown = attributes.readable(signed_in.app_client, user.attributes)
    response = GetUserResponse(Username=user.username, UserAttributes=attribute_list(user, shown))
    return with_mfa(response, user)


@registrar.operation("DeleteUser", authentication=Authentication.ACCESS_TOKEN)
def delete_user(call: Call, _request: DeleteUserRequest, signed_in: SignedIn) -> None:
    """Let a user remove itself."""
    user_administration.delete_itself(call, signed_in.user)

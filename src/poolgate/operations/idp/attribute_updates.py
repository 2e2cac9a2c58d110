"""Changing, removing and verifying the attributes of users."""

from poolgate.foundation.ids import PoolId
from poolgate.foundation.secret import Secret
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.idp.user_shapes import code_delivery_details, given_attributes
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AdminDeleteUserAttributesRequest,
    AdminDeleteUserAttributesResponse,
    AdminUpdateUserAttributesRequest,
    AdminUpdateUserAttributesResponse,
    DeleteUserAttributesRequest,
    DeleteUserAttributesResponse,
    GetUserAttributeVerificationCodeRequest,
    GetUserAttributeVerificationCodeResponse,
    UpdateUserAttributesRequest,
    UpdateUserAttributesResponse,
    VerifyUserAttributeRequest,
    VerifyUserAttributeResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import attribute_updates
from poolgate.userpools.access_tokens import SignedIn


@registrar.operation("UpdateUserAttributes", authentication=Authentication.ACCESS_TOKEN)
def update_user_attributes(
    call: Call, request: UpdateUserAttributesRequest, signed_in: SignedIn
) -> UpdateUserAttributesResponse:
    """Change one's own attributes."""
    given = given_attributes(request["UserAttributes"])
    deliveries = attribute_updates.update(
        call, signed_in, given, client_metadata=request.get("ClientMetadata")
    )
    return UpdateUserAttributesResponse(
        CodeDeliveryDetailsList=[code_delivery_details(delivery) for delivery in deliveries]
    )


@registrar.operation("AdminUpdateUserAttributes", authentication=Authentication.SIGV4)
def admin_update_user_attributes(
    call: Call, request: AdminUpdateUserAttributesRequest
) -> AdminUpdateUserAttributesResponse:
    """Change a user's attributes."""
    attribute_updates.update_by_administrator(
        call,
        PoolId(request["UserPoolId"]),
        request["Username"],
        given_attributes(request["UserAttributes"]),
        client_metadata=request.get("ClientMetadata"),
    )
    return AdminUpdateUserAttributesResponse()


@registrar.operation("DeleteUserAttributes", authentication=Authentication.ACCESS_TOKEN)
def delete_user_attributes(
    call: Call, request: DeleteUserAttributesRequest, signed_in: SignedIn
) -> DeleteUserAttributesResponse:
    """Remove some of one's own attributes."""
    attribute_updates.delete(call, signed_in, request["UserAttributeNames"])
    return DeleteUserAttributesResponse()


@registrar.operation("AdminDeleteUserAttributes", authentication=Authentication.SIGV4)
def admin_delete_user_attributes(
    call: Call, request: AdminDeleteUserAttributesRequest
) -> AdminDeleteUserAttributesResponse:
    """Remove some of a user's attributes."""
    attribute_updates.delete_by_administrator(
        call,
        PoolId(request["UserPoolId"]),
        request["Username"],
        request["UserAttributeNames"],
    )
    return AdminDeleteUserAttributesResponse()


@registrar.operation("GetUserAttributeVerificationCode", authentication=Authentication.ACCESS_TOKEN)
def get_user_attribute_verification_code(
    call: Call, request: GetUserAttributeVerificationCodeRequest, signed_in: SignedIn
) -> GetUserAttributeVerificationCodeResponse:
    """Send a code to one's own address."""
    delivery = attribute_updates.send_code(
        call, signed_in, request["AttributeName"], client_metadata=request.get("ClientMetadata")
    )
    return GetUserAttributeVerificationCodeResponse(
        CodeDeliveryDetails=code_delivery_details(delivery)
    )


@registrar.operation("VerifyUserAttribute", authentication=Authentication.ACCESS_TOKEN)
def verify_user_attribute(
    call: Call, request: VerifyUserAttributeRequest, signed_in: SignedIn
) -> VerifyUserAttributeResponse:
    """Prove one's own address with the code that was sent to it."""
    attribute_updates.verify(call, signed_in, request["AttributeName"], Secret(request["Code"]))
    return VerifyUserAttributeResponse()

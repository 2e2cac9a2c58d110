"""Users and their attributes as the shapes of several operations write them."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.failure import Failure
from poolgate.operations.shapes.idp import (
    AdminCreateUserRequest,
    AdminGetUserAuthFactorsResponse,
    AdminGetUserResponse,
    AttributeType,
    CodeDeliveryDetailsType,
    GetUserAuthFactorsResponse,
    GetUserResponse,
    SignUpRequest,
    UserType,
)
from poolgate.userpools.messages import Delivery
from poolgate.userpools.mfa_settings import MfaFactor
from poolgate.userpools.users import User

ShownUser = TypeVar(
    "ShownUser",
    AdminGetUserResponse,
    GetUserResponse,
    AdminGetUserAuthFactorsResponse,
    GetUserAuthFactorsResponse,
)


class AttributeValueMissing(Failure):
    """An attribute was given without a value. Facts: name."""


def given_attributes(attributes: Iterable[AttributeType]) -> dict[str, str]:
    """Return attributes by name; of a name given twice the last one counts."""
    given = {}
    for attribute in attributes:
        if "Value" not in attribute:
            raise AttributeValueMissing(name=attribute["Name"])
        given[attribute["Name"]] = attribute["Value"]
    return given


def validation_data(request: SignUpRequest | AdminCreateUserRequest) -> dict[str, str] | None:
    """Return what an app client tells the pre sign-up function only; None where it said nothing."""
    told = request.get("ValidationData")
    return None if told is None else given_attributes(told)


def attribute_list(user: User, shown: Mapping[str, str] | None = None) -> list[AttributeType]:
    """Return all attributes, or those `shown`, with the sub first."""
    attributes = user.attributes if shown is None else shown
    return [
        AttributeType(Name="sub", Value=user.sub),
        *(AttributeType(Name=name, Value=value) for name, value in attributes.items()),
    ]


def user_type(user: User) -> UserType:
    """Return the user as administrators see it."""
    return UserType(
        Username=user.username,
        Attributes=attribute_list(user),
        UserCreateDate=from_epoch_millis(user.created_at),
        UserLastModifiedDate=from_epoch_millis(user.modified_at),
        Enabled=user.enabled,
        UserStatus=user.status,
    )


def with_mfa(shape: ShownUser, user: User) -> ShownUser:
    """Return the shape with the second factors; without any it stays as it is."""
    if user.mfa.enabled:
        shape["UserMFASettingList"] = [factor for factor in MfaFactor if factor in user.mfa.enabled]
    if user.mfa.preferred is not None:
        shape["PreferredMfaSetting"] = user.mfa.preferred
    return shape


def code_delivery_details(delivery: Delivery) -> CodeDeliveryDetailsType:
    """Return where a code went, masked."""
    return CodeDeliveryDetailsType(
        Destination=delivery.masked_address,
        DeliveryMedium=delivery.medium,
        AttributeName=delivery.attribute,
    )

"""Linking users to identities at other providers."""

from poolgate.foundation.ids import PoolId
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AdminDisableProviderForUserRequest,
    AdminDisableProviderForUserResponse,
    AdminLinkProviderForUserRequest,
    AdminLinkProviderForUserResponse,
    ProviderUserIdentifierType,
)
from poolgate.store.call import Call
from poolgate.userpools import linked_identities
from poolgate.userpools.linked_identities import Identity, InvalidUserIdentifier


@registrar.operation("AdminLinkProviderForUser", authentication=Authentication.SIGV4)
def admin_link_provider_for_user(
    call: Call, request: AdminLinkProviderForUserRequest
) -> AdminLinkProviderForUserResponse:
    """Let somebody of an identity provider sign in as a user of the pool."""
    destination = request["DestinationUser"].copy()
    # AWS AdminLinkProviderForUser: the destination's ProviderAttributeName is ignored.
    destination["ProviderAttributeName"] = linked_identities.SUBJECT
    linked_identities.link(
        call,
        PoolId(request["UserPoolId"]),
        _identity(destination, "DestinationUser"),
        _identity(request["SourceUser"], "SourceUser"),
    )
    return {}


@registrar.operation("AdminDisableProviderForUser", authentication=Authentication.SIGV4)
def admin_disable_provider_for_user(
    call: Call, request: AdminDisableProviderForUserRequest
) -> AdminDisableProviderForUserResponse:
    """Keep somebody from signing in by an identity provider, or by password."""
    pool_id = PoolId(request["UserPoolId"])
    linked_identities.disable(call, pool_id, _identity(request["User"], "User"))
    return {}


def _identity(shape: ProviderUserIdentifierType, member: str) -> Identity:
    for name in ("ProviderName", "ProviderAttributeName", "ProviderAttributeValue"):
        if not shape.get(name):
            raise InvalidUserIdentifier(fault=f"{name} is required in {member}.")
    return Identity(
        shape["ProviderName"], shape["ProviderAttributeName"], shape["ProviderAttributeValue"]
    )

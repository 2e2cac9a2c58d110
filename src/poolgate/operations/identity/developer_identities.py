"""Identities of a developer's own users."""

from poolgate.identitypools import developer_identities
from poolgate.operations.identity.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import identity as shapes
from poolgate.store.call import Call


@registrar.operation("GetOpenIdTokenForDeveloperIdentity", authentication=Authentication.SIGV4)
def get_open_id_token_for_developer_identity(
    call: Call, request: shapes.GetOpenIdTokenForDeveloperIdentityInput
) -> shapes.GetOpenIdTokenForDeveloperIdentityResponse:
    """Return a token for a user whom the developer vouches for."""
    identity_id, token = developer_identities.issue_token(
        call,
        request["IdentityPoolId"],
        request["Logins"],
        identity_id=request.get("IdentityId"),
        seconds=request.get("TokenDuration"),
        tags=request.get("PrincipalTags", {}),
    )
    return {"IdentityId": identity_id, "Token": token}


@registrar.operation("LookupDeveloperIdentity", authentication=Authentication.SIGV4)
def lookup_developer_identity(
    call: Call, request: shapes.LookupDeveloperIdentityInput
) -> shapes.LookupDeveloperIdentityResponse:
    """Return the identity of a developer's user, or the users of an identity."""
    found = developer_identities.look_up(
        call,
        request["IdentityPoolId"],
        identity_id=request.get("IdentityId"),
        user_identifier=request.get("DeveloperUserIdentifier"),
    )
    return {
        "IdentityId": found.identity_id,
        "DeveloperUserIdentifierList": list(found.user_identifiers),
    }


@registrar.operation("MergeDeveloperIdentities", authentication=Authentication.SIGV4)
def merge_developer_identities(
    call: Call, request: shapes.MergeDeveloperIdentitiesInput
) -> shapes.MergeDeveloperIdentitiesResponse:
    """Make one user's identity part of another's."""
    identity_id = developer_identities.merge(
        call,
        request["IdentityPoolId"],
        provider=request["DeveloperProviderName"],
        source=request["SourceUserIdentifier"],
        destination=request["DestinationUserIdentifier"],
    )
    return {"IdentityId": identity_id}


@registrar.operation("UnlinkDeveloperIdentity", authentication=Authentication.SIGV4)
def unlink_developer_identity(call: Call, request: shapes.UnlinkDeveloperIdentityInput) -> None:
    """Let a developer's user lead to the identity no longer."""
    developer_identities.unlink(
        call,
        request["IdentityPoolId"],
        request["IdentityId"],
        provider=request["DeveloperProviderName"],
        user_identifier=request["DeveloperUserIdentifier"],
    )

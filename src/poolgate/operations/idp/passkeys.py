"""A signed-in user's passkeys: registered in two steps, listed, removed."""

from typing import Final

from poolgate.foundation.clock import from_epoch_millis
from poolgate.operations.idp.paging import page_token_of, position_of
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    CompleteWebAuthnRegistrationRequest,
    CompleteWebAuthnRegistrationResponse,
    DeleteWebAuthnCredentialRequest,
    DeleteWebAuthnCredentialResponse,
    ListWebAuthnCredentialsRequest,
    ListWebAuthnCredentialsResponse,
    StartWebAuthnRegistrationRequest,
    StartWebAuthnRegistrationResponse,
    WebAuthnCredentialDescription,
)
from poolgate.store.call import Call
from poolgate.userpools import passkey_registration, passkeys
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.passkey_responses import parse_registration
from poolgate.userpools.passkeys import MAX_PASSKEYS_OF_A_USER, Passkey

_LISTING: Final = "passkeys"


@registrar.operation("StartWebAuthnRegistration", authentication=Authentication.ACCESS_TOKEN)
def start_web_authn_registration(
    call: Call, _request: StartWebAuthnRegistrationRequest, signed_in: SignedIn
) -> StartWebAuthnRegistrationResponse:
    """Begin to register a passkey: what the user's browser makes one by."""
    return {"CredentialCreationOptions": passkey_registration.begin(call, signed_in)}


@registrar.operation("CompleteWebAuthnRegistration", authentication=Authentication.ACCESS_TOKEN)
def complete_web_authn_registration(
    call: Call, request: CompleteWebAuthnRegistrationRequest, signed_in: SignedIn
) -> CompleteWebAuthnRegistrationResponse:
    """Register the passkey that the user's browser made."""
    passkey_registration.finish(call, signed_in, parse_registration(request["Credential"]))
    return {}


@registrar.operation("ListWebAuthnCredentials", authentication=Authentication.ACCESS_TOKEN)
def list_web_authn_credentials(
    call: Call, request: ListWebAuthnCredentialsRequest, signed_in: SignedIn
) -> ListWebAuthnCredentialsResponse:
    """List the user's passkeys, the oldest first."""
    listing = f"{_LISTING}/{signed_in.pool.pool_id}/{signed_in.user.sub}"
    page = passkeys.list_page(
        call,
        signed_in.user,
        after=position_of(call, listing, request.get("NextToken")),
        limit=request.get("MaxResults") or MAX_PASSKEYS_OF_A_USER,
    )
    response = ListWebAuthnCredentialsResponse(Credentials=[_description(p) for p in page.rows])
    if page.next_position is not None:
        response["NextToken"] = page_token_of(call, listing, page.next_position)
    return response


@registrar.operation("DeleteWebAuthnCredential", authentication=Authentication.ACCESS_TOKEN)
def delete_web_authn_credential(
    call: Call, request: DeleteWebAuthnCredentialRequest, signed_in: SignedIn
) -> DeleteWebAuthnCredentialResponse:
    """Remove one of the user's passkeys."""
    passkeys.delete(call, signed_in.user, request["CredentialId"])
    return {}


def _description(passkey: Passkey) -> WebAuthnCredentialDescription:
    shape = WebAuthnCredentialDescription(
        CredentialId=passkey.shown_id,
        FriendlyCredentialName=passkey.name,
        RelyingPartyId=passkey.relying_party_id,
        AuthenticatorTransports=list(passkey.transports),
        CreatedAt=from_epoch_millis(passkey.created_at),
    )
    if passkey.attachment is not None:
        shape["AuthenticatorAttachment"] = passkey.attachment
    return shape

"""Single logout: a browser that signs out here is signed out at its SAML provider, too.

/logout ── session ends here ──> the provider, with a signed LogoutRequest
       ──> /saml2/logout, with the provider's answer ──> where /logout was to lead

Where that is travels sealed: it was allowed for the app client when the sign-out began.
"""

import base64
import binascii

import msgspec

from poolgate.credentials.sealing import UnsealingFailed
from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_uuid
from poolgate.oauth.answers import SEE_OTHER
from poolgate.oauth.authorize import UNANSWERABLE, error_location
from poolgate.oauth.errors import OAuthRefused
from poolgate.oauth.places import Place
from poolgate.oauth.requests import OAuthRequest, form_of
from poolgate.oauth.saml_partners import NotSaml, entity_id, read_provider, signs_out
from poolgate.saml.assertions import NameId
from poolgate.saml.failures import SamlRefused
from poolgate.saml.messages import Request, redirect_location, render_sign_out_request
from poolgate.saml.responses import decode_response
from poolgate.saml.sign_out import verify_sign_out_response
from poolgate.store.call import Call
from poolgate.userpools import identity_providers, saml_signing
from poolgate.userpools.browser_sessions import BrowserSession
from poolgate.userpools.identity_providers import IdentityProviderNotFound
from poolgate.web.messages import HttpResponse

_LIFETIME_MILLIS = 600 * 1000
_PURPOSE = "saml sign-out"
_MOST_CHARACTERS = 16 * 1024


class SignOutStateRefused(Failure):
    """What came back with the provider's answer is not what was sent along, or too old."""


class _SignOutState(msgspec.Struct, frozen=True, array_like=True):
    """A sign-out that is under way: `location` is where it leads in the end."""

    provider_name: str
    request_id: str
    location: str
    expires_at: int


def location_through_provider(
    call: Call, place: Place, browser_session: BrowserSession, location: str
) -> str:
    """Return where the browser goes to be signed out at its provider, else `location` itself."""
    upstream = browser_session.upstream
    if upstream is None or "name_id" not in upstream.sign_out:
        return location
    try:
        with call.db.reading() as transaction:
            provider = identity_providers.get(transaction, place.pool_id, upstream.provider_name)
    except IdentityProviderNotFound:
        return location
    destination = None if provider.saml is None else provider.saml.slo_redirect_url
    if destination is None or not signs_out(provider):
        return location
    request_id = f"_{random_uuid()}"
    told = upstream.sign_out
    message = render_sign_out_request(
        Request(
            request_id=request_id,
            issuer=entity_id(place.pool_id),
            issued_at=call.now,
            destination=destination,
        ),
        NameId(
            value=told["name_id"],
            format=told.get("format"),
            name_qualifier=told.get("name_qualifier"),
            sp_name_qualifier=told.get("sp_name_qualifier"),
        ),
        told.get("session_index"),
    )
    state = _SignOutState(provider.name, request_id, location, call.now_millis + _LIFETIME_MILLIS)
    return redirect_location(
        destination,
        message,
        relay_state=_seal(call, place, state),
        # AWS "Signing out SAML users": these requests are always signed.
        signing_key=saml_signing.signing_key(call, place.pool_id),
    )


def answer_sign_out_response(request: OAuthRequest) -> HttpResponse:
    """Send the browser on to where it was to go after signing out."""
    try:
        form = form_of(request)
        state = _open(request.call, request.place, form.get("RelayState", ""))
        answering = read_provider(request.call, request.pool_id, state.provider_name)
        verify_sign_out_response(
            decode_response(form.get("SAMLResponse", "")),
            answering.partner.certificates,
            issuer=answering.described.entity_id,
            request_id=state.request_id,
        )
    except (
        OAuthRefused,
        SignOutStateRefused,
        IdentityProviderNotFound,
        NotSaml,
        SamlRefused,
    ):
        location = error_location(request.place, {"error": "invalid_request"})
        return HttpResponse(SEE_OTHER, {"location": location}, error_code=UNANSWERABLE)
    return HttpResponse(SEE_OTHER, {"location": state.location})


def _seal(call: Call, place: Place, state: _SignOutState) -> str:
    sealed = call.vault.seal(
        msgspec.msgpack.encode(state), purpose=_PURPOSE, bound_to=place.pool_id
    )
    return base64.urlsafe_b64encode(sealed).decode()


def _open(call: Call, place: Place, text: str) -> _SignOutState:
    if len(text) > _MOST_CHARACTERS:
        raise SignOutStateRefused
    try:
        sealed = base64.urlsafe_b64decode(text.encode("ascii"))
        opened = call.vault.unseal(sealed, purpose=_PURPOSE, bound_to=place.pool_id)
    except (ValueError, binascii.Error, UnsealingFailed) as failure:
        raise SignOutStateRefused from failure
    state = msgspec.msgpack.decode(opened, type=_SignOutState)
    if call.now_millis >= state.expires_at:
        raise SignOutStateRefused
    return state

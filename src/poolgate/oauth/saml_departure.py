"""Sending a browser to a SAML provider, by redirect."""

from poolgate.foundation.randomness import random_uuid
from poolgate.oauth.answers import FOUND
from poolgate.oauth.federation_departures import Departure
from poolgate.oauth.federation_states import FederationState, seal_state
from poolgate.oauth.saml_partners import consumer_url, described, entity_id
from poolgate.saml.messages import Request, redirect_location, render_sign_in_request
from poolgate.saml.metadata import redirect_url
from poolgate.userpools import saml_signing
from poolgate.web.messages import HttpResponse


def depart(departure: Departure) -> HttpResponse:
    """Send the browser to the provider with a request that its answer must name."""
    call, place, provider = departure.call, departure.place, departure.provider
    destination = redirect_url(described(provider))
    # An id begins as XML names do.
    request_id = f"_{random_uuid()}"
    state = FederationState(provider_name=provider.name, query=departure.query, nonce=request_id)
    sealed = seal_state(call, place, departure.http, state, answer_is_posted=True)
    message = render_sign_in_request(
        Request(
            request_id=request_id,
            issuer=entity_id(place.pool_id),
            issued_at=call.now,
            destination=destination,
        ),
        consumer_url=consumer_url(place),
        # AWS authorize endpoint, `prompt`: login makes providers ask again.
        forces_sign_in="login" in departure.request.prompts,
    )
    is_signed = bool(provider.details.get("RequestSigningAlgorithm"))
    location = redirect_location(
        destination,
        message,
        relay_state=sealed.text,
        signing_key=saml_signing.signing_key(call, place.pool_id) if is_signed else None,
    )
    return HttpResponse(FOUND, {"location": location}, cookies=(sealed.cookie,))

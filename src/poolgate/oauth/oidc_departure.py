"""Sending a browser to an OIDC or social provider (OpenID Connect Core s3.1.2.1)."""

from collections.abc import Iterator

from poolgate.foundation.randomness import random_token
from poolgate.oauth.answers import FOUND
from poolgate.oauth.federation_departures import Departure
from poolgate.oauth.federation_states import FederationState, seal_state
from poolgate.oauth.oidc_endpoints import PLAIN_OAUTH, endpoints_of
from poolgate.oauth.pkce import code_challenge_of
from poolgate.oauth.places import Place
from poolgate.oauth.redirect_uris import with_parameters
from poolgate.userpools import pools, step_up
from poolgate.userpools.identity_providers import IdentityProvider
from poolgate.userpools.provider_details import ProviderType
from poolgate.web.messages import HttpResponse

RESPONSE_PATH = "/oauth2/idpresponse"


def redirect_uri_of(place: Place) -> str:
    """Return where providers send browsers back to."""
    return f"{place.base_url}{RESPONSE_PATH}"


def answer_is_posted(provider: IdentityProvider) -> bool:
    """Tell whether the provider answers by a form that the browser posts."""
    # SPEC Sign in with Apple: `form_post` wherever scopes are asked for.
    return provider.type is ProviderType.APPLE


def depart(departure: Departure) -> HttpResponse:
    """Send the browser to the provider; raise DiscoveryFailed."""
    provider = departure.provider
    endpoints = endpoints_of(departure.call, provider)
    state = FederationState(
        provider_name=provider.name,
        query=departure.query,
        nonce=random_token(),
        code_verifier=random_token() if endpoints.knows_pkce else "",
    )
    sealed = seal_state(
        departure.call,
        departure.place,
        departure.http,
        state,
        answer_is_posted=answer_is_posted(provider),
    )
    parameters = (
        ("response_type", "code"),
        ("client_id", provider.details["client_id"]),
        ("redirect_uri", redirect_uri_of(departure.place)),
        ("scope", provider.details["authorize_scopes"]),
        ("state", sealed.text),
        *_of_the_kind(departure, state),
    )
    location = with_parameters(endpoints.authorize_url, parameters, in_fragment=False)
    return HttpResponse(FOUND, {"location": location}, cookies=(sealed.cookie,))


def _of_the_kind(departure: Departure, state: FederationState) -> Iterator[tuple[str, str | None]]:
    """Yield the parameters that not every provider understands."""
    provider, request = departure.provider, departure.request
    if state.code_verifier:
        yield "code_challenge", code_challenge_of(state.code_verifier)
        yield "code_challenge_method", "S256"
    if provider.type in PLAIN_OAUTH:
        return
    yield "nonce", state.nonce
    if answer_is_posted(provider):
        yield "response_mode", "form_post"
    # AWS authorize endpoint: all prompts but `none` go on to providers, hints to OIDC ones only.
    yield "prompt", " ".join(sorted(request.prompts - {"none"})) or None
    if provider.type is ProviderType.OIDC:
        yield "login_hint", request.login_hint
        yield "acr_values", _wanted_levels(departure) or None


def _wanted_levels(departure: Departure) -> str:
    """Return the levels that are asked for, in the provider's words."""
    mapping, request = departure.provider.acr_mapping, departure.request
    if not mapping or not request.acr_values:
        return ""
    with departure.call.db.reading() as transaction:
        pool = pools.get(transaction, departure.place.pool_id)
    levels = step_up.known_levels(pool, request.acr_values)
    return " ".join(mapping[f"Level{level}"] for level in levels if f"Level{level}" in mapping)

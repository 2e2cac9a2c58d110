"""The beginning of a sign-in by an identity provider: the browser is sent there."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from poolgate.foundation.failure import Failure
from poolgate.oauth import oidc_departure, saml_departure
from poolgate.oauth.authorization_requests import (
    LOCAL_USERS,
    AuthorizationRequest,
    RequestRefused,
)
from poolgate.oauth.errors import find_error
from poolgate.oauth.federation_departures import Departure
from poolgate.oauth.federation_errors import FEDERATION_ERRORS
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.userpools import identity_providers
from poolgate.userpools.provider_details import ProviderType
from poolgate.web.messages import HttpRequest, HttpResponse

Leave = Callable[[Departure], HttpResponse]
# How browsers are sent to each type of provider.
DEPARTURES: Mapping[ProviderType, Leave] = MappingProxyType(
    {
        kind: saml_departure.depart if kind is ProviderType.SAML else oidc_departure.depart
        for kind in ProviderType
    }
)


def wants_federation(request: AuthorizationRequest) -> bool:
    """Tell whether the request names somebody else than this pool to vouch for the user."""
    return request.identity_provider not in {None, LOCAL_USERS}


def begin_federation(
    call: Call, place: Place, http: HttpRequest, request: AuthorizationRequest, query: str
) -> HttpResponse:
    """Send the browser to the provider that the request names; raise RequestRefused."""
    name = request.identity_provider or ""
    try:
        with call.db.reading() as transaction:
            provider = identity_providers.get(transaction, place.pool_id, name)
        return DEPARTURES[provider.type](
            Departure(
                call=call, place=place, http=http, request=request, query=query, provider=provider
            )
        )
    except Failure as failure:
        error = find_error(FEDERATION_ERRORS, failure)
        if error is None:
            raise
        raise RequestRefused(request.answer_to, error) from failure

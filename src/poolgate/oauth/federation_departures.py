"""A browser on its way to an identity provider."""

from dataclasses import dataclass

from poolgate.oauth.authorization_requests import AuthorizationRequest
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.userpools.identity_providers import IdentityProvider
from poolgate.web.messages import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Who is sent where, and for which authorization request.

    `query` is the request as `carried_requests.read_carried` takes it.
    """

    call: Call
    place: Place
    http: HttpRequest
    request: AuthorizationRequest
    query: str
    provider: IdentityProvider

"""One request at the OAuth door: where it arrived and what it says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from poolgate.foundation.ids import PoolId
from poolgate.oauth.errors import OAuthRefused, invalid_request
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.web.parameters import (
    ParameterRepeated,
    ParametersMalformed,
    is_form,
    parse_parameters,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthRequest:
    """A request for one of a pool's OAuth endpoints."""

    call: Call
    http: HttpRequest
    place: Place

    @property
    def pool_id(self) -> PoolId:
        """The pool whose domain was asked."""
        return self.place.pool_id


Answer = Callable[[OAuthRequest], HttpResponse]


def form_of(request: OAuthRequest) -> Mapping[str, str]:
    """Return the parameters of a posted form; raise OAuthRefused."""
    if not is_form(request.http.header("content-type")):
        raise OAuthRefused(invalid_request())
    return _parsed(request.http.body)


def query_of(request: OAuthRequest) -> Mapping[str, str]:
    """Return the parameters of the query; raise OAuthRefused."""
    return _parsed(request.http.query.encode())


def _parsed(text: bytes) -> Mapping[str, str]:
    try:
        return parse_parameters(text)
    except (ParametersMalformed, ParameterRepeated) as failure:
        # SPEC RFC 6749 s3.1: parameters are not included more than once.
        raise OAuthRefused(invalid_request()) from failure


def needed(parameters: Mapping[str, str], name: str) -> str:
    """Return the parameter; raise OAuthRefused without it."""
    if name not in parameters:
        raise OAuthRefused(invalid_request())
    return parameters[name]

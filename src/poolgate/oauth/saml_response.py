"""`/saml2/idpresponse`: the browser posts what a SAML provider says of its user.

RelayState ── sealed by us ──> this browser's, not used yet ──> answer to that very request
           └── parameters of an authorization request ──> the provider may send people unasked
response ──> verified ──> used once ──> signed in
"""

import hashlib
from collections.abc import Mapping

from poolgate.foundation.clock import epoch_millis
from poolgate.oauth.answers import SEE_OTHER
from poolgate.oauth.authorization_requests import (
    AuthorizationRequest,
    RequestRefused,
    RequestUnanswerable,
    read_request,
)
from poolgate.oauth.authorize import UNANSWERABLE, error_location
from poolgate.oauth.errors import OAuthRefused
from poolgate.oauth.federation_answers import (
    answer_assertion,
    answer_with_state,
    refuse,
)
from poolgate.oauth.federation_states import FederationState
from poolgate.oauth.requests import OAuthRequest, form_of
from poolgate.oauth.saml_partners import (
    AssertionUsed,
    SamlProvider,
    UnaskedRefused,
    expectation,
    read_provider,
)
from poolgate.saml import assertions
from poolgate.saml.responses import decode_response, verify_response
from poolgate.userpools import spent_proofs
from poolgate.userpools.federated_assertions import Assertion
from poolgate.userpools.spent_proofs import SpentProof
from poolgate.web.messages import HttpResponse
from poolgate.web.parameters import ParameterRepeated, ParametersMalformed, parse_parameters

# OBSERVED many times over: AWS has these words for a form that lacks either.
_INCOMPLETE = "Invalid samlResponse or relayState from identity provider"
_RELAY_STATE = "Invalid relayState from identity provider"
# What a sealed state cannot hold, and every request of an app client does.
_MARK_OF_PARAMETERS = "client_id="


def answer_saml_response(request: OAuthRequest) -> HttpResponse:
    """Finish a sign-in that was begun here, or one that the provider began."""
    try:
        form = form_of(request)
    except OAuthRefused:
        return _unanswerable(request, {"error": _INCOMPLETE})
    response, relay_state = form.get("SAMLResponse"), form.get("RelayState")
    if not response or not relay_state:
        return _unanswerable(request, {"error": _INCOMPLETE})
    if _MARK_OF_PARAMETERS in relay_state:
        return _answer_unasked(request, response, relay_state)

    def prove(state: FederationState, _authorization: AuthorizationRequest) -> Assertion:
        answering = read_provider(request.call, request.pool_id, state.provider_name)
        return _proven(request, answering, response, request_id=state.nonce)

    return answer_with_state(request.call, request.place, request.http, relay_state, prove)


def _answer_unasked(request: OAuthRequest, response: str, relay_state: str) -> HttpResponse:
    """Finish a sign-in that the provider began; its RelayState is an authorization request."""
    call, place = request.call, request.place
    try:
        parameters = parse_parameters(relay_state.encode())
        authorization = read_request(call, place.pool_id, parameters)
    except (ParametersMalformed, ParameterRepeated):
        return _unanswerable(request, {"error": _RELAY_STATE})
    except RequestUnanswerable as failure:
        return _unanswerable(request, failure.facts)
    except RequestRefused as failure:
        return refuse(call, place, request.http, failure)

    def prove(authorization: AuthorizationRequest) -> Assertion:
        answering = _provider_of(request, authorization)
        return _proven(request, answering, response, request_id=None)

    return answer_assertion(call, place, request.http, authorization, prove)


def _provider_of(request: OAuthRequest, authorization: AuthorizationRequest) -> SamlProvider:
    """Return the provider that may send people to the app client unasked; raise UnaskedRefused."""
    # AWS cognito-user-pools-SAML-session-initiation: the app client has this one provider only.
    names = authorization.app_client.identity_providers or ()
    if len(names) != 1 or authorization.identity_provider not in {None, names[0]}:
        raise UnaskedRefused
    answering = read_provider(request.call, request.pool_id, names[0])
    if not answering.takes_unasked:
        raise UnaskedRefused
    return answering


def _proven(
    request: OAuthRequest, answering: SamlProvider, response: str, *, request_id: str | None
) -> Assertion:
    """Return what the provider says of its user; raise what is wrong with its response."""
    expected = expectation(request.call, request.place, answering, request_id)
    found = verify_response(decode_response(response), answering.partner, expected)
    _use_up(request, found)
    claims = {
        name: values[0] if len(values) == 1 else list(values)
        for name, values in found.attributes.items()
    }
    return Assertion(
        provider=answering.provider,
        subject=found.name_id.value,
        claims=claims,
        received={"samlResponse": claims},
        issuer=found.issuer,
        sign_out=_sign_out(found),
    )


def _use_up(request: OAuthRequest, found: assertions.Assertion) -> None:
    """Raise AssertionUsed for one that was shown before, to whomever."""
    # SPEC saml-profiles-2.0 s4.1.4.5: bearer assertions are not replayed.
    named = f"saml assertion\0{request.pool_id}\0{found.issuer}\0{found.assertion_id}"
    proof = SpentProof(hashlib.sha256(named.encode()).digest(), epoch_millis(found.expires_at))
    with request.call.db.writing() as transaction:
        is_first = spent_proofs.consume(transaction, proof)
    if not is_first:
        raise AssertionUsed


def _sign_out(found: assertions.Assertion) -> Mapping[str, str]:
    """Return what a sign-out at the provider must say."""
    told = {
        "name_id": found.name_id.value,
        "format": found.name_id.format,
        "name_qualifier": found.name_id.name_qualifier,
        "sp_name_qualifier": found.name_id.sp_name_qualifier,
        "session_index": found.session_index,
    }
    return {name: value for name, value in told.items() if value is not None}


def _unanswerable(request: OAuthRequest, facts: Mapping[str, str]) -> HttpResponse:
    location = error_location(request.place, facts)
    return HttpResponse(SEE_OTHER, {"location": location}, error_code=UNANSWERABLE)

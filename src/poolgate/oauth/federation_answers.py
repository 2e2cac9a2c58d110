"""The end of a sign-in by an identity provider: a browser session, and back to the app client."""

from collections.abc import Callable, Mapping

from poolgate.foundation.failure import Failure
from poolgate.oauth.answers import FOUND, SEE_OTHER
from poolgate.oauth.authorization_requests import (
    AuthorizationRequest,
    RequestRefused,
    RequestUnanswerable,
)
from poolgate.oauth.authorization_responses import location_after_sign_in, location_of_error
from poolgate.oauth.authorize import UNANSWERABLE, error_location
from poolgate.oauth.browser_cookies import presented_session, session_cookie
from poolgate.oauth.carried_requests import read_carried
from poolgate.oauth.errors import find_error
from poolgate.oauth.federation_errors import FEDERATION_ERRORS
from poolgate.oauth.federation_states import (
    FederationState,
    FederationStateRefused,
    consume_state,
)
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.userpools import browser_sessions, federated_sign_in, pools
from poolgate.userpools.browser_sessions import BrowserSignIn, lifetime_seconds
from poolgate.userpools.federated_assertions import Assertion
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.web.parameters import ParameterRepeated, ParametersMalformed, parse_parameters

Prove = Callable[[AuthorizationRequest], Assertion]
ProveState = Callable[[FederationState, AuthorizationRequest], Assertion]


def answer_with_state(
    call: Call, place: Place, http: HttpRequest, state_text: str, prove: ProveState
) -> HttpResponse:
    """Finish the sign-in that the state began, if `prove` finds the provider's answer sound.

    A state that is refused ends at the error page: who began the sign-in is not known then.
    """
    try:
        state = consume_state(call, place, http, state_text)
        request = read_carried(call, place, parse_parameters(state.query.encode()))
    except FederationStateRefused:
        return _unanswerable(place, {"error": "invalid_request"})
    except RequestUnanswerable as failure:
        return _unanswerable(place, failure.facts)
    except (ParametersMalformed, ParameterRepeated):
        return _unanswerable(place, {"error": "invalid_request"})
    except RequestRefused as failure:
        return refuse(call, place, http, failure)
    return answer_assertion(call, place, http, request, lambda asked: prove(state, asked))


def answer_assertion(
    call: Call, place: Place, http: HttpRequest, request: AuthorizationRequest, prove: Prove
) -> HttpResponse:
    """Sign the browser in as whom `prove` gives; what goes wrong is told to the app client."""
    try:
        signed_in = federated_sign_in.sign_in(call, request.app_client, prove(request))
    except Failure as failure:
        error = find_error(FEDERATION_ERRORS, failure)
        if error is None:
            raise
        refused = RequestRefused(request.answer_to, error)
        return refuse(call, place, http, refused)
    return _signed_in(call, place, http, request, signed_in)


def _signed_in(
    call: Call,
    place: Place,
    http: HttpRequest,
    request: AuthorizationRequest,
    signed_in: BrowserSignIn,
) -> HttpResponse:
    former = presented_session(place, http)
    if former is not None:
        with call.db.writing() as transaction:
            browser_sessions.end(transaction, former)
    with call.db.reading() as transaction:
        pool = pools.get(transaction, place.pool_id)
    cookie = session_cookie(place).render(
        signed_in.cookie.reveal(), max_age_seconds=lifetime_seconds(pool)
    )
    location = location_after_sign_in(call, request, signed_in.browser_session)
    return HttpResponse(_status(http), {"location": location}, cookies=(cookie,))


def refuse(call: Call, place: Place, http: HttpRequest, refused: RequestRefused) -> HttpResponse:
    """Tell the app client, at its redirect URI, why nobody is signed in."""
    location = location_of_error(call, place.pool_id, refused.answer_to, refused.error)
    return HttpResponse(_status(http), {"location": location}, error_code=refused.error.code)


def _unanswerable(place: Place, facts: Mapping[str, str]) -> HttpResponse:
    return HttpResponse(
        SEE_OTHER, {"location": error_location(place, facts)}, error_code=UNANSWERABLE
    )


def _status(http: HttpRequest) -> int:
    # SPEC RFC 9700 s4.12: what was posted is never posted once more.
    return FOUND if http.method == "GET" else SEE_OTHER

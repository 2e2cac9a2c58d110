"""`/oauth2/authorize`: straight back with a code, or to the login pages first.

parameters ──> a request that counts ──> session usable? ── yes ──> redirect URI with a code
                                             ├── no ──> /login, or login_required for prompt=none
                                             └── no, and a provider is named ──> that provider
"""

from collections.abc import Mapping

from poolgate.foundation.clock import epoch_seconds
from poolgate.oauth.answers import SEE_OTHER, redirect
from poolgate.oauth.authorization_requests import (
    AuthorizationRequest,
    RequestRefused,
    RequestUnanswerable,
    read_request,
)
from poolgate.oauth.authorization_responses import location_after_sign_in, location_of_error
from poolgate.oauth.browser_cookies import find_browser_session
from poolgate.oauth.carried_requests import PARAMETER, carry
from poolgate.oauth.errors import OAuthError, OAuthRefused
from poolgate.oauth.federation import begin_federation, wants_federation
from poolgate.oauth.places import Place
from poolgate.oauth.pushed import consume_pushed, is_pushed
from poolgate.oauth.requests import OAuthRequest, form_of, query_of
from poolgate.store.call import Call
from poolgate.userpools import step_up
from poolgate.userpools.browser_sessions import BrowserSession, is_taken_by
from poolgate.web.messages import HttpResponse
from poolgate.web.parameters import render_parameters

LOGIN_PATH, ERROR_PATH = "/login", "/error"
# How the log names what is told on the error page.
UNANSWERABLE = "unanswerable_request"
_MINUTE = 60
# Whoever asks for these wants the user to see the login pages.
_ASKS_AGAIN = frozenset({"login", "select_account"})


def answer_authorization_request(request: OAuthRequest) -> HttpResponse:
    """Send the browser on: to the app client, to the login pages or to the error page."""
    call, place = request.call, request.place
    try:
        if request.http.method == "POST":
            return _read_again(request)
        sent = browser_query(request)
        parameters = consume_pushed(call, sent) if is_pushed(sent) else sent
        authorization = read_request(call, place.pool_id, parameters)
        return _go_on(request, authorization, _query_of(request, sent, parameters))
    except RequestUnanswerable as failure:
        return redirect(error_location(place, failure.facts), error_code=UNANSWERABLE)
    except RequestRefused as failure:
        location = location_of_error(call, place.pool_id, failure.answer_to, failure.error)
        return redirect(location, error_code=failure.error.code)


def _read_again(request: OAuthRequest) -> HttpResponse:
    """Have the browser come with what it posted in the query."""
    # SPEC OpenID Connect Core s3.1.2.1: both methods are served. A post of another site comes
    # without the session's cookie; the request that follows it has it.
    try:
        query = render_parameters(form_of(request).items())
    except OAuthRefused as failure:
        raise RequestUnanswerable(error=failure.error.code) from failure
    location = f"{request.place.base_path}{request.place.named.path}?{query}"
    return HttpResponse(SEE_OTHER, {"location": location})


def _query_of(request: OAuthRequest, sent: Mapping[str, str], parameters: Mapping[str, str]) -> str:
    """Return the request as it goes on through the pages."""
    if not is_pushed(sent):
        return request.http.query
    carried = carry(request.call, request.pool_id, parameters)
    return render_parameters(((PARAMETER, carried),))


def _go_on(request: OAuthRequest, authorization: AuthorizationRequest, query: str) -> HttpResponse:
    call, place = request.call, request.place
    browser_session = find_browser_session(call, place, request.http)
    if browser_session is not None and is_usable(call, authorization, browser_session):
        return redirect(location_after_sign_in(call, authorization, browser_session))
    if "none" in authorization.prompts:
        raise RequestRefused(authorization.answer_to, OAuthError("login_required"))
    if wants_federation(authorization):
        return begin_federation(call, place, request.http, authorization, query)
    return redirect(f"{place.base_path}{LOGIN_PATH}?{query}")


def browser_query(request: OAuthRequest) -> Mapping[str, str]:
    """Return the parameters of the query; raise RequestUnanswerable for what is none."""
    try:
        return query_of(request)
    except OAuthRefused as failure:
        raise RequestUnanswerable(error=failure.error.code) from failure


def is_usable(
    call: Call, authorization: AuthorizationRequest, browser_session: BrowserSession
) -> bool:
    """Tell whether the request is content with the sign-in that the session stands for."""
    age_seconds = epoch_seconds(call.now) - browser_session.auth_time
    # AWS SSOSession: how long after the sign-in an app client goes on with it; 0 is never.
    if age_seconds >= authorization.app_client.sso_session_minutes * _MINUTE:
        return False
    if authorization.max_age is not None and age_seconds > authorization.max_age:
        return False
    asks_again = not authorization.prompts.isdisjoint(_ASKS_AGAIN)
    if asks_again or not is_taken_by(authorization.app_client, browser_session):
        return False
    # SPEC OpenID Connect Core s3.1.2.1: a hint means somebody; anybody else signs in anew.
    if authorization.hinted_sub not in {None, browser_session.user.sub}:
        return False
    if not authorization.acr_values:
        return True
    with call.db.reading() as transaction:
        return step_up.is_enough(transaction, browser_session, authorization.acr_values)


def error_location(place: Place, facts: Mapping[str, str]) -> str:
    """Return where the browser is told what cannot be told to any app client."""
    return f"{place.base_path}{ERROR_PATH}?{render_parameters(facts.items())}"

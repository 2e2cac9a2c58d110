"""`/logout`: the browser session ends, and the browser goes where the app client may send it."""

from collections.abc import Mapping
from dataclasses import replace

from poolgate.foundation.ids import ClientId
from poolgate.oauth.answers import redirect
from poolgate.oauth.authorization_requests import RequestRefused, RequestUnanswerable, read_request
from poolgate.oauth.authorization_responses import location_of_error
from poolgate.oauth.authorize import LOGIN_PATH, UNANSWERABLE, browser_query, error_location
from poolgate.oauth.browser_cookies import (
    find_browser_session,
    presented_session,
    session_cookie,
)
from poolgate.oauth.id_token_hints import HintRefused, read_hint
from poolgate.oauth.redirect_uris import with_parameters
from poolgate.oauth.requests import OAuthRequest
from poolgate.oauth.saml_sign_out import location_through_provider
from poolgate.userpools import app_clients, browser_sessions
from poolgate.userpools.app_clients import AppClient, AppClientNotFound
from poolgate.web.messages import HttpResponse
from poolgate.web.parameters import render_parameters

Parameters = Mapping[str, str]
_OF_A_LOGIN = ("response_type", "client_id", "redirect_uri", "state", "scope", "nonce")
_PKCE = ("code_challenge", "code_challenge_method")


def answer_logout_request(request: OAuthRequest) -> HttpResponse:
    """Sign the browser out and send it on; nobody is signed out for a place that is not allowed."""
    call, place = request.call, request.place
    try:
        location = _location(request, browser_query(request))
    except RequestUnanswerable as failure:
        return redirect(error_location(place, failure.facts), error_code=UNANSWERABLE)
    except RequestRefused as failure:
        location = location_of_error(call, place.pool_id, failure.answer_to, failure.error)
    browser_session = find_browser_session(call, place, request.http)
    if browser_session is not None:
        location = location_through_provider(call, place, browser_session, location)
    presented = presented_session(place, request.http)
    if presented is not None:
        with call.db.writing() as transaction:
            browser_sessions.end(transaction, presented)
    removal = session_cookie(place).render_removal()
    return replace(redirect(location), cookies=(removal,))


def _location(request: OAuthRequest, parameters: Parameters) -> str:
    # SPEC security.md S7: otherwise any page could sign people out.
    if request.call.strict_oauth and "id_token_hint" not in parameters:
        raise RequestUnanswerable(error="Required String parameter 'id_token_hint' is not present")
    parameters = _with_client_of_hint(request, parameters)
    if "post_logout_redirect_uri" in parameters:
        return _after_rp_initiated_logout(request, parameters)
    app_client = _client(request, parameters)
    # AWS logout endpoint: logout_uri wins, and all other parameters are ignored then.
    if "logout_uri" in parameters:
        return _registered(app_client, parameters["logout_uri"])
    if "redirect_uri" not in parameters:
        raise RequestUnanswerable(error="Required String parameter 'redirect_uri' is not present")
    wanted = {name: parameters[name] for name in (*_OF_A_LOGIN, *_PKCE) if name in parameters}
    read_request(request.call, request.pool_id, wanted)
    return f"{request.place.base_path}{LOGIN_PATH}?{render_parameters(wanted.items())}"


def _after_rp_initiated_logout(request: OAuthRequest, parameters: Parameters) -> str:
    """Return where a log-out as OpenID Connect libraries write it goes on."""
    logout_uri = _registered(_client(request, parameters), parameters["post_logout_redirect_uri"])
    state = parameters.get("state")
    if state is None:
        return logout_uri
    return with_parameters(logout_uri, (("state", state),), in_fragment=False)


def _with_client_of_hint(request: OAuthRequest, parameters: Parameters) -> Parameters:
    # SPEC OpenID Connect RP-Initiated Logout 1.0 s2: the client is named by itself, by the hint, or
    # by both, which then agree.
    if "id_token_hint" not in parameters:
        return parameters
    try:
        hint = read_hint(request.call, request.pool_id, parameters["id_token_hint"])
    except HintRefused as refusal:
        raise RequestUnanswerable(error="invalid_request") from refusal
    if parameters.get("client_id", hint.client_id) != hint.client_id:
        raise RequestUnanswerable(error="invalid_request")
    return {**parameters, "client_id": hint.client_id}


def _registered(app_client: AppClient, logout_uri: str) -> str:
    # SPEC security.md S7: character by character; anything else would be an open redirector.
    if logout_uri not in (app_client.logout_urls or ()):
        raise RequestUnanswerable(error="invalid_request", client_id=app_client.client_id)
    return logout_uri


def _client(request: OAuthRequest, parameters: Parameters) -> AppClient:
    if "client_id" not in parameters:
        raise RequestUnanswerable(error="Required String parameter 'client_id' is not present")
    with request.call.db.reading() as transaction:
        try:
            return app_clients.get(transaction, ClientId(parameters["client_id"]), request.pool_id)
        except AppClientNotFound:
            raise RequestUnanswerable(error="Client does not exist.") from None

"""`/oauth2/revoke` (RFC 7009) and `/oauth2/introspect` (RFC 7662)."""

from poolgate.foundation.secret import Secret
from poolgate.oauth.answers import OK, json_answer
from poolgate.oauth.client_authentication import authenticated_client, is_proven
from poolgate.oauth.errors import UNAUTHORIZED, OAuthError, OAuthRefused
from poolgate.oauth.requests import OAuthRequest, form_of, needed
from poolgate.userpools import introspection, refresh_tokens
from poolgate.web.messages import HttpResponse


def answer_revocation_request(request: OAuthRequest) -> HttpResponse:
    """End the sign-in that a refresh token belongs to."""
    form = form_of(request)
    refresh_token = Secret(needed(form, "token"))
    app_client = authenticated_client(request, form)
    refresh_tokens.revoke(request.call, app_client, refresh_token)
    return HttpResponse(OK)


def answer_introspection_request(request: OAuthRequest) -> HttpResponse:
    """Tell a confidential app client whether a token of its pool is alive, and what it says."""
    form = form_of(request)
    token = Secret(needed(form, "token"))
    app_client = authenticated_client(request, form)
    # SPEC RFC 7662 s2.1: whoever asks proves itself, so that nobody can try tokens.
    if not is_proven(app_client, form):
        raise OAuthRefused(OAuthError("invalid_client", status=UNAUTHORIZED))
    return json_answer(introspection.describe(request.call, app_client, token))

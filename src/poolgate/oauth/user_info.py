"""`/oauth2/userInfo`: what an access token with `openid` lets its bearer know of the user."""

from poolgate.foundation.failure import Failure
from poolgate.oauth.answers import error_members, json_answer
from poolgate.oauth.errors import BAD_REQUEST, USER_INFO_ERRORS, OAuthError, find_error
from poolgate.oauth.requests import OAuthRequest
from poolgate.userpools import attributes
from poolgate.userpools.access_tokens import AccessTokenInvalid, SignedIn, verify_access_token
from poolgate.userpools.scopes import granted_attributes
from poolgate.userpools.token_claims import OPENID
from poolgate.web.messages import HttpResponse

_BEARER = "bearer "
_BAD_REQUEST = OAuthError("invalid_request", "Bad OAuth2 request at UserInfo Endpoint", BAD_REQUEST)


def answer_user_info_request(request: OAuthRequest) -> HttpResponse:
    """Return the user's claims, or the error as header and body."""
    authorization = request.http.header("authorization") or ""
    # SPEC RFC 6750 s2.2, s2.3: a token in a form or a query is not looked for.
    if not authorization.lower().startswith(_BEARER):
        return _refused(_BAD_REQUEST)
    try:
        signed_in = verify_access_token(
            request.call, authorization[len(_BEARER) :].strip(), required_scope=OPENID
        )
        if signed_in.pool.pool_id != request.pool_id:
            raise AccessTokenInvalid
    except Failure as failure:
        error = find_error(USER_INFO_ERRORS, failure)
        if error is None:
            raise
        return _refused(error)
    return json_answer(_claims(signed_in))


def _claims(signed_in: SignedIn) -> dict[str, object]:
    user = signed_in.user
    # AWS userInfo: every value is text here, also what is a truth value in the ID token.
    readable = attributes.readable(signed_in.app_client, user.attributes)
    granted = granted_attributes(readable, signed_in.scopes)
    return {**granted, "sub": user.sub, "username": user.username}


def _refused(error: OAuthError) -> HttpResponse:
    answer = json_answer(error_members(error), error.status)
    challenge = f'Bearer error="{error.code}", error_description="{error.description}"'
    return HttpResponse(
        answer.status, {**answer.headers, "www-authenticate": challenge}, answer.body
    )

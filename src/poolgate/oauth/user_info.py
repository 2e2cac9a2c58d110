"""`/oauth2/userInfo`: what an access token with `openid` lets its bearer know of the user."""

from poolgate.foundation.failure import Failure
from poolgate.jose.possession import ALGORITHMS
from poolgate.oauth.answers import error_members, json_answer
from poolgate.oauth.errors import BAD_REQUEST, USER_INFO_ERRORS, OAuthError, find_error
from poolgate.oauth.key_proofs import SCHEME, proven_key
from poolgate.oauth.requests import OAuthRequest
from poolgate.oauth.token_endpoint import BEARER
from poolgate.userpools import attributes
from poolgate.userpools.access_tokens import AccessTokenInvalid, SignedIn, verify_access_token
from poolgate.userpools.key_proofs import KeyProofInvalid
from poolgate.userpools.scopes import granted_attributes
from poolgate.userpools.token_claims import OPENID
from poolgate.web.messages import HttpResponse

_BAD_REQUEST = OAuthError("invalid_request", "Bad OAuth2 request at UserInfo Endpoint", BAD_REQUEST)


def answer_user_info_request(request: OAuthRequest) -> HttpResponse:
    """Return the user's claims, or the error as header and body."""
    # SPEC RFC 6750 s2.2, s2.3: a token in a form or a query is not looked for.
    word, blank, access_token = (request.http.header("authorization") or "").partition(" ")
    scheme = _SCHEMES.get(word.lower())
    if scheme is None or not blank:
        return _refused(_BAD_REQUEST, BEARER)
    try:
        signed_in = _signed_in(request, scheme, access_token.strip())
    except Failure as failure:
        error = find_error(USER_INFO_ERRORS, failure)
        if error is None:
            raise
        return _refused(error, scheme)
    return json_answer(_claims(signed_in))


def _signed_in(request: OAuthRequest, scheme: str, access_token: str) -> SignedIn:
    thumbprint = None
    if scheme == SCHEME:
        thumbprint = proven_key(request, access_token=access_token)
        # SPEC RFC 9449 s7.1: the scheme comes with a proof.
        if thumbprint is None:
            raise KeyProofInvalid(private_detail="no proof")
    signed_in = verify_access_token(
        request.call, access_token, required_scope=OPENID, key_thumbprint=thumbprint
    )
    if signed_in.pool.pool_id != request.pool_id:
        raise AccessTokenInvalid
    return signed_in


def _claims(signed_in: SignedIn) -> dict[str, object]:
    user = signed_in.user
    # AWS userInfo: every value is text here, also what is a truth value in the ID token.
    readable = attributes.readable(signed_in.app_client, user.attributes)
    granted = granted_attributes(readable, signed_in.scopes)
    return {**granted, "sub": user.sub, "username": user.username}


def _refused(error: OAuthError, scheme: str) -> HttpResponse:
    answer = json_answer(error_members(error), error.status)
    challenge = f'{scheme} error="{error.code}", error_description="{error.description}"'
    if scheme == SCHEME:
        challenge += f', algs="{" ".join(ALGORITHMS)}"'
    return HttpResponse(
        answer.status,
        {**answer.headers, "www-authenticate": challenge},
        answer.body,
        error_code=error.code,
    )


_SCHEMES = {scheme.lower(): scheme for scheme in (BEARER, SCHEME)}

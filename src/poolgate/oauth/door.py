"""The OAuth door: every endpoint of a domain, what it answers to, and its headers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from poolgate.foundation.failure import Failure
from poolgate.oauth.answers import (
    ANY_ORIGIN,
    NOT_ALLOWED,
    SHARED_HEADERS,
    STRICT_TRANSPORT,
    error_answer,
)
from poolgate.oauth.authorize import answer_authorization_request
from poolgate.oauth.devices import answer_device_request
from poolgate.oauth.errors import (
    NONCE_WANTED,
    REVOCATION_ERRORS,
    TOKEN_ERRORS,
    OAuthError,
    find_error,
)
from poolgate.oauth.idp_response import answer_idp_response
from poolgate.oauth.key_proofs import NONCE_HEADER
from poolgate.oauth.logout import answer_logout_request
from poolgate.oauth.places import Place
from poolgate.oauth.pushed import answer_pushed_request
from poolgate.oauth.requests import Answer, OAuthRequest
from poolgate.oauth.revocation import answer_introspection_request, answer_revocation_request
from poolgate.oauth.saml_partners import RESPONSE_PATH, SIGN_OUT_PATH
from poolgate.oauth.saml_response import answer_saml_response
from poolgate.oauth.saml_sign_out import answer_sign_out_response
from poolgate.oauth.token_endpoint import answer_token_request
from poolgate.oauth.user_info import answer_user_info_request
from poolgate.store.call import Call
from poolgate.userpools import key_proofs
from poolgate.web.handled import Handled, place_of
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.web.preflights import answer_preflight

SERVICE = "oauth"
INTERNAL_ERROR = 500
_SERVER_ERROR = OAuthError("server_error", status=INTERNAL_ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint: its name in the log, its methods, and who may call it from a page."""

    name: str
    methods: tuple[str, ...]
    answer: Answer
    errors: Mapping[type[Failure], OAuthError]
    is_open_to_any_origin: bool = False


ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType(
    {
        "/oauth2/token": Endpoint(
            name="token",
            methods=("POST",),
            answer=answer_token_request,
            errors=TOKEN_ERRORS,
            is_open_to_any_origin=True,
        ),
        "/oauth2/userinfo": Endpoint(
            name="userInfo",
            methods=("GET", "POST"),
            answer=answer_user_info_request,
            errors={},
            is_open_to_any_origin=True,
        ),
        "/oauth2/revoke": Endpoint(
            name="revoke",
            methods=("POST",),
            answer=answer_revocation_request,
            errors=REVOCATION_ERRORS,
            is_open_to_any_origin=True,
        ),
        "/oauth2/authorize": Endpoint(
            name="authorize",
            methods=("GET", "POST"),
            answer=answer_authorization_request,
            errors={},
        ),
        "/oauth2/idpresponse": Endpoint(
            name="idpresponse",
            methods=("GET", "POST"),
            answer=answer_idp_response,
            errors={},
        ),
        "/oauth2/device_authorization": Endpoint(
            name="device_authorization",
            methods=("POST",),
            answer=answer_device_request,
            errors=TOKEN_ERRORS,
        ),
        "/oauth2/par": Endpoint(
            name="par",
            methods=("POST",),
            answer=answer_pushed_request,
            errors=TOKEN_ERRORS,
        ),
        RESPONSE_PATH: Endpoint(
            name="saml2/idpresponse",
            methods=("POST",),
            answer=answer_saml_response,
            errors={},
        ),
        SIGN_OUT_PATH: Endpoint(
            name="saml2/logout",
            methods=("POST",),
            answer=answer_sign_out_response,
            errors={},
        ),
        "/logout": Endpoint(
            name="logout",
            methods=("GET",),
            answer=answer_logout_request,
            errors={},
        ),
        "/oauth2/introspect": Endpoint(
            name="introspect",
            methods=("POST",),
            answer=answer_introspection_request,
            errors=REVOCATION_ERRORS,
        ),
    }
)


def find_oauth_endpoint(path: str) -> Callable[[Call, HttpRequest, Place], Handled] | None:
    """Return what answers at a path below a domain; case does not count, as on AWS."""
    endpoint = ENDPOINTS.get(path.lower())
    return None if endpoint is None else partial(_handle, endpoint)


def _handle(endpoint: Endpoint, call: Call, http: HttpRequest, place: Place) -> Handled:
    """Answer one request for an endpoint; whatever happens inside, the answer is OAuth's."""
    error_code = defect = ""
    try:
        response = _answer(OAuthRequest(call=call, http=http, place=place), endpoint)
        error_code = response.error_code
    except Exception as failure:  # noqa: BLE001 - the last line of defence: anything is an internal error
        error = find_error(endpoint.errors, failure)
        defect = "" if error else place_of(failure)
        error_code = (error or _SERVER_ERROR).code
        response = error_answer(error or _SERVER_ERROR)
    if error_code == NONCE_WANTED.code:
        nonce = {NONCE_HEADER: key_proofs.new_nonce(call)}
        response = replace(response, headers={**response.headers, **nonce})
    return Handled(
        response=_with_shared_headers(response, call, place, endpoint),
        request_id=call.request_id,
        service=SERVICE,
        operation=endpoint.name,
        error_code=error_code,
        defect=defect,
    )


def _answer(request: OAuthRequest, endpoint: Endpoint) -> HttpResponse:
    methods = ", ".join(endpoint.methods)
    if request.http.method == "OPTIONS" and endpoint.is_open_to_any_origin:
        # AWS: aws-amplify sends headers of its own to the token endpoint.
        return answer_preflight(
            request.http,
            methods=methods,
            usual_headers="authorization, content-type, dpop",
            max_age_seconds=7200,
        )
    if request.http.method not in endpoint.methods:
        return HttpResponse(NOT_ALLOWED, {"allow": methods})
    return endpoint.answer(request)


def _with_shared_headers(
    response: HttpResponse, call: Call, place: Place, endpoint: Endpoint
) -> HttpResponse:
    headers = {**SHARED_HEADERS, "x-amz-cognito-request-id": call.request_id}
    if place.is_secure:
        headers["strict-transport-security"] = STRICT_TRANSPORT
    # SPEC security.md O16: never where browsers are redirected.
    if endpoint.is_open_to_any_origin:
        headers |= ANY_ORIGIN
    return replace(response, headers={**headers, **response.headers})

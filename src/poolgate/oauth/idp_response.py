"""`/oauth2/idpresponse`: an OIDC or social provider sends the browser back.

state ── ours, this browser's, not used yet ──> whose answer is it ──> error? ──> the app
                                                                   └── code ──> tokens
tokens ──> ID token verified ──> what the provider says of its user ──> signed in
"""

from collections.abc import Mapping

from poolgate.oauth.answers import SEE_OTHER
from poolgate.oauth.authorization_requests import AuthorizationRequest, RequestUnanswerable
from poolgate.oauth.authorize import UNANSWERABLE, browser_query, error_location
from poolgate.oauth.errors import OAuthError, OAuthRefused, invalid_request, printable
from poolgate.oauth.federation_answers import answer_with_state
from poolgate.oauth.federation_states import FederationState
from poolgate.oauth.oidc_claims import ProviderAnswer, assertion_of
from poolgate.oauth.oidc_code_exchange import OurClient, ProviderTokens, exchange_code
from poolgate.oauth.oidc_departure import redirect_uri_of
from poolgate.oauth.oidc_endpoints import PLAIN_OAUTH, Endpoints, endpoints_of
from poolgate.oauth.oidc_failures import AnswerOfAnother, IdTokenRefused
from poolgate.oauth.oidc_id_tokens import is_issuer, verify_id_token
from poolgate.oauth.requests import OAuthRequest, form_of
from poolgate.userpools import identity_providers
from poolgate.userpools.federated_assertions import Assertion
from poolgate.userpools.identity_providers import IdentityProvider
from poolgate.userpools.provider_details import ProviderType
from poolgate.web.messages import HttpResponse

Parameters = Mapping[str, str]
# SPEC RFC 6749 s4.1.2.1, OpenID Connect Core s3.1.2.6: what apps know of errors at providers.
_PASSED_ON = frozenset(
    {
        "access_denied",
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "login_required",
        "server_error",
        "temporarily_unavailable",
    }
)
_CANCELLED = "user_cancelled_authorize"


def answer_idp_response(request: OAuthRequest) -> HttpResponse:
    """Finish the sign-in that `state` began."""
    try:
        answer = browser_query(request) if request.http.method == "GET" else _posted(request)
    except RequestUnanswerable as failure:
        return HttpResponse(
            SEE_OTHER,
            {"location": error_location(request.place, failure.facts)},
            error_code=UNANSWERABLE,
        )

    def prove(state: FederationState, _authorization: AuthorizationRequest) -> Assertion:
        return _proven(request, answer, state)

    return answer_with_state(
        request.call, request.place, request.http, answer.get("state", ""), prove
    )


def _posted(request: OAuthRequest) -> Parameters:
    try:
        return form_of(request)
    except OAuthRefused as failure:
        raise RequestUnanswerable(error=failure.error.code) from failure


def _proven(request: OAuthRequest, answer: Parameters, state: FederationState) -> Assertion:
    """Return what the provider says of its user; raise what is wrong with its answer."""
    call = request.call
    with call.db.reading() as transaction:
        provider, secret = identity_providers.get_with_secret(
            transaction, call, request.pool_id, state.provider_name
        )
    if provider.type is ProviderType.SAML:
        raise AnswerOfAnother
    endpoints = endpoints_of(call, provider)
    _verify_answerer(endpoints, answer)
    ours = OurClient(provider=provider, secret=secret, redirect_uri=redirect_uri_of(request.place))
    tokens = exchange_code(call, ours, endpoints, _code_in(answer), state.code_verifier)
    given = ProviderAnswer(
        provider=provider,
        endpoints=endpoints,
        tokens=tokens,
        id_claims=_id_claims(request, provider, endpoints, tokens, state),
        posted_user=answer.get("user"),
    )
    return assertion_of(call, given)


def _verify_answerer(endpoints: Endpoints, answer: Parameters) -> None:
    """Raise AnswerOfAnother unless the issuer that was asked gave the answer.

    # SPEC RFC 9207 s2.4: compared before anything else of the answer counts (mix-up).
    """
    named = answer.get("iss")
    if named is None:
        if endpoints.tells_issuer:
            raise AnswerOfAnother
        return
    if endpoints.issuer and not is_issuer(endpoints.issuer, named):
        raise AnswerOfAnother


def _code_in(answer: Parameters) -> str:
    error_code = answer.get("error")
    if error_code is not None:
        # OBSERVED Sign in with Apple: its own word for somebody who changed their mind.
        told = "access_denied" if error_code == _CANCELLED else error_code
        description = printable(answer.get("error_description") or error_code)
        shown = told if told in _PASSED_ON else "invalid_request"
        raise OAuthRefused(OAuthError(shown, description))
    if "code" not in answer:
        raise OAuthRefused(invalid_request())
    return answer["code"]


def _id_claims(
    request: OAuthRequest,
    provider: IdentityProvider,
    endpoints: Endpoints,
    tokens: ProviderTokens,
    state: FederationState,
) -> Mapping[str, object]:
    if provider.type in PLAIN_OAUTH:
        return {}
    if tokens.id_token is None:
        raise IdTokenRefused(fault="missing")
    return verify_id_token(
        request.call,
        tokens.id_token,
        endpoints,
        client_id=provider.details["client_id"],
        nonce=state.nonce,
        beside=tokens.access_token.reveal(),
    )

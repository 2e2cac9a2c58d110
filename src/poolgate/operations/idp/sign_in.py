"""InitiateAuth, RespondToAuthChallenge and their Admin siblings."""

from poolgate.foundation.ids import ClientId, PoolId
from poolgate.foundation.secret import Secret
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.idp.token_shapes import authentication_result
from poolgate.operations.idp.told_context import with_admin_context, with_user_context
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AdminInitiateAuthRequest,
    AdminInitiateAuthResponse,
    AdminRespondToAuthChallengeRequest,
    AdminRespondToAuthChallengeResponse,
    InitiateAuthRequest,
    InitiateAuthResponse,
    RespondToAuthChallengeRequest,
    RespondToAuthChallengeResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import sign_in
from poolgate.userpools.auth_flows import Attempt, parse_flow
from poolgate.userpools.auth_sessions import Door
from poolgate.userpools.browser_sessions import BrowserSignIn
from poolgate.userpools.challenge_answers import Answer
from poolgate.userpools.issued_challenges import ChallengeIssued
from poolgate.userpools.sign_in import Outcome


@registrar.operation("InitiateAuth", authentication=Authentication.NONE)
def initiate_auth(call: Call, request: InitiateAuthRequest) -> InitiateAuthResponse:
    """Start a sign-in, or refresh one."""
    call = with_user_context(call, request.get("UserContextData"))
    attempt = _attempt(Door.PUBLIC, request)
    outcome = sign_in.begin(call, ClientId(request["ClientId"]), attempt)
    return _response(outcome)


@registrar.operation("AdminInitiateAuth", authentication=Authentication.SIGV4)
def admin_initiate_auth(call: Call, request: AdminInitiateAuthRequest) -> AdminInitiateAuthResponse:
    """Start a sign-in on behalf of a trusted backend."""
    call = with_admin_context(call, request.get("ContextData"))
    attempt = _attempt(Door.ADMIN, request)
    outcome = sign_in.begin(
        call, ClientId(request["ClientId"]), attempt, pool_id=PoolId(request["UserPoolId"])
    )
    return _response(outcome)


@registrar.operation("RespondToAuthChallenge", authentication=Authentication.NONE)
def respond_to_auth_challenge(
    call: Call, request: RespondToAuthChallengeRequest
) -> RespondToAuthChallengeResponse:
    """Go on with a sign-in."""
    call = with_user_context(call, request.get("UserContextData"))
    answer = _answer(Door.PUBLIC, request)
    outcome = sign_in.continue_(call, ClientId(request["ClientId"]), answer)
    return _response(outcome)


@registrar.operation("AdminRespondToAuthChallenge", authentication=Authentication.SIGV4)
def admin_respond_to_auth_challenge(
    call: Call, request: AdminRespondToAuthChallengeRequest
) -> AdminRespondToAuthChallengeResponse:
    """Go on with a sign-in on behalf of a trusted backend."""
    call = with_admin_context(call, request.get("ContextData"))
    answer = _answer(Door.ADMIN, request)
    outcome = sign_in.continue_(
        call, ClientId(request["ClientId"]), answer, pool_id=PoolId(request["UserPoolId"])
    )
    return _response(outcome)


def _attempt(door: Door, request: InitiateAuthRequest | AdminInitiateAuthRequest) -> Attempt:
    parameters = request.get("AuthParameters", {})
    return Attempt(
        door=door,
        flow=parse_flow(request["AuthFlow"]),
        client_metadata=request.get("ClientMetadata"),
        login_name=parameters.get("USERNAME", ""),
        password=_secret(parameters.get("PASSWORD")),
        srp_a=parameters.get("SRP_A"),
        refresh_token=_secret(parameters.get("REFRESH_TOKEN")),
        secret_hash=parameters.get("SECRET_HASH"),
        device_key=parameters.get("DEVICE_KEY"),
        auth_session=_secret(request.get("Session")),
        challenge_name=parameters.get("CHALLENGE_NAME"),
        target_acr_values=parameters.get("TARGET_ACR_VALUES"),
        max_age=parameters.get("MAX_AGE"),
        access_token=_secret(parameters.get("ACCESS_TOKEN")),
        preferred_challenge=parameters.get("PREFERRED_CHALLENGE"),
    )


def _answer(
    door: Door, request: RespondToAuthChallengeRequest | AdminRespondToAuthChallengeRequest
) -> Answer:
    return Answer(
        door=door,
        challenge=request["ChallengeName"],
        responses=request.get("ChallengeResponses", {}),
        auth_session=_secret(request.get("Session")),
        client_metadata=request.get("ClientMetadata"),
    )


def _secret(text: str | None) -> Secret | None:
    return Secret(text) if text else None


def _response(outcome: Outcome) -> InitiateAuthResponse:
    """Return the answer; the four operations' answers have the same members."""
    if isinstance(outcome, BrowserSignIn):
        raise TypeError("only sign-ins at the login pages sign browsers in")
    if not isinstance(outcome, ChallengeIssued):
        return InitiateAuthResponse(
            AuthenticationResult=authentication_result(outcome), ChallengeParameters={}
        )
    response = InitiateAuthResponse(
        ChallengeName=outcome.challenge, ChallengeParameters=dict(outcome.parameters)
    )
    if outcome.auth_session is not None:
        response["Session"] = outcome.auth_session.reveal()
    if outcome.available:
        response["AvailableChallenges"] = [*outcome.available]
    return response

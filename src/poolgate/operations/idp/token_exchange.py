"""Token exchange: a token for another service, from a token that is held."""

from poolgate.foundation.ids import ClientId, pool_arn
from poolgate.foundation.secret import Secret
from poolgate.iam.authorization import authorize
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import GetDerivedTokenRequest, GetDerivedTokenResponse
from poolgate.store.call import Call
from poolgate.userpools import app_clients, token_exchange
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.client_proofs import proven_client
from poolgate.userpools.signing_keys import TokenUse
from poolgate.userpools.token_exchange import Exchange, ExchangeRefused, Presented

_OPERATION = "GetDerivedToken"
_TOKEN_USES = {"ACCESS_TOKEN": TokenUse.ACCESS, "ID_TOKEN": TokenUse.ID}
_TYPES = {token_use: name for name, token_use in _TOKEN_USES.items()}


@registrar.operation(_OPERATION, authentication=Authentication.OPTIONAL_SIGV4)
def get_derived_token(call: Call, request: GetDerivedTokenRequest) -> GetDerivedTokenResponse:
    """Exchange a subject token for one that is made for another service."""
    app_client = _requesting_client(call, request)
    derived = token_exchange.exchange(call, app_client, _exchange(request, app_client))
    response = GetDerivedTokenResponse(
        IssuedToken=derived.token.reveal(),
        IssuedTokenType=_TYPES[derived.token_use],
        # SPEC RFC 8693 s2.2.1: N_A where the token is no access token.
        TokenType="Bearer" if derived.token_use is TokenUse.ACCESS else "N_A",
        ExpiresIn=derived.expires_in,
    )
    if derived.scopes:
        response["Scopes"] = list(derived.scopes)
    return response


def _requesting_client(call: Call, request: GetDerivedTokenRequest) -> AppClient:
    """Return the app client, proven by its secret or, without one, by an allowed principal."""
    client_id, given = ClientId(request["ClientId"]), request.get("ClientSecret")
    with call.db.reading() as transaction:
        if given is not None or call.principal is None:
            return proven_client(
                transaction, call, client_id, None if given is None else Secret(given)
            )
        app_client = app_clients.get(transaction, client_id)
    if app_client.has_secret:
        authorize(
            call,
            action=f"cognito-idp:{_OPERATION}",
            resource=pool_arn(call.account_id, app_client.pool_id),
        )
    return app_client


def _exchange(request: GetDerivedTokenRequest, app_client: AppClient) -> Exchange:
    return Exchange(
        subject=_presented(
            request["SubjectToken"],
            request["SubjectTokenType"],
            request.get("SubjectTokenProviderName"),
            app_client,
        ),
        actor=_actor(request, app_client),
        wanted=_TOKEN_USES[request.get("RequestedTokenType", "ACCESS_TOKEN")],
        scopes=tuple(request.get("Scopes", ())),
        audience=next(iter(request.get("Audiences", ())), None),
        resource=next(iter(request.get("Resources", ())), None),
    )


def _actor(request: GetDerivedTokenRequest, app_client: AppClient) -> Presented | None:
    token, token_type = request.get("ActorToken"), request.get("ActorTokenType")
    if (token is None) != (token_type is None):
        raise ExchangeRefused(fault="ActorToken and ActorTokenType are required together.")
    if token is None or token_type is None:
        return None
    return _presented(token, token_type, request.get("ActorTokenProviderName"), app_client)


def _presented(
    token: str, token_type: str, provider_name: str | None, app_client: AppClient
) -> Presented:
    if provider_name is not None:
        raise ExchangeRefused(
            fault=f"The provider {provider_name} does not exist for User Pool {app_client.pool_id}."
        )
    if token_type not in _TOKEN_USES:
        raise ExchangeRefused(fault=f"A token of type {token_type} needs its provider's name.")
    return Presented(Secret(token), _TOKEN_USES[token_type])

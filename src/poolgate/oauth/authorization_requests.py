"""Authorization requests: from the parameters that a browser carries to a request that counts.

who asks, where to answer    wrong: an error page, never a redirect (`RequestUnanswerable`)
what is asked for            wrong: the app client is told, there (`RequestRefused`)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId, Sub
from poolgate.jose.possession import is_thumbprint
from poolgate.oauth.errors import OAuthError, OAuthRefused, invalid_request
from poolgate.oauth.id_token_hints import HintRefused, read_hint
from poolgate.oauth.pkce import parse_code_challenge
from poolgate.oauth.redirect_uris import is_registered
from poolgate.store.call import Call
from poolgate.userpools import app_clients, identity_providers, resource_servers
from poolgate.userpools.app_clients import AppClient, AppClientNotFound
from poolgate.userpools.client_settings import SYSTEM_SCOPES
from poolgate.userpools.device_authorizations import GRANT_TYPE
from poolgate.userpools.grants import CODE, IMPLICIT, GrantNotAllowed, verify_grant_allowed
from poolgate.userpools.scopes import ATTRIBUTES_OF_SCOPE
from poolgate.userpools.token_claims import OPENID

Parameters = Mapping[str, str]
LOCAL_USERS = "COGNITO"
KEY_PARAMETER = "dpop_jkt"
GRANT_OF_RESPONSE_TYPE: Mapping[str, str] = {"code": CODE, "token": IMPLICIT}
RESPONSE_MODES: Mapping[str, str] = {"code": "query", "token": "fragment"}
PROMPTS = frozenset({"none", "login", "select_account", "consent"})
_MOST_AGE_DIGITS = 9
_MOST_LANGUAGES = 10


class RequestUnanswerable(Failure):
    """Nobody can be told at a redirect URI: there is no such client, or none of its URIs.

    Facts: error, client_id where it is known.
    """


class RequestRefused(Failure):
    """The app client is told at its redirect URI what was wrong."""

    def __init__(self, answer_to: "AnswerTo", error: OAuthError) -> None:
        super().__init__(private_detail=error.description)
        self.answer_to = answer_to
        self.error = error


@dataclass(frozen=True, slots=True)
class AnswerTo:
    """Where an answer goes, and what it repeats."""

    redirect_uri: str
    in_fragment: bool
    state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A request that counts. `max_age` is in seconds.

    `sent_redirect_uri` is None where the app client's own was used.
    """

    app_client: AppClient
    answer_to: AnswerTo
    sent_redirect_uri: str | None
    response_type: str
    scopes: tuple[str, ...]
    code_challenge: str | None
    resource: str | None
    prompts: frozenset[str]
    max_age: int | None
    nonce: str | None
    login_hint: str | None
    # Names of authentication levels, the preferred one first.
    acr_values: tuple[str, ...] = ()
    # Who is to vouch for the user, by name; None where the user may choose.
    identity_provider: str | None = None
    # Whom the app client expects to be signed in; None where it says nothing.
    hinted_sub: Sub | None = None
    # The key that the code is bound to: RFC 9449 s10.
    key_thumbprint: str | None = None
    # Tags of languages for the pages, the preferred one first.
    languages: tuple[str, ...] = ()


def read_request(call: Call, pool_id: PoolId, parameters: Parameters) -> AuthorizationRequest:
    """Return the request that the parameters make; raise RequestUnanswerable or RequestRefused."""
    app_client = _client(call, pool_id, parameters)
    answer_to = _answer_to(app_client, parameters)
    try:
        for verify in REQUEST_STEPS:
            verify(app_client, parameters)
        if call.strict_oauth:
            _verify_strict(app_client, parameters)
        scopes = granted_scopes(call, app_client, parameters)
        code_challenge = parse_code_challenge(parameters)
        hinted_sub = _hinted_sub(call, pool_id, parameters)
        identity_provider = wanted_provider(call, app_client, parameters)
    except GrantNotAllowed as failure:
        raise RequestRefused(answer_to, OAuthError("unauthorized_client")) from failure
    except OAuthRefused as failure:
        raise RequestRefused(answer_to, failure.error) from failure
    return AuthorizationRequest(
        app_client=app_client,
        answer_to=answer_to,
        sent_redirect_uri=parameters.get("redirect_uri"),
        response_type=parameters["response_type"],
        scopes=scopes,
        code_challenge=code_challenge,
        resource=parameters.get("resource"),
        prompts=frozenset(parameters.get("prompt", "").split()),
        max_age=int(parameters["max_age"]) if "max_age" in parameters else None,
        nonce=parameters.get("nonce"),
        login_hint=parameters.get("login_hint"),
        acr_values=tuple(parameters.get("acr_values", "").split()),
        identity_provider=identity_provider,
        hinted_sub=hinted_sub,
        key_thumbprint=parameters.get(KEY_PARAMETER),
        languages=(
            parameters.get("lang", ""),
            *parameters.get("ui_locales", "").split()[:_MOST_LANGUAGES],
        ),
    )


# ---- who asks, and where to answer ----------------------------------------------------------


def _client(call: Call, pool_id: PoolId, parameters: Parameters) -> AppClient:
    if "client_id" not in parameters:
        raise RequestUnanswerable(error="Required String parameter 'client_id' is not present")
    with call.db.reading() as transaction:
        try:
            return app_clients.get(transaction, ClientId(parameters["client_id"]), pool_id)
        except AppClientNotFound:
            raise RequestUnanswerable(error="Client does not exist.") from None


def _answer_to(app_client: AppClient, parameters: Parameters) -> AnswerTo:
    redirect_uri = parameters.get("redirect_uri") or _own_redirect_uri(app_client)
    if redirect_uri is None:
        raise RequestUnanswerable(error="Required String parameter 'redirect_uri' is not present")
    if redirect_uri == GRANT_TYPE or not is_registered(
        redirect_uri, app_client.callback_urls or ()
    ):
        raise RequestUnanswerable(error="redirect_mismatch", client_id=app_client.client_id)
    return AnswerTo(
        redirect_uri,
        in_fragment=parameters.get("response_type") == "token",
        state=parameters.get("state"),
    )


def _own_redirect_uri(app_client: AppClient) -> str | None:
    callback_urls = [url for url in app_client.callback_urls or () if url != GRANT_TYPE]
    only = callback_urls[0] if len(callback_urls) == 1 else None
    return app_client.default_redirect_uri or only


# ---- what is asked for ----------------------------------------------------------------------


def _verify_response_type(app_client: AppClient, parameters: Parameters) -> None:
    response_type = parameters.get("response_type", "")
    if response_type not in GRANT_OF_RESPONSE_TYPE:
        raise OAuthRefused(invalid_request())
    verify_grant_allowed(app_client, GRANT_OF_RESPONSE_TYPE[response_type])


def _verify_response_mode(_app_client: AppClient, parameters: Parameters) -> None:
    fitting = RESPONSE_MODES[parameters["response_type"]]
    if parameters.get("response_mode", fitting) != fitting:
        raise OAuthRefused(invalid_request())


def _verify_no_request_object(_app_client: AppClient, parameters: Parameters) -> None:
    # SPEC OpenID Connect Core s3.1.2.6: what is not understood must not be ignored.
    if "request" in parameters:
        raise OAuthRefused(OAuthError("request_not_supported"))
    if "request_uri" in parameters:
        raise OAuthRefused(OAuthError("request_uri_not_supported"))


def _verify_prompt(_app_client: AppClient, parameters: Parameters) -> None:
    prompts = set(parameters.get("prompt", "").split())
    # SPEC OpenID Connect Core s3.1.2.1: `none` stands alone.
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise OAuthRefused(invalid_request())


def _verify_max_age(_app_client: AppClient, parameters: Parameters) -> None:
    max_age = parameters.get("max_age", "0")
    if not (max_age.isascii() and max_age.isdigit() and len(max_age) <= _MOST_AGE_DIGITS):
        raise OAuthRefused(invalid_request())


def _verify_resource(_app_client: AppClient, parameters: Parameters) -> None:
    resource = parameters.get("resource")
    if resource is not None and not is_resource(resource):
        # SPEC RFC 8707 s2: invalid_target.
        raise OAuthRefused(OAuthError("invalid_target"))


def _verify_key(_app_client: AppClient, parameters: Parameters) -> None:
    if KEY_PARAMETER in parameters and not is_thumbprint(parameters[KEY_PARAMETER]):
        raise OAuthRefused(invalid_request())


def _verify_strict(app_client: AppClient, parameters: Parameters) -> None:
    # SPEC RFC 9700 s2.1.2: no access tokens in redirects.
    if parameters["response_type"] == "token":
        raise GrantNotAllowed
    # SPEC RFC 9700 s2.1.1: public clients use PKCE.
    if not app_client.has_secret and "code_challenge" not in parameters:
        raise OAuthRefused(invalid_request("PKCE is required of public clients."))


Verify = Callable[[AppClient, Parameters], None]
REQUEST_STEPS: tuple[Verify, ...] = (
    _verify_response_type,
    _verify_response_mode,
    _verify_no_request_object,
    _verify_prompt,
    _verify_max_age,
    _verify_resource,
    _verify_key,
)


def wanted_provider(call: Call, app_client: AppClient, parameters: Parameters) -> str | None:
    """Return the identity provider that is asked for, by its name or by another one.

    Raises OAuthRefused for one that the app client does not take.
    """
    named = parameters.get("identity_provider")
    identifier = parameters.get("idp_identifier")
    if named is None and identifier is not None:
        with call.db.reading() as transaction:
            named = identity_providers.find_name(transaction, app_client.pool_id, identifier)
        if named is None:
            raise OAuthRefused(invalid_request())
    if named is not None and named not in (app_client.identity_providers or (LOCAL_USERS,)):
        raise OAuthRefused(invalid_request())
    return named


def is_resource(resource: str) -> bool:
    """Tell whether a token can be made for it."""
    # AWS resource: https://, http://localhost or a scheme of an app. SPEC RFC 8707 s2: absolute,
    # without fragment.
    try:
        parts = urlsplit(resource)
        host = parts.hostname
    except ValueError:
        return False
    if not parts.scheme or "#" in resource:
        return False
    if parts.scheme == "http":
        return host == "localhost"
    return parts.scheme != "https" or bool(host)


def _hinted_sub(call: Call, pool_id: PoolId, parameters: Parameters) -> Sub | None:
    if "id_token_hint" not in parameters:
        return None
    try:
        return read_hint(call, pool_id, parameters["id_token_hint"]).sub
    except HintRefused as refusal:
        raise OAuthRefused(invalid_request()) from refusal


def granted_scopes(call: Call, app_client: AppClient, parameters: Parameters) -> tuple[str, ...]:
    """Return the scopes that are asked for, or all of the app client's that are alive.

    Raises OAuthRefused for others.
    """
    allowed = app_client.oauth_scopes or ()
    with call.db.reading() as transaction:
        custom = resource_servers.scopes_of_pool(transaction, app_client.pool_id)
    living = tuple(scope for scope in allowed if scope in SYSTEM_SCOPES or scope in custom)
    asked = tuple(dict.fromkeys(parameters.get("scope", "").split()))
    if not set(asked) <= set(living):
        raise OAuthRefused(OAuthError("invalid_scope"))
    # AWS: the claim groups come with openid only.
    if asked and OPENID not in asked and not ATTRIBUTES_OF_SCOPE.keys().isdisjoint(asked):
        raise OAuthRefused(OAuthError("invalid_scope"))
    return asked or living

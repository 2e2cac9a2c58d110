"""How app clients prove themselves: Basic, a secret in the form, a signed assertion, or not."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from poolgate.foundation.ids import ClientId
from poolgate.foundation.secret import Secret
from poolgate.oauth.errors import OAuthError, OAuthRefused, invalid_request
from poolgate.oauth.places import own_urls
from poolgate.oauth.requests import OAuthRequest
from poolgate.userpools import pools
from poolgate.userpools.app_clients import AppClient, AppClientNotFound
from poolgate.userpools.client_assertions import has_keys, proven_by_assertion
from poolgate.userpools.client_proofs import proven_client

METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
CONFIDENTIAL_METHODS = METHODS[:-1]
ASSERTION_ALGORITHMS = ("RS256",)
_ASSERTION = "client_assertion"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_BASIC = "basic "
_MOST_CHARACTERS = 4096


@dataclass(frozen=True, slots=True)
class PresentedClient:
    """Who a request says it is from; public clients present no secret."""

    client_id: ClientId
    client_secret: Secret | None


def authenticated_client(request: OAuthRequest, form: Mapping[str, str]) -> AppClient:
    """Return the app client of this domain's pool that the request proves itself to be.

    Raises OAuthRefused or the failures of `proven_client` and `proven_by_assertion`.
    """
    if _ASSERTION in form or "client_assertion_type" in form:
        return _asserted_client(request, form)
    presented = presented_client(request.http.header("authorization"), form)
    with request.call.db.reading() as transaction:
        app_client = proven_client(
            transaction, request.call, presented.client_id, presented.client_secret
        )
        has_only_keys = not app_client.has_secret and has_keys(
            pools.get(transaction, app_client.pool_id), app_client.client_id
        )
    if has_only_keys:
        raise OAuthRefused(OAuthError("invalid_client"))
    if app_client.pool_id != request.pool_id:
        raise AppClientNotFound(client_id=presented.client_id)
    return app_client


def is_proven(app_client: AppClient, form: Mapping[str, str]) -> bool:
    """Tell whether an authenticated app client proved who it is, as public ones do not."""
    return app_client.has_secret or _ASSERTION in form


def _asserted_client(request: OAuthRequest, form: Mapping[str, str]) -> AppClient:
    # SPEC RFC 6749 s2.3: not more than one method in each request.
    if request.http.header("authorization") is not None or "client_secret" in form:
        raise OAuthRefused(invalid_request())
    if form.get("client_assertion_type") != _ASSERTION_TYPE or _ASSERTION not in form:
        raise OAuthRefused(invalid_request())
    app_client = proven_by_assertion(
        request.call,
        request.pool_id,
        Secret(form[_ASSERTION]),
        audiences=_audiences(request),
    )
    if form.get("client_id", app_client.client_id) != app_client.client_id:
        raise OAuthRefused(OAuthError("invalid_client"))
    return app_client


def _audiences(request: OAuthRequest) -> frozenset[str]:
    """Return the names by which an assertion may mean this server."""
    # SPEC RFC 7523 s3
    call, place = request.call, request.place
    asked = own_urls(call, place, place.named.path)
    return asked | own_urls(call, place, "/oauth2/token") | {call.issuer(request.pool_id)}


def presented_client(authorization: str | None, form: Mapping[str, str]) -> PresentedClient:
    """Return what a request presents; raise OAuthRefused unless it is one way, completely."""
    in_form = Secret(form["client_secret"]) if "client_secret" in form else None
    if authorization is not None:
        presented = _parse_basic(authorization)
        # SPEC RFC 6749 s2.3: not more than one method in each request.
        if in_form is not None:
            raise OAuthRefused(invalid_request())
        # AWS token endpoint: where both name the client they agree.
        if form.get("client_id", presented.client_id) != presented.client_id:
            raise OAuthRefused(OAuthError("invalid_client"))
        return presented
    if "client_id" not in form:
        raise OAuthRefused(invalid_request())
    return PresentedClient(ClientId(form["client_id"]), in_form)


def _parse_basic(authorization: str) -> PresentedClient:
    if len(authorization) > _MOST_CHARACTERS or not authorization.lower().startswith(_BASIC):
        raise OAuthRefused(OAuthError("invalid_client"))
    try:
        decoded = base64.b64decode(authorization[len(_BASIC) :].strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OAuthRefused(OAuthError("invalid_client")) from error
    client_id, colon, client_secret = decoded.partition(":")
    if not colon:
        raise OAuthRefused(OAuthError("invalid_client"))
    # SPEC RFC 6749 s2.3.1: both are form-encoded first. AWS's examples are not, so a plus sign,
    # which a secret may have, stays one; a space it cannot have.
    client_secret = unquote(client_secret)
    return PresentedClient(
        ClientId(unquote(client_id)), Secret(client_secret) if client_secret else None
    )

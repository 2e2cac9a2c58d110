"""`/oauth2/token`: one function a grant.

    form ──> grant_type ──> who is the client ──> the grant ──> tokens

The domains issue; here parameters become values and tokens become members of the answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from poolgate.foundation.secret import Secret
from poolgate.oauth.answers import json_answer
from poolgate.oauth.client_authentication import authenticated_client
from poolgate.oauth.errors import OAuthError, OAuthRefused, invalid_request
from poolgate.oauth.key_proofs import SCHEME, proven_key
from poolgate.oauth.pkce import verify_code_verifier_form
from poolgate.oauth.requests import OAuthRequest, form_of, needed
from poolgate.oauth.token_exchange import exchange_token
from poolgate.store.call import Call
from poolgate.userpools import (
    authorization_codes,
    client_tokens,
    device_authorizations,
    pools,
    tokens,
)
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.auth_flows import verify_may_refresh
from poolgate.userpools.grants import CODE, verify_grant_allowed
from poolgate.userpools.refresh_tokens import Family
from poolgate.userpools.tokens import TokenSet
from poolgate.web.messages import HttpResponse

Form = Mapping[str, str]
Members = dict[str, object]
BEARER = "Bearer"
_MOST_METADATA_CHARACTERS = 131072


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a proven app client asks for; `key_thumbprint` names the key it holds, if it shows."""

    call: Call
    app_client: AppClient
    form: Form
    key_thumbprint: str | None

    @property
    def token_type(self) -> str:
        """How the access token is to be used: RFC 9449 s5."""
        return BEARER if self.key_thumbprint is None else SCHEME


Grant = Callable[[TokenRequest], Members]


def answer_token_request(request: OAuthRequest) -> HttpResponse:
    """Return the tokens of a grant."""
    form = form_of(request)
    grant_type = needed(form, "grant_type")
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise OAuthRefused(OAuthError("unsupported_grant_type"))
    app_client = authenticated_client(request, form)
    asked = TokenRequest(request.call, app_client, form, proven_key(request))
    return json_answer(grant(asked))


def _by_client_credentials(asked: TokenRequest) -> Members:
    form = asked.form
    client_token = client_tokens.issue_by_grant(
        asked.call,
        asked.app_client,
        form.get("scope", "").split(),
        client_metadata=_client_metadata(form.get("aws_client_metadata")),
        key_thumbprint=asked.key_thumbprint,
    )
    return {
        "access_token": client_token.access_token.reveal(),
        "expires_in": client_token.expires_in,
        "token_type": asked.token_type,
    }


def _by_authorization_code(asked: TokenRequest) -> Members:
    form = asked.form
    verify_grant_allowed(asked.app_client, CODE)
    authorization_code = Secret(needed(form, "code"))
    code_verifier = form.get("code_verifier")
    if code_verifier is not None:
        verify_code_verifier_form(code_verifier)
    return _members(
        asked,
        authorization_codes.redeem(
            asked.call,
            asked.app_client,
            authorization_code,
            redirect_uri=form.get("redirect_uri"),
            code_verifier=code_verifier,
            key_thumbprint=asked.key_thumbprint,
        ),
    )


def _by_refresh_token(asked: TokenRequest) -> Members:
    call, app_client, form = asked.call, asked.app_client, asked.form
    refresh_token = Secret(needed(form, "refresh_token"))

    def verify_may_refresh_here(family: Family) -> None:
        # AWS token endpoint: sign-ins of the pages can always be refreshed; those of the API where
        # the app client refreshes at all.
        if not family.is_granted:
            verify_may_refresh(app_client)

    with call.db.reading() as transaction:
        pool = pools.get(transaction, app_client.pool_id)
    token_set = tokens.refresh(
        call,
        app_client,
        pool,
        refresh_token,
        verify_family=verify_may_refresh_here,
        scopes=form.get("scope", "").split(),
        client_metadata=_client_metadata(form.get("aws_client_metadata")),
        key_thumbprint=asked.key_thumbprint,
    )
    return _members(asked, token_set)


def _by_device_code(asked: TokenRequest) -> Members:
    token_set = device_authorizations.redeem(
        asked.call,
        asked.app_client,
        Secret(needed(asked.form, "device_code")),
        key_thumbprint=asked.key_thumbprint,
    )
    return _members(asked, token_set)


def _by_exchange(asked: TokenRequest) -> Members:
    return exchange_token(
        asked.call, asked.app_client, asked.form, key_thumbprint=asked.key_thumbprint
    )


def _members(asked: TokenRequest, token_set: TokenSet) -> Members:
    """Return a user's tokens as members of an answer."""
    members: Members = {
        "access_token": token_set.access_token.reveal(),
        "expires_in": token_set.expires_in,
        "token_type": asked.token_type,
    }
    if token_set.id_token is not None:
        members["id_token"] = token_set.id_token.reveal()
    if token_set.refresh_token is not None:
        members["refresh_token"] = token_set.refresh_token.reveal()
    return members


def _client_metadata(text: str | None) -> Mapping[str, str] | None:
    if text is None:
        return None
    if len(text) > _MOST_METADATA_CHARACTERS:
        raise OAuthRefused(invalid_request())
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except (msgspec.DecodeError, RecursionError) as error:
        raise OAuthRefused(invalid_request()) from error


GRANTS: Mapping[str, Grant] = MappingProxyType(
    {
        "authorization_code": _by_authorization_code,
        "refresh_token": _by_refresh_token,
        "client_credentials": _by_client_credentials,
        "urn:ietf:params:oauth:grant-type:token-exchange": _by_exchange,
        device_authorizations.GRANT_TYPE: _by_device_code,
    }
)

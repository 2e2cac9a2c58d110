"""Turning a provider's authorization code into its tokens (RFC 6749 s4.1.3)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import msgspec

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.secret import Secret
from poolgate.jose.es256 import sign_es256
from poolgate.jose.strict_json import parse_json_object
from poolgate.oauth.errors import printable
from poolgate.oauth.oidc_endpoints import Endpoints
from poolgate.oauth.oidc_failures import (
    AnswerUnreadable,
    GoogleRefused,
    TokenEndpointRefused,
    TokenEndpointTooLate,
)
from poolgate.oauth.redirect_uris import with_parameters
from poolgate.outbound.documents import AnswerTooLate
from poolgate.store.call import Call, Enquiry, Reply
from poolgate.userpools.identity_providers import IdentityProvider
from poolgate.userpools.provider_details import ProviderType

_OK = 200
_APPLE_SECRET_SECONDS = 300


class _Answer(msgspec.Struct):
    access_token: str
    id_token: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderTokens:
    """What the token endpoint gave; `received` is all of it."""

    access_token: Secret
    id_token: str | None
    received: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OurClient:
    """Who this pool is at the provider."""

    provider: IdentityProvider
    secret: Secret | None
    redirect_uri: str

    @property
    def client_id(self) -> str:
        """The pool's client id there."""
        return self.provider.details["client_id"]


def exchange_code(
    call: Call,
    ours: OurClient,
    endpoints: Endpoints,
    authorization_code: str,
    code_verifier: str,
) -> ProviderTokens:
    """Return the tokens.

    Raises TokenEndpointTooLate, TokenEndpointRefused, DocumentUnreachable or AnswerUnreadable.
    """
    form = {
        "grant_type": "authorization_code",
        "code": authorization_code,
        "redirect_uri": ours.redirect_uri,
        **({"code_verifier": code_verifier} if code_verifier else {}),
    }
    try:
        reply = call.documents.ask(_enquiry(call, ours, endpoints, form))
    except AnswerTooLate as late:
        raise TokenEndpointTooLate from late
    if reply.status != _OK:
        raise _refusal(ours.provider, reply)
    return _tokens_in(ours.provider, reply)


def _enquiry(call: Call, ours: OurClient, endpoints: Endpoints, form: Mapping[str, str]) -> Enquiry:
    secret = _client_secret(call, ours)
    if endpoints.wants_basic and secret is not None:
        # SPEC RFC 6749 s2.3.1: both parts form-encoded first.
        pair = f"{quote_plus(ours.client_id)}:{quote_plus(secret.reveal())}"
        basic = Secret(f"Basic {base64.b64encode(pair.encode()).decode()}")
        return Enquiry(url=endpoints.token_url, method="POST", form=form, authorization=basic)
    proven = {
        **form,
        "client_id": ours.client_id,
        **({} if secret is None else {"client_secret": secret.reveal()}),
    }
    if ours.provider.details.get("token_request_method") == "GET":
        # AWS ProviderDetails of Facebook.
        url = with_parameters(endpoints.token_url, proven.items(), in_fragment=False)
        return Enquiry(url=url)
    return Enquiry(url=endpoints.token_url, method="POST", form=proven)


def _client_secret(call: Call, ours: OurClient) -> Secret | None:
    """Return what proves the pool; Apple wants it signed anew each time."""
    if ours.provider.type is not ProviderType.APPLE or ours.secret is None:
        return ours.secret
    details, now = ours.provider.details, epoch_seconds(call.now)
    claims = {
        "iss": details["team_id"],
        "iat": now,
        "exp": now + _APPLE_SECRET_SECONDS,
        "aud": details["oidc_issuer"],
        "sub": ours.client_id,
    }
    return Secret(sign_es256(claims, details["key_id"], ours.secret))


def _refusal(provider: IdentityProvider, reply: Reply) -> TokenEndpointRefused:
    status = str(reply.status)
    if provider.type is not ProviderType.GOOGLE:
        return TokenEndpointRefused(name=provider.name, status=status)
    try:
        error_code = str(parse_json_object(reply.body).get("error", ""))
    except ValueError:
        error_code = ""
    return GoogleRefused(name=provider.name, status=status, error_code=printable(error_code))


def _tokens_in(provider: IdentityProvider, reply: Reply) -> ProviderTokens:
    try:
        received = parse_json_object(reply.body)
        answer = msgspec.convert(received, _Answer)
    except (ValueError, msgspec.ValidationError) as error:
        raise AnswerUnreadable(name=provider.name) from error
    return ProviderTokens(Secret(answer.access_token), answer.id_token, received)

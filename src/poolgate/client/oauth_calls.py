"""Calls of a program to OAuth endpoints, and what their refusals mean."""

import base64
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from poolgate.client.exchanges import exchange
from poolgate.client.failures import ClientFailure, ServerUnreachable
from poolgate.client.token_sets import TokenSet, received
from poolgate.foundation.clock import Clock
from poolgate.foundation.secret import Secret

_OK: Final = 200
_FAULTS: Final = 500
_FORM: Final = "application/x-www-form-urlencoded"


class OAuthRefused(ClientFailure):
    """An OAuth endpoint refused a call, with its error code."""

    def __init__(self, sentence: str, error_code: str) -> None:
        super().__init__(sentence)
        self.error_code = error_code


def post(
    url: str, client_id: str, client_secret: Secret | None, form: Mapping[str, str]
) -> dict[str, Any]:
    """Return what an endpoint answers; raise OAuthRefused, ServerUnreachable, AddressRefused."""
    headers = {"Content-Type": _FORM, "Accept": "application/json"}
    named = {"client_id": client_id}
    if client_secret is not None:
        # SPEC RFC 6749 s2.3.1: both are form-encoded before they are joined.
        pair = f"{quote(client_id, safe='')}:{quote(client_secret.reveal(), safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    answer = exchange("POST", url, headers, urlencode({**named, **form}).encode())
    members = answer.json_object()
    if answer.status == _OK:
        return members
    error_code = members.get("error")
    if not isinstance(error_code, str):
        raise ServerUnreachable(f"{url} answers HTTP {answer.status}")
    if answer.status >= _FAULTS:
        raise ServerUnreachable(f"{url} answers HTTP {answer.status}: {shown(error_code)}")
    raise OAuthRefused(sentence_of(members), error_code)


def sentence_of(members: Mapping[str, object]) -> str:
    """Return an OAuth error in words for people."""
    told = shown(str(members.get("error")))
    description = members.get("error_description")
    return f"{told}: {shown(description)}" if isinstance(description, str) else told


def shown(text: str) -> str:
    """Return a stranger's text without what would steer a terminal, and not too much of it."""
    return "".join(character if character.isprintable() else " " for character in text)[:500]


def token_set(
    members: Mapping[str, object], clock: Clock, *, former: TokenSet | None = None
) -> TokenSet:
    """Return the tokens of an answer; what a refresh leaves out stays that of `former`.

    Raises ServerUnreachable for an answer without an access token.
    """
    access_token, id_token = members.get("access_token"), members.get("id_token")
    refresh_token, expires_in = members.get("refresh_token"), members.get("expires_in", 3600)
    if not isinstance(access_token, str) or not isinstance(expires_in, int):
        raise ServerUnreachable("the token endpoint answers without tokens")
    return received(
        access_token,
        id_token if isinstance(id_token, str) else None,
        Secret(refresh_token) if isinstance(refresh_token, str) else _refresh_token_of(former),
        lifetime_seconds=expires_in,
        now=clock.now(),
    )


def _refresh_token_of(former: TokenSet | None) -> Secret | None:
    return former.refresh_token if former is not None else None

"""Unsigned calls to the user pools' API, of Poolgate or of AWS."""

import json
from collections.abc import Mapping
from typing import Any, Final

from poolgate.client.exchanges import exchange
from poolgate.client.failures import AwsRefused, ServerUnreachable
from poolgate.client.oauth_calls import shown
from poolgate.client.token_sets import TokenSet, received
from poolgate.foundation.clock import Clock
from poolgate.foundation.secret import Secret

_OK: Final = 200
_FAULTS: Final = 500
_BUSY: Final = frozenset({"TooManyRequestsException", "InternalErrorException"})


def call(api_url: str, operation: str, members: Mapping[str, object]) -> dict[str, Any]:
    """Return what an operation answers; raise AwsRefused, ServerUnreachable, AddressRefused."""
    answer = exchange(
        "POST",
        f"{api_url.rstrip('/')}/",
        {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
        },
        json.dumps({name: value for name, value in members.items() if value is not None}).encode(),
    )
    told = answer.json_object()
    if answer.status == _OK:
        return told
    error_code = str(told.get("__type", "")).rpartition("#")[2]
    message = shown(str(told.get("message") or told.get("Message") or ""))
    if not error_code or answer.status >= _FAULTS or error_code in _BUSY:
        raise ServerUnreachable(f"{api_url} answers HTTP {answer.status} {error_code}".rstrip())
    raise AwsRefused(operation, shown(error_code), message)


def token_set(
    members: Mapping[str, Any], clock: Clock, *, former: TokenSet | None = None
) -> TokenSet:
    """Return the tokens of an AuthenticationResult; a refresh token that it lacks is the former."""
    try:
        return received(
            members["AccessToken"],
            members.get("IdToken"),
            Secret(members["RefreshToken"])
            if "RefreshToken" in members
            else (former.refresh_token if former is not None else None),
            lifetime_seconds=members["ExpiresIn"],
            now=clock.now(),
        )
    except (LookupError, TypeError) as error:
        raise ServerUnreachable("the user pool answers without tokens") from error

"""Access tokens of a service, whose client credentials are a secret in Secrets Manager.

The secret is a JSON object: `flow` (`client_credentials`), `cognito_domain`, `client_id`,
`client_secret`, `scope` (full scopes with blanks between them; without it all that the client may
have) and, for people, `userpool_id` and `aws_region`. Tokens are kept until shortly before they
expire.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from poolgate.client import oauth_calls
from poolgate.client.aws_calls import SECRETS_MANAGER, AwsDoor
from poolgate.client.failures import AwsRefused, ClientFailure, ServerUnreachable
from poolgate.client.kept_answers import NO_PROFILE, KeptAnswer
from poolgate.client.renewals import Renewed, answered
from poolgate.foundation.secret import Secret

FLOW: Final = "client_credentials"


class ServiceSecretMissing(ClientFailure):
    """There is no such secret, as far as these keys can see."""


class ServiceSecretUnfit(ClientFailure):
    """A secret holds no client credentials."""


@dataclass(frozen=True, slots=True)
class ServiceClient:
    """The app client of a service and where it gets its tokens."""

    domain_url: str
    client_id: str
    client_secret: Secret
    scope: str | None


@dataclass(frozen=True, slots=True)
class ServiceToken:
    """What the token endpoint gave, and when it expires."""

    access_token: Secret
    token_type: str
    expires_at: datetime


def service_token(door: AwsDoor, secret_id: str) -> ServiceToken:
    """Return an access token of the service; a kept one where it is still good.

    Raises ServiceSecretMissing, ServiceSecretUnfit, AwsRefused, OAuthRefused, ServerUnreachable.
    """
    kept = KeptAnswer(
        NO_PROFILE,
        "service token",
        secret_id,
        door.endpoint_of(SECRETS_MANAGER),
        door.region,
        door.keys.access_key_id if door.keys else None,
    )

    def renew() -> Renewed:
        asked_at = door.clock.now()
        told = _token(read_secret(door, secret_id))
        expires_at = asked_at + timedelta(seconds=int(told["expires_in"]))
        told["expires_at"] = expires_at.isoformat()
        return Renewed(json.dumps(told), expires_at)

    members = json.loads(answered(kept, renew, door.clock))
    return ServiceToken(
        Secret(members["access_token"]),
        members["token_type"],
        datetime.fromisoformat(members["expires_at"]),
    )


def read_secret(door: AwsDoor, secret_id: str) -> ServiceClient:
    """Return the client credentials that a secret holds."""
    try:
        told = door.call_json(SECRETS_MANAGER, "GetSecretValue", {"SecretId": secret_id})
    except AwsRefused as refused:
        if refused.error_code != "ResourceNotFoundException":
            raise
        raise ServiceSecretMissing(
            f"there is no secret {secret_id!r} in {door.region}; is it the name of the stack, a"
            " slash and the id of the service, and are these the keys of the right account?"
        ) from refused
    try:
        members = json.loads(told["SecretString"])
    except (LookupError, ValueError, TypeError) as error:
        raise ServiceSecretUnfit(f"the secret {secret_id!r} is not JSON") from error
    return parse_service_secret(secret_id, members)


def parse_service_secret(secret_id: str, members: object) -> ServiceClient:
    """Return the client credentials; raise ServiceSecretUnfit, which tells what is missing."""
    if not isinstance(members, dict):
        raise ServiceSecretUnfit(f"the secret {secret_id!r} is not a JSON object")
    flow = members.get("flow", FLOW)
    if flow != FLOW:
        raise ServiceSecretUnfit(
            f"the secret {secret_id!r} is for the flow {flow!r}: a client of people, not of a"
            " service; sign in with: poolgate login"
        )
    needed = ("cognito_domain", "client_id", "client_secret")
    absent = [name for name in needed if not _is_text(members.get(name))]
    if absent:
        raise ServiceSecretUnfit(f"the secret {secret_id!r} lacks {', '.join(absent)}")
    scope = members.get("scope")
    return ServiceClient(
        domain_url=members["cognito_domain"].rstrip("/"),
        client_id=members["client_id"],
        client_secret=Secret(members["client_secret"]),
        scope=scope if _is_text(scope) else None,
    )


def _token(service: ServiceClient) -> dict[str, Any]:
    form = {"grant_type": FLOW, **({"scope": service.scope} if service.scope else {})}
    url = f"{service.domain_url}/oauth2/token"
    told = oauth_calls.post(url, service.client_id, service.client_secret, form)
    if not _is_text(told.get("access_token")) or not isinstance(told.get("expires_in"), int):
        raise ServerUnreachable(f"{url} answers without a token")
    return {
        "access_token": told["access_token"],
        "token_type": str(told.get("token_type", "Bearer")),
        "expires_in": told["expires_in"],
    }


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)

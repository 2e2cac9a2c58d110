"""The tokens of one sign-in, and the text that they are kept as."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from poolgate.foundation.failure import Failure
from poolgate.foundation.secret import Secret

# Tokens are refreshed this long before they expire; those of a short life after three quarters.
_AHEAD: Final = timedelta(minutes=5)


class KeptTextMalformed(Failure):
    """A text that was kept is not one of ours."""


class Door(StrEnum):
    """Where a sign-in was made, and is refreshed and revoked."""

    OAUTH = "oauth"
    API = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """What a sign-in gave; `expires_at` is when the first of access and ID token does."""

    access_token: Secret
    id_token: Secret | None
    refresh_token: Secret | None
    refresh_at: datetime
    expires_at: datetime


def received(
    access_token: str,
    id_token: str | None,
    refresh_token: Secret | None,
    *,
    lifetime_seconds: int,
    now: datetime,
) -> TokenSet:
    """Return tokens that came just now; the lifetime is that of the access token."""
    received_at = now.replace(microsecond=0)
    lifetime = timedelta(seconds=lifetime_seconds)
    if id_token is not None:
        claims = unverified_claims(Secret(id_token))
        expires_at, issued_at = claims.get("exp"), claims.get("iat")
        # Times of the server's clock only say how long the token lives.
        if isinstance(expires_at, int) and isinstance(issued_at, int):
            lifetime = min(lifetime, timedelta(seconds=expires_at - issued_at))
    return TokenSet(
        access_token=Secret(access_token),
        id_token=Secret(id_token) if id_token is not None else None,
        refresh_token=refresh_token,
        refresh_at=received_at + lifetime - min(_AHEAD, lifetime // 4),
        expires_at=received_at + lifetime,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSignIn:
    """A token set with what refreshes it.

    `issuer` and `client_id` say whose it is: a profile that changed them has no sign-in. What was
    made at the API is refreshed there, the rest at the endpoints that it was made at.
    """

    issuer: str
    client_id: str
    door: Door
    tokens: TokenSet
    client_secret: Secret | None = None
    device_key: str | None = None
    token_endpoint: str | None = None
    revocation_endpoint: str | None = None


def render_kept(kept: KeptSignIn) -> str:
    """Return the text of a sign-in; it holds its secrets."""
    tokens = kept.tokens
    members = {
        "issuer": kept.issuer,
        "client_id": kept.client_id,
        "door": kept.door.value,
        "access_token": tokens.access_token.reveal(),
        "id_token": _revealed(tokens.id_token),
        "refresh_token": _revealed(tokens.refresh_token),
        "refresh_at": int(tokens.refresh_at.timestamp()),
        "expires_at": int(tokens.expires_at.timestamp()),
        "client_secret": _revealed(kept.client_secret),
        "device_key": kept.device_key,
        "token_endpoint": kept.token_endpoint,
        "revocation_endpoint": kept.revocation_endpoint,
    }
    return json.dumps({name: value for name, value in members.items() if value is not None})


def parse_kept(text: str) -> KeptSignIn:
    """Return the sign-in of such a text; raise KeptTextMalformed."""
    try:
        members = json.loads(text)
        return KeptSignIn(
            issuer=members["issuer"],
            client_id=members["client_id"],
            door=Door(members["door"]),
            tokens=TokenSet(
                access_token=Secret(members["access_token"]),
                id_token=_secret(members, "id_token"),
                refresh_token=_secret(members, "refresh_token"),
                refresh_at=datetime.fromtimestamp(members["refresh_at"], UTC),
                expires_at=datetime.fromtimestamp(members["expires_at"], UTC),
            ),
            client_secret=_secret(members, "client_secret"),
            device_key=members.get("device_key"),
            token_endpoint=members.get("token_endpoint"),
            revocation_endpoint=members.get("revocation_endpoint"),
        )
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise KeptTextMalformed(private_detail=type(error).__name__) from error


def unverified_claims(of_jwt: Secret) -> dict[str, Any]:
    """Return what a token says, or nothing where it is not a JWT.

    To show, and for tokens that came straight from the issuer; nothing is verified here.
    """
    try:
        body = of_jwt.reveal().split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, IndexError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _revealed(kept: Secret | None) -> str | None:
    return kept.reveal() if kept is not None else None


def _secret(members: dict[str, Any], name: str) -> Secret | None:
    text = members.get(name)
    return Secret(text) if text is not None else None

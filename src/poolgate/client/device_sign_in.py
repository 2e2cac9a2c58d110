"""Signing in where there is no browser: a person approves this device at another one (RFC 8628)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from poolgate.client import oauth_calls
from poolgate.client.browser_sign_in import SignInDenied, kept_sign_in, verify_id_token
from poolgate.client.failures import ClientFailure, ServerUnreachable
from poolgate.client.issuers import Endpoints, IssuerUnusable
from poolgate.client.oauth_calls import OAuthRefused, shown
from poolgate.client.profiles import Profile
from poolgate.client.token_sets import KeptSignIn
from poolgate.foundation.clock import Clock
from poolgate.foundation.secret import Secret

_GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:device_code"
_USUAL_INTERVAL_SECONDS: Final = 5
_MOST_INTERVAL_SECONDS: Final = 60
# SPEC RFC 8628 s3.5: from then on, for this and all subsequent requests.
_SLOWER_SECONDS: Final = 5

# Waits so many seconds.
Wait = Callable[[float], object]


class DeviceCodeExpired(ClientFailure):
    """Nobody approved this device in time."""


@dataclass(frozen=True, slots=True)
class BegunDevice:
    """What a person is shown, and what the tokens are asked for with."""

    user_code: str
    verification_uri: str
    complete_uri: str | None
    interval_seconds: int
    expires_at: datetime
    device_code: Secret = field(repr=False)


def begin(
    profile: Profile, endpoints: Endpoints, clock: Clock, client_secret: Secret | None = None
) -> BegunDevice:
    """Return the codes of a new sign-in.

    Raises IssuerUnusable where the issuer has no such flow, OAuthRefused where the app client must
    not use it, ServerUnreachable.
    """
    if endpoints.device_authorization is None:
        raise IssuerUnusable(f"{profile.issuer} has no sign-in for devices; use --paste")
    form = {"scope": profile.scope} if profile.scope is not None else {}
    members = oauth_calls.post(
        endpoints.device_authorization, profile.client_id, client_secret, form
    )
    complete_uri = members.get("verification_uri_complete")
    return BegunDevice(
        user_code=shown(_text(members, "user_code")),
        verification_uri=shown(_text(members, "verification_uri")),
        complete_uri=shown(complete_uri) if isinstance(complete_uri, str) else None,
        interval_seconds=min(
            _number(members, "interval", _USUAL_INTERVAL_SECONDS), _MOST_INTERVAL_SECONDS
        ),
        expires_at=clock.now() + timedelta(seconds=_number(members, "expires_in", 600)),
        device_code=Secret(_text(members, "device_code")),
    )


def finish(
    begun: BegunDevice,
    profile: Profile,
    endpoints: Endpoints,
    clock: Clock,
    wait: Wait,
    *,
    client_secret: Secret | None = None,
) -> KeptSignIn:
    """Return the sign-in once somebody approved it.

    Raises SignInDenied, DeviceCodeExpired, OAuthRefused.
    """
    form = {"grant_type": _GRANT_TYPE, "device_code": begun.device_code.reveal()}
    interval_seconds = begun.interval_seconds
    while clock.now() < begun.expires_at:
        wait(interval_seconds)
        try:
            members = oauth_calls.post(endpoints.token, profile.client_id, client_secret, form)
        except OAuthRefused as refused:
            interval_seconds += _further_wait(refused)
        except ServerUnreachable:
            # SPEC RFC 8628 s3.5: a server that does not answer is asked less often.
            interval_seconds = min(2 * interval_seconds, _MOST_INTERVAL_SECONDS)
        else:
            tokens = oauth_calls.token_set(members, clock)
            verify_id_token(tokens, profile, nonce=None)
            return kept_sign_in(profile, endpoints, tokens, client_secret)
    raise DeviceCodeExpired("nobody approved this device in time")


def _further_wait(refused: OAuthRefused) -> int:
    """Return by how many seconds later to ask again; raise what ends the sign-in."""
    match refused.error_code:
        case "authorization_pending":
            return 0
        case "slow_down":
            return _SLOWER_SECONDS
        case "access_denied":
            raise SignInDenied("the sign-in was refused at the other device") from refused
        case "expired_token":
            raise DeviceCodeExpired("nobody approved this device in time") from refused
        case _:
            raise refused


def _text(members: Mapping[str, object], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise ServerUnreachable(f"the device authorization answers without {name}")
    return value


def _number(members: Mapping[str, object], name: str, usual: int) -> int:
    value = members.get(name, usual)
    return value if isinstance(value, int) and value > 0 else usual

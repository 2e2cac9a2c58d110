"""What an issuer publishes: where its OAuth endpoints are."""

from dataclasses import dataclass
from typing import Any, Final

from poolgate.client.exchanges import exchange
from poolgate.client.failures import ClientFailure
from poolgate.client.profiles import Profile

_OK: Final = 200
# AWS "User pool endpoints and managed login reference": the same below every domain.
_BELOW_DOMAIN: Final = {
    "authorization_endpoint": "/oauth2/authorize",
    "token_endpoint": "/oauth2/token",
    "revocation_endpoint": "/oauth2/revoke",
    "end_session_endpoint": "/logout",
}


class IssuerUnusable(ClientFailure):
    """An issuer's document is missing, is another's, or names no endpoint that is needed."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The places of an issuer; `names_itself` where its redirects say who they are from."""

    authorization: str
    token: str
    revocation: str | None
    device_authorization: str | None
    end_session: str | None
    names_itself: bool


def endpoints_of(profile: Profile) -> Endpoints:
    """Return where the profile's OAuth endpoints are.

    Raises IssuerUnusable, ServerUnreachable, AddressRefused.
    """
    document = _document(profile)
    if profile.domain is not None:
        document |= {name: f"{profile.domain}{path}" for name, path in _BELOW_DOMAIN.items()}

    def place(name: str) -> str | None:
        value = document.get(name)
        return value if isinstance(value, str) and value else None

    authorization, token = place("authorization_endpoint"), place("token_endpoint")
    if authorization is None or token is None:
        raise IssuerUnusable(
            f"{profile.issuer} names no OAuth endpoints; its user pool has no domain"
            " (--password signs in without one)"
        )
    return Endpoints(
        authorization=authorization,
        token=token,
        revocation=place("revocation_endpoint"),
        device_authorization=place("device_authorization_endpoint"),
        end_session=place("end_session_endpoint"),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _document(profile: Profile) -> dict[str, Any]:
    answer = exchange("GET", profile.discovery_url, {"Accept": "application/json"})
    document = answer.json_object()
    if answer.status != _OK or not document:
        raise IssuerUnusable(
            f"{profile.discovery_url} is no document of an issuer (HTTP {answer.status})"
        )
    # SPEC OpenID Connect Discovery 1.0 s4.3: what another issuer says of itself is not believed.
    if document.get("issuer") != profile.issuer:
        raise IssuerUnusable(
            f"{profile.discovery_url} is the document of {document.get('issuer')!r},"
            f" not of {profile.issuer!r}"
        )
    return document

"""Where the endpoints of an OIDC or social provider are: as was set, or as its issuer publishes."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import msgspec

from poolgate.oauth.oidc_failures import DiscoveryFailed
from poolgate.outbound.documents import DocumentMissing, DocumentUnreachable, is_fetchable
from poolgate.store.call import Call
from poolgate.userpools.identity_providers import IdentityProvider
from poolgate.userpools.provider_details import ENDPOINT_KEYS, ProviderType

# Without discovery: these speak OAuth 2, not OpenID Connect.
PLAIN_OAUTH = frozenset({ProviderType.FACEBOOK, ProviderType.AMAZON})
_PATH = "/.well-known/openid-configuration"
_KEPT_MILLIS: Final = 15 * 60 * 1000
_MISSED_MILLIS: Final = 10 * 1000
_MOST_KEPT: Final = 500


class Discovery(msgspec.Struct, frozen=True):
    """What an issuer publishes of itself (OpenID Connect Discovery 1.0, RFC 8414, RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    code_challenge_methods_supported: tuple[str, ...] = ()
    token_endpoint_auth_methods_supported: tuple[str, ...] = ()
    authorization_response_iss_parameter_supported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """A provider's endpoints, and what is known of how it wants to be asked.

    `issuer` is empty, and so is `jwks_uri`, where there are no ID tokens. `tells_issuer`: its
    answers name it. `wants_basic`: the secret goes into a header, not into the form.
    """

    issuer: str
    authorize_url: str
    token_url: str
    attributes_url: str | None
    jwks_uri: str
    knows_pkce: bool = False
    tells_issuer: bool = False
    wants_basic: bool = False


def endpoints_of(call: Call, provider: IdentityProvider) -> Endpoints:
    """Return the provider's endpoints; raise DiscoveryFailed. May take seconds."""
    details = provider.details
    if provider.type in PLAIN_OAUTH or all(details.get(key) for key in ENDPOINT_KEYS):
        return Endpoints(
            issuer=details.get("oidc_issuer", "") if provider.type not in PLAIN_OAUTH else "",
            authorize_url=details["authorize_url"],
            token_url=details["token_url"],
            attributes_url=details.get("attributes_url"),
            jwks_uri=details.get("jwks_uri", ""),
        )
    discovery = _DISCOVERIES.get(call, details["oidc_issuer"])
    methods = discovery.token_endpoint_auth_methods_supported
    # Of social providers it is known where attributes are; their issuers publish something else.
    published = discovery.userinfo_endpoint if provider.type is ProviderType.OIDC else None
    return Endpoints(
        issuer=discovery.issuer,
        authorize_url=details.get("authorize_url") or discovery.authorization_endpoint,
        token_url=details.get("token_url") or discovery.token_endpoint,
        attributes_url=details.get("attributes_url") or published,
        jwks_uri=details.get("jwks_uri") or discovery.jwks_uri,
        knows_pkce="S256" in discovery.code_challenge_methods_supported,
        tells_issuer=discovery.authorization_response_iss_parameter_supported,
        # AWS sends the secret in the form; so does this, unless the provider says it cannot.
        wants_basic="client_secret_basic" in methods and "client_secret_post" not in methods,
    )


class _Discoveries:
    """Documents by issuer, kept for a while and bounded in number; shared between threads.

    That there is none is kept for a moment, too: whoever asks for a provider that is down must not
    make this server wait for it without end.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[int, Discovery | None]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, call: Call, issuer: str) -> Discovery:
        """Return what the issuer publishes; raise DiscoveryFailed."""
        with self._lock:
            kept = self._kept.get(issuer)
        if kept is not None:
            asked_at, discovery = kept
            lasts_millis = _KEPT_MILLIS if discovery else _MISSED_MILLIS
            if 0 <= call.now_millis - asked_at < lasts_millis:
                return _found(discovery)
        try:
            discovery = _fetched(call, issuer)
        except DiscoveryFailed:
            self._keep(call, issuer, None)
            raise
        self._keep(call, issuer, discovery)
        return discovery

    def _keep(self, call: Call, issuer: str, discovery: Discovery | None) -> None:
        with self._lock:
            self._kept[issuer] = (call.now_millis, discovery)
            self._kept.move_to_end(issuer)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)


def _found(discovery: Discovery | None) -> Discovery:
    if discovery is None:
        raise DiscoveryFailed(private_detail="failed a moment ago")
    return discovery


_DISCOVERIES: Final = _Discoveries()


def _fetched(call: Call, issuer: str) -> Discovery:
    try:
        document = call.documents.fetch(issuer.rstrip("/") + _PATH)
        discovery = msgspec.json.decode(document, type=Discovery)
    except (DocumentMissing, DocumentUnreachable, msgspec.DecodeError, RecursionError) as error:
        raise DiscoveryFailed(private_detail=type(error).__name__) from error
    # SPEC OpenID Connect Discovery 1.0 s4.3: the issuer must be the one that was asked.
    if discovery.issuer.rstrip("/") != issuer.rstrip("/"):
        raise DiscoveryFailed(private_detail="another issuer")
    named = (
        discovery.authorization_endpoint,
        discovery.token_endpoint,
        discovery.jwks_uri,
        discovery.userinfo_endpoint or discovery.token_endpoint,
    )
    # AWS "Adding OIDC identity providers": all endpoints by https. An issuer elsewhere must not
    # name what only this machine can reach.
    if not all(_may_name(issuer, url) for url in named):
        raise DiscoveryFailed(private_detail="endpoint not by https")
    return discovery


def _may_name(issuer: str, url: str) -> bool:
    return is_fetchable(url) and (url.startswith("https:") or issuer.startswith("http:"))

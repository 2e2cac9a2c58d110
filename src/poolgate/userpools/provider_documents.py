"""What identity providers publish: checked when an administrator names them."""

from urllib.parse import urlsplit

import msgspec

from poolgate.foundation.failure import Failure
from poolgate.outbound.documents import DocumentMissing, DocumentUnreachable
from poolgate.store.call import Call
from poolgate.userpools.provider_details import ENDPOINT_KEYS, Details

_DISCOVERY_PATH = "/.well-known/openid-configuration"


class IssuerUnreachable(Failure):
    """The issuer's discovery document is not there, or is another issuer's."""


class MetadataMissing(Failure):
    """The metadata URL answers with another status than 200. Facts: url, status."""


class MetadataUnreachable(Failure):
    """Nothing usable answers at the metadata URL. Facts: url."""


class Discovery(msgspec.Struct, frozen=True):
    """The parts of a discovery document that signing in there needs."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


def verify_issuer(call: Call, details: Details) -> None:
    """Raise IssuerUnreachable unless the endpoints are given or the issuer publishes them."""
    if all(details.get(key) for key in ENDPOINT_KEYS):
        return
    issuer = details["oidc_issuer"]
    try:
        document = call.documents.fetch(issuer.rstrip("/") + _DISCOVERY_PATH)
        discovery = msgspec.json.decode(document, type=Discovery)
    except (DocumentMissing, DocumentUnreachable, msgspec.DecodeError, RecursionError) as error:
        raise IssuerUnreachable from error
    # SPEC OpenID Connect Discovery 1.0 s4.3: the issuer must be the one that was asked.
    if discovery.issuer.rstrip("/") != issuer.rstrip("/"):
        raise IssuerUnreachable


def fetch_metadata(call: Call, url: str) -> bytes:
    """Return the metadata document; raise MetadataMissing or MetadataUnreachable."""
    try:
        return call.documents.fetch(url)
    except DocumentMissing as missing:
        raise MetadataMissing(url=url, status=missing.facts["status"]) from missing
    except DocumentUnreachable as unreachable:
        raise MetadataUnreachable(url=urlsplit(url).hostname or url) from unreachable

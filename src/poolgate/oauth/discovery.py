"""What an issuer publishes about itself: its key set and its discovery document.

Both are public, small and the same for everyone, so any site may read them and caches may keep
them for a few minutes. Only endpoints that exist are named.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from poolgate.foundation.ids import PoolId
from poolgate.store.call import Call
from poolgate.userpools import pools, signing_keys

KEY_SET_NAME = "jwks.json"
CONFIGURATION_NAME = "openid-configuration"
_WELL_KNOWN = ".well-known"
_MOST_PATH_CHARACTERS = 200
# Far less than the time a signing key is published ahead of its first use.
_CACHE_SECONDS = 300
_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "content-type": "application/json",
        "cache-control": f"public, max-age={_CACHE_SECONDS}",
        # AWS serves both to browsers of any origin; verifiers run in pages, too.
        "access-control-allow-origin": "*",
        "x-content-type-options": "nosniff",
    }
)


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON document with the headers it is served with."""

    body: bytes

    @property
    def headers(self) -> Mapping[str, str]:
        """The HTTP headers, the same for every document."""
        return _HEADERS


def find_document(call: Call, path: str) -> Document | None:
    """Return the document at `/{pool_id}/.well-known/{name}`, or None for any other path.

    Raise UserPoolNotFound when the path names no pool of this server.
    """
    if len(path) > _MOST_PATH_CHARACTERS:
        return None
    match path.split("/"):
        case ["", pool_id, directory, name] if directory == _WELL_KNOWN and name in _DOCUMENTS:
            with call.db.reading() as transaction:
                pools.get(transaction, PoolId(pool_id))
            return _DOCUMENTS[name](call, PoolId(pool_id))
        case _:
            return None


def key_set(call: Call, pool_id: PoolId) -> Document:
    """Return the key set of a pool that exists."""
    return Document(signing_keys.jwks(call, pool_id))


def configuration(call: Call, pool_id: PoolId) -> Document:
    """Return the discovery document of a pool that exists."""
    issuer = call.issuer(pool_id)
    # SPEC OpenID Connect Discovery 1.0 s3; the endpoints of the login pages are not there yet, so
    # that nothing here says `authorization_endpoint`, `token_endpoint` or a grant.
    return Document(
        msgspec.json.encode(
            {
                "id_token_signing_alg_values_supported": ["RS256"],
                "issuer": issuer,
                "jwks_uri": f"{issuer}/{_WELL_KNOWN}/{KEY_SET_NAME}",
                "response_types_supported": ["code", "token"],
                "subject_types_supported": ["public"],
            }
        )
    )


_DOCUMENTS: Mapping[str, Callable[[Call, PoolId], Document]] = {
    KEY_SET_NAME: key_set,
    CONFIGURATION_NAME: configuration,
}

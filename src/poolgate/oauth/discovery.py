"""What an issuer publishes about itself: its key set and its discovery document.

Both are public, small and the same for everyone, so any site may read them and caches may keep
them for a few minutes. Only endpoints that exist are named.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from poolgate.foundation.ids import PoolId
from poolgate.iam import outbound_federation
from poolgate.identitypools import openid_tokens
from poolgate.jose.possession import ALGORITHMS as KEY_PROOF_ALGORITHMS
from poolgate.oauth.authorization_requests import PROMPTS, RESPONSE_MODES
from poolgate.oauth.client_authentication import (
    ASSERTION_ALGORITHMS,
    CONFIDENTIAL_METHODS,
    METHODS,
)
from poolgate.oauth.pkce import METHOD
from poolgate.oauth.token_endpoint import GRANTS
from poolgate.store.call import Call
from poolgate.userpools import domains, pool_tiers, pools, signing_keys

KEY_SET_NAME = "jwks.json"
CONFIGURATION_NAME = "openid-configuration"
# What ID tokens may say of a user, besides the claims that every token has.
CLAIMS = (
    "sub",
    "auth_time",
    "acr",
    "amr",
    "nonce",
    "cognito:username",
    "cognito:groups",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
)
# AWS serves the keys of identity pools' tokens under this name.
IDENTITY_KEYS_NAME = "jwks_uri"
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

    The keys of identities' tokens are those of no pool, at `/.well-known/jwks_uri`; the
    documents of the account's own issuer are below `/sts/{name}`.

    Raise UserPoolNotFound when the path names no pool of this server.
    """
    if len(path) > _MOST_PATH_CHARACTERS:
        return None
    match path.split("/"):
        case ["", directory, name] if directory == _WELL_KNOWN and name == IDENTITY_KEYS_NAME:
            return Document(openid_tokens.key_set(call))
        case ["", outbound_federation.DOCUMENTS_PATH, account_issuer, directory, name] if (
            directory == _WELL_KNOWN and name in _ACCOUNT_DOCUMENTS
        ):
            found = _ACCOUNT_DOCUMENTS[name](call, account_issuer)
            return None if found is None else Document(found)
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
    with call.db.reading() as transaction:
        domains_of_pool = domains.of_pool(transaction, pool_id)
        pool = pools.get(transaction, pool_id)
    # SPEC OpenID Connect Discovery 1.0 s3, RFC 8414 s2. Without a domain there are no endpoints,
    # so none is named, as on AWS.
    members: dict[str, object] = {
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": issuer,
        "jwks_uri": f"{issuer}/{_WELL_KNOWN}/{KEY_SET_NAME}",
        "response_types_supported": ["code", "token"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
    }
    if not pool_tiers.is_below(pool.tier, pool_tiers.ESSENTIALS):
        members["acr_values_supported"] = list(pool.acr_names)
    if domains_of_pool:
        members |= _endpoints(domains.url_of(call, domains_of_pool[-1]))
    return Document(msgspec.json.encode(members))


def _endpoints(base_url: str) -> dict[str, object]:
    """Return what the metadata says of the endpoints below a domain."""
    return {
        "authorization_endpoint": f"{base_url}/oauth2/authorize",
        "token_endpoint": f"{base_url}/oauth2/token",
        "userinfo_endpoint": f"{base_url}/oauth2/userInfo",
        "revocation_endpoint": f"{base_url}/oauth2/revoke",
        "introspection_endpoint": f"{base_url}/oauth2/introspect",
        "pushed_authorization_request_endpoint": f"{base_url}/oauth2/par",
        "device_authorization_endpoint": f"{base_url}/oauth2/device_authorization",
        "end_session_endpoint": f"{base_url}/logout",
        "grant_types_supported": [*GRANTS, "implicit"],
        "response_modes_supported": list(RESPONSE_MODES.values()),
        "prompt_values_supported": sorted(PROMPTS),
        "code_challenge_methods_supported": [METHOD],
        "token_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(METHODS),
        "introspection_endpoint_auth_methods_supported": list(CONFIDENTIAL_METHODS),
        "dpop_signing_alg_values_supported": list(KEY_PROOF_ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "claims_supported": list(CLAIMS),
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


_DOCUMENTS: Mapping[str, Callable[[Call, PoolId], Document]] = {
    KEY_SET_NAME: key_set,
    CONFIGURATION_NAME: configuration,
}
_ACCOUNT_DOCUMENTS: Mapping[str, Callable[[Call, str], bytes | None]] = {
    KEY_SET_NAME: outbound_federation.key_set,
    CONFIGURATION_NAME: outbound_federation.configuration,
}

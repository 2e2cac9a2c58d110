"""Issuers of OIDC tokens: user pools of this server by their own keys, others by what they publish.

# SPEC OpenID Connect Discovery 1.0 s4; Core 1.0 s3.1.3.7
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.jose.base64url import decode_base64url
from poolgate.jose.key_sets import KeySet, KeySetMalformed, VerificationKey, parse_key_set
from poolgate.jose.strict_json import parse_json_object
from poolgate.jose.tokens import (
    SignatureMismatch,
    TokenMalformed,
    UnverifiedToken,
    parse_token,
    verify_token,
)
from poolgate.outbound.documents import DocumentMissing, DocumentUnreachable
from poolgate.store.call import Call
from poolgate.userpools import pools, signing_keys

_KEEP_SECONDS: Final = 900.0
# An unknown key id asks again, but nobody makes this server ask without end.
_ASK_AGAIN_SECONDS: Final = 60.0
_MOST_ISSUERS: Final = 200
_POOL_ID = re.compile(r"[a-z0-9-]+_[0-9A-Za-z]+")


class IssuerUnreachable(Failure):
    """The issuer's keys could not be had. Facts: issuer."""


class OtherIssuer(Failure):
    """The token is another issuer's than it is shown for."""


class _Discovery(msgspec.Struct):
    issuer: str
    jwks_uri: str


@dataclass(frozen=True, slots=True)
class _Kept:
    keys: KeySet
    asked_at: float


class _RemoteKeys:
    """The key sets of other issuers, kept for a while and bounded in number."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, call: Call, issuer: str, key_id: str) -> KeySet:
        """Return the issuer's keys, asked for again where `key_id` is not among them."""
        with self._lock:
            kept = self._kept.get(issuer)
        now = time.monotonic()
        if kept is not None:
            age = now - kept.asked_at
            if age < _ASK_AGAIN_SECONDS or (age < _KEEP_SECONDS and key_id in kept.keys):
                return kept.keys
        keys = _fetch(call, issuer)
        with self._lock:
            self._kept[issuer] = _Kept(keys, now)
            self._kept.move_to_end(issuer)
            while len(self._kept) > _MOST_ISSUERS:
                self._kept.popitem(last=False)
        return keys


_remote_keys = _RemoteKeys()


def verify_id_token(call: Call, issuer: str, token: str) -> Mapping[str, Any]:
    """Return the claims of a token of the issuer; times and audience are for the caller to judge.

    Raises TokenMalformed, SignatureMismatch, OtherIssuer or IssuerUnreachable.
    """
    unverified = parse_token(token)
    claims = verify_token(unverified, _key_set_member(call, issuer, unverified))
    if claims.get("iss") != issuer:
        raise OtherIssuer
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise TokenMalformed(private_detail="no subject")
    return claims


def unverified_issuer(token: str) -> str:
    """Return whom a token claims to be of, to find out whose keys judge it."""
    segment = parse_token(token).payload_segment
    try:
        claims = parse_json_object(decode_base64url(segment))
    except ValueError as error:
        raise TokenMalformed(private_detail="no claims") from error
    issuer = claims.get("iss")
    if not isinstance(issuer, str):
        raise TokenMalformed(private_detail="no issuer")
    return issuer


def audience_of(claims: Mapping[str, Any]) -> str | None:
    """Return whom the token was made for: `azp` where there is one, else the audience."""
    audience = claims.get("azp") or claims.get("aud")
    if isinstance(audience, list):
        return audience[0] if len(audience) == 1 and isinstance(audience[0], str) else None
    return audience if isinstance(audience, str) else None


def _key_set_member(call: Call, issuer: str, unverified: UnverifiedToken) -> VerificationKey:
    own = _own_keys(call, issuer)
    keys = _remote_keys.of(call, issuer, unverified.key_id) if own is None else own
    key = keys.get(unverified.key_id)
    if key is None:
        raise SignatureMismatch(private_detail="unknown key")
    return key


def _own_keys(call: Call, issuer: str) -> KeySet | None:
    """Return the keys of a user pool of this server, None for any other issuer."""
    name = issuer.rpartition("/")[2]
    if not _POOL_ID.fullmatch(name) or call.issuer(PoolId(name)) != issuer:
        return None
    try:
        with call.db.reading() as transaction:
            pools.get(transaction, PoolId(name))
    except pools.UserPoolNotFound:
        return None
    return parse_key_set(signing_keys.jwks(call, PoolId(name)))


def _fetch(call: Call, issuer: str) -> KeySet:
    try:
        address = f"{issuer}/.well-known/openid-configuration"
        discovery = msgspec.json.decode(call.documents.fetch(address), type=_Discovery)
        if discovery.issuer != issuer:
            raise IssuerUnreachable(issuer=issuer)
        return parse_key_set(call.documents.fetch(discovery.jwks_uri))
    except (
        DocumentUnreachable,
        DocumentMissing,
        KeySetMalformed,
        msgspec.DecodeError,
        RecursionError,
    ) as error:
        raise IssuerUnreachable(issuer=issuer) from error

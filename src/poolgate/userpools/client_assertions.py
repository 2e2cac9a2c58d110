"""App clients that prove themselves by a signed token instead of a secret (RFC 7523, OIDC Core s9).

A client's keys are where the pool's tag `poolgate:client-keys:{client_id}` says: the https URL of a
key set that the client's owner publishes. AWS has no such setting; a tag is one that every tool of
AWS can set, so who may tag the pool decides about its clients' keys. A client that has keys and no
secret is no public client any more.
"""

import hashlib
import threading
from collections import OrderedDict
from typing import Any

import msgspec

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.foundation.secret import Secret
from poolgate.jose.base64url import decode_base64url
from poolgate.jose.key_sets import KeySet, KeySetMalformed, parse_key_set
from poolgate.jose.strict_json import parse_json_object
from poolgate.jose.tokens import TokenRefused, parse_token, verify_token
from poolgate.outbound.documents import DocumentMissing, DocumentUnreachable
from poolgate.store.call import Call
from poolgate.userpools import app_clients, pools, spent_proofs
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.pools import UserPool
from poolgate.userpools.spent_proofs import SpentProof

KEYS_TAG = "poolgate:client-keys:"
# A new key signs this long after it was published; a set that cannot be read is asked for no
# oftener, whoever sends assertions.
KEPT_SECONDS = 60
LONGEST_LIFE_SECONDS = 600
_SKEW_SECONDS = 60
_MOST_KEPT = 1000


class ClientAssertionRefused(Failure):
    """The signed token does not prove the app client."""


class _Claims(msgspec.Struct):
    iss: str
    sub: str
    aud: str | list[str]
    exp: int
    jti: str
    iat: int = 0
    nbf: int = 0


class _KeptKeySets:
    """Key sets by URL, each for a minute; safe to share between threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[int, KeySet]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, call: Call, url: str) -> KeySet:
        """Return the set; an empty one where nothing usable is behind the URL."""
        with self._lock:
            fetched_at, key_set = self._kept.get(url, (0, None))
        age_millis = call.now_millis - fetched_at
        if key_set is not None and 0 <= age_millis < KEPT_SECONDS * 1000:
            return key_set
        key_set = _fetched(call, url)
        with self._lock:
            self._kept[url] = (call.now_millis, key_set)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return key_set


_KEY_SETS = _KeptKeySets()


def has_keys(pool: UserPool, client_id: ClientId) -> bool:
    """Tell whether the app client proves itself by keys of its own."""
    return KEYS_TAG + client_id in pool.tags


def proven_by_assertion(
    call: Call, pool_id: PoolId, assertion: Secret, *, audiences: frozenset[str]
) -> AppClient:
    """Return the app client of the pool that signed the assertion, once for each assertion.

    Raises ClientAssertionRefused.
    """
    try:
        unverified = parse_token(assertion.reveal())
        client_id = _named_client(unverified.payload_segment)
        url = _keys_url(call, pool_id, client_id)
        key = _KEY_SETS.get(call, url).get(unverified.key_id)
        if key is None:
            raise ClientAssertionRefused(private_detail="unknown key")
        claims = verify_token(unverified, key)
    except TokenRefused as refusal:
        raise ClientAssertionRefused(private_detail=refusal.private_detail) from refusal
    _verify_claims(call, claims, client_id, audiences)
    _spend(call, client_id, claims)
    with call.db.reading() as transaction:
        return app_clients.get(transaction, client_id, pool_id)


def _named_client(payload_segment: bytes) -> ClientId:
    """Return the client that the assertion speaks of, which nobody has verified yet."""
    try:
        claims = parse_json_object(decode_base64url(payload_segment))
    except ValueError as error:
        raise ClientAssertionRefused(private_detail=str(error)) from error
    return ClientId(str(claims.get("sub", "")))


def _keys_url(call: Call, pool_id: PoolId, client_id: ClientId) -> str:
    with call.db.reading() as transaction:
        pool = pools.get(transaction, pool_id)
    url = pool.tags.get(KEYS_TAG + client_id)
    if url is None:
        raise ClientAssertionRefused(private_detail="client without keys")
    return url


def _fetched(call: Call, url: str) -> KeySet:
    try:
        return parse_key_set(call.documents.fetch(url))
    except (DocumentMissing, DocumentUnreachable, KeySetMalformed):
        return {}


def _verify_claims(
    call: Call, claims: dict[str, Any], client_id: ClientId, audiences: frozenset[str]
) -> None:
    """Raise unless the assertion is by the client about itself, for this server, and fresh."""
    try:
        wanted = msgspec.convert(claims, _Claims)
    except msgspec.ValidationError as error:
        raise ClientAssertionRefused(private_detail=str(error)) from error
    named = (wanted.aud,) if isinstance(wanted.aud, str) else wanted.aud
    now = epoch_seconds(call.now)
    # SPEC RFC 7523 s3: who says it about whom, to whom, and until when.
    is_good = (
        wanted.iss == wanted.sub == client_id
        and audiences.intersection(named)
        and now - _SKEW_SECONDS < wanted.exp <= now + LONGEST_LIFE_SECONDS
        and wanted.nbf <= now + _SKEW_SECONDS
        and wanted.iat <= now + _SKEW_SECONDS
        and wanted.jti
    )
    if not is_good:
        raise ClientAssertionRefused(private_detail="claims")


def _spend(call: Call, client_id: ClientId, claims: dict[str, Any]) -> None:
    """Use the assertion up; raise where it was used before."""
    named = f"client assertion\0{client_id}\0{claims['jti']}".encode()
    proof = SpentProof(
        digest=hashlib.sha256(named).digest(),
        expires_at=(int(claims["exp"]) + _SKEW_SECONDS) * 1000,
    )
    with call.db.writing() as transaction:
        is_first = spent_proofs.consume(transaction, proof)
    if not is_first:
        raise ClientAssertionRefused(private_detail="used before")

"""Whether a provider's ID token counts (OpenID Connect Core s3.1.3.7).

Signed with RS256 by a key that the provider publishes; for this client, by this issuer, now, and in
answer to this very request.
"""

import hmac
import threading
from collections import OrderedDict
from typing import Any, Final

import msgspec

from poolgate.foundation.clock import epoch_seconds
from poolgate.jose.key_sets import KeySet, KeySetMalformed, parse_key_set
from poolgate.jose.strict_json import JsonObject
from poolgate.jose.tokens import TokenRefused, parse_token, verify_token
from poolgate.oauth.oidc_endpoints import Endpoints
from poolgate.oauth.oidc_failures import IdTokenRefused, KeysTooLate, KeysUnusable
from poolgate.outbound.documents import AnswerTooLate, DocumentMissing
from poolgate.store.call import Call
from poolgate.userpools.token_claims import access_token_hash

_SKEW_SECONDS = 60
_KEPT_MILLIS: Final = 15 * 60 * 1000
# An unknown key id asks again, but nobody makes this server ask without end.
_ASK_AGAIN_MILLIS: Final = 60 * 1000
_MOST_KEPT: Final = 500
# OBSERVED OpenID Connect of Google: both spellings of its issuer are in use.
_GOOGLE = "https://accounts.google.com"


class _Claims(msgspec.Struct):
    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str = ""
    azp: str | None = None
    nbf: float = 0
    at_hash: str | None = None


class _KeptKeys:
    """Key sets by address, kept for a while and bounded in number; shared between threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[int, KeySet]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, call: Call, url: str, key_id: str) -> KeySet:
        """Return the set, asked for again where `key_id` is not in it."""
        with self._lock:
            asked_at, keys = self._kept.get(url, (0, None))
        age = call.now_millis - asked_at
        if keys is not None and 0 <= age < (_KEPT_MILLIS if key_id in keys else _ASK_AGAIN_MILLIS):
            return keys
        fetched = _fetched(call, url)
        with self._lock:
            self._kept[url] = (call.now_millis, fetched)
            self._kept.move_to_end(url)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return fetched


_KEYS: Final = _KeptKeys()


def verify_id_token(
    call: Call, id_token: str, endpoints: Endpoints, *, client_id: str, nonce: str, beside: str
) -> JsonObject:
    """Return the claims of a token that came beside the access token `beside`.

    Raises IdTokenRefused, KeysTooLate, KeysUnusable or DocumentUnreachable.
    """
    try:
        unverified = parse_token(id_token)
        key = _KEYS.get(call, endpoints.jwks_uri, unverified.key_id).get(unverified.key_id)
        if key is None:
            raise IdTokenRefused(fault="unknown key")
        claims = verify_token(unverified, key)
        read = msgspec.convert(claims, _Claims)
    except TokenRefused as refusal:
        raise IdTokenRefused(fault="signature") from refusal
    except msgspec.ValidationError as error:
        raise IdTokenRefused(fault="claims") from error
    fault = _fault_of(read, endpoints.issuer, client_id, epoch_seconds(call.now))
    if fault is not None:
        raise IdTokenRefused(fault=fault)
    if not hmac.compare_digest(read.nonce.encode(), nonce.encode()):
        raise IdTokenRefused(fault="nonce")
    if read.at_hash is not None and not hmac.compare_digest(
        read.at_hash.encode(), access_token_hash(beside).encode()
    ):
        raise IdTokenRefused(fault="at_hash")
    return claims


def is_issuer(issuer: str, named: str) -> bool:
    """Tell whether that is the issuer's name."""
    if issuer == _GOOGLE and named == _GOOGLE.removeprefix("https://"):
        return True
    # A slash at the end is set, or left out, by those who write settings.
    return issuer.rstrip("/") == named.rstrip("/")


def _fault_of(claims: _Claims, issuer: str, client_id: str, now: int) -> str | None:
    audiences: list[Any] = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    is_ours = client_id in audiences and (claims.azp or client_id) == client_id
    checks = {
        "issuer": is_issuer(issuer, claims.iss),
        # SPEC Core s3.1.3.7 nr 4: of several audiences one must be named as the token's owner.
        "audience": is_ours and (len(audiences) == 1 or claims.azp is not None),
        "expiry": claims.exp > now - _SKEW_SECONDS,
        "time": claims.iat <= now + _SKEW_SECONDS and claims.nbf <= now + _SKEW_SECONDS,
        "subject": bool(claims.sub),
    }
    return next((name for name, is_good in checks.items() if not is_good), None)


def _fetched(call: Call, url: str) -> KeySet:
    try:
        return parse_key_set(call.documents.fetch(url))
    except AnswerTooLate as late:
        raise KeysTooLate from late
    except (DocumentMissing, KeySetMalformed) as error:
        raise KeysUnusable from error

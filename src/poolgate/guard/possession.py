"""Tokens that are bound to a key: `Authorization: DPoP` with a proof of possession beside it.

# SPEC RFC 9449 s7
"""

import hashlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from poolgate.guard.bounded import BoundedCache
from poolgate.guard.cognito_calls import throttled
from poolgate.guard.refusals import GuardMisconfigured, RefusalCode, Unauthenticated
from poolgate.guard.requests import GuardRequest
from poolgate.jose.possession import ALGORITHMS, WINDOW_SECONDS, KeyProofRefused, verify_key_proof

DPOP_ALGORITHMS: Final = " ".join(ALGORITHMS)
_HEADER: Final = "dpop"
_MAX_PROOFS: Final = 100_000


@dataclass(frozen=True, slots=True)
class KeyBoundTokens:
    """Accept access tokens that are bound to a key, with a proof that the caller holds it.

    Arguments:
        base_url: The URL below which clients reach the API, such as `https://api.example.com`; the
            path of a request is added to it. It is never taken from the request, whose Host says
            what its sender likes.
        required: Refuse tokens that are bound to no key.
    """

    base_url: str
    required: bool = False

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise GuardMisconfigured("base_url is the URL below which clients reach the API")
        if parts.query or parts.fragment or self.base_url.endswith("/"):
            raise GuardMisconfigured("base_url has no query, and no slash at its end")


class PossessionProof:
    """Tells the key that a request's sender holds; each proof counts once in this process."""

    def __init__(self, settings: KeyBoundTokens) -> None:
        self.required = settings.required
        self._base_url = settings.base_url
        self._used: BoundedCache[bytes, bool] = BoundedCache(_MAX_PROOFS)

    def prove(self, request: GuardRequest, access_token: str, now: float) -> str:
        """Return the thumbprint of the key; raise Unauthenticated or Throttled."""
        presented = request.header_values(_HEADER)
        if len(presented) != 1:
            raise _proof_invalid("not one proof")
        try:
            proof = verify_key_proof(
                presented[0],
                method=request.method,
                urls=(self._base_url + request.path,),
                access_token=access_token,
            )
        except KeyProofRefused as refused:
            raise _proof_invalid(str(refused.private_detail)) from refused
        if abs(now - proof.issued_at) > WINDOW_SECONDS:
            raise _proof_invalid("not fresh")
        if len(self._used) >= _MAX_PROOFS and self._used.oldest_is_alive(now):
            # Forgetting a living proof would let its replay in.
            raise throttled(WINDOW_SECONDS)
        named = f"{proof.thumbprint}\0{proof.proof_id}".encode()
        is_first = self._used.put_first(
            hashlib.sha256(named).digest(),
            kept=True,
            now=now,
            expires_at=proof.issued_at + 2 * WINDOW_SECONDS,
        )
        if not is_first:
            raise _proof_invalid("used before")
        return proof.thumbprint


def _proof_invalid(detail: str) -> Unauthenticated:
    return Unauthenticated(
        RefusalCode.KEY_PROOF_INVALID,
        "The DPoP proof does not fit the request.",
        bearer_error="invalid_dpop_proof",
        private_detail=detail,
    )

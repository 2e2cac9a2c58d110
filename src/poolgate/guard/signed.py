"""Proof by AWS signature: SigV4 in the header or in a presigned query.

The guard holds no secret access key. With `trust="derived-key"` it asks the server once for the
caller's signing key of its own scope (day, region, service), verifies locally and asks again within
a bound, so that a revoked key stops. With `trust="server"` the server verifies every signature.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from poolgate.foundation.clock import Clock
from poolgate.foundation.secret import Secret
from poolgate.guard.bounded import BoundedCache, FailureLimiter
from poolgate.guard.cognito_calls import throttled
from poolgate.guard.errands import Errand, Steps
from poolgate.guard.guard_door import (
    GuardDoor,
    RejectedKey,
    Signer,
    SignerKey,
    read_signing_key,
    read_verification,
    rejected_access_key,
    signature_refusal,
)
from poolgate.guard.outbound import OutboundAnswer, OutboundFailed
from poolgate.guard.paths import verify_unfolded
from poolgate.guard.presented import SUBJECT_TOKEN_HEADER, Presented
from poolgate.guard.principals import PrincipalPatterns
from poolgate.guard.refusals import (
    GuardMisconfigured,
    RefusalCode,
    RequestTooLarge,
    Unauthenticated,
)
from poolgate.guard.requests import GuardRequest
from poolgate.sigv4.failures import (
    SignatureFailure,
    SignatureFault,
)
from poolgate.sigv4.proofs import UNSIGNED_PAYLOAD, Proof, parse_proof, verify_signature
from poolgate.sigv4.requests import RequestParts

Trust = Literal["derived-key", "server"]

_MAX_KEYS: Final = 10_000
_MAX_REPLAYS: Final = 100_000
_REJECTED_SECONDS: Final = 5
_MAX_REJECTED_KEYS: Final = 20
_REJECTED_WINDOW_SECONDS: Final = 60
_LONGEST_REVALIDATION_SECONDS: Final = 3600
_LONGEST_SKEW_SECONDS: Final = 900
_LONGEST_KEY_ID: Final = 128
# The server gives out keys of yesterday, today and tomorrow.
_LONGEST_KEY_LIFE: Final = timedelta(days=1)
# The server signs with these services' scopes itself and gives their keys to nobody.
_SERVER_SERVICES: Final = frozenset(
    {"cognito-idp", "cognito-identity", "sts", "iam", "secretsmanager", "poolgate"}
)
# SPEC RFC 9110 s9.2.2: repeating these has no further effect.
_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})


@dataclass(frozen=True, slots=True)
class SignedRequests:
    """Accept requests signed with access keys of a Poolgate server (SigV4).

    A presigned request is accepted until it ends, but with `trust="derived-key"` not beyond the day
    after the one it was made on.

    Arguments:
        server_url: The Poolgate server.
        access_key_id: The guard's own access key. Its user needs `poolgate:GetSigningKey` (or
            `poolgate:VerifySignature`) on
            `arn:aws:poolgate:{region}:{account}:scope/{service}/{region}`.
        secret_access_key: Its secret.
        region: The region that callers sign for.
        service: The service name that callers sign for; not one of the server's own.
        hosts: The values of the Host header under which this API is called, with the port where
            it is not the scheme's own. Without it a request that was signed for another API of the
            same service name and region is accepted here too, so give it, or an own service name,
            wherever one of several APIs is less trusted.
        principals: ARN patterns of who may call; None lets every principal of the account in. A
            role session counts as its role. `*` and `?` are wildcards within one part of an ARN.
        invoke_arn: `arn:aws:execute-api:{region}:{account}:{api}/{stage}`; with it the caller's IAM
            policies must allow `execute-api:Invoke` on `{invoke_arn}/{METHOD}/{path}`.
        base_path: The part of the path that stands for the stage, such as `/api`, and is left out
            of the resource; requests outside it are refused.
        trust: `derived-key` verifies here, `server` asks the server about every signature, for
            guards that must not hold keys with which requests to each other could be signed.
        revalidate_seconds: The bound within which a revoked key, a changed policy or a deleted
            user is noticed, at most 3600.
        skew_seconds: How far the clocks may differ, at most 900.
        allow_unsigned_payload: Accept `x-amz-content-sha256: UNSIGNED-PAYLOAD`, whose body anybody
            between may change.
        refuse_replays: Refuse a signature that this process has seen, for methods that are not
            idempotent. Two equal requests within one second have the same signature.
    """

    server_url: str
    access_key_id: str
    secret_access_key: str | Secret = field(repr=False)
    region: str = "us-east-1"
    service: str = "execute-api"
    hosts: Sequence[str] | None = None
    principals: Sequence[str] | None = None
    invoke_arn: str | None = None
    base_path: str = ""
    trust: Trust = "derived-key"
    revalidate_seconds: int = 60
    skew_seconds: int = 300
    allow_unsigned_payload: bool = False
    refuse_replays: bool = False

    def __post_init__(self) -> None:
        if not self.access_key_id or not self.secret_access_key:
            raise GuardMisconfigured("SignedRequests needs the guard's own access key")
        if self.service in _SERVER_SERVICES or not self.service or not self.region:
            raise GuardMisconfigured(
                "service and region are those of the guarded API, never a service of the server"
            )
        if isinstance(self.hosts, str) or (self.hosts is not None and not self.hosts):
            raise GuardMisconfigured("hosts is a list of Host values, or None for any")
        if self.trust not in {"derived-key", "server"}:
            raise GuardMisconfigured("trust is 'derived-key' or 'server'")
        if not 0 < self.revalidate_seconds <= _LONGEST_REVALIDATION_SECONDS:
            raise GuardMisconfigured("revalidate_seconds is between 1 and 3600")
        if not 0 < self.skew_seconds <= _LONGEST_SKEW_SECONDS:
            raise GuardMisconfigured("skew_seconds is between 1 and 900")
        if self.base_path and (not self.base_path.startswith("/") or self.base_path.endswith("/")):
            raise GuardMisconfigured("base_path begins with a slash and does not end with one")
        if self.trust == "server" and self.allow_unsigned_payload:
            raise GuardMisconfigured("allow_unsigned_payload needs trust='derived-key'")
        if self.base_path and self.invoke_arn is None:
            raise GuardMisconfigured("base_path is a part of invoke_arn's resource")
        PrincipalPatterns(self.principals or (), setting="principals")

    @property
    def own_secret(self) -> Secret:
        """Return the guard's own secret access key."""
        given = self.secret_access_key
        return given if isinstance(given, Secret) else Secret(given)


# Access key id, day, and the digest of the session token.
_CacheKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Kept:
    key: SignerKey
    fresh_until: float


class SignedProof:
    """Tells who signed a request."""

    def __init__(self, settings: SignedRequests, clock: Clock) -> None:
        self._settings = settings
        self._door = GuardDoor(
            server_url=settings.server_url,
            access_key_id=settings.access_key_id,
            secret_access_key=settings.own_secret,
            region=settings.region,
            clock=clock,
        )
        self._keys: BoundedCache[_CacheKey, _Kept] = BoundedCache(_MAX_KEYS)
        self._rejected: BoundedCache[_CacheKey, RejectedKey] = BoundedCache(_MAX_KEYS)
        self._rejected_by_peer: FailureLimiter[str] = FailureLimiter(
            _MAX_REJECTED_KEYS, _REJECTED_WINDOW_SECONDS
        )
        self._replays: BoundedCache[str, bool] = BoundedCache(_MAX_REPLAYS)
        self._hosts = None if settings.hosts is None else {host.lower() for host in settings.hosts}

    def prove(self, request: GuardRequest, presented: Presented, now: datetime) -> Steps[Signer]:
        """Return the signer; raise Unauthenticated unless the signature is right and alive.

        A subject's token must be covered by the signature: else anybody between could put another
        user's token there.
        """
        verify_unfolded(request.path)
        self._verify_host(request)
        parts = self._parts(request)
        proof = self._parse(
            parts,
            now,
            is_presigned=not presented.credential,
            delegated=presented.subject_token is not None,
        )
        signer: Signer
        if self._settings.trust == "server":
            signer = yield from self._ask_about(parts, proof)
        else:
            signer = yield from self._verify_here(parts, proof, request.remote_address, now)
        if self._settings.refuse_replays:
            self._verify_first_use(request.method, proof, now)
        return signer

    def needs_body(self, request: GuardRequest) -> bool:
        """Tell whether the body must be read before this signed request can be judged."""
        return not (self._settings.allow_unsigned_payload and _payload_is_unsigned(request))

    def _verify_host(self, request: GuardRequest) -> None:
        if self._hosts is None:
            return
        # The signature covers the Host header; that it names this API is for the guard to see.
        named = [host.lower() for host in request.header_values("host")]
        if len(named) != 1 or named[0] not in self._hosts:
            raise signature_refusal(
                SignatureFault.SIGNATURE_MISMATCH, "The request was signed for another host."
            )

    def _parts(self, request: GuardRequest) -> RequestParts:
        if request.body is None and self.needs_body(request):
            raise RequestTooLarge(
                RefusalCode.REQUEST_TOO_LARGE, "The body is too large for a signed request."
            )
        return RequestParts(
            request.method, request.path, request.query, request.headers, request.body or b""
        )

    def _parse(
        self, parts: RequestParts, now: datetime, *, is_presigned: bool, delegated: bool
    ) -> Proof:
        settings = self._settings
        required = ["host"]
        if delegated:
            required.append(SUBJECT_TOKEN_HEADER)
        if is_presigned:
            # `parse_proof` asks this of header signatures only; the others get no more room.
            names = {name.lower() for name, _ in parts.headers}
            required += [name for name in names - _COVERED_BY_ITSELF if name.startswith("x-amz-")]
        try:
            proof = parse_proof(
                parts,
                now=now,
                skew_seconds=settings.skew_seconds,
                service=settings.service,
                region=settings.region,
                required_headers=required,
            )
        except SignatureFailure as failure:
            raise signature_refusal(failure.fault, failure.message) from failure
        if not proof.access_key_id.isalnum() or len(proof.access_key_id) > _LONGEST_KEY_ID:
            raise rejected_access_key(RejectedKey.UNKNOWN)
        return proof

    def _verify_here(
        self, parts: RequestParts, proof: Proof, peer: str | None, now: datetime
    ) -> Steps[Signer]:
        if abs(proof.signed_at.date() - now.date()) > _LONGEST_KEY_LIFE:
            raise signature_refusal(
                SignatureFault.SIGNATURE_MISMATCH, "Signature expired: it was made days ago."
            )
        key: SignerKey = yield from self._key_for(proof, peer or "", now.timestamp())
        try:
            verify_signature(
                parts,
                proof,
                key.signing_key,
                unsigned_payload_allowed=self._settings.allow_unsigned_payload,
            )
        except SignatureFailure as failure:
            raise signature_refusal(failure.fault, failure.message) from failure
        return key.signer

    def _key_for(self, proof: Proof, peer: str, now: float) -> Steps[SignerKey]:
        # Region and service are the guard's own by now, so key id and day tell the keys apart; a
        # temporary key counts with its own session token only.
        cache_key = (proof.access_key_id, proof.date, _digest(proof.session_token))
        kept = self._keys.find(cache_key, now)
        if kept is not None and now < kept.fresh_until:
            return kept.key
        rejected = self._rejected.find(cache_key, now)
        if rejected is not None:
            raise rejected_access_key(rejected)
        seconds = self._rejected_by_peer.seconds_to_wait(peer, now)
        if kept is None and seconds is not None:
            raise throttled(seconds)

        def recall() -> SignerKey | None:
            known = self._keys.find(cache_key, now)
            return known.key if known is not None and now < known.fresh_until else None

        def receive(answer: OutboundAnswer | OutboundFailed) -> SignerKey:
            key = read_signing_key(answer, proof)
            if isinstance(key, RejectedKey):
                self._keys.discard(cache_key)
                self._rejected.put(cache_key, kept=key, expires_at=now + _REJECTED_SECONDS)
                self._rejected_by_peer.note_failure(peer, now)
                raise rejected_access_key(key)
            fresh_until = min(now + self._settings.revalidate_seconds, key.valid_until)
            self._keys.put(cache_key, _Kept(key, fresh_until), expires_at=fresh_until)
            return key

        question = self._door.signing_key_question(proof)
        key: SignerKey = yield Errand(("signing key", cache_key), question, recall, receive)
        return key

    def _ask_about(self, parts: RequestParts, proof: Proof) -> Steps[Signer]:
        def receive(answer: OutboundAnswer | OutboundFailed) -> Signer:
            return read_verification(answer, proof)

        question = self._door.verification_question(parts, proof)
        # Nothing is shared: each signature is its own question.
        signer: Signer = yield Errand(None, question, lambda: None, receive)
        return signer

    def _verify_first_use(self, method: str, proof: Proof, now: datetime) -> None:
        if method.upper() in _IDEMPOTENT:
            return
        moment = now.timestamp()
        if len(self._replays) >= _MAX_REPLAYS and self._replays.oldest_is_alive(moment):
            # Forgetting a live signature would let its replay in.
            raise throttled(self._settings.skew_seconds)
        ends_at = proof.expires_at.timestamp() + self._settings.skew_seconds
        is_first = self._replays.put_first(
            proof.signature, kept=True, now=moment, expires_at=ends_at
        )
        if not is_first:
            raise Unauthenticated(
                RefusalCode.SIGNATURE_REPLAYED, "This signature has been used before."
            )


# Covered without being listed: the digest is part of what is signed, and the session token names
# the key.
_COVERED_BY_ITSELF: Final = frozenset({"x-amz-content-sha256", "x-amz-security-token"})


def _digest(session_token: str | None) -> str:
    return "" if session_token is None else hashlib.sha256(session_token.encode()).hexdigest()


def _declared_digests(headers: Sequence[tuple[str, str]]) -> list[str]:
    return [value.strip() for name, value in headers if name.lower() == "x-amz-content-sha256"]


def _payload_is_unsigned(request: GuardRequest) -> bool:
    return _declared_digests(request.headers) == [UNSIGNED_PAYLOAD]

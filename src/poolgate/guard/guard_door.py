"""What the guard asks a Poolgate server about signed requests, over its guard door.

Two questions, both signed with the guard's own access key: the signing key of one caller's access
key for one day, region and service; or, where guards are not trusted with keys, whether one
signature is right.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from poolgate.foundation.clock import Clock
from poolgate.foundation.ids import AccessKeyId, AccountId, Arn
from poolgate.foundation.secret import Secret
from poolgate.guard.cognito_calls import retry_seconds, throttled, unavailable
from poolgate.guard.outbound import OutboundAnswer, OutboundFailed, OutboundRequest
from poolgate.guard.refusals import RefusalCode, Unauthenticated
from poolgate.policy.principal import KeyOrigin, Principal, PrincipalType
from poolgate.sigv4.failures import (
    EXPIRED_CREDENTIALS_TEXT,
    UNKNOWN_ACCESS_KEY_TEXT,
    SignatureFault,
)
from poolgate.sigv4.proofs import Proof
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import sign

_WHAT: Final = "The server that knows the access keys"
_DOOR: Final = "/_poolgate/guard"
_SERVICE: Final = "poolgate"
_OK: Final = 200
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_TOO_MANY_REQUESTS: Final = 429
_FAULTS: Final = frozenset(fault.value for fault in SignatureFault)


@dataclass(frozen=True, slots=True)
class Signer:
    """Who holds an access key, the identity policies that speak for it and those that limit it."""

    principal: Principal
    policies: tuple[str, ...]
    boundary: str | None = None
    session_policies: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A signer with the key that verifies its signatures of one day, region and service."""

    signer: Signer
    signing_key: bytes = field(repr=False)
    valid_until: float


class RejectedKey(Enum):
    """Why an access key does not count: nobody holds it or it was switched off, or it has ended."""

    UNKNOWN = 1
    EXPIRED = 2


class GuardDoor:
    """Writes the questions and reads the answers; asks nothing itself."""

    def __init__(
        self,
        *,
        server_url: str,
        access_key_id: str,
        secret_access_key: Secret,
        region: str,
        clock: Clock,
    ) -> None:
        self._url = server_url.rstrip("/")
        parts = urlsplit(self._url)
        self._host = parts.netloc
        self._base_path = parts.path
        self._access_key_id = access_key_id
        self._secret_access_key = secret_access_key
        self._region = region
        self._clock = clock

    def signing_key_question(self, proof: Proof) -> OutboundRequest:
        """Return the question for the key that a proof claims to be made with."""
        return self._question(
            "signing-key",
            {
                "access_key_id": proof.access_key_id,
                "date": proof.date,
                "region": proof.region,
                "service": proof.service,
                "session_token": proof.session_token,
            },
        )

    def verification_question(self, parts: RequestParts, proof: Proof) -> OutboundRequest:
        """Return the question whether a request's signature is right."""
        return self._question(
            "verification",
            {
                "method": parts.method,
                "path": parts.path,
                "query": parts.query,
                "headers": [[name, value] for name, value in parts.headers],
                "body_sha256": hashlib.sha256(parts.body).hexdigest(),
                "service": proof.service,
                "region": proof.region,
            },
        )

    def _question(self, name: str, members: Mapping[str, Any]) -> OutboundRequest:
        body = json.dumps(members).encode()
        path = f"{self._base_path}{_DOOR}/{name}"
        headers = (("Host", self._host), ("Content-Type", "application/json"))
        proof = sign(
            RequestParts("POST", path, "", headers, body),
            access_key_id=self._access_key_id,
            secret_access_key=self._secret_access_key,
            session_token=None,
            region=self._region,
            service=_SERVICE,
            now=self._clock.now(),
        )
        return OutboundRequest("POST", f"{self._url}{_DOOR}/{name}", (*headers, *proof), body)


def read_signing_key(
    answer: OutboundAnswer | OutboundFailed, proof: Proof
) -> SignerKey | RejectedKey:
    """Return the key, or why the access key does not count; raise for no usable answer."""
    answered = _verify_usable(answer)
    told_code = answered.json_object().get("code") if answered.status != _OK else None
    if answered.status == _NOT_FOUND:
        if told_code != "AccessKeyNotFound":
            raise unavailable(_WHAT, "no guard door at this URL")
        return RejectedKey.UNKNOWN
    # The guard's own question is signed with a lasting key, so that this is the caller's.
    if answered.status == _FORBIDDEN and told_code == SignatureFault.EXPIRED_TOKEN:
        return RejectedKey.EXPIRED
    if answered.status != _OK:
        raise unavailable(_WHAT, _told(answered))
    members = answered.json_object()
    try:
        if members["access_key_id"] != proof.access_key_id:
            raise ValueError("another access key")  # noqa: TRY301 - joins the malformed answers
        return SignerKey(
            signer=_signer(members),
            signing_key=base64.b64decode(members["signing_key"], validate=True),
            valid_until=float(members["valid_until"]),
        )
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise unavailable(_WHAT, "malformed answer") from error


def read_verification(answer: OutboundAnswer | OutboundFailed, proof: Proof) -> Signer:
    """Return whose signature it is; raise Unauthenticated when it is nobody's."""
    answered = _verify_usable(answer)
    members = answered.json_object()
    if answered.status == _FORBIDDEN and members.get("code") in _FAULTS:
        raise signature_refusal(str(members["code"]), str(members.get("message", "")))
    if answered.status != _OK:
        raise unavailable(_WHAT, _told(answered))
    try:
        if members["access_key_id"] != proof.access_key_id:
            raise ValueError("another access key")  # noqa: TRY301 - joins the malformed answers
        return _signer(members)
    except (KeyError, TypeError, ValueError) as error:
        raise unavailable(_WHAT, "malformed answer") from error


def signature_refusal(fault: str, message: str) -> Unauthenticated:
    """Return the refusal of a signature, with AWS's text and the kind of fault as a fact."""
    code = (
        RefusalCode.ACCESS_KEY_UNKNOWN
        if fault in {SignatureFault.INVALID_ACCESS_KEY, SignatureFault.EXPIRED_TOKEN}
        else RefusalCode.SIGNATURE_INVALID
    )
    return Unauthenticated(code, message, facts={"fault": fault})


def rejected_access_key(rejected: RejectedKey) -> Unauthenticated:
    """Return the refusal of an access key that does not count."""
    return signature_refusal(*_REJECTIONS[rejected])


_REJECTIONS: Final = MappingProxyType(
    {
        RejectedKey.UNKNOWN: (SignatureFault.INVALID_ACCESS_KEY, UNKNOWN_ACCESS_KEY_TEXT),
        RejectedKey.EXPIRED: (SignatureFault.EXPIRED_TOKEN, EXPIRED_CREDENTIALS_TEXT),
    }
)


def _verify_usable(answer: OutboundAnswer | OutboundFailed) -> OutboundAnswer:
    if isinstance(answer, OutboundFailed):
        raise unavailable(_WHAT, answer.private_detail or "no answer")
    if answer.status == _TOO_MANY_REQUESTS:
        raise throttled(retry_seconds(answer))
    return answer


def _told(answer: OutboundAnswer) -> str:
    members = answer.json_object()
    return f"status {answer.status}: {members.get('code')} {members.get('message')}"


def _signer(members: Mapping[str, Any]) -> Signer:
    principal = members["principal"]
    username = principal.get("username")
    boundary = members["boundary"]
    session_policies = members["session_policies"]
    return Signer(
        principal=Principal(
            type=PrincipalType(principal["type"]),
            arn=Arn(_text(principal["arn"])),
            account_id=AccountId(_text(principal["account_id"])),
            user_id=_text(principal["user_id"]),
            principal_arn=Arn(_text(principal["principal_arn"])),
            username=None if username is None else _text(username),
            tags=tuple((_text(name), str(value)) for name, value in principal.get("tags", ())),
            temporary=_origin(principal["temporary"]),
        ),
        policies=_documents(members["policies"]),
        boundary=None if boundary is None else _text(boundary),
        session_policies=None if session_policies is None else _documents(session_policies),
    )


def _origin(told: Mapping[str, Any] | None) -> KeyOrigin | None:
    if told is None:
        return None
    return KeyOrigin(
        access_key_id=AccessKeyId(_text(told["access_key_id"])),
        expires_at=int(told["expires_at"]),
        context=tuple(
            (_text(name), _documents(values)) for name, values in told["context"].items()
        ),
        for_pool_user=told["for_pool_user"] is True,
    )


def _documents(told: object) -> tuple[str, ...]:
    if not isinstance(told, list) or not all(isinstance(text, str) for text in told):
        raise TypeError("a list of texts is expected")
    return tuple(told)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("text is expected")
    return value

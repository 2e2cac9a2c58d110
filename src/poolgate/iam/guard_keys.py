"""What the server does for guards of other services that take signed requests.

A trusted guard gets the signing key of one access key for one scope (date, region, service) and
verifies locally; it never learns the secret, and the derived key is of no use for another service.
A guard that is not trusted with keys sends each signature here instead. DESIGN 5.7.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import AccessKeyId
from poolgate.iam.access_keys import AccessKeyNotFound
from poolgate.iam.authorization import PrincipalPolicies, authorize, policies_of
from poolgate.iam.signers import Signer, verify_signer
from poolgate.policy.principal import Principal
from poolgate.sigv4.failures import SignatureFailure, SignatureFault
from poolgate.sigv4.proofs import parse_proof, verify_signature
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import derive_signing_key
from poolgate.store.call import Call

GET_SIGNING_KEY = "poolgate:GetSigningKey"
VERIFY_SIGNATURE = "poolgate:VerifySignature"
# How long a guard may use a key before it asks again: the bound within which a deactivated key or a
# changed policy takes effect at the guards.
GUARD_KEY_SECONDS = 300

# With a key for one of these a guard could act as the signer on this very server.
_OWN_SERVICES = frozenset(
    {"cognito-idp", "cognito-identity", "sts", "iam", "secretsmanager", "poolgate"}
)
_SCOPE_WORD = re.compile(r"[a-z0-9-]{1,64}")


class GuardScopeRefused(Failure):
    """No key is given out for this date, region or service. Facts: date, region, service."""


@dataclass(frozen=True, slots=True)
class GuardKey:
    """A derived signing key, and what its signer is allowed; to be asked for again in time."""

    access_key_id: AccessKeyId
    signing_key: bytes
    principal: Principal
    policies: PrincipalPolicies
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ProvenSigner:
    """Who signed a request that a guard has sent here, and what the signer is allowed."""

    access_key_id: AccessKeyId
    principal: Principal
    policies: PrincipalPolicies


def issue_guard_key(
    call: Call,
    *,
    access_key_id: AccessKeyId,
    session_token: str | None,
    date: str,
    region: str,
    service: str,
) -> GuardKey:
    """Return the signing key for a scope that the calling guard is allowed to verify.

    AccessDenied comes first, so that only a guard learns which keys exist; then GuardScopeRefused
    and AccessKeyNotFound, also for an inactive key or a session token that is not its. Temporary
    keys that have ended are a SignatureFailure that says so.
    """
    _authorize_scope(call, GET_SIGNING_KEY, region=region, service=service)
    if not _is_current(date, call.now):
        raise GuardScopeRefused(date=date, region=region, service=service)
    try:
        signer = _verify_signer(call, access_key_id, session_token)
    except SignatureFailure as failure:
        if failure.fault is SignatureFault.EXPIRED_TOKEN:
            raise
        raise AccessKeyNotFound(access_key_id=access_key_id) from failure
    expires_at = call.now + timedelta(seconds=GUARD_KEY_SECONDS)
    temporary = signer.principal.temporary
    if temporary is not None:
        expires_at = min(expires_at, datetime.fromtimestamp(temporary.expires_at, UTC))
    return GuardKey(
        access_key_id=signer.access_key_id,
        signing_key=derive_signing_key(signer.secret_access_key, date, region, service),
        principal=signer.principal,
        policies=policies_of(call, signer.principal),
        expires_at=expires_at,
    )


def verify_for_guard(
    call: Call, parts: RequestParts, *, service: str, region: str, skew_seconds: int
) -> ProvenSigner:
    """Return who signed `parts`; raise SignatureFailure in AWS's words."""
    _authorize_scope(call, VERIFY_SIGNATURE, region=region, service=service)
    proof = parse_proof(
        parts, now=call.now, skew_seconds=skew_seconds, service=service, region=region
    )
    access_key_id = AccessKeyId(proof.access_key_id)
    signer = _verify_signer(call, access_key_id, proof.session_token)
    signing_key = derive_signing_key(signer.secret_access_key, proof.date, region, service)
    verify_signature(parts, proof, signing_key)
    return ProvenSigner(access_key_id, signer.principal, policies_of(call, signer.principal))


def _authorize_scope(call: Call, action: str, *, region: str, service: str) -> None:
    resource = f"arn:aws:poolgate:{region}:{call.account_id}:scope/{service}/{region}"
    authorize(call, action=action, resource=resource)
    # INVARIANT: holds for the root as well; nobody gets a key for the server's own services.
    words = (service, region)
    if service in _OWN_SERVICES or not all(_SCOPE_WORD.fullmatch(word) for word in words):
        raise GuardScopeRefused(date="", region=region, service=service)


def _is_current(date: str, now: datetime) -> bool:
    """Tell whether `date` is today, or a day beside it: clocks differ around midnight."""
    days = (now + timedelta(days=offset) for offset in (-1, 0, 1))
    return date in {day.strftime("%Y%m%d") for day in days}


def _verify_signer(call: Call, access_key_id: AccessKeyId, session_token: str | None) -> Signer:
    return verify_signer(
        call.db,
        call.vault,
        call.account_id,
        access_key_id=access_key_id,
        session_token=session_token,
        now_millis=call.now_millis,
    )
